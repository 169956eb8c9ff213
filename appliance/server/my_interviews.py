"""``/interviews``: the interview sessions of whoever looks, to be resumed, named, found again and deleted."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlencode

from appliance.server.admission import Admission
from appliance.server.base import BaseHandler
from appliance.server.home import when
from appliance.server.replies import interview_url
from appliance.sessions.errors import NoSuchSession, NotYours
from appliance.sessions.own_sessions import LONGEST_NAME
from appliance.sessions.reply import SessionSummary
from appliance.store.errors import WrongKey

__all__ = ["DeleteAllHandler", "DeleteOneHandler", "MyInterviewsHandler", "NameSessionHandler"]

PER_PAGE = 20
_AT_ONCE = 20
_MOST_TAGS = 30
_MESSAGES = {
    "named": "The new name is kept.",
    "gone": "This interview session does not exist any more.",
    "left": "The interview is off your list. Whoever began it still has it.",
    "none": "There was nothing to delete.",
}


@dataclass(frozen=True)
class _Wanted:
    """What the list shows, as the address says it.

    :param words: each of which must be in a session's name, title, file or tags.
    :param page: from 1.
    """

    words: str = ""
    tag: str = ""
    page: int = 1

    def url(self, **other: str | int) -> str:
        """The address of the same list, but for `other`."""
        asked = {"q": self.words, "tag": self.tag, "page": self.page} | other
        return "/interviews" + (f"?{query}" if (query := urlencode(
            {name: value for name, value in asked.items() if value and (name, value) != ("page", 1)})) else "")

    @property
    def filters(self) -> bool:
        return bool(self.words or self.tag)

    def found(self, sessions: Iterable[SessionSummary], title: Callable[[str], str]) -> list[SessionSummary]:
        """Those that the list is about."""
        words = self.words.casefold().split()
        found = []
        for one in sessions:
            text = " ".join((one.name, one.title, title(one.interview), one.interview, *one.tags)).casefold()
            if (not self.tag or self.tag in one.tags) and all(word in text for word in words):
                found.append(one)
        return found


@dataclass(frozen=True)
class _Entry:
    """One session as the page words it.

    :param heading: what the person calls it, else its title.
    :param title: its title where the heading is another; else empty.
    """

    session: SessionSummary
    heading: str
    title: str
    deleted_on: float | None


class _Own(BaseHandler):
    """What the addresses below ``/interviews`` share."""

    admits: ClassVar[Admission] = Admission.HERE_OR_SIGNED_IN

    def wanted(self) -> _Wanted:
        """The list that the address, or the form's own fields, ask for."""
        page = self.get_argument("page", "1")
        number = int(page) if page.isascii() and page.isdigit() and len(page) < 9 else 1
        return _Wanted(self.get_argument("q", "").strip(), self.get_argument("tag", ""), max(number, 1))

    async def sessions(self) -> list[SessionSummary]:
        """All that the visitor can resume, but for those that their interviews hide."""
        every = await self.parts.turns.sessions_of(self.visitor) if self.known_browser else []
        hides = self.parts.packages.hides
        return await asyncio.to_thread(lambda: [one for one in every if not hides(one.interview)])

    def titles(self) -> Callable[[str], str]:
        """Gives an interview's name for people."""
        listed = {one.interview: one.title for one in self.parts.packages.listed()}
        return lambda interview: listed.get(interview) or interview.rpartition("/")[2]

    async def drop(self, session: SessionSummary) -> str:
        """Delete a session, or leave one that somebody else began; says which, or that it was gone."""
        turns = self.parts.turns
        try:
            if session.joined:
                await turns.leave_session(session.session_id, self.visitor)
                return "left"
            await turns.delete(session.session_id, self.visitor)
        except (NoSuchSession, NotYours):
            return "gone"
        return "deleted"

    def back_to_list(self, done: str, count: int = 0) -> None:
        """Show the list again, and what came of the button that was pressed."""
        number = {"count": count} if count else {}
        self.redirect(self.wanted().url(done=done, **number), status=303)


class MyInterviewsHandler(_Own):
    """The page. It works without script; search, tags and pages are in its address."""

    async def get(self) -> None:
        wanted, title, every = self.wanted(), self.titles(), await self.sessions()
        found = await asyncio.to_thread(wanted.found, every, title)
        pages = max(1, -(-len(found) // PER_PAGE))
        page = min(wanted.page, pages)
        shown = found[(page - 1) * PER_PAGE:page * PER_PAGE]
        self.page("my_interviews.html", wanted=wanted, entries=await self.entries(shown, title), found=len(found),
                  total=len(every), page=page, pages=pages, tags=_tags(every, wanted.tag), message=self.message(),
                  until=max((one.created for one in found), default=0.0), joined=sum(one.joined for one in found),
                  registers=self.registers, when=when, interview_url=interview_url, longest=LONGEST_NAME)

    async def entries(self, shown: Sequence[SessionSummary], title: Callable[[str], str]) -> list[_Entry]:
        """The sessions of one page, with the day that those are deleted on which nobody has used for long."""
        retention = self.parts.retention
        deletions = await retention.own(self.visitor) if shown and retention is not None else {}
        entries = []
        for one in shown:
            named = one.title or title(one.interview)
            entries.append(_Entry(one, one.name or named, named if one.name else "", deletions.get(one.session_id)))
        return entries

    @property
    def registers(self) -> bool:
        """Whether people may make accounts by themselves."""
        return bool(self.parts.settings.get("allow registration", False))

    def message(self) -> str:
        """What came of the button that was pressed."""
        done, count = self.get_query_argument("done", ""), self.get_query_argument("count", "")
        if done != "deleted":
            return _MESSAGES.get(done, "")
        many = int(count) if count.isascii() and count.isdigit() and len(count) < 9 else 1
        return "The interview session was deleted." if many == 1 else f"{many} interview sessions were deleted."


class NameSessionHandler(_Own):
    """``POST /interviews/name`` with ``session`` and ``name``: what a person calls a session of theirs."""

    async def post(self) -> None:
        try:
            await self.parts.turns.name_session(
                self.get_body_argument("session", ""), self.visitor, self.get_body_argument("name", ""))
        except NoSuchSession:
            self.back_to_list("gone")
        else:
            self.back_to_list("named")


class DeleteOneHandler(_Own):
    """``POST /interviews/delete`` with ``session``: deletes it, or takes one that was joined off the list."""

    async def post(self) -> None:
        session_id = self.get_body_argument("session", "")
        session = next((one for one in await self.sessions() if one.session_id == session_id), None)
        self.back_to_list(await self.drop(session) if session is not None else "gone")


class DeleteAllHandler(_Own):
    """``POST /interviews/delete-all``: deletes what the list shows, on all its pages.

    ``until`` is when the newest of them was begun: what was begun after the page was drawn is not meant.
    """

    async def post(self) -> None:
        try:
            until = float(self.get_body_argument("until", ""))
        except ValueError:
            until = 0.0
        found = [one for one in self.wanted().found(await self.sessions(), self.titles()) if one.created <= until]
        count = 0
        for start in range(0, len(found), _AT_ONCE):   # so many at once that they share what the disk costs
            done = await asyncio.gather(*(self.drop_quietly(one) for one in found[start:start + _AT_ONCE]))
            count += sum(done)
        self.back_to_list("deleted" if count else "none", count)

    async def drop_quietly(self, session: SessionSummary) -> bool:
        """Whether it is gone; one that is damaged must not keep the others."""
        with suppress(WrongKey):
            return await self.drop(session) != "gone"
        return False


def _tags(sessions: Iterable[SessionSummary], chosen: str) -> list[tuple[str, int]]:
    """The tags there are, with how many sessions have each: those used most, in order of the alphabet."""
    counts = Counter(tag for one in sessions for tag in one.tags)
    most = dict(counts.most_common(_MOST_TAGS))
    if chosen:
        most.setdefault(chosen, counts[chosen])
    return sorted(most.items(), key=lambda pair: pair[0].casefold())
