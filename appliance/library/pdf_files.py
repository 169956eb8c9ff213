"""What files need of PDF: joining, taking apart, and the fields of forms. Passwords are not asked for.

pypdf is imported when the first file needs it: most processes never see one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pypdf import PdfReader
    from pypdf.generic import DictionaryObject

__all__ = ["form_fields", "is_encrypted", "join", "take_pages"]


# What pypdf raises on damaged files besides its own errors: it takes much of what it finds for what it should be.
_DAMAGED = (AssertionError, AttributeError, LookupError, OverflowError, RecursionError, TypeError)


@contextmanager
def _read(path: Path) -> Iterator[PdfReader]:
    """:raises ValueError: where the file is no PDF that can be read, also of what is done with it in here."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        with path.open("rb") as file:
            yield PdfReader(file)
    except (PyPdfError, *_DAMAGED) as error:
        raise ValueError("This is not a PDF file that can be read.") from error


@contextmanager
def _opened(path: Path) -> Iterator[PdfReader]:
    """:raises ValueError: where the file is no PDF that can be read, or needs a password."""
    with _read(path) as reader:
        if reader.is_encrypted and not reader.decrypt(""):
            raise ValueError("This PDF file is protected by a password.")
        yield reader


def is_encrypted(path: Path) -> bool:
    """Whether a PDF file has a password, be it one for opening it or one for changing it.

    :raises ValueError: where the file is no PDF that can be read.
    """
    with _read(path) as reader:
        return bool(reader.is_encrypted)


def join(paths: Iterable[Path], to: Path) -> None:
    """Write the pages of several PDF files into one.

    :raises ValueError: where one is no PDF that can be read.
    """
    from pypdf import PdfWriter

    with PdfWriter() as writer:
        for path in paths:
            with _opened(path) as reader:
                if not reader.pages:
                    raise ValueError("This is not a PDF file that can be read: no page is found in it.")
                writer.append(reader)
        writer.write(to)


def take_pages(path: Path, first: int, last: int, to: Path) -> None:
    """Write a PDF of some pages, counted from 1, both ends included.

    :raises ValueError: where the file is no PDF that can be read, or lacks these pages.
    """
    from pypdf import PdfWriter

    with _opened(path) as reader, PdfWriter() as writer:
        if not 1 <= first <= last <= len(reader.pages):
            raise ValueError(f"This PDF file has {len(reader.pages)} pages; {first} to {last} are none of them.")
        writer.append(reader, pages=(first - 1, last))
        writer.write(to)


def form_fields(path: Path) -> list[tuple[str, Any, int, list[float], str, str]]:
    """The fields of a PDF's form: name, value, page (from 1), corners of its place, type (``/Tx`` …), export value.

    :raises ValueError: where the file is no PDF that can be read.
    """
    from pypdf.generic import DictionaryObject

    found = []
    with _opened(path) as reader:
        for number, page in enumerate(reader.pages, start=1):
            for reference in page.get("/Annots") or ():
                widget = reference.get_object()
                if not isinstance(widget, DictionaryObject) or widget.get("/Subtype") != "/Widget":
                    continue
                chain = list(_ancestry(widget))
                name = ".".join(str(one["/T"]) for one in reversed(chain) if "/T" in one)
                if name:
                    place = [float(side) for side in widget.get("/Rect", ())]
                    found.append((name, _text(_inherited(chain, "/V")), number, place,
                                  str(_inherited(chain, "/FT") or ""), _export_value(widget)))
    return found


def _ancestry(widget: DictionaryObject) -> Iterator[DictionaryObject]:
    """A field and the fields it is part of, inmost first; a file that goes round in circles ends."""
    from pypdf.generic import DictionaryObject

    seen: set[int] = set()
    one: Any = widget
    while isinstance(one, DictionaryObject) and id(one) not in seen:
        seen.add(id(one))
        yield one
        parent = one.get("/Parent")
        one = None if parent is None else parent.get_object()


def _inherited(chain: list[DictionaryObject], key: str) -> Any:
    return next((one[key] for one in chain if key in one), None)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _export_value(widget: DictionaryObject) -> str:
    """What a check box or radio button is worth when it is on; empty for other fields."""
    from pypdf.generic import DictionaryObject

    looks = widget.get("/AP", DictionaryObject()).get_object()
    usual = looks.get("/N", DictionaryObject()).get_object() if isinstance(looks, DictionaryObject) else None
    if not isinstance(usual, DictionaryObject) or "/BBox" in usual:
        return ""
    return next((name.removeprefix("/") for name in usual if name != "/Off"), "")
