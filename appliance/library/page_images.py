"""The pages of a PDF or of an image file as images, for programs that look at pages.

PDFium and Pillow are imported when the first page is wanted: they take a tenth of a second and some megabytes, and most
processes never look at a page.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.library.errors import DAError

if TYPE_CHECKING:
    import pypdfium2
    from PIL import Image

__all__ = ["Crop", "NotReadable", "Page", "page_count", "page_image"]

_PDFIUM = threading.Lock()   # PDFium may be used by one thread of a process at a time

_LARGEST = 32_000            # pixels of a side: what Tesseract takes
_MOST = 50_000_000           # pixels of a page, so that a page of 5 m × 5 m does not take all the memory
_POINTS = 72                 # an inch in PDF's units
_PDF_SIGNATURE = b"%PDF-"


class NotReadable(DAError):
    """A file is no PDF and no image, or a damaged one."""


@dataclass(frozen=True)
class Crop:
    """A part of a PDF's page, in pixels from its top left corner; no width or height means all there is."""

    x: int = 0
    y: int = 0
    width: int = 0
    height: int = 0


@dataclass(frozen=True)
class Page:
    """A page as a PNG image."""

    png: bytes
    dpi: int


def page_count(path: Path) -> int:
    """How many pages a PDF has, or images an image file.

    :raises NotReadable: naming no file: its name may be a person's.
    """
    if is_pdf(path):
        with _pdf(path) as document:
            return len(document)
    with _image(path) as image:
        return int(getattr(image, "n_frames", 1))


def page_image(path: Path, number: int, *, dpi: int = 300, color: bool = False, crop: Crop | None = None) -> Page:
    """One page.

    :param number: from 1.
    :param dpi: of a PDF's page; less for one that is very large.
    :param color: keep the colours.
    :param crop: of a PDF's page.
    :raises NotReadable: also if there is no such page.
    """
    if is_pdf(path):
        image, dpi = _drawn(path, number, dpi, color, crop or Crop())
    else:
        image, dpi = _taken(path, number, dpi, color)
    image.thumbnail((_LARGEST, _LARGEST))
    content = io.BytesIO()
    image.save(content, "PNG", compress_level=1, dpi=(dpi, dpi))
    return Page(content.getvalue(), dpi)


def is_pdf(path: Path) -> bool:
    """Whether the content is a PDF; some begin with a few bytes of something else."""
    with path.open("rb") as file:
        return _PDF_SIGNATURE in file.read(1024)


@contextmanager
def _pdf(path: Path) -> Iterator[pypdfium2.PdfDocument]:
    import pypdfium2

    with _PDFIUM:
        try:
            document = pypdfium2.PdfDocument(path)
        except pypdfium2.PdfiumError as error:
            raise NotReadable("The PDF cannot be read: it is damaged, or a password protects it.") from error
        try:
            yield document
        finally:
            document.close()


def _drawn(path: Path, number: int, dpi: int, color: bool, crop: Crop) -> tuple[Image.Image, int]:
    import pypdfium2

    with _pdf(path) as document:
        if not 1 <= number <= len(document):
            raise NotReadable(f"The PDF has no page {number}: it has {len(document)}.")
        try:
            document.init_forms()   # what was filled in is to be seen
            page = document[number - 1]
            width, height = page.get_size()
            dpi = _affordable(width / _POINTS, height / _POINTS, dpi)
            bitmap = page.render(scale=dpi / _POINTS, grayscale=not color, rev_byteorder=True)
            image = bitmap.to_pil().copy()
        except pypdfium2.PdfiumError as error:
            raise NotReadable(f"Page {number} of the PDF cannot be drawn.") from error
    if crop == Crop():
        return image, dpi
    right = crop.x + crop.width if crop.width else image.width
    bottom = crop.y + crop.height if crop.height else image.height
    box = (max(crop.x, 0), max(crop.y, 0), min(right, image.width), min(bottom, image.height))
    if box[0] >= box[2] or box[1] >= box[3]:
        raise NotReadable(f"Nothing of page {number} is left: it has {image.width} × {image.height} pixels, and what "
                          f"x, y, W and H ask for lies outside.")
    return image.crop(box), dpi


def _affordable(width: float, height: float, dpi: int) -> int:
    """The resolution, less if a page of so many inches would be an image too large."""
    most = min(_LARGEST / max(width, height, 0.01), (_MOST / max(width * height, 0.0001)) ** 0.5)
    return max(1, min(dpi, int(most)))


@contextmanager
def _image(path: Path) -> Iterator[Image.Image]:
    from PIL import Image

    try:
        with Image.open(path) as image:
            yield image
    except (OSError, SyntaxError, ValueError, TypeError, EOFError, Image.DecompressionBombError) as error:
        raise NotReadable("The file is neither a PDF nor an image that can be read.") from error


def _taken(path: Path, number: int, dpi: int, color: bool) -> tuple[Image.Image, int]:
    from PIL import Image, ImageOps

    with _image(path) as opened:
        if not 1 <= number <= int(getattr(opened, "n_frames", 1)):
            raise NotReadable(f"The image has no page {number}.")
        opened.seek(number - 1)
        said = float(opened.info.get("dpi", (0, 0))[0])   # of a broken one not a number
        image = ImageOps.exif_transpose(opened)   # cameras turn a photograph by saying so
        if image.has_transparency_data:
            white = Image.new("RGBA", image.size, "white")
            white.alpha_composite(image.convert("RGBA"))
            image = white
        image = image.convert("RGB" if color else "L")
    return image, int(said) if 70 <= said <= 1200 else dpi
