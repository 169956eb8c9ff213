"""The pictures of a document: which of them can be drawn, turned the right way up, and how large they are."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps

from appliance.documents.model import Run
from appliance.documents.page import INCH, length

__all__ = ["Images", "Picture"]

_USUAL_WIDTH = 4 * INCH
_MOST = 89_000_000   # pixels, from where on Pillow warns; in memory that is 270 MB
_PERCENT = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?|\.[0-9]+)\s*%\s*")
_ORIENTATION = 0x0112   # where a photograph says how the camera was held
_QUALITY = 90


@dataclass(frozen=True)
class Picture:
    """A picture that every format takes: PNG, GIF or an everyday JPEG.

    :param file: where it is, or its bytes where it had to be changed.
    :param shape: width and height in pixels.
    """

    file: Path | bytes
    shape: tuple[int, int]

    def size(self, said: str, width: float, height: float) -> tuple[float, float]:
        """Its width and height on paper: as the author said, and no larger than `width` and `height`."""
        share = _PERCENT.fullmatch(said)
        wanted = width * float(share[1]) / 100 if share else length(said) or _USUAL_WIDTH
        wide = min(wanted or _USUAL_WIDTH, width, height * self.shape[0] / self.shape[1])
        return wide, wide * self.shape[1] / self.shape[0]


class Images:
    """The pictures of one document, each looked at once.

    :param files: their paths, by the references that the text has for them.
    """

    def __init__(self, files: dict[str, str]) -> None:
        self._files = files
        self._found: dict[str, Picture | None] = {}

    def of(self, run: Run) -> Picture | None:
        """The picture that a run shows; None where there is none, and its words stand in its place."""
        if run.source not in self._found:
            path = self._files.get(run.source)
            self._found[run.source] = None if path is None else _read(Path(path))
        return self._found[run.source]


def _read(path: Path) -> Picture | None:
    """The picture of a file; None for what is none, is damaged, or would need all the memory."""
    try:
        with Image.open(path) as image:
            if image.width * image.height > _MOST:
                return None
            image.load()   # here damaged ones fail
            if _is_everyday(image):
                return Picture(path, image.size)
            return _changed(image)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None


def _is_everyday(image: Image.Image) -> bool:
    """Whether fpdf2 and python-docx both take it as it is. The latter knows a JPEG by its JFIF header alone."""
    if image.getexif().get(_ORIENTATION, 1) != 1:
        return False
    return image.format in ("PNG", "GIF") or (
        image.format == "JPEG" and "jfif" in image.info and image.mode in ("RGB", "L"))


def _changed(image: Image.Image) -> Picture:
    """The picture as a PNG, or, if it was a photograph, as a JPEG; turned the way the camera says."""
    made = io.BytesIO()
    turned = ImageOps.exif_transpose(image)
    if image.format == "JPEG":
        turned.convert("RGB").save(made, "JPEG", quality=_QUALITY)
    else:
        turned.convert("RGBA" if turned.has_transparency_data else "RGB").save(made, "PNG")
    return Picture(made.getvalue(), turned.size)
