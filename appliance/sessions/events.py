"""A scheduled event as a turn of one session: run as the cron user, committed together with the note that it has run.

An event is an action whose answers are stored as an overwrite of the current step: Back and the form that a person has
open do not notice it. One whose name ends in ``_background`` is queued as a background task instead.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sqlite_utils import Database

from appliance import clock
from appliance.interview.accounts import AccountsRefused
from appliance.interview.errors import InterviewError
from appliance.interview.host import UserInfo
from appliance.interview.names import canonical
from appliance.interview.tasks import ErrorDetails
from appliance.interview.turn import Action, Ending, Response, StartTask
from appliance.sessions.commit import Commit
from appliance.sessions.ends import details_of
from appliance.sessions.error_mail import place_in_program
from appliance.sessions.errors import NoSuchSession, NotYours, Stopping
from appliance.sessions.host import Actor
from appliance.sessions.opened import Opened
from appliance.sessions.reply import Notice
from appliance.sessions.runner import Evaluated, Happening, Runner
from appliance.sessions.settling import Settled, new_task
from appliance.store.errors import StoreError, WrongKey
from appliance.store.keys import Holder, user_holder
from appliance.store.sessions import told_session
from appliance.store.tasks import seal_answers
from appliance.store.values import personal_holder
from appliance.store.visits import NOBODY

__all__ = ["BACKGROUND", "Also", "EventResult", "Events"]

logger = logging.getLogger(__name__)

BACKGROUND = "_background"
"""What the name of an event ends with that runs as a background task."""


@dataclass(frozen=True)
class EventResult:
    """How an event ended in one session.

    :param outcome: ``saved``; ``ignored`` (``response(null=True)``, ``set_save_status('ignore')``: the answers are as
        before); ``deleted`` with the session; ``failed``; ``queued`` as a background task; ``no_event``: the session is
        gone, allows no scheduled events any more, or its interview does not offer this one.
    :param text: of ``response(text)``, for ``cron.log``.
    :param asked_at: file and line of the question that the event came to before its end; the answers were saved.
    :param error_where: file and line.
    :param error: in the error's own words, which may quote answers: to be kept sealed.
    :param unreadable: why the interview as a whole cannot be used, which is nothing of this session; it is told of
        nowhere yet.
    :param pause: seconds of ``response(sleep=…)``, before the next session's turn.
    """

    outcome: Literal["saved", "ignored", "deleted", "failed", "queued", "no_event"]
    text: str = field(default="", repr=False)
    asked_at: str = ""
    error_type: str = ""
    error_where: str = ""
    error: ErrorDetails | None = field(default=None, repr=False)
    unreadable: InterviewError | None = field(default=None, repr=False)
    pause: float = 0.0


Also = Callable[[EventResult], Callable[[Database], None]]
"""From how the event ended to what is written in the same transaction."""


class Events:
    """Runs scheduled events.

    :param appliance: opens the sessions that say ``multi_user = True``.
    :param cron_user: who events run as; may wait for the store.
    :param url_root: where the server can be reached.
    :param user_key: opens the key of a user who signs in without a password; may wait for the store.
    """

    def __init__(self, runner: Runner, appliance: Holder, cron_user: Callable[[], UserInfo],
                 url_root: Callable[[], str], user_key: Callable[[int], bytes | None]) -> None:
        self._runner = runner
        self._appliance = appliance
        self._cron_user = cron_user
        self._user: UserInfo | None = None
        self._url_root = url_root
        self._user_key = user_key
        self._holder: Holder | None = None

    def offers(self, interview: str, event: str) -> bool:
        """Whether the interview has a block for the event: ``event:``, or code that defines a variable of that name.

        :raises InterviewError: if the interview is not there, or cannot be read.
        """
        parsed: Any = self._runner.language.interviews.get(interview)
        return bool(parsed.offering(canonical(event)))

    async def run(self, session_id: str, event: str, also: Also, *, if_free: bool) -> EventResult:
        """See :meth:`appliance.sessions.turns.Turns.event`."""
        result: EventResult = await self._runner.in_order(
            session_id, lambda: self._in_turn(session_id, event, also), if_free=if_free)
        return result

    # -- in the session's line ---------------------------------------------------------------------------

    async def _in_turn(self, session_id: str, event: str, also: Also) -> EventResult:
        runner = self._runner
        known = runner.vault.shelf.get(session_id) is not None
        try:
            opened = await runner.vault.peek(session_id, [self._appliance])
            return await self._taken(opened, event, also)
        except (NoSuchSession, NotYours):   # it ended while it waited, or is for its own people only by now
            result = EventResult("no_event")
            await runner.write(also(result))
            return result
        except WrongKey as error:   # it is damaged on the disk, which must not keep the other sessions from theirs
            logger.error("session %s cannot be opened for %s: it is damaged",  # noqa: TRY400 - where is no help
                         told_session(session_id), event)
            result = EventResult("failed", error_type=type(error).__name__)
            await runner.write(also(result))
            return result
        finally:
            if not known:   # a round opens many sessions; those that people use are to stay at hand
                runner.vault.shelf.forget(session_id)

    async def _taken(self, opened: Opened, event: str, also: Also) -> EventResult:
        try:
            wanted = await self._is_wanted(opened, event)
            unread = EventResult("no_event")
        except InterviewError as error:
            wanted = False
            unread = EventResult("failed", error_type=type(error).__name__, error_where=error.where, unreadable=error)
        if not wanted:
            await self._runner.write(also(unread))
            return unread
        try:
            actor = await self._actor()
            if event.endswith(BACKGROUND):
                result, settled = EventResult("queued"), self._queued(opened, event, actor)
            else:
                evaluated = await self._runner.evaluate(opened, Happening("event", Action(event), actor))
                result, settled = _came_to(evaluated), evaluated.settled or _nothing(opened)
        except (Stopping, StoreError):   # nothing is wrong with the interview: the event is still to run
            raise
        except Exception as error:  # noqa: BLE001 - whatever code of an author raised is how the event ended
            result, settled = self._failed(opened, event, error)
        settled.commit.also.append(also(result))
        try:
            await self._runner.commit(settled)
        except AccountsRefused as refused:   # what was allowed when the event ran
            result, settled = self._failed(opened, event, refused)
            settled.commit.also.append(also(result))
            await self._runner.commit(settled)
        if settled.commit.row is not None and not settled.commit.delete:
            self._runner.listeners.on_notice(Notice(0, opened.row.id, "reload"))   # for screens that wait
        self._runner.listeners.on_event(opened.row.interview, opened.row.id, event, result)
        return result

    async def _is_wanted(self, opened: Opened, event: str) -> bool:
        """:raises InterviewError: if the interview is not there any more, or cannot be read."""
        row = opened.row
        if not (row.multi_user and row.allow_cron):
            return False
        return await asyncio.to_thread(self.offers, row.interview, event)

    async def _actor(self) -> Actor:
        """The cron user, who has what the user's events make."""
        if self._user is None:
            self._user = await asyncio.to_thread(self._cron_user)
            user_id = self._user.user_id
            key = None if user_id is None else await asyncio.to_thread(self._user_key, user_id)
            if user_id is not None and key is not None:
                self._holder = user_holder(user_id, key)
        holder = self._holder
        if holder is None:
            return Actor("cron", self._user, self._url_root())
        return Actor("cron", self._user, self._url_root(), {}, personal_holder(holder), (holder.name,), (holder,))

    def _queued(self, opened: Opened, event: str, actor: Actor) -> Settled:
        """The event as a background task, on the answers as they are."""
        commit, now = Commit(opened.row.id, opened.key), clock.now()
        task = StartTask(secrets.token_hex(16), event, {})
        commit.tasks.append(new_task(task, opened, actor, self._runner.appliance_key))
        answers = opened.current.answers if opened.current is not None else b""
        commit.task_answers = seal_answers(self._runner.appliance_key, opened.row.id, answers)
        user_id = actor.user.user_id or NOBODY
        commit.visit = (user_id, now)
        return Settled(replace(opened, visits={**opened.visits, user_id: now}), commit)

    def _failed(self, opened: Opened, event: str, error: Exception) -> tuple[EventResult, Settled]:
        """Nothing of the event stays but the news that it failed."""
        where = error.where if isinstance(error, InterviewError) else place_in_program(error)
        result = EventResult("failed", error_type=getattr(error, "error_type", type(error).__name__),
                             error_where=where, error=details_of(error))
        settled = _nothing(opened)
        mail = self._runner.error_mails.about_turn(error, interview=opened.row.interview, happening="scheduled event",
                                                   action=event, url_root=self._url_root())
        if mail is not None:
            settled.commit.mails.append(mail)
        return result, settled


def _nothing(opened: Opened) -> Settled:
    return Settled(opened, Commit(opened.row.id, opened.key))


def _came_to(evaluated: Evaluated) -> EventResult:
    if evaluated.settled is not None and evaluated.settled.commit.delete:
        return EventResult("deleted", pause=_pause(evaluated.ending))
    return EventResult("ignored" if evaluated.ignored else "saved", _text(evaluated.ending), evaluated.asked_at,
                       pause=_pause(evaluated.ending))


def _text(ending: Ending) -> str:
    """What ``response(text)`` was given. Files and data, as of ``json_response()``, are no texts for a log."""
    if not isinstance(ending, Response) or ending.null or not ending.content_type.startswith("text/"):
        return ""
    return "" if ending.body == b"null" else ending.body.decode("utf-8", "replace")


def _pause(ending: Ending) -> float:
    return 0.0 if not isinstance(ending, Response) or ending.sleep is None else ending.sleep
