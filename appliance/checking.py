"""``appliance check``: reads interviews as the server would, wherever they lie, and says what is wrong with them."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from appliance.interview.errors import BadInterview, InterviewError
from appliance.interview.sources import join_reference, split_reference
from appliance.packages import InstalledPackages

__all__ = ["check"]

LOOSE = "docassemble.checked"
"""With a checksum of the folder: the package that files outside of any package are read as part of."""

_QUESTIONS = "data/questions/"
_SUFFIXES = {".yml", ".yaml"}


class CheckedPackages(InstalledPackages):
    """The installed packages, with those over them whose files are checked."""

    def __init__(self, folder: Path) -> None:
        self._lent: dict[str, Path] = {}
        super().__init__(folder)

    def lend(self, file: Path) -> str:
        """Make `file` known with all that lies beside it; returns its reference."""
        parts = file.parts
        for place in range(len(parts) - 3, 0, -1):
            if parts[place] == "docassemble" and parts[place + 2] == "data":
                package, root = f"docassemble.{parts[place + 1]}", Path(*parts[:place + 2])
                self._lent[package] = root
                return join_reference(package, file.relative_to(root).as_posix())
        # As in docassemble's playground, modules and other files may lie in the one folder.
        package = f"{LOOSE}_{zlib.crc32(str(file.parent).encode()):08x}"
        self._lent[package] = file.parent
        return join_reference(package, _QUESTIONS + file.name)

    def roots(self) -> Mapping[str, Path]:
        return {**super().roots(), **self._lent}

    def locate(self, package: str, path: str) -> Path | None:
        if not package.startswith(LOOSE):
            return super().locate(package, path)
        file = self._lent[package] / path.removeprefix(_QUESTIONS)
        return file if path.startswith(_QUESTIONS) and file.is_file() else None

    def named(self, reference: str) -> str:
        """A file in the words of the command line: its path where it is one of those that are checked."""
        package, path = split_reference(reference)
        if package not in self._lent:
            return reference
        file = self.locate(package, path)
        return reference if file is None else str(file)


def check(paths: Sequence[Path], packages: Path) -> Iterator[tuple[Path, str | None]]:
    """Each interview file among `paths` and in folders among them, with what is wrong with it or None.

    :param packages: the packages folder, for what interviews include from other packages.
    """
    from appliance.interview.interview import Interview
    from appliance.library.modules import install_import_hook

    checked = CheckedPackages(packages)
    install_import_hook(checked)
    for file in _files(paths):
        if not file.is_file():
            yield file, f"{file}: there is no such file."
            continue
        reference = checked.lend(file.absolute())
        try:
            Interview(reference, checked)
        except InterviewError as problem:
            where = str(file) if problem.file in {None, reference} else checked.named(str(problem.file))
            yield file, _words(problem, where)
        else:
            yield file, None


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.suffix in _SUFFIXES and file.is_file())
        else:
            yield path


def _words(problem: InterviewError, where: str) -> str:
    """``FILE, line N: message (did you mean …?)``."""
    line = f", line {problem.line}" if problem.line is not None else ""
    hint = f" ({problem.hint})" if isinstance(problem, BadInterview) and problem.hint else ""
    return f"{where}{line}: {problem.message}{hint}"
