"""The packages that interviews live in: those in the packages folder, and the one that ships with the appliance.

:class:`InstalledPackages` is the :class:`appliance.interview.sources.Sources` of the server and of workers. It sees a
newly installed package by itself, because it looks at ``index.json`` whenever it is asked.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from appliance.installing import INDEX, Installed, read_index
from appliance.interview.errors import BadInterview, UnknownInterview
from appliance.interview.sources import SourceFile, candidates, join_reference, one_name, split_reference
from appliance.interview.yaml_limits import check_limits

__all__ = ["SHIPPED", "InstalledPackages", "ListedInterview"]

SHIPPED = "appliance.interviews"
"""The package of the interviews that come with the appliance."""

_SHIPPED_ROOT = Path(__file__).parent / "interviews"
_MANDATORY = re.compile(r"^mandatory:", re.MULTILINE)
_METADATA = re.compile(r"^metadata[ \t]*:", re.MULTILINE)
_BETWEEN_BLOCKS = re.compile(r"^---.*$", re.MULTILINE)
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class ListedInterview:
    """An interview that can be started, for the list on the first page.

    :param interview: its reference, ``PACKAGE:data/questions/x.yml``.
    :param privileges: of which one is needed to see it there; empty for everybody.
    """

    interview: str
    package: str
    title: str
    description: str = ""
    privileges: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Snapshot:
    """The packages as one index says; replaced whole when the index changes."""

    stamp: tuple[int, int, int] | None
    roots: dict[str, Path]
    installed: dict[str, Installed]


class InstalledPackages:
    """Finds files of packages; safe to ask from any thread.

    :param folder: the packages folder; it need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._snapshot = self._look(self._stamp())
        self._listed: tuple[_Snapshot, list[ListedInterview]] | None = None
        self._hides: dict[tuple[str, str], bool] = {}   # by reference and version

    # -- Sources -----------------------------------------------------------------------------------

    def read(self, reference: str) -> SourceFile:
        """The file as text.

        :raises UnknownInterview: if there is no such file; a close name is suggested.
        :raises BadInterview: if it is not text.
        """
        package, path, file = self._find(reference)
        known_as = join_reference(package, path)
        try:
            version = _version(file)
            text = file.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as problem:
            raise BadInterview("The file is not text in UTF-8.", file=known_as) from problem
        except OSError as problem:
            raise UnknownInterview(f"{known_as} cannot be read: {problem.strerror}.", file=known_as) from problem
        return SourceFile(known_as, package, path, text, version)

    def version(self, reference: str) -> str:
        """Changes whenever the file does.

        :raises UnknownInterview: if there is no such file.
        """
        return _version(self._find(reference)[2])

    def resolve(self, reference: str, relative_to: str, folder: str = "questions") -> str:
        """See :meth:`appliance.interview.sources.Sources.resolve`."""
        tried = candidates(reference, relative_to, folder)
        return next((one for one in tried if self.locate(*split_reference(one)) is not None), tried[-1])

    # -- for the server ----------------------------------------------------------------------------

    def listed(self) -> list[ListedInterview]:
        """What can be started, those that ship with the appliance first: the files directly in ``data/questions`` whose
        metadata have a title or that have a mandatory block, unless they say ``unlisted: True``. Read once for each
        state of the packages folder.
        """
        now = self._now()
        kept = self._listed
        if kept is None or kept[0] is not now:
            found = [one for package, root in now.roots.items() for one in _startable(package, root)]
            found.sort(key=lambda one: (one.package != SHIPPED, one.title.casefold()))
            self._listed = kept = (now, found)
        return kept[1]

    def hides(self, interview: str) -> bool:
        """Whether the sessions of the interview are on nobody's list: its file's metadata say ``hidden: True``."""
        try:
            file = self._find(interview)[2]
            known = (interview, _version(file))
        except (UnknownInterview, OSError):
            return False
        if known not in self._hides:
            self._hides[known] = _metadata(_text(file)).get("hidden") is True
        return self._hides[known]

    def interviews(self) -> list[str]:
        """The references of all YAML files in ``data/questions`` and below it, listed or not."""
        return [join_reference(package, file.relative_to(root).as_posix())
                for package, root in self.roots().items()
                for file in sorted((root / "data" / "questions").rglob("*"))
                if file.suffix in {".yml", ".yaml"} and file.is_file()]

    def static_file(self, package: str, file: str) -> Path | None:
        """A file of the package's ``data/static``; None where there is none, or where `file` leads outside."""
        return self.data_file(package, "static", file)

    def data_file(self, package: str, folder: str, file: str) -> Path | None:
        """A file of the package's ``data/FOLDER``; None where there is none, or where `file` leads outside."""
        return self.locate(package, f"data/{folder}/{file}")

    def locate(self, package: str, path: str) -> Path | None:
        """The file, if the package has it in its ``data`` folder and `path` cannot lead outside; else None."""
        root = self.roots().get(package)
        parts = path.split("/")
        if root is None or parts[0] != "data" or not all(map(_is_plain, parts)):
            return None
        file = root.joinpath(*parts)
        try:
            return file if file.is_file() else None
        except OSError:   # a name longer than names can be
            return None

    # -- for the import hook and workers -----------------------------------------------------------

    def roots(self) -> Mapping[str, Path]:
        """Package name, like ``docassemble.demo``, → the folder that holds its modules and ``data``."""
        return self._now().roots

    def installed(self) -> Mapping[str, Installed]:
        """Package name → what the index says of it; without the one that ships with the appliance."""
        return self._now().installed

    # -- within ------------------------------------------------------------------------------------

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            status = (self.folder / INDEX).stat()
        except FileNotFoundError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino

    def _now(self) -> _Snapshot:
        stamp = self._stamp()
        if stamp != self._snapshot.stamp:
            self._snapshot = self._look(stamp)
        return self._snapshot

    def _look(self, stamp: tuple[int, int, int] | None) -> _Snapshot:
        installed = read_index(self.folder)
        roots = {SHIPPED: _SHIPPED_ROOT}
        for name, entry in installed.items():
            roots[name] = self.folder / entry.folder / Path(*name.split("."))
        return _Snapshot(stamp, roots, installed)

    def _find(self, reference: str) -> tuple[str, str, Path]:
        package, path = split_reference(one_name(reference))
        file = self.locate(package, path)
        if file is None:
            raise UnknownInterview(self._unknown(package, path), file=reference)
        return package, path, file

    def _unknown(self, package: str, path: str) -> str:
        """What to say of a file that is not there."""
        if not package:
            return f"'{path}' names no package; write PACKAGE:data/questions/FILE.yml."
        roots = self.roots()
        if package not in roots:
            close = difflib.get_close_matches(package, roots, n=1)
            return f"There is no package {package!r} here" + (f"; did you mean {close[0]}?" if close else ".")
        close = difflib.get_close_matches(join_reference(package, path),
                                          [name for name in self.interviews() if name.startswith(f"{package}:")], n=1)
        return f"There is no file {path} in {package}" + (f"; did you mean {close[0]}?" if close else ".")


def _version(file: Path) -> str:
    status = file.stat()
    return f"{status.st_mtime_ns:x}-{status.st_size:x}"


def _is_plain(part: str) -> bool:
    return part not in {"", ".", ".."} and not any(sign in part for sign in "\\:\0")


def _startable(package: str, root: Path) -> list[ListedInterview]:
    """The interviews of one package; one without a title goes by its file name."""
    found = []
    for file in sorted((root / "data" / "questions").glob("*.y*ml")):
        text = _text(file)
        metadata = _metadata(text)
        title = _words(metadata.get("title")) or (file.stem if _MANDATORY.search(text) else "")
        if title and metadata.get("unlisted") is not True:
            reference = join_reference(package, file.relative_to(root).as_posix())
            wanted = metadata.get("required privileges for listing") or ()
            found.append(ListedInterview(reference, package, title, _words(metadata.get("description")),
                                         tuple(map(str, [wanted] if isinstance(wanted, str) else wanted))))
    return found


def _text(file: Path) -> str:
    """The file as text; empty where it cannot be read."""
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return ""


def _metadata(text: str) -> dict[str, Any]:
    """The metadata blocks of a file, the later over the earlier; what cannot be read has none."""
    metadata: dict[str, Any] = {}
    for block in _BETWEEN_BLOCKS.split(text):
        if _METADATA.search(block) is None:
            continue
        try:
            check_limits(block)
            loaded = yaml.load(block, Loader=_Loader)  # noqa: S506 — a safe loader, in C where there is one
        except yaml.YAMLError:
            continue
        if isinstance(loaded, dict) and isinstance(loaded.get("metadata"), dict):
            metadata |= loaded["metadata"]
    return metadata


def _words(value: Any) -> str:
    """A title as plain text; of a title in several languages, the first."""
    if isinstance(value, dict):
        value = next(iter(value.values()), "")
    return str(value).strip() if value is not None else ""
