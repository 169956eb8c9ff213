"""The sessions that somebody can resume: what they call them, and leaving one of somebody else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from appliance.sessions.errors import NotYours
from appliance.sessions.opened import title_context
from appliance.sessions.reply import SessionSummary
from appliance.sessions.runner import Runner
from appliance.sessions.tags import open_tags
from appliance.sessions.visitor import Visitor
from appliance.store.errors import WrongKey
from appliance.store.keys import Holder, unwrap
from appliance.store.sealing import seal, unseal
from appliance.store.sessions import HeldSession, leave_session, name_session, sessions_held_by

__all__ = ["LONGEST_NAME", "OwnSessions"]

LONGEST_NAME = 200
"""Letters of what a person calls a session."""


class OwnSessions:
    """What a visitor's keys open.

    :param holders: what a visitor can open sessions with, a user's key before the browser's.
    """

    def __init__(self, runner: Runner, holders: Callable[[Visitor], Awaitable[list[Holder]]]) -> None:
        self._runner = runner
        self._holders = holders

    async def of(self, visitor: Visitor, most: int | None = None) -> list[SessionSummary]:
        """What the visitor can resume, those used last first; a damaged one without its title.

        :param most: no more than so many.
        """
        holders = {holder.name: holder for holder in await self._holders(visitor)}
        names, limit = list(holders), -1 if most is None else most
        found = await self._runner.read(lambda database: sessions_held_by(database, names, limit))
        return await asyncio.to_thread(lambda: [_summary(holders[held.holder], held) for held in found])

    async def name(self, session_id: str, visitor: Visitor, name: str) -> None:
        """Keep what the visitor calls a session of theirs; an empty `name` makes it go by its title again.

        :raises NoSuchSession: if it is gone.
        :raises NotYours: if it is not on their list.
        """
        holders = await self._holders(visitor)
        key = await self._runner.vault.key_for(session_id, holders)
        words = " ".join(name.split())[:LONGEST_NAME]
        sealed = seal(key, words.encode(), _name_context(session_id)) if words else None
        named = await self._runner.write(lambda database: [
            name_session(database, session_id, holder.name, sealed) for holder in holders])
        if not any(named):
            raise NotYours(session_id)

    async def leave(self, session_id: str, visitor: Visitor) -> None:
        """Take a session off the visitor's list that they joined; for the others it stays as it is.

        :raises NotYours: if they have not joined it.
        """
        async def turn() -> None:
            names = [holder.name for holder in await self._holders(visitor)]
            if not await self._runner.write(lambda database: leave_session(database, session_id, names)):
                raise NotYours(session_id)
            self._runner.vault.shelf.forget(session_id)   # what it has in memory names them still
        await self._runner.in_order(session_id, turn)


def _summary(holder: Holder, held: HeldSession) -> SessionSummary:
    row, title, name = held.row, "", ""
    tags: tuple[str, ...] = ()
    if row.sealed_title or row.sealed_tags or held.sealed_name:
        try:
            key = unwrap(holder, row.id, held.sealed_key)
            title = unseal(key, row.sealed_title, title_context(row.id)).decode() if row.sealed_title else ""
            name = unseal(key, held.sealed_name, _name_context(row.id)).decode() if held.sealed_name else ""
            tags = open_tags(key, row.id, row.sealed_tags)
        except WrongKey:   # one that is damaged on the disk must not take the others from the page
            pass
    return SessionSummary(row.id, row.interview, title, row.created, row.modified, row.step, name, tags,
                          held.joined, row.multi_user)


def _name_context(session_id: str) -> str:
    return f"own name:{session_id}"
