"""Why a backup cannot be made or brought back, in the words of whoever wants that."""

from __future__ import annotations

__all__ = ["BackupError", "BackupFailed", "BadBackup", "BadPassphrase", "CannotRestore", "WrongPassphrase"]


class BackupError(Exception):
    """Base of what is told in one or two sentences."""


class BadPassphrase(BackupError):
    """The passphrase is not one to protect a backup with."""


class BackupFailed(BackupError):
    """No backup was made; nothing of it is left."""


class BadBackup(BackupError):
    """The file is no backup, is damaged, or is not for this appliance. Nothing was changed."""


class WrongPassphrase(BackupError):
    """What was typed opens this backup or folder neither as a passphrase nor as a recovery code."""


class CannotRestore(BackupError):
    """The backup is right, but cannot be brought back here. What was there before is still there."""
