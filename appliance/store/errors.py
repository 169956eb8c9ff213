"""Why the data folder cannot be used, each named for the fact."""

from __future__ import annotations

__all__ = [
    "CannotUpgrade",
    "MissingApplianceKey",
    "StoreBroken",
    "StoreClosed",
    "StoreError",
    "StoreFull",
    "StoreLocked",
    "StoreNewer",
    "WrongKey",
]


class StoreError(Exception):
    """Base of everything that keeps the store from reading or writing."""


class StoreNewer(StoreError):
    """The data folder was last used by a newer appliance than this one."""


class CannotUpgrade(StoreError):
    """The data folder of an older appliance cannot be brought to this one's form; it is as it was."""


class StoreLocked(StoreError):
    """Another process uses this data folder."""


class StoreFull(StoreError):
    """The disk is full; nothing of the write was kept."""


class StoreBroken(StoreError):
    """The file cannot be read or written, or is not an appliance's."""


class StoreClosed(StoreError):
    """The store was closed."""


class WrongKey(StoreError):
    """Sealed data was opened with a key, or in a place, that it was not sealed for."""


class MissingApplianceKey(StoreError):
    """The data folder was made with an appliance's key that is not on this machine."""
