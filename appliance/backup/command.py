"""``appliance backup FILE``, in the process that has the data folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from appliance.backup.backups import Backups
from appliance.backup.errors import BackupFailed
from appliance.backup.openers import Ticket
from appliance.commands import Command, CommandFailed, Say

__all__ = ["backup_command", "size_words"]


def backup_command(backups: Backups) -> Command:
    """The command; its arguments are ``file`` (absolute) and ``ticket`` (:meth:`Ticket.sent`)."""
    async def command(arguments: Mapping[str, Any], say: Say) -> int:
        file, ticket = Path(arguments["file"]), Ticket.received(arguments["ticket"])
        try:
            size = await backups.make(file, ticket, None)
        except BackupFailed as problem:
            raise CommandFailed(str(problem)) from problem
        say(f"The backup is complete: {file} ({size_words(size)}). It opens with its passphrase, or with the "
            "appliance's recovery code.")
        return 0
    return command


def size_words(size: int) -> str:
    """A size in the words of people.

    >>> size_words(3_400_000), size_words(900)
    ('3.4 MB', '1 kB')
    """
    for unit, bytes_in_it in (("GB", 10 ** 9), ("MB", 10 ** 6)):
        if size >= bytes_in_it:
            return f"{size / bytes_in_it:.1f} {unit}"
    return f"{max(1, round(size / 1000))} kB"
