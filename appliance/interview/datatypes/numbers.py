"""Numbers: whole, decimal, amounts of money, and a slider."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from markupsafe import Markup, escape

from appliance.interview.datatypes.controls import ident, input_box
from appliance.interview.datatypes.messages import problem
from appliance.interview.datatypes.registry import datatype
from appliance.interview.datatypes.text import Text
from appliance.interview.errors import InterviewError
from appliance.interview.screen import ShownField
from appliance.interview.turn import Posted

__all__ = ["Currency", "Integer", "Number", "Range"]

_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d{1,3})?")
_THOUSANDS = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d*)?")
_TOO_LONG = 300   # digits; more is no number a person means, and slow to turn into one


def limit(field: ShownField, key: str, written: str | None) -> Decimal | None:
    """A limit as the author wrote it.

    :raises InterviewError: if it is not a number.
    """
    if written is None or not str(written).strip():
        return None
    try:
        return Decimal(str(written).strip())
    except InvalidOperation:
        raise InterviewError(f"the {key!r} of the field {field.variable!r} is not a number") from None


def plain_number(value: Any) -> str:
    """A number as a person would type it: ``5`` rather than ``5.0``."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


@datatype("number", "float")
class Number(Text):
    """A decimal number; the value is a float, or None for an empty field that is not required."""

    words = "number"
    inputmode = "decimal"

    def more(self, field: ShownField) -> dict[str, str | int | bool | None]:
        # Not type="number": browsers post nothing for "1,5" or "ten", so the person could not be told what was wrong.
        return {"inputmode": self.inputmode, "autocomplete": "off", "data_da_min": field.minimum,
                "data_da_max": field.maximum, "data_da_step": field.step}

    def shown(self, field: ShownField, draft: Posted | None) -> str:
        if draft is not None or field.default is None:
            return super().shown(field, draft)
        return plain_number(field.default)

    def clean(self, text: str) -> str:
        return text.strip().replace("\N{MINUS SIGN}", "-").replace("\N{NO-BREAK SPACE}", " ")

    def empty(self, field: ShownField) -> Any:
        return None

    def convert(self, field: ShownField, text: str) -> Any:
        if _THOUSANDS.fullmatch(text):
            text = text.replace(",", "")
        if len(text) > _TOO_LONG or not _NUMBER.fullmatch(text):
            raise problem(field, self.words, "number")
        number = Decimal(text)
        self.check(field, number)
        return self.value(field, number)

    def check(self, field: ShownField, number: Decimal) -> None:
        """Hold `number` against ``min``, ``max`` and ``step``.

        :raises FieldProblem: if it is outside.
        """
        lowest, highest = limit(field, "min", field.minimum), limit(field, "max", field.maximum)
        if lowest is not None and number < lowest:
            raise problem(field, "min", value=field.minimum)
        if highest is not None and number > highest:
            raise problem(field, "max", value=field.maximum)
        step = limit(field, "step", field.step)
        if step is not None and step > 0 and number.adjusted() < 25 and number % step:
            raise problem(field, "step", value=field.step)

    def value(self, field: ShownField, number: Decimal) -> Any:
        """The Python value of an acceptable number."""
        made = float(number)
        if made in (float("inf"), float("-inf")):
            raise problem(field, self.words, "number")
        return made


@datatype("integer")
class Integer(Number):
    """A whole number; the value is an int."""

    words = "integer"
    inputmode = "numeric"

    def value(self, field: ShownField, number: Decimal) -> Any:
        if number.adjusted() > _TOO_LONG or number != number.to_integral_value():
            raise problem(field, "integer", "number")
        return int(number)


@datatype("currency")
class Currency(Number):
    """An amount of money: a currency sign and separators may be typed; the value is a float."""

    words = "currency"

    def control(self, field: ShownField, draft: Posted | None, error: str | None) -> Markup:
        box = super().control(field, draft, error)
        symbol = escape(field.currency_symbol or "$")
        css = "input-group" + (" has-validation" if error else "")
        return Markup(f'<div class="{css}"><span class="input-group-text">{symbol}</span>{box}</div>')  # noqa: S704

    def shown(self, field: ShownField, draft: Posted | None) -> str:
        if draft is None and isinstance(field.default, (int, float)) and not isinstance(field.default, bool):
            return f"{field.default:.2f}" if field.default != int(field.default) else str(int(field.default))
        return super().shown(field, draft)

    def convert(self, field: ShownField, text: str) -> Any:
        bare = text.replace(field.currency_symbol or "$", "").replace("$", "").replace(" ", "")
        return super().convert(field, bare)


@datatype("range")
class Range(Number):
    """A slider between ``min`` and ``max``; it always has a value, at first the middle."""

    def control(self, field: ShownField, draft: Posted | None, error: str | None) -> Markup:
        value = self.shown(field, draft) or self.middle(field)
        box = input_box(field, value, error, type="range", class_="form-range", min=field.minimum or "0",
                        max=field.maximum or "100", step=field.step or "1", alt=None, placeholder=None)
        name = escape(ident(field))
        return Markup(f'<div class="da-range">{box}<output for="{name}">{escape(value)}</output></div>')  # noqa: S704

    def middle(self, field: ShownField) -> str:
        """The value a browser starts with when it is given none."""
        lowest = limit(field, "min", field.minimum) or Decimal(0)
        highest = limit(field, "max", field.maximum)
        step = limit(field, "step", field.step) or Decimal(1)
        highest = Decimal(100) if highest is None else highest
        steps = ((highest - lowest) / 2 / step).quantize(Decimal(1), rounding="ROUND_HALF_UP")
        return f"{(lowest + steps * step).normalize():f}"

    def check(self, field: ShownField, number: Decimal) -> None:
        lowest, highest = limit(field, "min", field.minimum), limit(field, "max", field.maximum)
        if number < (Decimal(0) if lowest is None else lowest):
            raise problem(field, "min", value=field.minimum or 0)
        if number > (Decimal(100) if highest is None else highest):
            raise problem(field, "max", value=field.maximum or 100)
