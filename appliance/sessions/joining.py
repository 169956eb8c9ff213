"""Whoever comes to a shared session (``multi_user``) through its link holds a key of their own from then on.

So it is on their list, is found again without the link, and what belongs to it (its files, its tasks) opens for them
and for nobody who has only guessed a number. A browser that keeps no cookies is another one each time, so of browsers
only so many are kept for each session, those that came last.
"""

from __future__ import annotations

from dataclasses import replace

from appliance import clock
from appliance.sessions.opened import Opened
from appliance.sessions.runner import Runner
from appliance.store.keys import Holder, wrap
from appliance.store.sessions import join_session

__all__ = ["join"]


async def join(runner: Runner, opened: Opened, holder: Holder) -> Opened:
    """Give the session's key to whoever came; in its place in the line.

    :returns: the session as it is then.
    :raises StoreError: if it could not be written.
    """
    session_id = opened.row.id
    sealed = wrap(holder, session_id, opened.key)
    now = clock.now()
    gone = await runner.write(lambda database: join_session(database, session_id, holder.name, sealed, now))
    keys = {name: key for name, key in opened.keys.items() if name not in gone}
    opened = replace(opened, keys={**keys, holder.name: sealed}, joined=(opened.joined - gone) | {holder.name})
    runner.vault.shelf.put(opened)
    return opened
