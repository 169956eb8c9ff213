"""The titles of sessions for lists, opened for those who may see them."""

from __future__ import annotations

import json
from collections.abc import Collection
from contextlib import suppress

from sqlite_utils import Database

from appliance.sessions.opened import title_context
from appliance.store.errors import WrongKey
from appliance.store.keys import Holder, unwrap
from appliance.store.sealing import unseal

__all__ = ["open_titles", "sealed_titles"]

SealedTitles = dict[str, tuple[bytes, dict[str, bytes]]]


def sealed_titles(database: Database, session_ids: Collection[str]) -> SealedTitles:
    """Each session's sealed title, with its key sealed for each holder; those without a title are left out."""
    found: SealedTitles = {}
    for session_id, title, holder, key in database.execute(
            "SELECT id, sealed_title, holder, sealed_key FROM sessions JOIN session_keys ON session_id = id"
            " WHERE id IN (SELECT value FROM json_each(?)) AND length(sealed_title) > 0",
            [json.dumps(list(session_ids))]):
        found.setdefault(session_id, (title, {}))[1][holder] = key
    return found


def open_titles(sealed: SealedTitles, holders: Collection[Holder]) -> dict[str, str]:
    """The titles that any of `holders` opens; empty where a session has none.

    Takes a while for many: not for the server's loop.
    """
    opened = {}
    for session_id, (title, keys) in sealed.items():
        holder = next((one for one in holders if one.name in keys), None)
        if holder is not None:
            with suppress(WrongKey):   # one that is damaged on the disk must not take the others from the page
                key = unwrap(holder, session_id, keys[holder.name])
                opened[session_id] = unseal(key, title, title_context(session_id)).decode() if title else ""
    return opened
