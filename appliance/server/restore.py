"""``/backup/restore``: brings a backup back without a terminal; at the laptop only."""

from __future__ import annotations

from pathlib import Path

from appliance.backup.bringing_back import BringingBack
from appliance.server.administration import AdministrationPage, waiting_address
from appliance.server.admission import Admission
from appliance.server.errors import Refused

__all__ = ["RestoreHandler"]

_PATIENCE = 4.0
"""Seconds that a browser waits before it is shown a page about it."""

_REFRESH = "3"


class RestoreHandler(AdministrationPage):
    """The page, and ``POST`` with ``file``, a path, and ``secret``."""

    admits = Admission.ADMINISTRATORS_HERE

    @property
    def bringing_back(self) -> BringingBack:
        """:raises Refused: where there is no such part."""
        if self.parts.bringing_back is None:
            raise Refused(404, "This page does not exist", "There are no backups here.", "404")
        return self.parts.bringing_back

    async def get(self) -> None:
        self.show(typed=self.parts.chosen.take("backup"), problem=self.bringing_back.problem)

    async def post(self) -> None:
        typed = self.get_body_argument("file", "").strip().strip('"')
        secret = self.get_body_argument("secret", "", strip=False)
        problem = _mistake(typed, secret)
        if not problem:
            self.bringing_back.begin(_path(typed), secret)
            await self.bringing_back.settled(_PATIENCE)
            problem = self.bringing_back.problem
        if problem:
            self.set_status(422)
        self.show(typed=typed, problem=problem)

    def show(self, *, typed: str, problem: str) -> None:
        """Send the page: what is asked, how it goes, or that the appliance starts anew."""
        first = self.parts.first_start is not None and self.parts.first_start.waits
        if self.bringing_back.is_done:
            self.page("restarting.html", why="The backup is complete, and takes its place now. Afterwards everybody "
                      "signs in anew.", waiting=waiting_address("/backup"), keeps=False)
            self.bringing_back.told()
            return
        if self.bringing_back.is_busy:
            self.set_header("Refresh", f"{_REFRESH}; url=/backup/restore")
        self.page("restore.html", first=first, typed=typed, problem=problem, busy=self.bringing_back.is_busy)


def _path(typed: str) -> Path:
    try:
        return Path(typed).expanduser()
    except RuntimeError:   # nobody's home
        return Path(typed)


def _mistake(typed: str, secret: str) -> str:
    if not typed:
        return "Please choose the backup, or write where it is."
    if "\0" in typed or not _path(typed).is_absolute():
        return f"Please write the whole name of the file, like {Path.home() / 'interview-appliance.backup'}."
    return "" if secret else "Please type the passphrase, or the recovery code."
