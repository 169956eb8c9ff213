"""The installed packages as the server gives them to workers: which ones by hash, and their files to who lacks them."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

from appliance.compute.asking import AskFailed
from appliance.installing import INDEX

__all__ = ["PackageSource", "replaced"]

_DIGEST = re.compile(r"[0-9a-f]{64}")


class PackageSource:
    """The packages folder. A package's folder in it has its hash in its name and never changes.

    :param folder: the packages folder; it need not exist.
    :param shared: the workers can read it. If not, they are not told of it, and ask for what they lack.
    """

    def __init__(self, folder: Path, *, shared: bool) -> None:
        self.folder = folder
        self.shared = shared
        self._known: tuple[tuple[int, int, int], bytes] | None = None

    def index(self) -> bytes:
        """``index.json`` as it is now: what is installed, each package with its hash; empty where nothing ever was."""
        path = self.folder / INDEX
        try:
            status = path.stat()
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
            if self._known is None or self._known[0] != stamp:
                self._known = (stamp, path.read_bytes())
        except FileNotFoundError:
            return b""
        return self._known[1]

    def zipped(self, digest: str) -> bytes:
        """The folder of a package, as a zip file; also of one that was replaced a moment ago.

        :raises AskFailed: if there is no package of that hash.
        """
        found = sorted(self.folder.glob(f"*-{digest[:12]}")) if _DIGEST.fullmatch(digest) else []
        if not found:
            raise AskFailed(f"There is no package with the hash {digest[:12]} here any more.")
        body = io.BytesIO()
        with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for file in sorted(found[0].rglob("*")):
                path = file.relative_to(found[0])
                if file.is_file() and "__pycache__" not in path.parts:
                    archive.write(file, path.as_posix())
        return body.getvalue()


def replaced(before: bytes, now: bytes) -> bool:
    """Whether a package of one index is not in another one as it was: its modules may have been imported."""
    if before == now:
        return False
    hashes, hashes_now = _hashes(before), _hashes(now)
    return any(hashes_now.get(name) != digest for name, digest in hashes.items())


def _hashes(index: bytes) -> dict[str, str]:
    return {name: entry["hash"] for name, entry in json.loads(index)["packages"].items()} if index else {}
