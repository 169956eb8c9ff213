"""Other sessions, as the code of a session reaches them: what it asks to be done to them, and how it reads them.

What is asked for is an effect, seen by the same turn at once and committed with it: a session that the turn makes is
written in the same transaction, and what it wants of one that was there before is done in that session's place in the
line after the commit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from appliance.interview.errors import InterviewError
from appliance.interview.screen import Screen

__all__ = [
    "NOWHERE",
    "CarriedFile",
    "CreateSession",
    "DeleteSession",
    "GiveLink",
    "GoBack",
    "ListQuery",
    "ListedSession",
    "OtherInterview",
    "OtherSessions",
    "Places",
    "RunAction",
    "SessionEffect",
    "SessionRefused",
    "SetVariables",
    "session_effects",
]


class SessionRefused(InterviewError):
    """What author code wants of another session is not allowed, or cannot be."""


@dataclass(frozen=True)
class Places:
    """What tells apart for whom ``session_local`` and its kin are; each text stands for one, and tells nothing of it.

    :param session: from the first page until the browser is closed.
    :param device: the browser, for as long as it keeps its cookie.
    :param user: the account; of somebody who is not signed in, the same as `session`.
    """

    session: str = ""
    device: str = ""
    user: str = ""


NOWHERE = Places()
"""Of code that runs for nobody in particular."""


# -- effects -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CreateSession:
    """Begin a session for whoever the code runs for.

    :param session_id: a new one.
    """

    session_id: str
    interview: str
    url_args: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class CarriedFile:
    """A file that goes from one session to another, which gets a copy."""

    number: int
    filename: str
    mimetype: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class SetVariables:
    """Assign values.

    :param variables: a pickle of the values by name (``user.name.first``, ``defense['latches']``).
    :param overwrite: without a step that Back could undo.
    :param question_name: of a mandatory question that counts as answered then.
    :param delete: names to undefine.
    :param files: of the session that the values come from; the other one gets copies.
    """

    session_id: str
    interview: str
    variables: bytes = field(repr=False)
    overwrite: bool = False
    question_name: str = ""
    delete: tuple[str, ...] = ()
    files: tuple[CarriedFile, ...] = ()


@dataclass(frozen=True)
class RunAction:
    """Run an action.

    :param arguments: a pickle of a dictionary.
    :param persistent: a question that it comes to is asked until it is answered.
    """

    session_id: str
    interview: str
    action: str
    arguments: bytes = field(repr=False)
    overwrite: bool = False
    persistent: bool = False


@dataclass(frozen=True)
class GoBack:
    """The Back button."""

    session_id: str
    interview: str


@dataclass(frozen=True)
class DeleteSession:
    """End a session, or only what some people have of it.

    :param holders: the keys of whom it is deleted for.
    :param shared: for everybody else, too.
    """

    session_id: str
    holders: tuple[str, ...] = ()
    shared: bool = False


@dataclass(frozen=True)
class GiveLink:
    """Let a link lead to an address of ours for a time.

    :param code: what it is known by.
    :param expires: seconds since the epoch, UTC.
    :param once: it works once.
    """

    code: str = field(repr=False)
    address: str = field(repr=False)
    expires: float
    once: bool = False


SessionEffect = CreateSession | SetVariables | RunAction | GoBack | DeleteSession | GiveLink


def session_effects(effects: Any) -> tuple[SessionEffect, ...]:
    """Those of the effects that are about other sessions."""
    return tuple(effect for effect in effects if isinstance(effect, SessionEffect))


# -- reading -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ListQuery:
    """Which sessions to list.

    :param whose: ``own``, ``all``, or the number of a user.
    :param answers: with each session's answers, where they can be opened.
    :param valid: only those that can be resumed.
    :param after: where the page before ended; empty for the first.
    """

    whose: Literal["own", "all"] | int = "own"
    interview: str = ""
    session_id: str = ""
    tag: str = ""
    answers: bool = True
    valid: bool = True
    after: str = ""
    most: int = 100


@dataclass(frozen=True)
class ListedSession:
    """One session, as one of its people has it. Times are seconds since the epoch, UTC.

    :param holder: whose it is, as the table of sessions' keys has it.
    :param visitor: a number for whoever has no account.
    :param answers: frozen; None where they cannot be opened or were not asked for.
    :param place: where a page begins that follows it; empty for one that this very turn has made.
    """

    session_id: str
    interview: str
    holder: str
    user_id: int | None
    visitor: int | None
    created: float
    modified: float
    title: str = field(default="", repr=False)
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict, repr=False)
    answers: bytes | None = field(default=None, repr=False)
    valid: bool = False
    place: str = ""


@dataclass(frozen=True)
class OtherInterview:
    """An interview that can be started.

    :param reference: ``PACKAGE:data/questions/x.yml``.
    :param metadata: of its file; empty if it cannot be read.
    :param broken: it has an error that keeps it from running.
    """

    reference: str
    title: str
    metadata: Mapping[str, Any] = field(default_factory=dict, repr=False)
    broken: bool = False


class OtherSessions(Protocol):
    """What one turn or task sees of other sessions. All raise SessionRefused with words for the author."""

    @property
    def pending(self) -> tuple[SessionEffect, ...]:
        """What is committed together with this turn, and was asked for before it (by the task that has ended)."""
        ...

    def new_session_id(self) -> str:
        """One that nobody can guess."""
        ...

    def new_code(self) -> str:
        """For a link; nobody can guess it."""
        ...

    def apply(self, effect: SessionEffect) -> None:
        """Do it as far as this turn can see. Committing it is the effect's matter.

        :raises InterviewError: where an interview that runs for it cannot go on.
        """
        ...

    def answers(self, interview: str, session_id: str) -> bytes:
        """The frozen answers of a session, as this turn sees it."""
        ...

    def file_content(self, interview: str, session_id: str, number: int) -> bytes | None:
        """What is in a file of a session, as this turn sees it; None if the session has none of that number."""
        ...

    def screen(self, interview: str, session_id: str) -> tuple[Screen | None, int]:
        """What a session asks now, and the number of its step; None if it shows no screen."""
        ...

    def listed(self, query: ListQuery) -> tuple[list[ListedSession], str]:
        """Sessions, the newest first, and where the next page begins; empty after the last."""
        ...

    def menu(self) -> list[OtherInterview]:
        """The interviews that whoever the code runs for can start."""
        ...
