"""constraints.txt pins all that an installation takes, on every system."""

from __future__ import annotations

import importlib.metadata
import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
SYSTEMS = {
    "linux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    "darwin": {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
    "win32": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
}


def pinned() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pins}


def project() -> dict[str, list[str]]:
    loaded = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {"runtime": loaded["project"]["dependencies"], **loaded["project"]["optional-dependencies"],
            "build": loaded["build-system"]["requires"]}


@pytest.mark.parametrize("system", SYSTEMS)
def test_everything_that_is_needed_is_pinned(system: str) -> None:
    """Follows the requirements of what is installed here, as they count on `system`."""
    environment = {key: str(value) for key, value in default_environment().items()} | SYSTEMS[system]
    pins = pinned()
    waiting = [Requirement(text) for texts in project().values() for text in texts]
    seen: set[tuple[str, frozenset[str]]] = set()
    missing: set[str] = set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if (name, frozenset(requirement.extras)) in seen:
            continue
        seen.add((name, frozenset(requirement.extras)))
        if name not in pins:
            missing.add(name)
        try:
            needs = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue   # of another system; its pin is all that can be looked at here
        for need in map(Requirement, needs):
            extras = requirement.extras or {""}
            if need.marker is None or any(need.marker.evaluate(environment | {"extra": extra}) for extra in extras):
                waiting.append(need)
    assert not missing


def test_what_is_installed_is_what_is_pinned() -> None:
    for name, version in pinned().items():
        try:
            assert importlib.metadata.version(name) == version, name
        except importlib.metadata.PackageNotFoundError:
            continue   # of another system


def test_the_lock_of_the_front_end_names_no_address() -> None:
    """The registry is the machine's matter; what must not change is the hash."""
    lock = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    packages = json.loads(lock)["packages"]
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []


def test_what_is_imported_is_declared() -> None:
    """A dependency that nothing imports is dead weight, and one that is not declared is there by accident."""
    modules = {"fonttools": "fontTools", "fpdf2": "fpdf", "pillow": "PIL", "python-dateutil": "dateutil",
               "python-docx": "docx", "pywebview": "webview", "pyyaml": "yaml",
               "sqlite-utils": "sqlite_utils"}
    declared = {Requirement(text).name for text in project()["runtime"]}
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "appliance").rglob("*.py"))
    imported = set(re.findall(r"^[ \t]*(?:from|import)[ \t]+([A-Za-z_][A-Za-z0-9_]*)", source, re.MULTILINE))
    # zoneinfo reads tzdata where the system has no time zones of its own, fpdf2 shapes letters with uharfbuzz, and
    # us is there for interviews that import it.
    ours = declared - {"tzdata", "uharfbuzz", "us"}
    unused = {name for name in ours if modules.get(name, name.replace("-", "_")) not in imported}
    assert not unused
