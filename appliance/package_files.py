"""A docassemble package as people share it: a wheel, a zip from GitHub or a playground, or a folder.

:func:`open_package` looks into it without unpacking anything, and refuses what could write outside its folder.
"""

from __future__ import annotations

import ast
import configparser
import email.parser
import hashlib
import re
import tomllib
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["BadPackage", "PackageFile", "open_package"]

MOST_BYTES = 500_000_000
MOST_FILES = 20_000

# Of the names that belong to docassemble's server, only the data files are kept: its modules are always ours.
DATA_ONLY = ("base", "webapp", "cli")
_SKIPPED = {"__pycache__", "__MACOSX", ".git", ".DS_Store", "node_modules", ".venv"}
_NOT_ON_WINDOWS = frozenset({":", "\\", "\x7f", *map(chr, range(32))})
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")   # what Windows takes for a device, in any folder
_PROJECT_FILES = ("pyproject.toml", "setup.cfg", "setup.py")


class BadPackage(Exception):
    """The file is not a docassemble package that can be installed; the message says why."""


@dataclass
class PackageFile:
    """One distribution, opened.

    :param distribution: its name, like ``docassemble.demo``.
    :param names: the packages in it, like ``docassemble.demo``.
    :param requires: what it says it needs, as in ``Requires-Dist``.
    :param contents: path below ``docassemble/`` → a function that reads the file.
    """

    source: Path
    distribution: str
    version: str
    names: tuple[str, ...]
    requires: tuple[str, ...] = ()
    contents: dict[str, Callable[[], bytes]] = field(default_factory=dict)

    def hash(self) -> str:
        """SHA-256 of paths and contents: the same for a wheel, a zip and a folder of the same files."""
        digest = hashlib.sha256()
        for path in sorted(self.contents):
            body = self.contents[path]()
            digest.update(f"{path}\0{len(body)}\0".encode())
            digest.update(body)
        return digest.hexdigest()


def open_package(source: Path) -> PackageFile:
    """Look into the wheel, zip or folder `source`.

    :raises BadPackage: if it is none of these, holds no docassemble package, or is not safe to unpack.
    """
    if source.is_dir():
        members = _folder_members(source)
    elif source.is_file():
        members = _zip_members(source)
    else:
        raise BadPackage(f"{source} does not exist.")
    prefix = _prefix(members)
    if prefix is None:
        raise BadPackage(f"{source} holds no docassemble package: no folder docassemble/NAME is in it.")
    contents = _contents(members, prefix)
    names = tuple(sorted({f"docassemble.{path.split('/')[0]}" for path in contents}))
    if not names:
        raise BadPackage(f"{source} holds no docassemble package: the folder docassemble in it is empty.")
    about = _about(members, prefix)
    return PackageFile(source=source, distribution=about.name or names[0], version=about.version or "0", names=names,
                       requires=tuple(about.requires), contents=contents)


# -- members: path in the zip or folder → how to read it ---------------------------------------------


Members = dict[str, Callable[[], bytes]]


def _folder_members(folder: Path) -> Members:
    members: Members = {}
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if _SKIPPED.intersection(relative.parts):
            continue
        if path.is_symlink():
            if "docassemble" in relative.parts:
                raise BadPackage(f"{folder} holds a link, {relative.as_posix()}; only ordinary files can be installed.")
        elif path.is_file():
            members[relative.as_posix()] = path.read_bytes
            _check_count(folder, len(members))
    return members


def _zip_members(source: Path) -> Members:
    try:
        archive = zipfile.ZipFile(source)
    except (zipfile.BadZipFile, OSError, NotImplementedError) as problem:
        raise BadPackage(f"{source} is neither a folder, a zip file nor a wheel.") from problem
    members: Members = {}
    total = 0
    for info in archive.infolist():
        if info.is_dir():
            continue
        _check_name(source, info.filename)
        if _SKIPPED.intersection(info.filename.split("/")):
            continue
        if (info.external_attr >> 16) & 0o170000 == 0o120000:
            raise BadPackage(f"{source} holds a link, {info.filename}; only ordinary files can be installed.")
        total += info.file_size
        members[info.filename] = _reader(archive, info, source)
        _check_count(source, len(members))
    if total > MOST_BYTES:
        raise BadPackage(f"{source} is too large: it would unpack to {total // 1_000_000} MB.")
    return members


def _reader(archive: zipfile.ZipFile, info: zipfile.ZipInfo, source: Path) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            with archive.open(info) as file:
                # A zip may claim less than it holds; never read more than was counted.
                body = file.read(info.file_size + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError, NotImplementedError) as problem:
            raise BadPackage(f"{source} is damaged or encrypted: {info.filename} cannot be read.") from problem
        if len(body) != info.file_size:
            raise BadPackage(f"{source} is damaged: {info.filename} has not the size that it claims.")
        return body
    return read


def _check_count(source: Path, count: int) -> None:
    if count > MOST_FILES:
        raise BadPackage(f"{source} holds more than {MOST_FILES} files.")


def _check_name(source: Path, name: str) -> None:
    """Refuse names that could lead outside, on any system. (Those of files that would be installed and that not every
    system takes are refused in :func:`_contents`.)

    :raises BadPackage: naming the file.
    """
    parts = name.split("/")
    if name.startswith("/") or "\\" in name or ":" in name or ".." in parts or any(ord(sign) < 32 for sign in name):
        raise BadPackage(f"{source} holds a file with the unsafe name {name!r}.")


# -- what is in it -------------------------------------------------------------------------------


def _prefix(members: Iterable[str]) -> str | None:
    """What stands before ``docassemble/NAME/…``: beside project files where there are some, else the shallowest."""
    known = set(members)
    found: set[str] = set()
    for path in known:
        parts = path.split("/")
        for place, part in enumerate(parts[:-2]):
            if part == "docassemble" and parts[place + 1].isidentifier():
                found.add("".join(f"{one}/" for one in parts[:place]))
    if not found:
        return None

    def order(prefix: str) -> tuple[bool, int, str]:
        bare = not any(f"{place}{name}" in known for place in (prefix, prefix.removesuffix("src/"))
                       for name in _PROJECT_FILES)
        return bare, prefix.count("/"), prefix

    return min(found, key=order)


def _contents(members: Members, prefix: str) -> Members:
    """The files to keep, by their path below ``docassemble/``."""
    start = f"{prefix}docassemble/"
    contents: Members = {}
    for path, read in members.items():
        if not path.startswith(start):
            continue
        below = path.removeprefix(start)
        name, _, rest = below.partition("/")
        if not rest or not name.isidentifier() or below.endswith(".pyc"):
            continue
        if name in DATA_ONLY and not rest.startswith("data/"):
            continue
        _check_portable(below)
        contents[below] = read
    return contents


def _check_portable(path: str) -> None:
    """Refuse names that Windows takes for something else: a backup with them could not be restored everywhere.

    :raises BadPackage: naming the file.
    """
    for part in path.split("/"):
        if _DEVICES.fullmatch(part) or part.endswith((".", " ")) or _NOT_ON_WINDOWS.intersection(part):
            raise BadPackage(f"The package holds a file of the name docassemble/{path}, which Windows does not take "
                             f"because of {part!r}. Please rename it.")


# -- what it says about itself -------------------------------------------------------------------


@dataclass
class _About:
    name: str = ""
    version: str = ""
    requires: list[str] = field(default_factory=list)


def _about(members: Members, prefix: str) -> _About:
    """Name, version and requirements, from the first place that tells each."""
    told = [_from_wheel(read()) for path, read in members.items()
            if re.fullmatch(r"[^/]+\.dist-info/METADATA", path)]
    readers = {"pyproject.toml": _from_pyproject, "setup.cfg": _from_setup_cfg, "setup.py": _from_setup_py}
    for place in dict.fromkeys((prefix, prefix.removesuffix("src/"))):
        for file, reader in readers.items():
            read = members.get(f"{place}{file}")
            if read is not None:
                told.append(reader(read().decode("utf-8", "replace")))
    about = _About()
    for one in told:
        about.name = about.name or one.name
        about.version = about.version or one.version
        about.requires = about.requires or one.requires
    return about


def _from_wheel(body: bytes) -> _About:
    message = email.parser.BytesParser().parsebytes(body, headersonly=True)
    return _About(str(message.get("Name", "")), str(message.get("Version", "")),
                  [str(value) for value in message.get_all("Requires-Dist", [])])


def _from_pyproject(text: str) -> _About:
    try:
        project = tomllib.loads(text).get("project", {})
    except tomllib.TOMLDecodeError:
        return _About()
    if not isinstance(project, dict):
        return _About()
    return _About(_text(project.get("name")), _text(project.get("version")), _texts(project.get("dependencies")))


def _from_setup_cfg(text: str) -> _About:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(text)
    except configparser.Error:
        return _About()
    requires = parser.get("options", "install_requires", fallback="")
    version = parser.get("metadata", "version", fallback="")
    if version.startswith(("attr:", "file:")):
        version = ""
    return _About(parser.get("metadata", "name", fallback=""), version,
                  [line.strip() for line in requires.splitlines() if line.strip()])


def _from_setup_py(text: str) -> _About:
    """What the call of ``setup()`` says in plain words; nothing is run."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return _About()
    names: dict[str, ast.expr] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            names[node.targets[0].id] = node.value
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and getattr(call.func, "id", getattr(call.func, "attr", "")) == "setup":
            said = {word.arg: _literal(word.value, names) for word in call.keywords if word.arg}
            return _About(_text(said.get("name")), _text(said.get("version")), _texts(said.get("install_requires")))
    return _About()


def _literal(node: ast.expr, names: dict[str, ast.expr]) -> Any:
    if isinstance(node, ast.Name):
        node = names.get(node.id, node)
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError):
        return None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list | tuple) else []
