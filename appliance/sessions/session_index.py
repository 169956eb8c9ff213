"""Sessions as ``interview_list()`` tells of them."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from appliance.interview.errors import InterviewError
from appliance.interview.other_sessions import ListedSession, ListQuery, SessionRefused
from appliance.sessions.host import Actor
from appliance.sessions.opened import Opened, title_context
from appliance.sessions.tags import open_tags, tags_of
from appliance.store.errors import WrongKey
from appliance.store.sealing import unseal
from appliance.store.session_index import START, IndexRow, find_sessions, newest_steps
from appliance.store.sessions import SessionRow
from appliance.store.steps import open_steps

if TYPE_CHECKING:
    from appliance.sessions.runner import Runner

__all__ = ["Startable", "listed"]

KeyOf = Callable[[str, Mapping[str, bytes]], "bytes | None"]
Overlay = Mapping[str, "Opened | None"]

_WRONG_PAGE = "What was given to interview_list() as 'next_id' is not what it gave."


def listed(runner: Runner, actor: Actor, key_of: KeyOf, query: ListQuery, seen: Overlay,
           new: Sequence[str], left: Collection[tuple[str, str]]) -> tuple[list[ListedSession], str]:
    """The sessions, those that were begun last first, and where the next page begins; empty where there is none.

    :param key_of: from the id of a session, and its key as it is sealed for each holder, to its key here.
    :param seen: sessions that this turn knows otherwise than they are stored; None for those that it has deleted.
    :param new: those among them that it makes, in their order.
    :param left: sessions that it has taken off somebody's list, each with the key of whose.
    """
    index = _Index(runner, actor, key_of, query, seen, left)
    found: list[ListedSession] = []
    if not query.after and query.whose in ("own", "all", actor.user.user_id):
        found = [one for session_id in reversed(new) for one in index.made(session_id)]
    after = _place(query.after)
    while len(found) < query.most:
        rows = index.page(after)
        for row in rows:
            after = (row.number, row.holder)
            one = index.told(row)
            if one is not None:
                found.append(one)
            if len(found) == query.most:
                break
        if len(rows) < query.most and (not rows or after == (rows[-1].number, rows[-1].holder)):
            return found, ""
    after = after or START   # the sessions of this turn have filled the page
    return found, _code(after) if index.page(after, 1) else ""


class Startable(Protocol):
    """An interview that can be started (:class:`appliance.packages.ListedInterview`)."""

    @property
    def interview(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def privileges(self) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class _Index:
    runner: Runner
    actor: Actor
    key_of: KeyOf
    query: ListQuery
    seen: Overlay
    left: Collection[tuple[str, str]]

    def page(self, after: tuple[int, str] | None, most: int | None = None) -> list[IndexRow]:
        query = self.query
        holders: list[str] | None = list(self.actor.viewers)
        if query.whose == "all":
            holders = None
        elif query.whose not in ("own", self.actor.user.user_id):
            holders = [f"user:{query.whose}"]
        return self.runner.store.read(lambda database: find_sessions(
            database, holders, query.interview, query.session_id, after, most or query.most)).result()

    def made(self, session_id: str) -> list[ListedSession]:
        """A session of this turn."""
        opened = self.seen[session_id]
        if opened is None or self.query.interview not in ("", opened.row.interview) or (
                self.query.session_id not in ("", session_id)):
            return []
        holder = next(iter(opened.keys), "")
        one = self._checked(opened.row, holder, lambda: opened.key, opened)
        return [] if one is None else [one]

    def told(self, row: IndexRow) -> ListedSession | None:
        """A stored one; None where the query does not want it."""
        if (row.row.id in self.seen and self.seen[row.row.id] is None) or (row.row.id, row.holder) in self.left:
            return None
        one = self._checked(row.row, row.holder, lambda: self.key_of(row.row.id, row.keys), self.seen.get(row.row.id))
        return None if one is None else replace(one, place=_code((row.number, row.holder)))

    def _checked(self, row: SessionRow, holder: str, key_of: Callable[[], bytes | None],
                 opened: Opened | None) -> ListedSession | None:
        key = key_of()
        metadata, runs = self._metadata(row.interview)
        title, tags, answers, fine = "", tags_of(metadata.get("tags")), None, False
        if key is not None:
            try:
                title, tags, answers = self._inside(row, key, opened)
                fine = True
            except WrongKey:   # it is damaged on the disk
                pass
        valid = fine and runs
        if (self.query.valid and not valid) or (self.query.tag and self.query.tag not in tags):
            return None
        kind, _, name = holder.partition(":")
        return ListedSession(
            row.id, row.interview, holder, int(name) if kind == "user" else None,
            int(name[:7], 16) if kind == "browser" else None, row.created, row.modified,
            title or str(metadata.get("title") or ""), tags, metadata, answers, valid)

    def _inside(self, row: SessionRow, key: bytes, opened: Opened | None) -> tuple[str, tuple[str, ...], bytes | None]:
        """What only the session's key tells."""
        if opened is not None:
            current = opened.current
            answers = current.answers if current is not None and self.query.answers else None
            return opened.title, opened.tags, answers
        title = unseal(key, row.sealed_title, title_context(row.id)).decode() if row.sealed_title else ""
        answers = None
        if self.query.answers:
            steps = self.runner.store.read(lambda database: newest_steps(database, row)).result()
            newest = open_steps(row.id, key, steps).get(row.step) if steps else None   # or it goes on just now
            answers = None if newest is None else newest.answers
        return title, open_tags(key, row.id, row.sealed_tags), answers

    def _metadata(self, interview: str) -> tuple[dict[str, Any], bool]:
        try:
            return self.runner.metadata(interview), True
        except InterviewError:
            return {}, False


def _code(after: tuple[int, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(after).encode()).decode()


def _place(code: str) -> tuple[int, str] | None:
    if not code:
        return None
    try:
        number, holder = json.loads(base64.urlsafe_b64decode(code))
        str(holder).encode()
        if 0 <= int(number) <= START[0]:
            return int(number), str(holder)
    except (binascii.Error, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise SessionRefused(_WRONG_PAGE) from error
    raise SessionRefused(_WRONG_PAGE)
