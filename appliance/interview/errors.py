"""What can go wrong with an interview, each error named for the fact.

Two readers: the person who answers (``str(error)`` is safe to show, it holds no traceback) and the author (``file``,
``line`` and ``variables`` say where). Messages may quote what the author's code said, so logs leave them out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from appliance.interview.turn import Effect, FollowUp

__all__ = [
    "BadInterview",
    "CannotSave",
    "CodeFailed",
    "EndlessLoop",
    "FieldProblem",
    "InterviewError",
    "NoEnd",
    "TooSlow",
    "UnknownInterview",
    "UnknownVariable",
    "told_names",
]

_TEXT_KEY = re.compile(r"""\[\s*[A-Za-z]{0,2}(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\s*\]""")
_LONGEST_NAME = 200


def told_names(names: Iterable[str]) -> str:
    """Names of variables and actions as logs, mails and the database may hold them.

    A key that is a text may be what a person typed, so it is left out; and what a browser may name as an action stays
    one short line.

    >>> told_names(["people['Jane Doe'].name", "fruits[0]", "x[i]"])
    "people['…'].name, fruits[0], x[i]"
    """
    return ", ".join(" ".join(_TEXT_KEY.sub("['…']", name).split())[:_LONGEST_NAME] for name in names)


class InterviewError(Exception):
    """Base of everything that stops an interview.

    :param message: one sentence in the words of the reader.
    :param file: the interview file, as ``PACKAGE:data/questions/x.yml``, where known.
    :param line: the line in that file, from 1, where known.
    :param variables: the names being sought, innermost first.

    ``evaluate`` sets `error_action` to what ``background_error_action()`` had registered when the error came, and
    `effects` to what had been asked for: of a turn that fails nothing is carried out, of a task that fails all.
    """

    error_action: FollowUp | None = None
    effects: Sequence[Effect] = ()

    def __init__(
        self, message: str, *, file: str | None = None, line: int | None = None, variables: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        self.line = line
        self.variables = variables

    @property
    def where(self) -> str:
        """``FILE, line N`` as far as known, else an empty text."""
        if self.file is None:
            return ""
        return self.file if self.line is None else f"{self.file}, line {self.line}"


class UnknownInterview(InterviewError):
    """No installed package has the file that was asked for."""


class BadInterview(InterviewError):
    """The file is there and is not an interview that can run.

    :param key: the offending key, where there is one.
    :param hint: the likeliest meaning (``did you mean 'question'?``).
    """

    def __init__(
        self, message: str, *, file: str | None = None, line: int | None = None, key: str | None = None, hint: str = ""
    ) -> None:
        super().__init__(message, file=file, line=line)
        self.key = key
        self.hint = hint

    def __str__(self) -> str:
        where = f"{self.where}: " if self.where else ""
        return f"{where}{self.message}" + (f" ({self.hint})" if self.hint else "")


class UnknownVariable(InterviewError):
    """The interview needs a name that no block offers."""


class EndlessLoop(InterviewError):
    """Blocks need each other in a circle, or the rounds of one turn passed the cap."""


class NoEnd(InterviewError):
    """All mandatory blocks are done and nothing is left to show."""


class CodeFailed(InterviewError):
    """The author's code or template raised something that is not a missing name.

    :param error_type: the name of the exception's class.
    :param trace: the traceback in plain text; sealed and shown to authors only.
    """

    def __init__(
        self,
        message: str,
        *,
        error_type: str,
        trace: str,
        file: str | None = None,
        line: int | None = None,
        variables: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message, file=file, line=line, variables=variables)
        self.error_type = error_type
        self.trace = trace


class TooSlow(InterviewError):
    """The turn ran into its time limit."""


class CannotSave(InterviewError):
    """A variable holds a value that cannot be stored; ``variables[0]`` names it."""


class FieldProblem(Exception):
    """One field's value was not acceptable; the message is for the person who typed it."""
