"""What PyInstaller finds that stays out of the bundle, for each kind of window; and what is made smaller in it."""

from __future__ import annotations

import importlib.util
import pickle
import pickletools
from collections.abc import Iterable
from pathlib import Path

from bundle_contents import is_left_out, is_unused_data
from qt_trimming import only_needed

__all__ = ["Entry", "excluded", "gi_modules", "smaller_locale_data", "trimmed"]

Entry = tuple[str, str, str]
"""As PyInstaller has it: the path in the bundle (or a module's name), the file it comes from, and its kind."""

_SYSTEM = ("/lib/", "/lib64/", "/usr/lib/", "/usr/lib64/")
_ONLY_WITH = {
    "gi": "gtk", "PySide6": "qt", "shiboken6": "qt", "qtpy": "qt",
    "webview.platforms.gtk": "gtk", "webview.platforms.qt": "qt", "webview.platforms.android": "none",
    "webview.platforms.cef": "none", "webview.platforms.mshtml": "none",
    "pystray._xorg": "none",   # an icon in the tray without a menu is none
}
"""Modules that one kind of window needs, and no other."""

_UNITS = ("unit_patterns", "unit_display_names", "compound_unit_patterns")
"""What Babel knows of "3 kilometres" in each language: a fifth of its data, for a function that nothing here calls."""


def excluded(module: str, window: str) -> bool:
    """Whether a module serves another kind of window."""
    return any((module == one or module.startswith(f"{one}.")) and kind != window for one, kind in _ONLY_WITH.items())


def trimmed(entries: Iterable[Entry], window: str) -> list[Entry]:
    """Those that are needed."""
    kept = [entry for entry in entries if not _is_the_systems(entry, window) and not _is_superfluous(entry)]
    return only_needed(kept) if window == "qt" else kept


def _is_superfluous(entry: Entry) -> bool:
    """PyInstaller's hooks of some packages bring all that lies in their folders."""
    target, _, kind = entry
    if Path(target).name.startswith("libavif"):   # without what used it
        return True
    if kind == "EXTENSION":
        return is_left_out(target.partition(".")[0].replace("/", "."))
    return kind == "DATA" and is_unused_data(Path(target).as_posix())


def _is_the_systems(entry: Entry, window: str) -> bool:
    """Whether an entry is what the .deb asks the system for: libraries, because two of a kind in one process do not go
    together, and time zones, which the system keeps up to date.
    """
    target, source, kind = entry
    if window != "gtk":
        return False
    library = kind == "BINARY" and source.startswith(_SYSTEM) and not Path(target).name.startswith("libpython")
    return library or target.startswith("tzdata/zoneinfo/")


def gi_modules() -> tuple[list[Entry], list[Entry]]:
    """The modules of PyGObject, and its extension module.

    They are given to PyInstaller when it has looked through everything else: it would bring GTK itself along.

    :raises ImportError: if this Python has none.
    """
    spec = importlib.util.find_spec("gi")
    if spec is None or spec.origin is None:
        raise ImportError("PyGObject is missing; on Debian it is the package python3-gi.")
    folder = Path(spec.origin).parent
    pure: list[Entry] = []
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder.parent).with_suffix("").parts
        pure.append((".".join(parts[:-1] if parts[-1] == "__init__" else parts), str(path), "PYMODULE"))
    return pure, [(f"gi/{path.name}", str(path), "EXTENSION") for path in sorted(folder.glob("_gi.*.so"))]


def smaller_locale_data(entries: Iterable[Entry], folder: Path) -> list[Entry]:
    """The entries, with Babel's data of languages replaced by smaller files in `folder` that say the same.

    Babel pickles them with an old protocol; a newer one takes three fifths of the room. Its data of units stay out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    replaced: list[Entry] = []
    for target, source, kind in entries:
        if Path(target).match("babel/locale-data/*.dat"):
            data = pickle.loads(Path(source).read_bytes())
            for key in _UNITS:
                data.pop(key, None)
            smaller = folder / Path(target).name
            smaller.write_bytes(pickletools.optimize(pickle.dumps(data, protocol=5)))
            replaced.append((target, str(smaller), kind))
        else:
            replaced.append((target, source, kind))
    return replaced
