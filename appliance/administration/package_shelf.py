"""The installed packages as an administrator sees and changes them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from appliance.accounts.audit import Audit
from appliance.commands import Command, CommandFailed, Say
from appliance.installing import Installed, MissingPackages, install, remove
from appliance.interview.errors import InterviewError
from appliance.interview.host import UserInfo
from appliance.interview.interview import Interview
from appliance.locks import Held
from appliance.package_files import BadPackage
from appliance.packages import SHIPPED, InstalledPackages
from appliance.store.database import Store
from appliance.store.package_use import sessions_by_interview

__all__ = ["MISSING", "Change", "Mistake", "NoSuchPackage", "PackageShelf", "ShelvedPackage", "install_command"]

logger = logging.getLogger(__name__)

MISSING = 3
"""The exit status of the command where Python packages are missing, nothing was installed, and whoever gave it (the
window) can ask whether to do it all the same.
"""

_BUSY = "Another installation is going on in this data folder; please try again when it is done."


class NoSuchPackage(Exception):
    """There is no such package, or it came with the appliance."""


@dataclass(frozen=True)
class Mistake:
    """Why an interview cannot start.

    :param where: the file, which may be one of another package, and the line.
    """

    interview: str
    words: str
    where: str


@dataclass(frozen=True)
class ShelvedPackage:
    """A package.

    :param name: like ``docassemble.housing``.
    :param together: the others that came in the same file, and go with it.
    :param installed_at: ISO 8601, UTC; empty for the one that comes with the appliance.
    :param interviews: how many interviews people can start.
    :param sessions: how many sessions of its interviews are kept.
    :param needed_by: installed packages that say they need it.
    """

    name: str
    version: str
    installed_at: str
    together: tuple[str, ...]
    interviews: int
    sessions: int
    needed_by: tuple[str, ...]

    @property
    def shipped(self) -> bool:
        """Whether it comes with the appliance, and cannot be removed."""
        return self.name == SHIPPED


@dataclass(frozen=True)
class Change:
    """What an installation did.

    :param versions: package → the version that is there now.
    :param replaced: those of them that were there before with other files: what has read these must start anew.
    """

    versions: dict[str, str]
    replaced: tuple[str, ...]


class PackageShelf:
    """The packages.

    :param packages: those of the running appliance.
    :param audit: where it is noted who changed what.
    :param version: the appliance's own.
    """

    def __init__(self, packages: InstalledPackages, store: Store, audit: Audit, version: str) -> None:
        self._packages = packages
        self._store = store
        self._audit = audit
        self._version = version
        self._mistakes: dict[str, list[Mistake]] = {}
        self._looked_at: frozenset[tuple[str, str]] = frozenset()

    @property
    def folder(self) -> Path:
        """The packages folder."""
        return self._packages.folder

    # -- looking -----------------------------------------------------------------------------------

    async def all(self) -> list[ShelvedPackage]:
        """All packages, the one that comes with the appliance first."""
        sessions = await asyncio.wrap_future(self._store.read(sessions_by_interview))
        return await asyncio.to_thread(self._all, sessions)

    def _all(self, sessions: Mapping[str, int]) -> list[ShelvedPackage]:
        listed = [one.package for one in self._packages.listed()]
        used: dict[str, int] = {}
        for interview, count in sessions.items():
            package = interview.partition(":")[0]
            used[package] = used.get(package, 0) + count
        installed = self._packages.installed()
        own = ShelvedPackage(SHIPPED, self._version, "", (), listed.count(SHIPPED), used.get(SHIPPED, 0), ())
        return [own, *(ShelvedPackage(
            name, entry.version, entry.installed_at, _together(name, installed), listed.count(name), used.get(name, 0),
            _needed_by(name, installed)) for name, entry in sorted(installed.items()))]

    async def mistakes(self, package: str) -> list[Mistake]:
        """The interviews of a package that cannot start; looked for again when any package has changed, because
        interviews include files of others.
        """
        now = frozenset((name, entry.hash) for name, entry in self._packages.installed().items())
        if now != self._looked_at:
            self._mistakes, self._looked_at = {}, now
        known = self._mistakes
        if package not in known:
            known[package] = await asyncio.to_thread(self._look, package)
        return known[package]

    def _look(self, package: str) -> list[Mistake]:
        found = []
        for interview in self._packages.interviews():
            if not interview.startswith(f"{package}:"):
                continue
            try:
                Interview(interview, self._packages)
            except InterviewError as problem:
                hint = getattr(problem, "hint", "")
                found.append(Mistake(interview, problem.message + (f" ({hint})" if hint else ""), problem.where))
        return found

    async def sessions_of(self, package: str) -> dict[str, int]:
        """Interview → sessions, of the interviews of a package and of those that came with it."""
        names = {package, *_together(package, self._packages.installed())}
        sessions = await asyncio.wrap_future(self._store.read(sessions_by_interview))
        return {interview: count for interview, count in sorted(sessions.items())
                if interview.partition(":")[0] in names}

    # -- changing ----------------------------------------------------------------------------------

    async def install(self, files: Sequence[Path], by: UserInfo | None, *, anyway: bool = False) -> Change:
        """Install packages together, all or none.

        :param by: who asked for it; None for whoever has the command line.
        :param anyway: also when Python packages are missing.
        :raises BadPackage: if a file is none that can be installed.
        :raises MissingPackages: naming what is missing.
        :raises Held: if another process is installing.
        :raises OSError: if it cannot be written.
        """
        before = dict(self._packages.installed())
        opened = await asyncio.to_thread(install, files, self.folder, anyway=anyway)
        versions = {name: package.version for package in opened for name in package.names}
        after = self._packages.installed()
        replaced = tuple(name for name in versions if name in before and before[name].hash != after[name].hash)
        for name, version in versions.items():
            done = "updated" if name in before else "installed"
            logger.info("the package %s was %s", name, done)
            await self._audit.note("package", by, package=name, done=done, version=version)
        return Change(versions, replaced)

    async def remove(self, package: str, by: UserInfo | None) -> list[str]:
        """Remove a package, and what came in the same file; returns their names. Sessions stay.

        :raises NoSuchPackage: if there is none of that name, or it comes with the appliance.
        :raises Held: if another process is installing.
        :raises OSError: if it cannot be written.
        """
        try:
            gone = await asyncio.to_thread(remove, package, self.folder)
        except KeyError as problem:
            raise NoSuchPackage(package) from problem
        for name in gone:
            logger.info("the package %s was removed", name)
            await self._audit.note("package", by, package=name, done="removed")
        return gone


def install_command(shelf: PackageShelf, restart: Callable[[], None]) -> Command:
    """``appliance install`` in the process that has the data folder.

    :param restart: has server and workers start anew, where what they have read was replaced.
    """
    async def command(arguments: Mapping[str, Any], say: Say) -> int:
        try:
            change = await shelf.install([Path(file) for file in arguments["files"]], None,
                                         anyway=bool(arguments["anyway"]))
        except Held as problem:
            raise CommandFailed(_BUSY) from problem
        except MissingPackages as problem:
            if not arguments.get("ask"):
                raise CommandFailed(str(problem)) from problem
            say(str(problem))
            return MISSING
        except BadPackage as problem:
            raise CommandFailed(str(problem)) from problem
        except OSError as problem:
            raise CommandFailed(f"Nothing was installed: {problem}.") from problem
        for name, version in change.versions.items():
            say(f"{name} {version} is installed.")
        if change.replaced:
            say("The appliance starts anew now, so that everybody gets the new version.")
            restart()
        return 0
    return command


def _together(name: str, installed: Mapping[str, Installed]) -> tuple[str, ...]:
    folder = installed[name].folder if name in installed else None
    return tuple(one for one, entry in installed.items() if entry.folder == folder and one != name)


def _needed_by(name: str, installed: Mapping[str, Installed]) -> tuple[str, ...]:
    wanted = {canonicalize_name(name), canonicalize_name(installed[name].distribution)}
    return tuple(sorted(one for one, entry in installed.items()
                        if entry.folder != installed[name].folder and wanted & _needs(entry.requires)))


def _needs(requires: Sequence[str]) -> set[str]:
    found = set()
    for text in requires:
        try:
            found.add(str(canonicalize_name(Requirement(text).name)))
        except InvalidRequirement:
            continue
    return found
