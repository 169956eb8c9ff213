"""Accounts for tests: the real ones over a store, with a cost that makes a password quick to try."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from appliance import clock
from appliance.accounts.accounts import Accounts
from appliance.store.database import Store
from appliance.store.profiles import Profile
from appliance.store.users import Users, write_profile

__all__ = ["CHEAP", "KEY", "OWNER_TOKEN", "accounts_in", "quick_accounts"]

CHEAP = 2
"""Of scrypt: a guess takes microseconds."""

KEY = b"the appliance's key, for tests 32"[:32]
OWNER_TOKEN = "once"
"""Signs the owner in once (``/user/sign-in?token=once``)."""


def quick_accounts(store: Store, key: bytes = KEY, **options: Any) -> Accounts:
    """Accounts over an open store, with its owner, Olive, who is user 1."""
    owner = Users(store, key).prepare()

    def name_her(database: Database) -> None:
        write_profile(database, key, owner.user_id or 0, Profile(owner.email, "Olive"))
        database.execute("INSERT INTO sign_in_tokens (hash, user_id, expires) VALUES (?, ?, ?)",
                         [hashlib.sha256(OWNER_TOKEN.encode()).digest(), owner.user_id, clock.now() + 600])
    store.write(name_her).result()
    return Accounts(store, key, cost=CHEAP, **options)


def accounts_in(folder: Path, **options: Any) -> tuple[Store, Accounts]:
    """As :func:`quick_accounts`, over a store of their own; the store is to be closed."""
    store = Store(folder)
    return store, quick_accounts(store, **options)
