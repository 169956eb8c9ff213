"""The table of datatypes, and what each of them offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Literal

from markupsafe import Markup

from appliance.interview.errors import InterviewError
from appliance.interview.screen import ShownField
from appliance.interview.turn import Posted

__all__ = ["LATER", "NAMES", "Datatype", "datatype", "find", "find_by_name", "last"]

LATER = frozenset({
    "signature", "object", "object_radio", "object_checkboxes", "object_multiselect", "ml", "mlarea", "ajax",
})
"""Names that docassemble has and this version has not; ``check`` accepts them, a screen that uses one is an error."""

NAMES: set[str] = set(LATER)
"""Every name an author may write as ``datatype`` or ``input type``."""

Layout = Literal["labelled", "group", "single", "bare"]
"""How a row is built around a control: a label before it; a legend around several controls; a check box that carries
the label itself; nothing at all."""


class Datatype(ABC):
    """One datatype. Objects hold no state: one serves all fields of all sessions.

    Subclasses give :meth:`control` and :meth:`read`; the others have an everyday meaning to begin with.
    """

    layout: ClassVar[Layout] = "labelled"

    @abstractmethod
    def control(self, field: ShownField, draft: Posted | None, error: str | None) -> Markup:
        """The HTML of the control.

        :param draft: what was posted and not accepted, to be shown again; None: show the default.
        :param error: what was wrong with it; the text itself is drawn by the row, under the id ``NAME-error``.
        """

    @abstractmethod
    def read(self, field: ShownField, posted: Posted) -> Any:
        """The Python value of what was posted.

        :raises FieldProblem: with words for the person, if it is not acceptable.
        """

    def convert(self, field: ShownField, text: str) -> Any:
        """The value of one text, for a choice whose value the author wrote as text.

        :raises FieldProblem: if `text` is not of this datatype.
        """
        return text

    def text(self, field: ShownField, posted: Posted) -> str:
        """The text of the control as conditions of other fields see it."""
        return last(posted, field.html_name)


def last(posted: Posted, name: str) -> str:
    """The last value posted under `name` that is not empty (several rows may set one variable), else an empty text."""
    return next((value for value in reversed(posted.get(name, ())) if value), "")


_by_name: dict[str, Datatype] = {}


def datatype(*names: str) -> Callable[[type[Datatype]], type[Datatype]]:
    """Class decorator: register the class under these names."""

    def register(made: type[Datatype]) -> type[Datatype]:
        one = made()
        for name in names:
            _by_name[name] = one
        NAMES.update(names)
        return made

    return register


_LISTS = frozenset({"radio", "dropdown", "combobox", "datalist", "checkboxes", "multiselect"})


def find_by_name(name: str) -> Datatype:
    """The datatype registered as `name`.

    :raises InterviewError: if there is none, or not yet.
    """
    found = _by_name.get(name)
    if found is None:
        kind = "is not there yet in this version" if name in LATER else "does not exist"
        raise InterviewError(f"the datatype {name!r} {kind}")
    return found


def find(field: ShownField) -> Datatype:
    """The datatype that draws and reads `field`: decided by the input type, the choices and the datatype.

    :raises InterviewError: if the field needs a datatype that this version does not have.
    """
    if field.datatype in LATER:
        return find_by_name(field.datatype)
    if field.input_type:
        return find_by_name(field.input_type)
    if field.choices and field.datatype not in _LISTS:
        return find_by_name("radio" if field.datatype.endswith("radio") else "dropdown")
    return find_by_name(field.datatype)
