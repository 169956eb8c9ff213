"""The ways out of a session: ``/exit``, ``/leave``, ``/restart_session``, ``/new_session``, ``/exit_logout``."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urljoin

from appliance.server.admission import Admission
from appliance.server.errors import Refused
from appliance.server.replies import ReplyHandler, interview_url
from appliance.server.security import safe_next
from appliance.sessions.errors import NoSuchSession

__all__ = ["LeavingHandler"]

_WORDS = {
    "exit": "finish this interview and delete its answers",
    "exit_logout": "finish this interview, delete its answers and sign out",
    "restart_session": "start this interview anew and delete its answers",
}


class LeavingHandler(ReplyHandler):
    """One way out; `kind` is the address. What deletes answers asks first when the link came from another site."""

    admits = Admission.INTERVIEWS
    for_screens = False

    def initialize(self, kind: str) -> None:
        self.kind = kind

    async def get(self) -> None:
        if self.kind in _WORDS and self.is_sent_by_others():
            self.page("confirm.html", words=_WORDS[self.kind], address=self.request.uri, back=self.way_back(),
                      by_link=False)
            return
        await self.leave()

    async def post(self) -> None:
        """The person said yes."""
        await self.leave()

    async def leave(self) -> None:
        interview, session_id = self.get_query_argument("i", ""), await self.own_session()
        if self.kind in _WORDS and session_id:
            with suppress(NoSuchSession):   # it has ended: what was wanted is so
                await self.parts.turns.delete(session_id, self.visitor)
        if self.kind in {"restart_session", "new_session"}:
            if not interview:
                raise Refused(400, "The address names no interview", "Please choose one on the home page.", "no_i")
            self.redirect(interview_url(interview, new_session="1"))
            return
        if self.kind == "exit_logout":
            await self.sign_out()
        self.redirect(self.target())

    async def own_session(self) -> str:
        """The session to leave: the one named, else the one the visitor would resume."""
        named = self.get_query_argument("session", "")
        interview = self.get_query_argument("i", "")
        if named or not interview or not self.known_browser:
            return named
        return await self.parts.turns.find(interview, self.visitor) or ""

    def target(self) -> str:
        """The address in ``next`` if it is on this site, else the exit page."""
        wanted = self.get_query_argument("next", "")
        try:
            address = urljoin("/", wanted) if wanted else ""
        except ValueError:
            address = ""
        return safe_next(address, self.exit_page(self.kind))
