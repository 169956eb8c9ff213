"""What goes into the bundle beside what PyInstaller finds by itself, and what stays out.

Interviews bring Python modules of their own, which may import what no module of ours does. So the bundle holds the
whole standard library, but for developers' tools, and everything of the packages that we need, with what these say of
themselves: the page About reads their licences, and installing a package asks whether what it requires is there.
"""

from __future__ import annotations

import importlib.metadata
import re
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from importlib.metadata import Distribution, PackageNotFoundError
from pathlib import Path, PurePosixPath

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

__all__ = ["LEFT_OUT", "NOT_CARRIED", "closure", "data_of", "is_left_out", "is_unused_data",
           "modules_of", "standard_library"]

NOT_CARRIED = frozenset({"pip", "python-xlib", "setuptools"})
"""Distributions that one of ours says it needs, and that nothing in the bundle uses."""

LEFT_OUT = (
    # of Python: what needs a terminal or a screen of its own, old databases, or serves whoever develops programs
    "_curses", "_curses_panel", "_dbm", "_gdbm", "_tkinter", "antigravity", "curses", "nis", "readline",
    "distutils", "ensurepip", "idlelib", "lib2to3", "pydoc_data", "test", "this", "tkinter",
    "turtle", "turtledemo", "venv", "xxlimited", "xxlimited_35", "__phello__", "__hello__",
    # what needs what we do not carry: NumPy, pandas, Bokeh, Jupyter
    "dask.array", "dask.dataframe", "distributed.cli", "distributed.dashboard",
    "fsspec.implementations.jupyter",
    # what only tests, the making of fonts and programs for the command line need
    "alembic.testing", "babel.messages.setuptools_frontend", "cffi._shimmed_dist_utils", "dbm.ndbm",
    "distributed.utils_test", "fontTools.mtiLib", "fontTools.ufoLib", "fontTools.varLib.avar",
    "fontTools.varLib.interpolatable", "fontTools.voltLib", "lxml.html._diffcommand", "lxml.html._difflib",
    "lxml.html.diff", "lxml.isoschematron", "lxml.objectify", "sqlalchemy.testing", "uharfbuzz._harfbuzz_test",
    # the second of two that do the same
    "zstandard._cffi", "zstandard.backend_cffi",
    "Xlib", "_distutils_hack", "pip", "pkg_resources", "setuptools",
    # pictures of a kind that hardly anybody has, for five megabytes
    "PIL._avif",
)
"""Modules, with all that is in them, which stay out."""

_NOBODY_IMPORTS = frozenset({"tests", "test", "conftest", "provision", "_pyinstaller", "__pyinstaller"})
"""Folders and modules of packages that are for their own developers."""

_NO_DATA = ("*.py", "*.py[cixd]", "*.px[di]", "*.c", "*.h", "*.cpp", "*.hpp", "*.rs", "*.so", "*.so.*", "*.dylib",
            "*.dll", "*.exe", "*.pth", "*.map", "direct_url.json", "INSTALLER", "REQUESTED", "WHEEL", "top_level.txt",
            "*.cdx.json")
"""What is a module or the source of one, or a library, which PyInstaller finds where it is needed; and addresses."""

_UNUSED_DATA = (
    # for Android, and for other systems than the one that this is built on
    *(("webview/lib/*",) if sys.platform != "win32" else ("webview/lib/*.jar", "webview/lib/runtimes/win-x86/*")),
    "aiosmtpd/docs/*",
    "distributed/http/*",   # pictures of a dashboard that is off
    "docx/templates/default-docx-template/*",   # what default.docx beside it was made of
)

_CATALOGUES = re.compile(r"pycountry/locales/.*/(?!iso3166-[12]\.mo$)[^/]*")
"""Translations that nothing of ours asks for: of languages (Babel has them), currencies, writings, former countries."""


def closure(root: str) -> list[Distribution]:
    """A distribution and all that it needs on this system, by name.

    :raises importlib.metadata.PackageNotFoundError: if `root` is not installed.
    """
    found = {canonicalize_name(root): importlib.metadata.distribution(root)}
    waiting = list(found.values())
    while waiting:
        for needed in map(Requirement, waiting.pop().requires or []):
            name = canonicalize_name(needed.name)
            if name in found or name in NOT_CARRIED \
                    or not (needed.marker is None or needed.marker.evaluate({"extra": ""})):
                continue
            try:
                found[name] = importlib.metadata.distribution(name)
            except PackageNotFoundError:
                continue   # left out by whoever installed the rest; if it was needed, the bundle's test tells
            waiting.append(found[name])
    return [found[name] for name in sorted(found)]


def standard_library() -> list[str]:
    """The modules of Python that there are on this system, submodules of its packages too."""
    folder = Path(sysconfig.get_path("stdlib"))
    there = {path.name.partition(".")[0] for path in [*folder.iterdir(), *(folder / "lib-dynload").glob("*")]}
    names = {name for name in sys.stdlib_module_names if name in there or name in sys.builtin_module_names}
    for package in [folder / name for name in names if (folder / name / "__init__.py").is_file()]:
        names |= {_module_name(path.relative_to(folder).as_posix()) for path in package.rglob("*.py")}
    return sorted(name for name in names if name and not is_left_out(name))


def modules_of(distribution: Distribution) -> list[str]:
    """All modules of a distribution that somebody may import."""
    names = {_module_name(path) for path in _paths(distribution) if path.endswith(".py")}
    return sorted(name for name in names if name and not is_left_out(name))


def data_of(distribution: Distribution) -> Iterator[tuple[str, str]]:
    """The files of a distribution that are no modules, and what it says of itself: each with its folder in the
    bundle.
    """
    for path in _paths(distribution):
        if any(fnmatch(PurePosixPath(path).name, pattern) for pattern in _NO_DATA) or is_unused_data(path):
            continue
        source = Path(str(distribution.locate_file(path)))
        if source.is_file():
            yield str(source), str(PurePosixPath(path).parent)


def is_left_out(module: str) -> bool:
    """Whether a module is one of :data:`LEFT_OUT`, or tests of its package."""
    return any(module == one or module.startswith(f"{one}.") for one in LEFT_OUT) \
        or bool(_NOBODY_IMPORTS.intersection(module.split(".")))


def is_unused_data(path: str) -> bool:
    """Whether a file of data serves nothing that is in the bundle."""
    return any(fnmatch(path, pattern) for pattern in _UNUSED_DATA) or bool(_CATALOGUES.fullmatch(path)) \
        or is_left_out(path.rpartition("/")[0].replace("/", "."))


def _paths(distribution: Distribution) -> Iterable[str]:
    """Its files as the installer noted them; scripts lie above the folder of packages, and are not for us."""
    return [path.as_posix() for path in distribution.files or [] if ".." not in path.parts]


def _module_name(path: str) -> str:
    """``a.b`` for ``a/b.py`` and ``a/b/__init__.py``; empty where a path cannot be imported."""
    parts = path.removesuffix(".py").split("/")
    parts = parts[:-1] if parts[-1] == "__init__" else parts
    return ".".join(parts) if all(part.isidentifier() for part in parts) and parts[-1:] != ["__main__"] else ""
