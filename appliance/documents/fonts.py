"""The fonts of PDF documents: which one has a letter.

They come with the appliance (``vendor``, fetched when it is built). A letter that none of them has is looked for in the
system's folders of fonts; one that is nowhere is drawn as a box, and the log says of which script it was.
"""

from __future__ import annotations

import logging
import os
import sys
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

from fontTools.ttLib import TTFont, TTLibError
from fpdf import FPDF
from fpdf.errors import FPDFException

from appliance.documents.model import Look
from appliance.documents.scripts import script_of

__all__ = ["BOX", "Fonts", "vendor_folder"]

BOX = "□"
"""What stands for a letter that no font has."""

_log = logging.getLogger(__name__)

_TEXT, _CODE, _SYMBOLS = "tinos", "cousine", "dejavu"
_STYLES = {"": "400Regular", "B": "700Bold", "I": "400Regular_Italic", "BI": "700Bold_Italic"}

# Fonts of Windows, macOS and Linux that have many scripts, in the order in which they are tried.
_OF_SYSTEMS = (
    "seguisym.ttf", "msyh.ttc", "simsunb.ttf", "malgun.ttf", "nirmala.ttf", "nirmala.ttc", "ebrima.ttf", "mvboli.ttf",
    "monbaiti.ttf", "himalaya.ttf", "gadugi.ttf", "estre.ttf", "Arial Unicode.ttf", "Apple Symbols.ttf", "Kailasa.ttc",
    "Supplemental/Arial Unicode.ttf", "Supplemental/NotoSansMongolian-Regular.ttf",
    "Supplemental/Plantagenet Cherokee.ttf",
    "unifont.ttf", "FreeSerif.ttf", "FreeSans.ttf", "DroidSansFallbackFull.ttf", "NotoSansCJK-Regular.ttc",
    "NotoSansSymbols2-Regular.ttf", "NotoSansOriya-Regular.ttf", "NotoSerifTibetan-Regular.ttf",
    "NotoSansThaana-Regular.ttf", "NotoSansSyriac-Regular.ttf", "NotoSansMongolian-Regular.ttf",
    "NotoEmoji-Regular.ttf",
)


def vendor_folder() -> Path:
    """Where the fonts lie."""
    return Path(__file__).parent / "vendor"


@cache
def _file(family: str, style: str) -> Path | None:
    """The file of a family in a style; None if it has no such style."""
    folder = vendor_folder() / family
    if family == _SYMBOLS:
        return folder / "DejaVuSans.ttf" if not style else None
    return next(iter(folder.glob(f"*_{_STYLES[style]}.ttf")), None) if style in _STYLES else None


@cache
def _system_files() -> tuple[Path, ...]:
    """Those of the fonts above that this system has."""
    if sys.platform == "win32":
        folders = [Path(os.environ.get("WINDIR", r"C:\Windows")) / "Fonts"]
    elif sys.platform == "darwin":
        folders = [Path("/System/Library/Fonts"), Path("/Library/Fonts"), Path.home() / "Library/Fonts"]
    else:
        roots = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".local/share/fonts")
        folders = [folder for root in roots for folder in (root, *root.glob("*"), *root.glob("*/*"))]
    return tuple(path for name in _OF_SYSTEMS for folder in folders if (path := folder / name).is_file())


@cache
def _letters_of(path: Path) -> frozenset[int]:
    """The code points that a font of the system has; none for one that cannot be read."""
    try:
        with TTFont(path, lazy=True, fontNumber=0) as font:
            return frozenset(font.getBestCmap() or ())
    except (TTLibError, OSError, KeyError, ValueError):
        return frozenset()


class Fonts:
    """The fonts of one PDF file: each is read when the first letter wants it."""

    def __init__(self, pdf: FPDF) -> None:
        self.pdf = pdf
        self._found: dict[tuple[str, str], tuple[str, str] | None] = {}
        self._keys: dict[tuple[str, str], str | None] = {}
        self.missing: set[str] = set()

    def key(self, letter: str, look: Look) -> tuple[str, str] | None:
        """Family and style of the font that draws `letter`; None: no font has it.

        :raises FPDFException: if the fonts of the appliance are not where they should be.
        """
        style = ("B" if look.bold else "") + ("I" if look.italic else "")
        place = (letter, f"{style}c" if look.code else style)
        if place not in self._found:
            self._found[place] = self._search(letter, style, look.code)
        return self._found[place]

    def _search(self, letter: str, style: str, code: bool) -> tuple[str, str] | None:
        families = [_CODE] if code else []
        script = script_of(letter)
        if script in ("", "greek", "cyrillic"):
            families.append(_TEXT)
        elif script != "pictures":
            families.append(script)
        families.extend(one for one in (_TEXT, _SYMBOLS, *_BROAD.get(script, ())) if one not in families)
        for family in families:
            for kind in dict.fromkeys((style, style.replace("I", ""), "")):
                if self._has(family, kind, letter):
                    return family, kind
        for position, path in enumerate(_system_files()):
            if ord(letter) in _letters_of(path) and self._has_file(f"system{position}", "", path, letter):
                return f"system{position}", ""
        self.missing.add(script or unicodedata.name(letter, "UNNAMED").split(maxsplit=1)[0].lower())
        return None

    def _has(self, family: str, style: str, letter: str) -> bool:
        path = _file(family, style)
        return path is not None and self._has_file(family, style, path, letter)

    def _has_file(self, family: str, style: str, path: Path, letter: str) -> bool:
        place = (family, style)
        if place not in self._keys:
            self._keys[place] = self._add(family, style, path)
        key = self._keys[place]
        if key is None:
            return False
        font: Any = self.pdf.fonts[key]
        return ord(letter) in font.cmap

    def _add(self, family: str, style: str, path: Path) -> str | None:
        """Read a font; None for one of the system that cannot be used."""
        try:
            self.pdf.add_font(family, style, path)
        except (FPDFException, OSError, KeyError, ValueError) as error:
            if not family.startswith("system"):
                raise
            _log.info("the font %s cannot be used: %s", path.name, type(error).__name__)
            return None
        return f"{family}{style}"


_BROAD = {"korean": ("chinese",), "chinese": ("korean",), "": ("chinese", "korean"), "pictures": ()}
"""Further families that may have the letters of a script."""
