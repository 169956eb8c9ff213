"""``/checkin`` and ``/checkout``: the poll of an open tab."""

from __future__ import annotations

import json
import logging
from functools import lru_cache
from typing import Any

from appliance.interview.datatypes.neutral import neutralise
from appliance.interview.errors import InterviewError, told_names
from appliance.interview.turn import BackgroundAnswer, CheckIn, ShowScreen
from appliance.server.admission import Admission
from appliance.server.base import BaseHandler
from appliance.server.tabs import command, tab_named
from appliance.sessions.errors import NoSuchSession, NotYours
from appliance.sessions.reply import as_json

__all__ = ["CheckInHandler", "CheckOutHandler"]

log = logging.getLogger("appliance.server")


class CheckInHandler(BaseHandler):
    """Runs the screen's ``check in`` action, and brings what waited for the tab.

    Our own scripts say which ``tab`` and ``page`` they are (see :class:`appliance.server.tabs.NoticeSocket`), and in
    ``seen`` (a JSON list of ids) what the last check-in brought; only then it counts as delivered to that tab, so a
    reply that is lost on the way loses nothing. To a client that knows neither, as docassemble's, each notice is given
    once.
    """

    admits = Admission.INTERVIEWS

    @property
    def by_script(self) -> bool:
        """Always: only scripts check in."""
        return True

    async def post(self) -> None:
        session_id = self.get_argument("session", "") or self.get_body_argument("_session", "")
        turns, tabs = self.parts.turns, self.server.tabs
        tab = tab_named(self.get_body_argument("tab", ""))
        try:
            session_id = session_id or await turns.find(self.get_argument("i", ""), self.visitor) or ""
            waiting = await turns.undelivered(session_id, self.visitor)
        except (NoSuchSession, NotYours):
            self.send_json({"success": False, "action": "reload"})
            return
        tabs.spoke(session_id, tab, self.get_body_argument("page", ""))
        seen = self.seen([notice.id for notice in waiting])
        if seen:
            await tabs.took(session_id, tab, seen)
            waiting = [notice for notice in waiting if notice.id not in seen]
        waiting = tabs.for_tab(session_id, tab, waiting)
        commands = await self.commands_of_action(session_id, tab)
        commands += [command(notice) for notice in waiting]
        code = self.get_body_argument("checkinCode", "")
        self.send_json({"success": True, "chat_status": "off", "phone": "", "observerControl": False, "num_peers": 0,
                        "help_available": 0, "commands": commands, "checkin_code": code, "csrf_token": self.token})
        if seen is None:
            await tabs.took(session_id, tab, [notice.id for notice in waiting if notice.id])

    def seen(self, waiting: list[int]) -> list[int] | None:
        """Which of the waiting notices the tab has; None if it does not say."""
        text = self.get_body_argument("seen", "")
        if not text:
            return None
        try:
            given = json.loads(text)
        except (ValueError, RecursionError):
            return []
        return [number for number in waiting if number in given] if isinstance(given, list) else []

    async def commands_of_action(self, session_id: str, tab: str) -> list[dict[str, Any]]:
        """What the ``check in`` action answers; none if there is no action, or if it fails."""
        action = self.get_body_argument("do_action", "")
        if not action:
            return []
        check_in = CheckIn(action, *_parameters(self.get_body_argument("parameters", "", strip=False)))
        try:
            revision = int(self.get_body_argument("_revision", "-1"))
        except ValueError:
            revision = -1
        try:
            reply = await self.parts.turns.check_in(session_id, self.visitor, check_in, revision, tab)
        except InterviewError as error:
            # The person is typing: a failing helper must not take the screen away. The author finds it in the log.
            # Without the traceback, which would hold what was typed.
            log.error("check in failed: %s %s %s", type(error).__name__, error.where, told_names(error.variables))  # noqa: TRY400
            return []
        if isinstance(reply.ending, ShowScreen):
            _tell_author(reply.interview, action, reply.ending.screen.sought or reply.ending.screen.block)
        commands, loops = _commands(reply.ending), self.server.refresh_loops
        if not any(one["extra"] == "refresh" for one in commands):
            loops.over(session_id, tab)
            return commands
        return commands if loops.may_refresh(session_id, tab, reply.interview, action) else []


class CheckOutHandler(BaseHandler):
    """A tab leaves. It may only be loaded again, so nothing follows from that."""

    admits = Admission.INTERVIEWS

    def post(self) -> None:
        self.send_json({"success": True})


def _parameters(text: str) -> tuple[dict[str, str], str | None, bool]:
    """The fields' texts, the changed variable and whether it is the screen's first check-in, from ``parameters``.

    A text is never other than what the control holds; what a script of another kind sends as a list is JSON.
    """
    try:
        given = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        given = {}
    if not isinstance(given, dict):
        given = {}
    changed, initial = given.pop("_changed", None), given.pop("_initial", False)
    fields = {str(name): neutralise(value if isinstance(value, str) else json.dumps(value))
              for name, value in given.items()}
    return fields, changed if isinstance(changed, str) and changed else None, bool(initial)


@lru_cache(maxsize=500)
def _tell_author(interview: str, action: str, wanted: str) -> None:
    """Log once that an action asks the person something, of which nothing is seen."""
    log.warning("%s: the check in action %r needs %r, for which there is a question; a check-in cannot ask it, so the "
                "action has not ended", interview, action, wanted)


def _commands(ending: object) -> list[dict[str, Any]]:
    if not isinstance(ending, BackgroundAnswer) or (ending.value is None and ending.kind is None):
        return []
    if ending.value == "refresh" and ending.kind is None:
        return [{"value": None, "extra": "refresh"}]
    return [{"value": as_json(ending.value), "extra": ending.kind or "backgroundresponse"}]
