"""Files of packages that an administrator sent, kept until they are installed or given up."""

from __future__ import annotations

import re
import secrets
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

__all__ = ["Uploads"]

_KEPT = 3
"""Uploads that wait for an answer at the same time; an older one is given up."""


class Uploads:
    """They lie in the packages folder, where the next start clears away what is left of them.

    :param folder: the packages folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: dict[str, Path] = {}

    def keep(self, files: Sequence[tuple[str, bytes]]) -> str:
        """Write files, each with the name that it came with, as far as that is a plain one; returns a token for them.

        :raises OSError: if they cannot be written.
        """
        while len(self._waiting) >= _KEPT:
            self.forget(next(iter(self._waiting)))
        self._folder.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".upload-", dir=self._folder))
        token = secrets.token_urlsafe(16)
        self._waiting[token] = folder
        for number, (name, body) in enumerate(files):
            place = folder / str(number)
            place.mkdir()
            (place / _plain(name)).write_bytes(body)
        return token

    def files(self, token: str) -> list[Path]:
        """The files of a token, in their order; none if they were given up."""
        folder = self._waiting.get(token)
        return [] if folder is None else sorted(folder.glob("*/*"), key=lambda file: int(file.parent.name))

    def forget(self, token: str) -> None:
        """Remove the files of a token; does nothing if there are none."""
        folder = self._waiting.pop(token, None)
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _plain(name: str) -> str:
    r"""A name that is one on every system.

    >>> _plain("../../x y.zip"), _plain(r"C:\docs\a.whl"), _plain("...")
    ('x-y.zip', 'a.whl', 'package')
    """
    last = re.split(r"[/\\]", name)[-1]
    return re.sub(r"[^A-Za-z0-9._+-]+", "-", last).strip(".-")[-100:] or "package"
