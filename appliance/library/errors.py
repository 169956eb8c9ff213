"""docassemble's exceptions, for modules that raise or catch them."""

from __future__ import annotations

from appliance.interview.signals import ValidationProblem

__all__ = ["DAAttributeError", "DAError", "DAException", "DAIndexError", "DANotFoundError", "DAValidationError"]


class DAException(Exception):
    """Something that docassemble's own functions raise."""


class DAError(DAException):
    """An error that stops the interview with a message.

    :param code: the HTTP status that docassemble would answer with.
    """

    def __init__(self, value: str, code: int = 501) -> None:
        super().__init__(value)
        self.value = value
        self.error_code = code


class DANotFoundError(DAError):
    """A file, a session or a user is not there."""

    def __init__(self, value: str, code: int = 404) -> None:
        super().__init__(value, code)


class DAAttributeError(AttributeError):
    """An attribute that no block can define."""


class DAIndexError(IndexError):
    """An index that no block can define."""


class DAValidationError(ValidationProblem):
    """What was entered is not acceptable; the message is for the person.

    :param field: the variable of the field that the message is shown at.
    """
