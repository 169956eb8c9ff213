"""What people are told about a value that is not acceptable.

The keys and words are docassemble's; the author may override them in ``validation messages``.
"""

from __future__ import annotations

from appliance.interview.errors import FieldProblem
from appliance.interview.screen import ShownField

__all__ = ["problem"]

_WORDS = {
    "required": "This field is required.",
    "file required": "Please choose a file.",
    "accept": "This is not the kind of file that is asked for. Please choose one of these: %s",
    "multiple choice required": "You need to select one.",
    "combobox required": "You need to select one or type in a new value.",
    "checkboxes required": "Check at least one option, or check “%s”",
    "minlength": "You must type at least %s characters.",
    "maxlength": "You cannot type more than %s characters.",
    "checkbox minlength": "Please select at least %s.",
    "checkbox maxlength": "Please select no more than %s.",
    "checkbox minmaxlength": "Please select exactly %s.",
    "not a choice": "This is not one of the choices.",
    "number": "You need to enter a number.",
    "integer": "Please enter a whole number.",
    "currency": "You need to enter an amount of money, like 1,234.50.",
    "min": "You need to enter a number that is at least %s.",
    "max": "You need to enter a number that is at most %s.",
    "step": "Please enter a multiple of %s.",
    "date": "You need to enter a valid date.",
    "date min": "You need to enter a date on or after %s.",
    "date max": "You need to enter a date on or before %s.",
    "time": "You need to enter a valid time.",
    "time min": "You need to enter a time at or after %s.",
    "time max": "You need to enter a time at or before %s.",
    "datetime": "You need to enter a valid date and time.",
    "email": "You need to enter a complete e-mail address.",
    "url": "You need to enter a complete web address, like https://example.com.",
    "color": "You need to enter a color, like #336699.",
}


def problem(field: ShownField, *keys: str, value: object = "") -> FieldProblem:
    """The error to raise for `field`.

    :param keys: under which the author may have written a message, the most telling first; ours is the first key's.
    :param value: what ``%s`` in the message stands for.
    """
    for key in keys:
        if written := field.validation_messages.get(key):
            return FieldProblem(written.strip().replace("%s", str(value)))
    return FieldProblem(_WORDS[keys[0]].replace("%s", str(value)))
