"""What of Qt and its web engine a window needs; PyInstaller brings all that QML could ask for.

What stays is named; the libraries that stay are those which that needs, as the system's loader finds them.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

__all__ = ["MODULES", "add_starter", "only_needed"]

Entry = tuple[str, str, str]
"""As PyInstaller has it: the path in the bundle, the file it comes from, and its kind."""

MODULES = ("QtCore", "QtGui", "QtNetwork", "QtOpenGL", "QtOpenGLWidgets", "QtPrintSupport", "QtWebChannel",
           "QtWebEngineCore", "QtWebEngineWidgets", "QtWidgets")
"""The parts of PySide6 that pywebview and our window import, directly or through qtpy."""

_PLUGINS = (
    "iconengines/libqsvgicon", "imageformats/libqgif", "imageformats/libqico", "imageformats/libqjpeg",
    "imageformats/libqsvg", "imageformats/libqwebp", "platforminputcontexts/libcompose",
    "platforminputcontexts/libibus", "platforms/libqoffscreen", "platforms/libqwayland", "platforms/libqxcb",
    "platformthemes/libqxdgdesktopportal", "printsupport/libcups", "tls/libqopenssl", "wayland-decoration-client/",
    "wayland-graphics-integration-client/libqt-plugin-wayland-egl", "wayland-shell-integration/libqt-shell",
    "wayland-shell-integration/libxdg-shell", "xcbglintegrations/",
)

_LANGUAGES = frozenset({"ar", "de", "en-GB", "en-US", "es", "es-419", "fa", "fr", "hi", "it", "ja", "ko", "pl", "pt-BR",
                        "pt-PT", "ru", "tr", "uk", "vi", "zh-CN", "zh-TW"})
"""In which the web engine says "Choose file"; where another one is wanted it says it in English."""

_THE_SYSTEMS = (
    "libEGL.", "libGL.", "libGLX.", "libGLdispatch.", "libOpenGL.", "libX11-xcb.", "libX11.", "libasound.", "libc.",
    "libcom_err.", "libdrm.", "libexpat.", "libfontconfig.", "libfreetype.", "libfribidi.", "libgbm.", "libgcc_s.",
    "libgmp.", "libgpg-error.", "libharfbuzz.", "libp11-kit.", "libstdc++.", "libudev.", "libuuid.", "libwayland-",
    "libxcb.", "libxcb-dri", "libz.",
)
"""Libraries that every desktop has, and of which there must be one only: drivers of graphics cards load newer ones."""

_LOADED_LATER = ("libfreebl3.", "libfreeblpriv3.", "libnssckbi.", "libsoftokn3.")
"""Parts of NSS, which the web engine opens by their names."""


_STARTER = """\
#!/bin/sh
# Qt's web engine runs in processes of its own, which find the bundle's libraries this way, and only they.
here=$(dirname "$0")
LD_LIBRARY_PATH="$here/../../..:$here/../lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export LD_LIBRARY_PATH
exec "$here/QtWebEngineProcess" "$@"
"""


def add_starter(folder: Path) -> None:
    """Put the program beside Qt's that appliance_program.py has Qt start instead of its own."""
    starter = folder / "_internal" / "PySide6" / "Qt" / "libexec" / "start-web-engine"
    starter.write_text(_STARTER, encoding="utf-8")
    starter.chmod(0o755)


def only_needed(entries: Iterable[Entry]) -> list[Entry]:
    """The entries without what no window needs."""
    kept = [entry for entry in entries if not _is_left_out(entry[0])]
    programs = [source for target, source, kind in kept
                if kind in {"EXTENSION", "EXECUTABLE", "BINARY"} and not _is_library(target)]
    needed = _libraries_of(programs)
    return [entry for entry in kept if not _is_library(entry[0]) or _stays(PurePosixPath(entry[0]).name, needed)]


def _is_left_out(target: str) -> bool:
    path = PurePosixPath(target)
    if path.parts[:2] == ("PySide6", "Qt"):
        below = path.relative_to("PySide6/Qt").as_posix()
        folder, _, rest = below.partition("/")
        match folder:
            case "plugins":
                return not rest.startswith(_PLUGINS)
            case "translations":
                return not (path.parent.name == "qtwebengine_locales" and path.stem in _LANGUAGES)
            case "resources":
                return "devtools" in path.name or ".debug." in path.name
            case "lib" | "libexec":
                return False
            case _:
                return True
    if path.parts[:1] == ("PySide6",) and path.name.endswith(".abi3.so"):
        return path.name.partition(".")[0] not in MODULES
    return False


def _is_library(target: str) -> bool:
    """Whether an entry is there for what needs it, and not by itself: a library of the system, or of Qt."""
    path = PurePosixPath(target)
    return path.name.startswith("lib") and ".so" in path.name and path.parent.as_posix() in {
        ".", "PySide6", "PySide6/Qt/lib", "shiboken6"}


def _stays(name: str, needed: frozenset[str]) -> bool:
    if name.startswith(_THE_SYSTEMS):
        return False
    return name in needed or name.startswith((*_LOADED_LATER, "libpython"))


def _libraries_of(programs: Sequence[str]) -> frozenset[str]:
    """The names of all libraries that these need, and those that these need in turn."""
    said = subprocess.run(["ldd", *programs], check=False, capture_output=True, text=True).stdout
    named = (line.split() for line in said.splitlines() if line.startswith("\t"))
    return frozenset(Path(words[0]).name for words in named)
