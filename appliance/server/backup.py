"""``/backup``: makes backups and hands them out, shows the recovery code, and says how a backup is brought back."""

from __future__ import annotations

import asyncio
from typing import Any

from tornado.iostream import StreamClosedError

from appliance.backup.backups import Backups
from appliance.backup.command import size_words
from appliance.backup.errors import BadPassphrase
from appliance.backup.openers import SHORTEST
from appliance.interview.host import UserInfo
from appliance.server.admission import Admission
from appliance.server.base import BaseHandler
from appliance.server.errors import Refused
from appliance.server.home import when
from appliance.store.copies import KEPT_DAYS

__all__ = ["BackupFileHandler", "BackupHandler", "DeleteBackupHandler", "RecoveryCodeHandler"]

_PATIENCE = 4.0
"""Seconds that a browser waits for a backup before it is shown a page about it."""

_REFRESH = "3"
_PIECE = 1 << 20


class _AboutBackups(BaseHandler):
    """What the handlers of these addresses share."""

    admits = Admission.ADMINISTRATORS

    @property
    def backups(self) -> Backups:
        """:raises Refused: where there is no such part."""
        if self.parts.backups is None:
            raise Refused(404, "This page does not exist", "There are no backups here.", "404")
        return self.parts.backups

    @property
    def user(self) -> UserInfo:
        return self.visitor.user

    async def show(self, *, problem: str = "", code: str | None = None) -> None:
        """Send the page.

        :param problem: what was wrong with the passphrase.
        :param code: the recovery code, where it is to be seen.
        """
        backups = self.backups
        progress = backups.progress
        percent = int(100 * min(progress.done / progress.total, 1)) if progress and progress.total else 0
        if backups.is_busy and self.request.method == "GET":
            self.set_header("Refresh", _REFRESH)
        back = self.parts.bringing_back
        restored = "" if back is None else back.restored
        if back is not None and restored:
            back.seen()
        self.page("backup.html", restored=restored, here=not self.visitor.from_network,
                  listed=await backups.listed(), replaced=await backups.replaced(), copies=await backups.copies(),
                  kept_days=KEPT_DAYS, problem=problem, busy=backups.is_busy,
                  percent=percent, outcome=backups.outcome, code=code, code_waits=await backups.code_waits(),
                  shortest=SHORTEST, size=size_words, when=when)


class BackupHandler(_AboutBackups):
    """The page, and ``POST`` with ``passphrase`` and ``again``: makes a backup."""

    async def get(self) -> None:
        await self.show()

    async def post(self) -> None:
        passphrase = self.get_body_argument("passphrase", "", strip=False)
        problem = ""
        if passphrase != self.get_body_argument("again", "", strip=False):
            problem = "These are two different passphrases. Please type the same one twice."
        elif not self.backups.is_busy:   # twice pressed is once wanted
            try:
                await self.backups.begin(passphrase, self.user)
            except BadPassphrase as bad:
                problem = str(bad)
        if problem:
            self.set_status(422)
            await self.show(problem=problem)
            return
        await self.backups.settled(_PATIENCE)
        self.redirect("/backup", status=303)


class BackupFileHandler(_AboutBackups):
    """``/backup/NAME``: a backup, to be saved."""

    async def get(self, name: str) -> None:
        path = self.backups.path(name)
        if path is None:
            raise Refused(404, "There is no such backup", "It may have been deleted. Please look at the list of "
                          "backups.", "no_such_backup")
        with await asyncio.to_thread(path.open, "rb") as file:
            self.set_header("Content-Type", "application/octet-stream")
            self.set_header("Content-Disposition", f'attachment; filename="{name}"')
            self.set_header("Content-Length", str(path.stat().st_size))
            try:
                while piece := await asyncio.to_thread(file.read, _PIECE):
                    self.write(piece)
                    await self.flush()
            except StreamClosedError:   # whoever wanted it does not any more
                return


class DeleteBackupHandler(_AboutBackups):
    """``POST /backup/delete`` with ``name``: deletes a backup, or what a restore or an upgrade has replaced."""

    async def post(self) -> None:
        name = self.get_body_argument("name", "")
        if not await self.backups.delete(name, self.user):   # gone already: what was wanted is so
            await self.backups.delete_replaced(name, self.user) or await self.backups.delete_copy(name, self.user)
        self.redirect("/backup", status=303)


class RecoveryCodeHandler(_AboutBackups):
    """``POST /backup/code`` with ``do``: ``show`` the code, note that it is ``written`` down, or make it ``anew``."""

    async def post(self) -> None:
        what: Any = self.get_body_argument("do", "")
        if what == "written":
            await self.backups.code_written_down(self.user)
        elif what in {"show", "anew"}:
            if what == "anew":
                await self.backups.renew_code(self.user)
            await self.show(code=await self.backups.unread_code())
            return
        self.redirect("/backup", status=303)
