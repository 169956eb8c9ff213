"""Plain text: one line, several lines, passwords, and the kinds of text that have a form of their own."""

from __future__ import annotations

import re
from typing import Any

from markupsafe import Markup, escape

from appliance.interview.datatypes.controls import attributes, described, ident, input_box
from appliance.interview.datatypes.messages import problem
from appliance.interview.datatypes.neutral import as_typed, neutralise
from appliance.interview.datatypes.registry import Datatype, datatype, last
from appliance.interview.screen import ShownField
from appliance.interview.turn import Posted

__all__ = ["Area", "Color", "Email", "Password", "Raw", "Text", "Url"]


@datatype("text")
class Text(Datatype):
    """One line of text; spaces around it are dropped, an empty one that is not required is ``''``.

    The input has no ``maxlength``: browsers cut off pasted text there in silence.
    """

    def control(self, field: ShownField, draft: Posted | None, error: str | None) -> Markup:
        return input_box(field, self.shown(field, draft), error, **self.more(field))

    def more(self, field: ShownField) -> dict[str, str | int | bool | None]:
        """Attributes of the input besides those that all have."""
        return {}

    def shown(self, field: ShownField, draft: Posted | None) -> str:
        """The text the control starts with."""
        if draft is not None:
            return last(draft, field.html_name)
        return "" if field.default is None else as_typed(str(field.default))

    def read(self, field: ShownField, posted: Posted) -> Any:
        text = self.clean(last(posted, field.html_name))
        if not text:
            if field.required:
                raise problem(field, "required")
            return self.empty(field)
        return self.convert(field, text)

    def clean(self, text: str) -> str:
        """What was typed, without what nobody meant to type."""
        return neutralise(text.replace("\r\n", "\n").replace("\x00", "").strip())

    def empty(self, field: ShownField) -> Any:
        """The value of a field that was left empty and may be."""
        return ""

    def convert(self, field: ShownField, text: str) -> Any:
        if field.minlength is not None and len(text) < field.minlength:
            raise problem(field, "minlength", value=field.minlength)
        if field.maxlength is not None and len(text) > field.maxlength:
            raise problem(field, "maxlength", value=field.maxlength)
        return text


@datatype("raw")
class Raw(Text):
    """Text that is taken exactly as it was typed, HTML included."""

    def clean(self, text: str) -> str:
        return text.replace("\r\n", "\n")

    def shown(self, field: ShownField, draft: Posted | None) -> str:
        if draft is not None:
            return last(draft, field.html_name)
        return "" if field.default is None else str(field.default)


@datatype("area")
class Area(Text):
    """Several lines of text."""

    def control(self, field: ShownField, draft: Posted | None, error: str | None) -> Markup:
        css = "form-control" + (" is-invalid" if error else "") + (f" {field.css_class}" if field.css_class else "")
        shown = attributes({
            "class": css, "id": ident(field), "name": field.html_name, "rows": field.rows or 4,
            "alt": "Input box", "placeholder": field.hint or (" " if field.floating_label else None),
            **described(field, error),
        })
        # A browser drops the first line break of a textarea, so one is written for it to drop.
        text = escape(self.shown(field, draft))
        return Markup(f"<textarea{shown}>\n{text}</textarea>")  # noqa: S704 - both parts are escaped

    def read(self, field: ShownField, posted: Posted) -> Any:
        if field.datatype == "raw":
            return Raw().read(field, posted)
        return super().read(field, posted)


@datatype("password")
class Password(Text):
    """A text that is not shown while it is typed, nor ever sent back to the page."""

    def more(self, field: ShownField) -> dict[str, str | int | bool | None]:
        return {"type": "password", "autocomplete": "off"}

    def shown(self, field: ShownField, draft: Posted | None) -> str:
        return "" if draft is not None else super().shown(field, draft)


_EMAIL = re.compile(r"[^@\s<>\"(),:;\[\]\\]+@[^@\s<>\"(),:;\[\]\\.]+(\.[^@\s<>\"(),:;\[\]\\.]+)+")
_URL = re.compile(r"(https?|ftp)://[^\s/?#.]+(\.[^\s/?#.]+)*(:\d+)?([/?#]\S*)?", re.IGNORECASE)
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


@datatype("email")
class Email(Text):
    """An e-mail address, complete with its domain."""

    def more(self, field: ShownField) -> dict[str, str | int | bool | None]:
        return {"type": "email", "autocomplete": "email", "autocapitalize": "off", "spellcheck": "false"}

    def convert(self, field: ShownField, text: str) -> Any:
        if len(text) > 254 or not _EMAIL.fullmatch(text):
            raise problem(field, "email")
        return super().convert(field, text)


@datatype("url")
class Url(Text):
    """A web address with its scheme; ``javascript:`` and ``data:`` are none."""

    def more(self, field: ShownField) -> dict[str, str | int | bool | None]:
        return {"type": "url", "autocapitalize": "off", "spellcheck": "false"}

    def convert(self, field: ShownField, text: str) -> Any:
        if not _URL.fullmatch(text):
            raise problem(field, "url")
        return super().convert(field, text)


@datatype("color")
class Color(Text):
    """A colour as ``#rrggbb``."""

    def more(self, field: ShownField) -> dict[str, str | int | bool | None]:
        return {"type": "color", "class_": f"form-control form-control-color {field.css_class}".strip()}

    def convert(self, field: ShownField, text: str) -> Any:
        if not _COLOR.fullmatch(text):
            raise problem(field, "color")
        return text
