"""Sessions that go because nobody uses them: each in its place in the line, all of it in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AsyncExitStack

from sqlite_utils import Database

from appliance.sessions.commit import Commit, Written
from appliance.sessions.runner import Runner
from appliance.store.retention import forget_mail_of

__all__ = ["Doomed", "expire"]

Doomed = Callable[[Database], Collection[str]]
"""Says, first thing in the transaction that deletes, which sessions are to go; it may write what goes with them."""


async def expire(runner: Runner, session_ids: Collection[str], doomed: Doomed) -> list[str]:
    """Delete those of `session_ids` that `doomed` still names then; none of them while somebody is in one.

    The others are read anew when somebody comes, as `doomed` may have changed them.

    :returns: what was deleted.
    :raises StoreError: if it could not be written; then nothing was deleted.
    """
    async def whole() -> list[str]:
        if any(runner.order.is_busy(session_id) for session_id in session_ids):
            return []   # whoever is in it keeps it; the next round asks again
        async with AsyncExitStack() as lines:
            for session_id in set(session_ids):   # none of these waits, so nobody can wait for us while we do
                await lines.enter_async_context(runner.order.turn(session_id))
            return await _delete(runner, frozenset(session_ids), doomed)
    deleted: list[str] = await runner.to_its_end(whole())
    return deleted


async def _delete(runner: Runner, session_ids: frozenset[str], doomed: Doomed) -> list[str]:
    def write(database: Database) -> list[tuple[Commit, Written]]:
        done = []
        for session_id in doomed(database):
            if session_id not in session_ids:
                raise ValueError("a session is deleted only in its place in the line")
            forget_mail_of(database, session_id)
            commit = Commit(session_id, b"", delete=True)
            done.append((commit, commit.write(database)))
        return done
    done = await runner.write(write)
    for session_id in session_ids:
        runner.vault.shelf.forget(session_id)
    for commit, written in done:
        runner.carry_out(commit, written)
    return [commit.session_id for commit, _ in done]
