"""Installs docassemble packages into the packages folder: all of those given together, or none.

A package's files go into a folder of their own, named after version and hash, which never changes afterwards. What
counts is ``index.json``: it is replaced in one step when everything is on disk, so a running server sees either the old
packages or the new ones.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from appliance.durable import sync_folder
from appliance.locks import FileLock
from appliance.package_files import PackageFile, open_package

__all__ = ["Installed", "MissingPackages", "install", "missing_packages", "read_index", "remove", "tidy"]

INDEX = "index.json"
# What docassemble's own server needs says nothing about what its data files and interviews need here.
_SERVERS_OWN = {"docassemble", "docassemble-base", "docassemble-webapp", "docassemble-cli", "docassemble-demo"}


@dataclass(frozen=True)
class Installed:
    """A line of the index: where a package lies, and what it said about itself.

    :param folder: below the packages folder; it holds ``docassemble/NAME``.
    """

    folder: str
    distribution: str
    version: str
    hash: str
    requires: tuple[str, ...]
    installed_at: str


class MissingPackages(Exception):
    """The packages need Python packages that are not there.

    :param missing: distribution → the names that it lacks.
    """

    def __init__(self, missing: dict[str, list[str]]) -> None:
        lines = "; ".join(f"{distribution} needs {', '.join(names)}" for distribution, names in missing.items())
        super().__init__(f"Nothing was installed, because Python packages are missing: {lines}.")
        self.missing = missing


def install(sources: Sequence[Path], packages: Path, *, anyway: bool = False) -> list[PackageFile]:
    """Install `sources` together into the folder `packages`; a package that is there already is replaced.

    :param anyway: also when Python packages are missing.
    :raises BadPackage: if a source is not a docassemble package, or two are the same one.
    :raises MissingPackages: naming all that are missing; nothing is installed then.
    :raises Held: if another process has been installing for more than 60 seconds.
    """
    opened = [open_package(source) for source in sources]
    with FileLock(packages / ".lock", patience=60):
        index = read_index(packages)
        missing = missing_packages(opened, index)
        if missing and not anyway:
            raise MissingPackages(missing)
        for package in opened:
            entry = _place(package, packages)
            index |= dict.fromkeys(package.names, entry)
        _write_index(packages, index)
    return opened


def remove(name: str, packages: Path) -> list[str]:
    """Take a package out of the index, with those that came in the same file; its folder goes at the next start.

    :returns: the names of what was removed.
    :raises KeyError: if there is no such package.
    :raises Held: if another process has been installing for more than 60 seconds.
    """
    with FileLock(packages / ".lock", patience=60):
        index = read_index(packages)
        folder = index[name].folder
        gone = [one for one, entry in index.items() if entry.folder == folder]
        _write_index(packages, {one: entry for one, entry in index.items() if one not in gone})
    return gone


def missing_packages(opened: Sequence[PackageFile], index: dict[str, Installed]) -> dict[str, list[str]]:
    """What each distribution needs and neither Python, the index nor the others have; empty if nothing is missing."""
    there = set(_SERVERS_OWN)
    there |= {canonicalize_name(name) for package in opened for name in (package.distribution, *package.names)}
    there |= {canonicalize_name(name) for name in index}
    there |= {canonicalize_name(entry.distribution) for entry in index.values()}
    missing: dict[str, list[str]] = {}
    for package in opened:
        if canonicalize_name(package.distribution) in _SERVERS_OWN:
            continue
        lacking = [name for name in _required_names(package.requires)
                   if canonicalize_name(name) not in there and not _has_python_package(name)]
        if lacking:
            missing[package.distribution] = lacking
    return missing


def _required_names(requires: Sequence[str]) -> list[str]:
    """The distributions that count on this machine, without versions."""
    names: dict[str, None] = {}
    for text in requires:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            names[text] = None
            continue
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            names[requirement.name] = None
    return list(names)


def _has_python_package(name: str) -> bool:
    """Whether a distribution is installed; a frozen app has modules without their metadata."""
    try:
        importlib.metadata.distribution(name)
    except (importlib.metadata.PackageNotFoundError, ValueError):
        pass
    else:
        return True
    module = name.replace("-", "_")
    try:
        return module.isidentifier() and importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False


# -- writing -------------------------------------------------------------------------------------


def _place(package: PackageFile, packages: Path) -> Installed:
    """Write the files of a package into its folder, complete or not at all."""
    digest = package.hash()
    name = re.sub(r"[^A-Za-z0-9._]+", "-", f"{package.distribution}-{package.version}-{digest[:12]}")
    target = packages / name
    if not target.exists():
        fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=packages))
        try:
            for path, read in package.contents.items():
                file = fresh / "docassemble" / path
                file.parent.mkdir(parents=True, exist_ok=True)
                _write(file, read())
            _settle(fresh)
            fresh.rename(target)
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
    return Installed(folder=name, distribution=package.distribution, version=package.version, hash=digest,
                     requires=package.requires, installed_at=datetime.now(UTC).isoformat(timespec="seconds"))


def _write(file: Path, body: bytes) -> None:
    with file.open("wb") as stream:
        stream.write(body)
        if sys.platform == "win32":
            stream.flush()
            os.fsync(stream.fileno())


def _settle(folder: Path) -> None:
    """Have everything in `folder` on disk: one sync for a thousand files; Windows has none, and wrote each through."""
    if sys.platform != "win32":
        os.sync()
    folder.chmod(0o755)


def read_index(packages: Path) -> dict[str, Installed]:
    """What is installed, by package name; empty where nothing ever was."""
    try:
        text = (packages / INDEX).read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    entries = json.loads(text)["packages"]
    return {name: Installed(**(entry | {"requires": tuple(entry["requires"])})) for name, entry in entries.items()}


def _write_index(packages: Path, index: dict[str, Installed]) -> None:
    fresh = packages / f"{INDEX}.new"
    body = json.dumps({"packages": {name: asdict(index[name]) for name in sorted(index)}}, indent=1)
    with fresh.open("w", encoding="utf-8") as stream:
        stream.write(body)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(packages / INDEX)
    sync_folder(packages)


def tidy(packages: Path) -> None:
    """Remove the folders of packages that were replaced, and what a broken installation left. At the start only."""
    if not packages.is_dir():
        return
    with FileLock(packages / ".lock", patience=60):
        kept = {entry.folder for entry in read_index(packages).values()}
        for path in packages.iterdir():
            if path.is_dir() and path.name not in kept:
                shutil.rmtree(path, ignore_errors=True)
