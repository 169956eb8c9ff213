"""Whoever comes to a shared session (``multi_user``) through its link holds a key of their own from then on.

So it is on their list, is found again without the link, and what belongs to it (its files, its tasks) opens for them
and for nobody who has only guessed a number.
"""

from __future__ import annotations

from dataclasses import replace

from appliance.sessions.opened import Opened
from appliance.sessions.runner import Runner
from appliance.store.keys import Holder, wrap
from appliance.store.sessions import add_key

__all__ = ["join"]


async def join(runner: Runner, opened: Opened, holder: Holder) -> Opened:
    """Give the session's key to whoever came; in its place in the line.

    :returns: the session as it is then.
    :raises StoreError: if it could not be written.
    """
    session_id = opened.row.id
    sealed = wrap(holder, session_id, opened.key)
    await runner.write(lambda database: add_key(database, session_id, holder.name, sealed, joined=True))
    opened = replace(opened, keys={**opened.keys, holder.name: sealed}, joined=opened.joined | {holder.name})
    runner.vault.shelf.put(opened)
    return opened
