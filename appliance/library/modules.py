"""The import hook: ``docassemble.base.*`` is ours, ``docassemble.NAME`` is what is installed.

Author modules import ``docassemble.base.util`` and its siblings; they get our names, and where we lack one an error
that says so. The real ``docassemble.base`` is never imported, not even where its files lie beside the other packages: a
package of that name may be installed for its data.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import appliance

__all__ = ["Roots", "install", "install_import_hook", "installed_roots"]

Roots = Callable[[], Mapping[str, Path]]
"""Gives package name (``docassemble.demo``) to the folder with its modules; asked at each import."""

OURS = "docassemble.base"
NAMES_MODULE = "appliance.library.names"
ELSEWHERE = {
    "docassemble.webapp": "docassemble.webapp is docassemble's own server, which this appliance replaces; "
                          "import from docassemble.base.util instead",
}


class HasRoots(Protocol):
    def roots(self) -> Mapping[str, Path]: ...


class OurModule(ModuleType):
    """A module of ``docassemble.base``; a name that it lacks is an AttributeError in the author's words."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise AttributeError(f"{self.__name__}.{name} is not there yet in this version")


class OurLoader(Loader):
    """Makes the modules that ``appliance.library.names`` has names for."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """:raises ImportError: for what we do not have. (Python would replace the message of a ModuleNotFoundError.)"""
        if spec.name not in importlib.import_module(NAMES_MODULE).MODULES:
            raise ImportError(f"{spec.name} is not there yet in this version", name=spec.name)
        return OurModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        names = importlib.import_module(NAMES_MODULE)
        module.__dict__.update(names.module_names(module.__name__))


class Appliance(MetaPathFinder):
    """Finds ``docassemble``, ``docassemble.base`` and its modules, and the installed packages."""

    def __init__(self, roots: Roots) -> None:
        self.roots = roots

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "docassemble" and not fullname.startswith("docassemble."):
            return None
        if fullname == "docassemble":
            return namespace(fullname)
        if fullname == OURS or fullname.startswith(f"{OURS}."):
            return self.ours(fullname)
        for name, reason in ELSEWHERE.items():
            if fullname == name or fullname.startswith(f"{name}."):
                raise ImportError(reason, name=fullname)
        return self.installed(fullname)

    def ours(self, fullname: str) -> ModuleSpec:
        """
        All are packages: then Python asks here too when ``from docassemble.base.util import foo`` finds no ``foo``.

        Whether there is one the loader says: who is asked for a spec holds up the imports of all threads, and waits for
        ever for one that is in the middle of importing our names.
        """
        return ModuleSpec(fullname, OurLoader(), origin=f"appliance {appliance.__version__}", is_package=True)

    def installed(self, fullname: str) -> ModuleSpec | None:
        """The module of an installed package; its submodules are found by Python itself, below its ``__path__``."""
        folder = self.roots().get(fullname)
        if folder is None:
            return None
        first = folder / "__init__.py"
        if not first.is_file():
            spec = namespace(fullname)
            spec.submodule_search_locations = [str(folder)]
            return spec
        return importlib.util.spec_from_file_location(fullname, first, submodule_search_locations=[str(folder)])


def namespace(fullname: str) -> ModuleSpec:
    """A package that only holds others."""
    return ModuleSpec(fullname, None, is_package=True)


_finder = Appliance(dict)


def installed_roots() -> Mapping[str, Path]:
    """The packages that can be imported now."""
    return _finder.roots()


def install(roots: Roots) -> None:
    """Put the hook before all other finders; a second call only changes where packages are looked for."""
    _finder.roots = roots
    if _finder not in sys.meta_path:
        # Before everything else: a docassemble that somebody installed with pip must not be found first.
        sys.meta_path.insert(0, _finder)


def install_import_hook(packages: HasRoots | Path | None = None) -> None:
    """Install the hook for what knows the packages, for a packages folder, or (None) for ``docassemble.base`` alone."""
    if packages is None:
        install(dict)
    elif isinstance(packages, Path):
        folder = packages
        install(lambda: roots_below(folder))
    else:
        install(packages.roots)


def roots_below(folder: Path) -> dict[str, Path]:
    """The packages in a folder that holds ``docassemble/NAME``, itself or in the folders below it."""
    if (folder / "index.json").is_file():
        from appliance.packages import InstalledPackages

        return dict(InstalledPackages(folder).roots())
    found: dict[str, Path] = {}
    for holder in [*sorted(folder.glob("*/docassemble")), folder / "docassemble"]:
        if holder.is_dir():
            found.update({f"docassemble.{each.name}": each for each in sorted(holder.iterdir()) if each.is_dir()})
    return found
