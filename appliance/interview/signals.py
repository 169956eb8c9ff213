"""Exceptions with which library functions stop author code and say why. ``evaluate`` catches them; authors do not."""

from __future__ import annotations

from typing import Any

__all__ = [
    "AskFor",
    "BackgroundResponseActionSignal",
    "BackgroundResponseSignal",
    "CommandSignal",
    "MessageSignal",
    "MissingAttribute",
    "MissingIndex",
    "MissingItem",
    "MissingKey",
    "MissingName",
    "RerunLogic",
    "ResponseSignal",
    "Signal",
    "ValidationProblem",
]


class Signal(Exception):
    """Base of the exceptions that are not errors."""


class MissingName(Exception):
    """A name, attribute, item or index that some block may define.

    Raised by the objects of the library (plain names raise NameError by themselves). `name` is the full Python
    expression: ``user.name.first``, ``fruits[2]``, ``prices['apple']``. It is not a NameError itself, because what is
    missing from an object must also be what Python expects there (see the two subclasses), or ``hasattr(user, 'age')``
    and ``getattr(user, 'age', None)`` would not work in authors' modules.
    """

    name: str

    def __init__(self, name: str) -> None:
        super().__init__(f"name '{name}' is not defined")
        self.name = name

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.name,)


class MissingAttribute(MissingName, AttributeError):
    """The attribute of an object: ``user.birthdate``."""

    name: str


class MissingItem(MissingName, LookupError):
    """The item of a list or dictionary: ``fruits[2]``, ``prices['apple']``."""


class MissingIndex(MissingItem, IndexError):
    """Of a list: also an IndexError, as Python's lists raise."""


class MissingKey(MissingItem, KeyError):
    """Of a dictionary: also a KeyError, as Python's dictionaries raise."""

    __str__ = Exception.__str__


class AskFor(Signal):
    """``force_ask()``, ``force_gather()``: ask these variables (or run these actions) now, in this order."""

    def __init__(self, requests: list[Any], *, forget_prior: bool = False, gather: bool = False) -> None:
        super().__init__("force_ask")
        self.requests = requests
        self.forget_prior = forget_prior
        self.gather = gather


class RerunLogic(Signal):
    """``re_run_logic()``: start again from the top."""


class BackgroundResponseSignal(Signal):
    """``background_response()``: `value` normalised as documented, `kind` the second argument or None."""

    def __init__(self, value: Any = None, kind: str | None = None, sleep: float | None = None) -> None:
        super().__init__("background_response")
        self.value = value
        self.kind = kind
        self.sleep = sleep


class BackgroundResponseActionSignal(Signal):
    def __init__(self, action: str | None, arguments: dict[str, Any]) -> None:
        super().__init__("background_response_action")
        self.action = action
        self.arguments = arguments


class ResponseSignal(Signal):
    """``response()`` and ``json_response()``; the arguments are those of :class:`appliance.interview.turn.Response`."""

    def __init__(
        self,
        body: bytes = b"",
        content_type: str = "text/plain; charset=utf-8",
        status: int = 200,
        redirect: str | None = None,
        null: bool = False,
        sleep: float | None = None,
    ) -> None:
        super().__init__("response")
        self.body, self.content_type, self.status = body, content_type, status
        self.redirect, self.null, self.sleep = redirect, null, sleep


class CommandSignal(Signal):
    """``command(kind, url=, sleep=)``: exit, restart, leave, refresh, signin, …, wait."""

    def __init__(self, kind: str, url: str = "", sleep: float | None = None) -> None:
        super().__init__("command")
        self.kind, self.url, self.sleep = kind, url, sleep


class MessageSignal(Signal):
    """``message()``: a final screen made by code. Button flags: None means 'as usual'."""

    def __init__(self, question: str, subquestion: str = "", **options: Any) -> None:
        super().__init__("message")
        self.question, self.subquestion, self.options = question, subquestion, options


class ValidationProblem(Exception):
    """``validation_error()``, ``DAValidationError``: what was entered will not do; the text is for the person."""

    def __init__(self, message: str = "", field: str | None = None) -> None:
        super().__init__(message)
        self.field = field
