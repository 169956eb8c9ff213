"""What happens to a session (a turn), and what comes of it (an outcome)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from appliance.interview.accounts import AccountEffect
from appliance.interview.files import Upload
from appliance.interview.other_sessions import SessionEffect
from appliance.interview.screen import Screen
from appliance.interview.stored import StoredEffect

__all__ = [
    "Action",
    "Answers",
    "BackgroundAnswer",
    "Begin",
    "CheckIn",
    "CountTask",
    "Effect",
    "Ending",
    "FollowUp",
    "GiveAddress",
    "Goodbye",
    "Outcome",
    "Posted",
    "Refresh",
    "Response",
    "RevokeTask",
    "SendMail",
    "SendNotice",
    "ShowScreen",
    "StartTask",
    "Submit",
    "Turn",
    "Wait",
]

Answers = dict[str, Any]
"""The variables of one session, by name. ``answers['_internal']`` is ours; the rest is the author's."""

Posted = dict[str, list[str]]
"""A form as posted: field name to its values, in order."""


# -- turns ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Begin:
    """A session starts."""

    url_args: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Refresh:
    """The current screen is wanted again (a reload, after Back, after a task).

    :param url_args: query parameters that become ``url_args`` entries.
    """

    url_args: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Submit:
    """A person submitted `screen`, which is the screen stored with the step."""

    screen: Screen
    posted: Posted
    uploads: tuple[Upload, ...] = ()


@dataclass(frozen=True)
class Action:
    """An action runs: from a link, as a task, as a task's follow-up, as a scheduled event."""

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)
    url_args: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CheckIn:
    """The browser checks in with the raw texts of the fields on the screen."""

    name: str
    fields: dict[str, str] = field(default_factory=dict)
    changed: str | None = None
    initial: bool = False


Turn = Begin | Refresh | Submit | Action | CheckIn


# -- effects: what a turn asks for, carried out after its commit ------------------------------------


@dataclass(frozen=True)
class StartTask:
    """Run `action` in the background, on a copy of the answers of this turn's commit.

    :param after: the tasks that must have ended, well or badly, before this one starts; it can look at them.
    :param stored: of a task that is started before the turn is committed, because the turn waits for it: what the turn
        has stored so far, which the task is to see.
    """

    task_id: str
    action: str
    arguments: dict[str, Any]
    notification: Literal["refresh", "flash", "javascript", "fields"] | None = None
    after: tuple[str, ...] = ()
    stored: tuple[StoredEffect, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class RevokeTask:
    task_id: str
    terminate: bool = True


@dataclass(frozen=True)
class SendNotice:
    """Tell the session's open tabs. `kind` as in a check-in's ``commands``."""

    kind: Literal["flash", "refresh", "javascript", "fields", "backgroundresponse"]
    value: Any


@dataclass(frozen=True)
class CountTask:
    """Count a task as performed, beside the steps, so that Back does not undo it.

    :param times: added to what was counted; or with `anew`, what the counter is from now on.
    """

    task: str
    times: int = 1
    anew: bool = False


@dataclass(frozen=True)
class SendMail:
    """Put a mail into the outbox, which sends it once and tries for three days.

    :param message: headers and text as they are sent, without ``Bcc``; without ``From`` the default sender's is put in.
    :param recipients: of the envelope, plain addresses; at least one.
    :param sender: of the envelope, a plain address; empty for the default sender.
    :param config: the name of the mail server's configuration; empty for the first.
    """

    message_id: str
    recipients: tuple[str, ...] = field(repr=False)
    message: bytes = field(repr=False)
    sender: str = ""
    config: str = ""


@dataclass(frozen=True)
class GiveAddress:
    """Give out an e-mail address of the session, which :meth:`Host.email_address` has found to be free.

    :param key: and `index`: what the author wants to tell it by.
    """

    code: str
    key: Any = field(default=None, repr=False)
    index: Any = field(default=None, repr=False)


Effect = (StartTask | RevokeTask | SendNotice | CountTask | SendMail | GiveAddress | StoredEffect | AccountEffect
          | SessionEffect)


# -- endings: how an evaluation ended -----------------------------------------------------------------


@dataclass
class ShowScreen:
    """A screen for the person; `errors` (by field number, -1 for the whole form) when the submit was not accepted."""

    screen: Screen
    errors: dict[int, str] = field(default_factory=dict)
    drafts: Posted = field(default_factory=dict)  # what was typed, to fill in again
    message: str = ""  # shown above the question


@dataclass
class BackgroundAnswer:
    """``background_response()`` was called. `value` is its argument; `kind` the second argument of a check-in."""

    value: Any = None
    kind: str | None = None


@dataclass
class FollowUp:
    """``background_response_action()`` was called: run this action on the session's own answers."""

    action: str | None
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass
class Response:
    """``response()``, ``json_response()``: an HTTP response instead of a screen; ``null``: save nothing."""

    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    status: int = 200
    redirect: str | None = None
    null: bool = False
    sleep: float | None = None


@dataclass
class Goodbye:
    """The person leaves: ``exit`` and ``restart`` delete the answers, ``leave`` keeps them. `url`: where to."""

    kind: Literal["exit", "leave", "restart", "new_session", "exit_logout", "logout", "signin", "register"]
    url: str = ""


@dataclass
class Wait:
    """``command('wait')``: the browser asks again after `seconds`."""

    seconds: float


Ending = ShowScreen | BackgroundAnswer | FollowUp | Response | Goodbye | Wait | None
"""None: an action ran to its end and nothing is to be shown."""


@dataclass
class Outcome:
    """What :func:`appliance.interview.evaluate.evaluate` returns; it has changed nothing but `answers`.

    :param save: ``new`` adds a step for Back, ``overwrite`` replaces the current step, ``ignore`` stores nothing.
    :param tags: ``multi_user`` and the like that the session's row must know are read from `answers`.
    :param error_action: what ``background_error_action()`` registered.
    :param unfinished: the action of a task or a scheduled event was not reached, or ended before its end; where the
        ending is a screen, nobody will answer it.
    """

    answers: Answers
    ending: Ending
    effects: list[Effect] = field(default_factory=list)
    save: Literal["new", "overwrite", "ignore"] = "overwrite"
    error_action: FollowUp | None = None
    log: list[str] = field(default_factory=list)
    unfinished: bool = False
