"""Our own front-end files and those of packages, and how long a browser may keep them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tornado.web import HTTPError, StaticFileHandler

from appliance.server import security
from appliance.server.admission import Admission, Admitting
from appliance.server.errors import explain_status
from appliance.server.headers import SafeHeaders

if TYPE_CHECKING:
    from appliance.server.application import ServerApplication

__all__ = ["UI_FOLDER", "AssetHandler", "Assets", "PackageFileHandler"]

UI_FOLDER = Path(__file__).parent.parent / "ui"
_FOREVER = 365 * 86400


class Assets:
    """The files under ``ui/static`` and ``ui/vendor``, with one version for all of them.

    The version is a folder in the address, so that modules which import each other by relative names share it.
    """

    def __init__(self, folder: Path = UI_FOLDER) -> None:
        digest = hashlib.blake2b(digest_size=6)
        for file in sorted(folder.glob("static/**/*")) + sorted(folder.glob("vendor/**/*")):
            if file.is_file():
                digest.update(file.relative_to(folder).as_posix().encode())
                digest.update(file.read_bytes())
        self.folder = folder
        self.version = digest.hexdigest()

    def url(self, path: str) -> str:
        """The address of a file: ``appliance.css``, ``vendor/jquery/jquery.min.js``."""
        return f"/static/{self.version}/{path}"


class _FileHandler(Admitting, SafeHeaders, StaticFileHandler):
    admits = Admission.ANYONE

    @property
    def server(self) -> ServerApplication:
        return cast("ServerApplication", self.application)

    def set_default_headers(self) -> None:
        """Those of every answer, also where there is no such file."""
        super().set_default_headers()
        self.set_header("Content-Security-Policy", security.screen_policy(self.request.host))
        self.set_header("Cache-Control", "no-cache")

    def write_error(self, status_code: int, **kwargs: Any) -> None:  # noqa: ARG002 - the status says enough
        explanation = explain_status(status_code)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{explanation.heading}. {explanation.words}\n")


class AssetHandler(_FileHandler):
    """``/static/VERSION/…`` and ``/static/…``."""

    async def get(self, path: str, include_body: bool = True) -> None:
        """Send the file.

        :raises HTTPError: 404 if there is none.
        """
        if "\0" in path:   # no system has such a name, and some functions raise rather than say so
            raise HTTPError(404)
        version, _, rest = path.partition("/")
        self.versioned = version == self.server.assets.version
        known = self.versioned or (len(version) == 12 and not version.strip("0123456789abcdef"))
        path = rest if known else path
        folder = "vendor" if path.startswith("vendor/") else "static"
        self.root = str(self.server.assets.folder / folder)
        await super().get(path.removeprefix("vendor/"), include_body)

    def set_extra_headers(self, path: str) -> None:  # noqa: ARG002 - the same for all files
        if self.versioned:
            self.set_header("Cache-Control", f"public, max-age={_FOREVER}, immutable")


class PackageFileHandler(_FileHandler):
    """``/packagestatic/PACKAGE/FILE``: a file of a package's ``data/static``."""

    @classmethod
    def get_absolute_path(cls, root: str, path: str) -> str:  # noqa: ARG003 - Tornado's signature
        """The path as asked for; the packages know where it is."""
        return path

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:  # noqa: ARG002 - Tornado's signature
        """Where the file is.

        :raises HTTPError: 404 if the package has no such file.
        """
        package, _, file = self.path.replace("\\", "/").partition("/")
        found = self.server.parts.packages.static_file(package, file) if file else None
        if found is None:
            raise HTTPError(404)
        return str(found)
