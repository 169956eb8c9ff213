"""Dates, times, and both together."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Any

from dateutil import parser

from appliance.interview.datatypes.library import as_datetime
from appliance.interview.datatypes.messages import problem
from appliance.interview.datatypes.registry import datatype, last
from appliance.interview.datatypes.text import Text
from appliance.interview.errors import FieldProblem, InterviewError
from appliance.interview.screen import ShownField
from appliance.interview.turn import Posted

__all__ = ["Date", "DateTime", "Time"]

# Naive on purpose: what a person enters has no time zone until the library's as_datetime gives it the session's.
_ONE, _OTHER = datetime(2000, 1, 1), datetime(2001, 2, 2)  # noqa: DTZ001


def understood(text: str, *, clock: bool) -> datetime | None:
    """The moment that `text` names completely, without a time zone; None if it does not.

    Browsers post ISO 8601; people whose browser has no date picker type what they are used to. Read against two
    different dates, a text that leaves the day, month or year open gives two different results.

    :param clock: whether a time of day is asked for too.
    """
    if len(text) > 60:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        pass
    if not re.search(r"\d", text):
        return None
    try:
        first, second = parser.parse(text, default=_ONE), parser.parse(text, default=_OTHER)
        if clock and first != parser.parse(text, default=_ONE.replace(hour=3, minute=3)):
            return None
    except (ValueError, OverflowError):
        return None
    return first.replace(tzinfo=None) if first == second else None


def limit(field: ShownField, key: str, written: str | None) -> datetime | None:
    """A limit as the author wrote it, or as the text of a date object.

    :raises InterviewError: if it is not a date.
    """
    if written is None or not str(written).strip():
        return None
    found = understood(str(written).strip(), clock=False)
    if found is None:
        raise InterviewError(f"the {key!r} of the field {field.variable!r} is not a date")
    return found


def moment_of(value: Any) -> datetime | None:
    """The moment of a default: a date object, or a text."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, date):
        return datetime.combine(value, time())
    return understood(str(value).strip(), clock=False)


@datatype("date")
class Date(Text):
    """A day; the value is what ``as_datetime`` makes, or ``''`` for an empty field that is not required."""

    kind = "date"
    clock = False

    def more(self, field: ShownField) -> dict[str, str | int | bool | None]:
        return {"type": "date", "min": self.bound(field, "min", field.minimum),
                "max": self.bound(field, "max", field.maximum),
                "data-da-too-early": self.words(field, "min", field.minimum),
                "data-da-too-late": self.words(field, "max", field.maximum)}

    def bound(self, field: ShownField, key: str, written: str | None) -> str | None:
        """A limit as the browser wants it."""
        found = limit(field, key, written)
        return None if found is None else self.written(found)

    def words(self, field: ShownField, key: str, written: str | None) -> str | None:
        """What the page tells of a value beyond a limit, before it is sent."""
        bound = limit(field, key, written)
        return None if bound is None else str(self.beyond(field, key, bound))

    def beyond(self, field: ShownField, key: str, bound: datetime) -> FieldProblem:
        """What is wrong with a value beyond a limit."""
        shown = f"{bound:%B} {bound.day}, {bound.year}" + (f" {bound:%H:%M}" if self.clock else "")
        return problem(field, f"date {key}", key, value=shown)

    def written(self, moment: datetime) -> str:
        """`moment` as the control's value."""
        return moment.strftime("%Y-%m-%d") if moment.year >= 1000 else f"{moment.year:04d}-{moment:%m-%d}"

    def shown(self, field: ShownField, draft: Posted | None) -> str:
        if draft is not None:
            return last(draft, field.html_name)
        moment = None if field.default is None else moment_of(field.default)
        return "" if moment is None else self.written(moment)

    def convert(self, field: ShownField, text: str) -> Any:
        moment = understood(text, clock=self.clock)
        if moment is None:
            raise problem(field, self.kind, "date")
        if not self.clock:
            moment = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        self.check(field, moment)
        return as_datetime(moment)

    def check(self, field: ShownField, moment: datetime) -> None:
        """Hold `moment` against ``min`` and ``max``; of a day, the limits' days count.

        :raises FieldProblem: if it is outside.
        """
        for key, written, wrong in (("min", field.minimum, -1), ("max", field.maximum, 1)):
            bound = limit(field, key, written)
            if bound is None:
                continue
            if not self.clock:
                bound = bound.replace(hour=0, minute=0, second=0, microsecond=0)
            if (moment > bound) - (moment < bound) == wrong:
                raise self.beyond(field, key, bound)


@datatype("datetime")
class DateTime(Date):
    """A day and a time of day; the value is what ``as_datetime`` makes."""

    kind = "datetime"
    clock = True

    def more(self, field: ShownField) -> dict[str, str | int | bool | None]:
        return {**super().more(field), "type": "datetime-local"}

    def written(self, moment: datetime) -> str:
        return f"{super().written(moment)}T{moment:%H:%M}"


@datatype("time")
class Time(Text):
    """A time of day; the value is a ``datetime.time``, or ``''`` for an empty field that is not required."""

    def more(self, field: ShownField) -> dict[str, str | int | bool | None]:
        return {"type": "time", "min": field.minimum, "max": field.maximum}

    def shown(self, field: ShownField, draft: Posted | None) -> str:
        if draft is not None or field.default is None:
            return super().shown(field, draft)
        default = field.default if isinstance(field.default, time) else time_of(str(field.default))
        return "" if default is None else f"{default:%H:%M}"

    def convert(self, field: ShownField, text: str) -> Any:
        found = time_of(text)
        if found is None:
            raise problem(field, "time")
        for key, written, wrong in (("min", field.minimum, -1), ("max", field.maximum, 1)):
            bound = time_of(str(written)) if written else None
            if bound is not None and (found > bound) - (found < bound) == wrong:
                raise problem(field, f"time {key}", key, value=f"{bound:%H:%M}")
        return found


def time_of(text: str) -> time | None:
    """The time of day that `text` names: ``21:30``, ``9:30 PM``, or a whole date with a time."""
    text = text.strip()
    if len(text) > 60 or not re.search(r"\d", text):
        return None
    try:
        return time.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        pass
    if ":" not in text and not re.search(r"\d\s*[ap]\.?m\.?$", text, re.IGNORECASE):
        return None
    try:
        return parser.parse(text, default=_ONE).time()
    except (ValueError, OverflowError):
        return None
