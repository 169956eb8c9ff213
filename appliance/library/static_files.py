"""DAStaticFile: a file that comes with a package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from appliance.interview.files import guess_mimetype
from appliance.interview.host import current, running_evaluation
from appliance.interview.markup.media import static_url
from appliance.library.file_contents import FileContents
from appliance.library.modules import installed_roots
from appliance.library.state import interview_package

__all__ = ["DAStaticFile", "package_path"]


def package_path(reference: str, package: str, folder: str = "static") -> Path | None:
    """Where a file of a package lies: ``cow.jpg``, ``data/templates/form.pdf``, ``docassemble.demo:cow.jpg``.

    :param package: looked in where the reference names none.
    :param folder: below ``data``, looked in where the reference names none.
    :returns: None where there is no such file, or where the reference leads outside the package's data.
    """
    named, colon, path = reference.strip().rpartition(":")
    root = installed_roots().get(named if colon else package)
    parts = (path if path.startswith("data/") else f"data/{folder}/{path}").split("/")
    if root is None or any(part in ("", ".", "..") or "\\" in part or "\0" in part for part in parts):
        return None
    found = root.joinpath(*parts)
    try:
        return found if found.is_file() else None
    except OSError:   # a name that no system has files of: a person may have typed it
        return None


class DAStaticFile(FileContents):
    """A file in a package's ``data/static``, or wherever ``filename`` says.

    ``filename`` is as in ``[FILE …]``: ``cow.jpg`` is one of the interview's own package,
    ``docassemble.demo:data/static/cow.jpg`` of another.
    """

    def init(self, *pargs: Any, **kwargs: Any) -> None:
        """Takes ``filename=`` and other attributes."""
        evaluation = running_evaluation()
        self.package = interview_package() if evaluation is not None else ""
        super().init(*pargs, **kwargs)

    @property
    def extension(self) -> str:  # type: ignore[override]
        """What follows the last dot of the file name, in small letters."""
        return Path(self._plain_name()).suffix.removeprefix(".").lower()

    @property
    def mimetype(self) -> str:  # type: ignore[override]
        """What the end of the file name says of the content."""
        return guess_mimetype(self._plain_name())

    def _plain_name(self) -> str:
        return str(self.filename).rpartition(":")[2].rpartition("/")[2]

    def _reference(self) -> object:
        named, colon, path = str(self.filename).rpartition(":")
        return f"{named if colon else self.package}:{path}"

    def path(self) -> str:
        """The path of the file.

        :raises FileNotFoundError: where the package has no such file.
        """
        found = package_path(str(self.filename), self.package)
        if found is None:
            raise FileNotFoundError(f"{self.instanceName}: there is no file {self._reference()}.")
        return str(found)

    def url_for(self, **kwargs: Any) -> str:
        """The address of the file. Takes ``attachment=True`` and ``external=True``, as that of a DAFile does.

        :raises FileNotFoundError: where the file is not one that packages show (``data/static``).
        """
        url = static_url(str(self.filename), self.package)
        if url is None or "/data/" in url:
            raise FileNotFoundError(f"{self.instanceName}: {self._reference()} has no address; data/static has.")
        url += "?attachment=1" if kwargs.get("attachment") else ""
        return f"{current().host.url_root}{url}" if kwargs.get("external") or kwargs.get("_external") else url
