"""Opens sessions for those who hold their keys, and keeps those at hand that were used last."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from appliance.sessions.errors import NoSuchSession, NotYours
from appliance.sessions.opened import Opened, Shelf, open_session
from appliance.store.database import Store
from appliance.store.errors import WrongKey
from appliance.store.keys import Holder, unwrap
from appliance.store.sessions import LoadedSession, load_session
from appliance.store.steps import chain_start, load_steps, open_steps
from appliance.store.tasks import ancestors, callbacks_after, open_callback

__all__ = ["Vault"]


class Vault:
    """The stored sessions.

    :ivar shelf: those that were opened lately.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.shelf = Shelf()

    async def open(self, session_id: str, holders: Sequence[Holder]) -> Opened:
        """The session, for somebody who holds its key; for a turn, in its place in the line.

        :param holders: what the visitor has, and the appliance's own.
        :raises NoSuchSession: if it is gone.
        :raises NotYours: if none of the holders opens it.
        """
        opened = await self.peek(session_id, holders)
        self.shelf.put(opened)
        return opened

    async def peek(self, session_id: str, holders: Sequence[Holder]) -> Opened:
        """Like :meth:`open`, out of line: what it gives may be overtaken by a turn."""
        opened = self.shelf.get(session_id)
        if opened is not None and _can_open(holders, session_id, opened.keys):
            return opened
        loaded = await self._load(session_id)
        if loaded.row.step == 0:
            raise NoSuchSession(session_id)
        return await self._unseal(loaded, _unwrapped(holders, session_id, loaded.keys))

    async def key_for(self, session_id: str, holders: Sequence[Holder]) -> bytes:
        """The session's key, for somebody who holds it.

        :raises NoSuchSession: if it is gone.
        :raises NotYours: if none of the holders opens it.
        """
        opened = self.shelf.get(session_id)
        if opened is not None and _can_open(holders, session_id, opened.keys):
            return opened.key
        return _unwrapped(holders, session_id, (await self._load(session_id)).keys)

    async def peek_with(self, session_id: str, key: bytes) -> Opened:
        """The session, with its key from the journal; also one whose first turn is still under way.

        :raises NoSuchSession: if it is gone.
        """
        return self.shelf.get(session_id) or await self._unseal(await self._load(session_id), key)

    async def keys_of(self, session_id: str) -> dict[str, bytes]:
        """The session's key, sealed for each holder.

        :raises NoSuchSession: if it is gone.
        """
        return (await self._load(session_id)).keys

    async def _load(self, session_id: str) -> LoadedSession:
        loaded = await asyncio.wrap_future(self._store.read(lambda database: load_session(database, session_id)))
        if loaded is None:
            raise NoSuchSession(session_id)
        return loaded

    async def _unseal(self, loaded: LoadedSession, key: bytes) -> Opened:
        return await asyncio.to_thread(open_session, loaded, key)

    async def with_step(self, opened: Opened, number: int) -> Opened:
        """The session with this step opened too."""
        if number < 1 or number in opened.steps:
            return opened
        return await asyncio.to_thread(self.with_step_now, opened, number)

    def with_step_now(self, opened: Opened, number: int) -> Opened:
        """The same, beside the loop."""
        if number < 1 or number in opened.steps:
            return opened
        rows = self._store.read(
            lambda database: load_steps(database, opened.row.id, chain_start(number), number)).result()
        steps = open_steps(opened.row.id, opened.key, rows)
        return replace(opened, steps={number: steps[number], **opened.steps})

    async def callbacks_for(self, opened: Opened) -> tuple[tuple[str, int, bytes], ...]:
        """The callbacks that the current step is older than, of those tasks whose handle it holds, and of those that
        these have started.
        """
        return await asyncio.to_thread(self.callbacks_now, opened)

    def callbacks_now(self, opened: Opened) -> tuple[tuple[str, int, bytes], ...]:
        """The same, beside the loop."""
        step = opened.current
        if step is None or step.callbacks >= opened.row.callbacks:
            return ()
        rows = self._store.read(lambda database: [
            (row, ancestors(database, row))
            for row in callbacks_after(database, opened.row.id, step.callbacks)]).result()
        # A handle holds the task's id, which is random: where its bytes are, there is the handle.
        found = [(row.id, row.callback_number or 0, open_callback(row, opened.key)) for row, above in rows
                 if any(task_id.encode() in step.answers for task_id in (row.id, *above))]
        return tuple((task_id, number, callback) for task_id, number, callback in found if callback is not None)


def _can_open(holders: Sequence[Holder], session_id: str, keys: Mapping[str, bytes]) -> bool:
    """Whether one of the holders really has a key: after the reset of a password, a user of the same name has not."""
    try:
        _unwrapped(holders, session_id, keys)
    except (NotYours, WrongKey):
        return False
    return True


def _unwrapped(holders: Sequence[Holder], session_id: str, keys: Mapping[str, bytes]) -> bytes:
    """The session's key, from the first of the holders that has it.

    :raises NotYours: if it was sealed for none of them.
    :raises WrongKey: if it was, and yet none of them opens it.
    """
    wrong: WrongKey | None = None
    for holder in holders:
        if holder.name in keys:
            try:
                return unwrap(holder, session_id, keys[holder.name])
            except WrongKey as error:   # perhaps of a user of the same name, before the reset of a password
                wrong = error
    raise wrong or NotYours(session_id)
