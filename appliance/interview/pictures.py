"""Changing pictures: their size and their format. They lie the right way up afterwards, whatever a camera said.

Pillow is imported when the first picture comes: it takes time, and most processes never see one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["convert", "format_of", "shrink"]

_MOST = 89_000_000   # pixels, from where on Pillow warns; in memory that is 270 MB
_WITHOUT_TRANSPARENCY = frozenset({"JPEG", "PDF", "BMP"})
_OF_PRINTERS, _FOR_PRINTERS = frozenset({"CMYK", "YCbCr", "LAB"}), frozenset({"TIFF"})


def format_of(extension: str) -> str | None:
    """The picture format of an extension; None if it is none that can be written.

    >>> format_of("jpg"), format_of("doc")
    ('JPEG', None)
    """
    from PIL import Image

    found = Image.registered_extensions().get(f".{extension.lower()}")
    return found if found in Image.SAVE else None


def convert(path: Path, to_format: str, to: Path) -> None:
    """Write the picture in another format.

    :raises ValueError: where the file is no picture that can be read.
    """
    _save(_opened(path), to_format, to)


def shrink(path: Path, largest_side: int | None, to_format: str | None) -> str | None:
    """Make a picture in place so small that neither side is longer than `largest_side` pixels.

    :param to_format: also change its format; None: keep it.
    :returns: the format it now has; None if there was nothing to do.
    :raises ValueError: where the file is no picture that can be read.
    """
    from PIL import Image, ImageOps

    Image.init()   # all formats, not only those of everyday
    picture = _opened(path)
    before = picture.format
    too_large = largest_side is not None and max(picture.size) > largest_side
    wanted = to_format or before
    if wanted is None or wanted not in Image.SAVE or (not too_large and wanted == before):
        return None
    if too_large and largest_side is not None:
        picture = ImageOps.exif_transpose(picture)
        picture.thumbnail((largest_side, largest_side), Image.Resampling.LANCZOS)
    changed = path.with_name("changed")
    _save(picture, wanted, changed)
    changed.replace(path)
    return wanted


def _opened(path: Path) -> Image.Image:
    from PIL import Image, UnidentifiedImageError

    try:
        picture = Image.open(path)
        if picture.width * picture.height <= _MOST:   # a small file may hold a very large picture
            picture.load()
            return picture
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError,
            Image.DecompressionBombWarning) as error:   # the warning, where warnings are errors
        raise ValueError("This is not a picture that can be read.") from error
    raise ValueError("This picture is too large to be changed.")


def _save(picture: Image.Image, to_format: str, to: Path) -> None:
    from PIL import ImageOps

    picture = ImageOps.exif_transpose(picture)
    if to_format in _WITHOUT_TRANSPARENCY:
        picture = _on_white(picture)
    elif picture.mode in _OF_PRINTERS and to_format not in _FOR_PRINTERS:
        picture = picture.convert("RGB")
    picture.save(to, format=to_format)


def _on_white(picture: Image.Image) -> Image.Image:
    """A picture without transparency, for formats that know none."""
    from PIL import Image

    if picture.mode in ("RGB", "L"):
        return picture
    if "A" not in picture.getbands() and "transparency" not in picture.info:
        return picture.convert("RGB")
    layer = picture.convert("RGBA")
    paper = Image.new("RGB", picture.size, "white")
    paper.paste(layer, mask=layer.getchannel("A"))
    return paper
