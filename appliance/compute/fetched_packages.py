"""The packages of a task on its worker: read where they lie, or fetched from the server and kept by their hash."""

from __future__ import annotations

import functools
import hashlib
import io
import json
import os
import shutil
import tempfile
import time
import zipfile
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

from appliance.compute.asking import ask
from appliance.installing import INDEX, read_index
from appliance.interview.tasks import TaskJob

__all__ = ["folder_of"]

_UNUSED = 30 * 24 * 3600
"""Seconds after which a package that no task has used is fetched again if need be."""


def folder_of(job: TaskJob) -> Path:
    """A packages folder with just what the task's server has: its own, if it can be read here, or one made here.

    :raises AskFailed: if a package is not here, and the server does not have it any more.
    """
    there = Path(job.packages)
    if job.packages and (not job.index or _text(there / INDEX) == job.index):
        return there
    return _fetched(job.index) if job.index else _cache() / "nothing"


def _text(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _fetched(index: bytes) -> Path:
    """A folder whose index says what `index` says, with the packages that it names."""
    cache = _cache()
    folder = cache / f"index-{hashlib.sha256(index).hexdigest()[:24]}"
    try:
        _mark_as_used(folder)
    except OSError:   # it is not there, or not all of it
        _make_index(index, folder, cache)
        _mark_as_used(folder)
        _tidy(cache)
    return folder


def _mark_as_used(folder: Path) -> None:
    os.utime(folder / INDEX)
    os.utime(folder)
    for entry in read_index(folder).values():
        os.utime(entry.folder)


def _make_index(index: bytes, folder: Path, cache: Path) -> None:
    """Have every package, and then the index that names them where they are."""
    with tempfile.TemporaryDirectory(prefix=".new-", dir=cache) as work:
        (Path(work) / INDEX).write_bytes(index)
        entries = read_index(Path(work))
        here = {name: replace(entry, folder=str(_package(cache, entry.folder, entry.hash)))
                for name, entry in entries.items()}
        body = json.dumps({"packages": {name: asdict(entry) for name, entry in here.items()}})
        (Path(work) / INDEX).write_text(body, encoding="utf-8")
        folder.mkdir(mode=0o700, exist_ok=True)
        (Path(work) / INDEX).replace(folder / INDEX)


def _package(cache: Path, name: str, digest: str) -> Path:
    """The package's folder. Its name has its hash, so whichever worker of this computer makes it first is right."""
    target = cache / Path(name).name
    if not target.is_dir():
        fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=cache))
        try:
            with zipfile.ZipFile(io.BytesIO(ask("package", digest=digest))) as archive:
                archive.extractall(fresh)
            with suppress(OSError):   # another worker was first
                fresh.rename(target)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    return target


@functools.cache
def _cache() -> Path:
    """A folder that only this user can enter, for all workers of this computer; else one of this process's own."""
    import platformdirs

    folder = platformdirs.user_cache_path("interview-appliance", appauthor=False) / "packages"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError:
        return Path(tempfile.mkdtemp(prefix="interview-appliance-packages-"))
    return folder


def _tidy(cache: Path) -> None:
    """Remove what was not used for long."""
    oldest = time.time() - _UNUSED
    for folder in cache.iterdir():
        with suppress(OSError):
            if folder.stat().st_mtime < oldest:
                shutil.rmtree(folder, ignore_errors=True)
