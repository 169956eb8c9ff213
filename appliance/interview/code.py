"""The author's Python: compiled once for each file version, run with a session's answers as its globals."""

from __future__ import annotations

import ast
from types import CodeType
from typing import Any, Literal

from appliance.interview.errors import BadInterview
from appliance.interview.names import assigned_names, names_read
from appliance.interview.syntax import parse
from appliance.interview.turn import Answers

__all__ = ["CodeText", "Expression"]


def _parse(text: str, mode: Literal["exec", "eval"], file: str, line: int, what: str) -> ast.Module | ast.Expression:
    try:
        tree: ast.Module | ast.Expression
        tree = parse(text, file, "exec") if mode == "exec" else parse(text, file, "eval")
    except SyntaxError as error:
        at = line + min(error.lineno or 1, text.count("\n", 0, len(text.rstrip("\n)"))) + 1) - 1
        raise BadInterview(f"{what} is not valid Python: {error.msg}", file=file, line=at) from error
    except ValueError as error:
        raise BadInterview(f"{what} is not valid Python: {error}", file=file, line=line) from error
    else:
        ast.increment_lineno(tree, line - 1)
        return tree


class CodeText:
    """Statements of a ``code`` block.

    :param line: the line of the file that the text begins at, so that tracebacks name the author's own lines.
    """

    def __init__(self, text: str, file: str, line: int, what: str = "the code") -> None:
        self.text, self.file, self.line = text, file, line
        tree = _parse(text, "exec", file, line, what)
        self.assigned = assigned_names(tree)
        self.read = names_read(tree)
        self._code: CodeType = compile(tree, file, "exec")

    def run(self, answers: Answers) -> None:
        """Run the statements; what they assign is assigned in `answers`."""
        exec(self._code, answers)


class Expression:
    """A Python expression in a file (``if``, ``mandatory``, ``code`` of choices …)."""

    def __init__(self, text: str, file: str, line: int, what: str = "the expression") -> None:
        self.text, self.file, self.line = text.strip(), file, line
        source = "(" + self.text + "\n)" if self.text else "None"
        tree = _parse(source, "eval", file, line, what)
        self._code: CodeType = compile(tree, file, "eval")

    def value(self, answers: Answers) -> Any:
        """What the expression is worth now."""
        return eval(self._code, answers)
