"""``/``: what can be started and what can be resumed, and the switch between light and dark."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

from appliance.packages import SHIPPED
from appliance.server import security
from appliance.server.admission import Admission
from appliance.server.base import BaseHandler
from appliance.server.parts import Listed
from appliance.server.replies import interview_url
from appliance.sessions.errors import NoSuchSession
from appliance.sessions.interview_access import may_list
from appliance.sessions.public_interviews import PublicInterviews, needs_invitation

__all__ = ["DarkModeHandler", "DeleteSessionHandler", "HomeHandler", "when"]

_GOODBYES = {
    "exit": "You have finished. Your answers of that interview were deleted, as its exit says.",
    "leave": "You have left the interview. Your answers are kept; you can resume it below.",
    "exit_logout": "You have finished and are signed out.",
    "logout": "You are signed out.",
    "account": "Your account was deleted, with the interviews that only it opened.",
    "deleted": "The interview session was deleted.",
}
_OPEN_AT_MOST = 12
_RESUMED_AT_MOST = 3


@dataclass
class _Group:
    """The interviews of one package."""

    package: str
    interviews: list[Listed] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What the list is headed with."""
        return "Interviews that come with the appliance" if self.package == SHIPPED else self.package

    @property
    def open(self) -> bool:
        """Long lists start closed, so that they do not push the rest off the page."""
        return len(self.interviews) <= _OPEN_AT_MOST


def _grouped(listed: list[Listed]) -> list[_Group]:
    groups: dict[str, _Group] = {}
    for one in listed:
        package = one.interview.partition(":")[0]
        groups.setdefault(package, _Group(package)).interviews.append(one)
    return list(groups.values())


def when(seconds: float) -> str:
    """A time for a browser without script; ours shows the person's own time instead."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


class HomeHandler(BaseHandler):
    """The first page."""

    admits = Admission.ANYONE

    async def get(self) -> None:
        sessions = await self.parts.turns.sessions_of(self.visitor, _RESUMED_AT_MOST) if self.known_browser else []
        retention = self.parts.retention
        deletions = await retention.own(self.visitor) if sessions and retention is not None else {}
        outgoing = self.parts.outgoing
        mails = await outgoing.totals(self.visitor) if self.known_browser and outgoing is not None else {}
        groups = _grouped(self.open_to_visitor())
        backups = self.parts.backups
        code_waits = backups is not None and "admin" in self.visitor.user.privileges and await backups.code_waits()
        self.page("home.html", code_waits=code_waits, groups=groups, sessions=sessions, deletions=deletions,
                  mails=mails, interview_url=interview_url, when=when,
                  message=_GOODBYES.get(self.get_query_argument("goodbye", ""), ""))

    def open_to_visitor(self) -> list[Listed]:
        """The interviews that the visitor may begin."""
        listed = [one for one in self.parts.packages.listed() if may_list(one.privileges, self.visitor.user)]
        if needs_invitation(self.visitor):
            public = PublicInterviews(self.parts.settings.get)
            return [one for one in listed if one.interview in public]
        return listed


class DeleteSessionHandler(BaseHandler):
    """``POST /sessions/delete``: a person deletes one of their sessions."""

    admits = Admission.INTERVIEWS

    async def post(self) -> None:
        with suppress(NoSuchSession):   # deleted in another tab: what was wanted is so
            await self.parts.turns.delete(self.get_body_argument("session", ""), self.visitor)
        self.redirect("/?goodbye=deleted", status=303)


class DarkModeHandler(BaseHandler):
    """``/dark_mode``: the other colour scheme, from now on."""

    admits = Admission.ANYONE

    async def get(self) -> None:
        wanted = self.get_query_argument("scheme", "")
        if wanted not in {"light", "dark", "auto"}:
            wanted = "light" if self.get_cookie("color_scheme") == "dark" else "dark"
        if wanted == "auto":
            self.clear_cookie("color_scheme")
        else:
            # Our script reads this one, to draw the page in the right colours from the start.
            self.set_cookie("color_scheme", wanted, expires_days=365, httponly=False)
        back = "/"
        with suppress(ValueError):   # what is no address at all
            came_from = urlsplit(self.request.headers.get("Referer", ""))
            if came_from.netloc == self.request.host:
                back = f"{came_from.path}?{came_from.query}"
        self.redirect(security.safe_next(self.get_query_argument("next", None), security.safe_next(back)))
