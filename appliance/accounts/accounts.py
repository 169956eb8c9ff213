"""The accounts: one object for all that people, pages and commands want of them."""

from __future__ import annotations

from appliance.accounts.people import People

__all__ = ["Accounts"]


class Accounts(People):
    """People and their keys. All methods are called on the loop.

    Each account has a random key, which opens its sessions. A person's is sealed under their password and their
    recovery code, never under the appliance's key; the owner's under the appliance's key. What cannot be done is an
    :class:`~appliance.accounts.errors.AccountError` with words for the person who asked, or a StoreError
    (:mod:`appliance.store.errors`), and then nothing has been changed.
    """
