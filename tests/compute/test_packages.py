"""Packages on workers: read in place, fetched by hash, and never an older module than the newest."""

from __future__ import annotations

import io
import pickle
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from appliance.compute import fetched_packages
from appliance.compute.asking import AskFailed
from appliance.compute.fetched_packages import folder_of
from appliance.compute.package_source import PackageSource, replaced
from appliance.installing import install
from appliance.interview.answers import freeze, new_answers
from appliance.interview.host import UserInfo
from appliance.interview.tasks import TaskJob
from appliance.packages import InstalledPackages
from tests.compute.conftest import Bench
from tests.compute.memory_journal import workers_up
from tests.support.packages import make_package

QUESTIONS = """
mandatory: True
question: The end
---
event: work
code: |
  from docassemble.moving.helper import version
  background_response(version)
"""


def installed(folder: Path, version: int) -> PackageSource:
    """A packages folder with one package, whose module says its version."""
    source = make_package(folder / f"source{version}", "moving", {"a.yml": QUESTIONS},
                          {"helper.py": f"version = {version}\n"})
    install([source], folder / "packages")
    return PackageSource(folder / "packages", shared=True)


def job_of(source: PackageSource, **fields: Any) -> TaskJob:
    return TaskJob("t", "s", "docassemble.moving:data/questions/a.yml", "work", pickle.dumps({}),
                   freeze(new_answers({}, datetime.now(UTC))), UserInfo(), packages=str(source.folder),
                   index=source.index(), **fields)


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was fetched, by digest; the server is `tmp_path / "packages"`, and the worker's cache is empty."""
    fetched: list[str] = []

    def ask(kind: str, *, digest: str) -> bytes:
        assert kind == "package"
        fetched.append(digest)
        return PackageSource(tmp_path / "packages", shared=False).zipped(digest)

    (tmp_path / "cache").mkdir()
    monkeypatch.setattr(fetched_packages, "ask", ask)
    monkeypatch.setattr(fetched_packages, "_cache", lambda: tmp_path / "cache")
    return fetched


def test_a_folder_that_can_be_read_is_read(tmp_path: Path, asked: list[str]) -> None:
    """On the server's own computer nothing is fetched."""
    source = installed(tmp_path, 1)
    assert folder_of(job_of(source)) == source.folder
    assert not asked


def test_a_package_is_fetched_once(tmp_path: Path, asked: list[str]) -> None:
    """A worker that is not told of a folder, or finds other packages in it, fetches them by hash and keeps them."""
    source = installed(tmp_path, 1)
    job = replace(job_of(source), packages="")
    folder = folder_of(job)
    assert folder.is_relative_to(tmp_path / "cache")
    here, there = InstalledPackages(folder), InstalledPackages(source.folder)
    for path in ("data/questions/a.yml",):
        assert here.read(f"docassemble.moving:{path}").text == there.read(f"docassemble.moving:{path}").text
    assert (here.roots()["docassemble.moving"] / "helper.py").read_text() == "version = 1\n"
    assert folder_of(job) == folder
    assert len(asked) == 1
    other = tmp_path / "other"
    assert folder_of(replace(job, packages=str(installed(other, 2).folder))) == folder


def test_a_cache_that_lost_a_package_fetches_it_again(tmp_path: Path, asked: list[str]) -> None:
    """Somebody cleaned up on the worker's computer."""
    source = installed(tmp_path, 1)
    job = replace(job_of(source), packages="")
    root = InstalledPackages(folder_of(job)).roots()["docassemble.moving"]
    root.parent.rename(tmp_path / "away")
    root.parent.parent.rename(tmp_path / "away too")
    assert (InstalledPackages(folder_of(job)).roots()["docassemble.moving"] / "helper.py").is_file()
    assert len(asked) == 2


def test_what_a_task_needs_is_there_after_it_was_replaced(tmp_path: Path, asked: list[str]) -> None:
    """A package was updated between a task's start and its question: it still gets the one it started with."""
    job = replace(job_of(installed(tmp_path, 1)), packages="")
    installed(tmp_path, 2)
    assert "version = 1" in (InstalledPackages(folder_of(job)).roots()["docassemble.moving"] / "helper.py").read_text()


def test_nothing_installed(tmp_path: Path, asked: list[str]) -> None:
    """A fresh appliance has no index; its tasks run interviews that ship with it."""
    source = PackageSource(tmp_path / "packages", shared=False)
    assert source.index() == b""
    assert list(InstalledPackages(folder_of(replace(job_of(source), packages=""))).roots()) == ["appliance.interviews"]


def test_only_packages_are_given_away(tmp_path: Path) -> None:
    """A worker asks by hash; nothing else in the packages folder can be named."""
    source = installed(tmp_path, 1)
    for digest in ("", "*", "../../etc", "0" * 64):
        with pytest.raises(AskFailed, match="There is no package with the hash"):
            source.zipped(digest)
    (entry,) = InstalledPackages(source.folder).installed().values()
    (source.folder / entry.folder / "docassemble" / "moving" / "__pycache__").mkdir()
    (source.folder / entry.folder / "docassemble" / "moving" / "__pycache__" / "helper.pyc").write_bytes(b"x")
    names = zipfile.ZipFile(io.BytesIO(source.zipped(entry.hash))).namelist()
    assert sorted(names) == ["docassemble/moving/__init__.py", "docassemble/moving/data/questions/a.yml",
                             "docassemble/moving/helper.py"]


def test_what_counts_as_replaced(tmp_path: Path) -> None:
    """Another package beside is no reason for new workers; another version of one is."""
    nothing = PackageSource(tmp_path / "packages", shared=True).index()
    first = installed(tmp_path, 1).index()
    other = make_package(tmp_path / "other", "beside", {})
    install([other], tmp_path / "packages")
    both = PackageSource(tmp_path / "packages", shared=True).index()
    second = installed(tmp_path, 2).index()
    assert [replaced(*pair) for pair in ((nothing, first), (first, first), (first, both), (both, second),
                                         (both, first))] == [False, False, False, True, True]


def test_a_local_worker_does_not_keep_an_older_module(fresh: Bench) -> None:
    """A package is updated while the appliance runs: the next task imports the new module, in a new process."""
    async def test() -> None:
        source = installed(fresh.folder, 1)
        await fresh.start()
        await workers_up(fresh.compute, 2)
        for version in (1, 2):
            source = installed(fresh.folder, version) if version > 1 else source
            tasks = [f"{version}-{number}" for number in range(4)]
            for task_id in tasks:
                fresh.journal.jobs[task_id] = replace(job_of(source), task_id=task_id)
                fresh.journal.states[task_id] = "queued"
            fresh.compute.wake()
            ends = await fresh.journal.ended(*tasks)
            assert [pickle.loads(end.value or b"") for end in ends] == [version] * 4
        assert not fresh.journal.deaths
        await fresh.compute.stop()
    fresh.run(test)
