"""Fields that a script or the browser fills in, not the person."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from appliance.interview.datatypes.controls import attributes, ident
from appliance.interview.datatypes.registry import Datatype, datatype, find_by_name, last
from appliance.interview.screen import ShownField
from appliance.interview.turn import Posted

__all__ = ["Hidden"]


@datatype("hidden")
class Hidden(Datatype):
    """An ``<input type="hidden">``; with ``input type: hidden`` the value is read as the field's datatype says."""

    layout = "bare"

    def control(self, field: ShownField, draft: Posted | None, error: str | None) -> Markup:
        value = last(draft, field.html_name) if draft is not None else "" if field.default is None else field.default
        return Markup("<input" + attributes({  # noqa: S704 - attributes() escapes every value
            "type": "hidden", "id": ident(field), "name": field.html_name, "value": str(value),
            "disabled": field.disabled}) + ">")

    def read(self, field: ShownField, posted: Posted) -> Any:
        kind = "text" if field.datatype == "hidden" else field.datatype
        return find_by_name(kind).read(field, posted)
