"""Texts with Mako in them, compiled once for each file version.

Mako fetches every name a template mentions before it renders the first line, which would ask a person for variables of
branches that are never reached. So the fetching statements are taken out of the code that Mako generates, and the
rendering function runs with the answers as its globals: a name is looked up where it is used, and a missing one is an
ordinary NameError there.
"""

from __future__ import annotations

import ast
import json
import re
from types import CodeType, FunctionType
from typing import Any

from mako import cache, filters, runtime
from mako.exceptions import MakoException
from mako.template import Template
from mako.util import FastEncodingBuffer

from appliance.interview.errors import BadInterview
from appliance.interview.syntax import MAKING_TREES, parse
from appliance.interview.turn import Answers

__all__ = ["MAKO_NAMES", "FromCode", "TextTemplate"]

_DYNAMIC = re.compile(r"\$\{|^[ \t]*%|<%|\\\n", re.MULTILINE)
_HEADING = re.compile(r"^([ \t]*)(#{2,})", re.MULTILINE)
_METADATA = re.compile(r'"""\s*__M_BEGIN_METADATA\s*(\{.*\})\s*__M_END_METADATA\s*"""', re.DOTALL)

MAKO_NAMES: dict[str, Any] = {
    "runtime": runtime,
    "filters": filters,
    "cache": cache,
    "UNDEFINED": runtime.UNDEFINED,
    "STOP_RENDERING": runtime.STOP_RENDERING,
    "__M_dict_builtin": dict,
    "__M_locals_builtin": locals,
}
"""What Mako's generated code expects among its module's names."""


_OF_MAKO = frozenset({"caller", "capture"})
"""Names that Mako's context has by itself."""


class _LooseNames(ast.NodeTransformer):
    """Takes out the ``name = context.get('name', UNDEFINED)`` statements, except for Mako's own names."""

    def visit_Assign(self, node: ast.Assign) -> ast.AST | None:
        value = node.value
        if (
            isinstance(value, ast.Call)
            and isinstance(value.func, ast.Attribute)
            and value.func.attr == "get"
            and isinstance(value.func.value, ast.Name)
            and value.func.value.id == "context"
            and len(value.args) == 2
            and isinstance(value.args[0], ast.Constant)
            and value.args[0].value not in _OF_MAKO
            and isinstance(value.args[1], ast.Name)
            and value.args[1].id == "UNDEFINED"
        ):
            return None
        return self.generic_visit(node)


class FromCode(str):
    """A text that an author's code gave while the interview runs, for a field or a choice.

    It is shown as it is: what a person typed may be in it, and Mako in that would run as the author's own Python.
    """

    __slots__ = ()

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        """It is stored as an ordinary text."""
        return str, (str(self),)


class TextTemplate:
    """A text of the interview file, or one that code gave.

    :param line: the line of the file that the text begins at.
    :raises BadInterview: where Mako cannot read it.
    """

    def __init__(self, text: str, file: str, line: int) -> None:
        self.text, self.file, self.line = str(text), file, line
        self._functions: dict[str, CodeType] = {}
        self.static = isinstance(text, FromCode) or _DYNAMIC.search(text) is None
        if not self.static:
            self._compile()

    def _compile(self) -> None:
        # Two or more # begin a heading of Markdown here, as in docassemble; for Mako they would be a comment.
        text = _HEADING.sub(r"\1${'\2'}", self.text)
        try:
            with MAKING_TREES:
                source = Template(text=text, default_filters=["str"]).code  # noqa: S702 - authors write HTML by design
        except MakoException as error:
            at = self.line + int(getattr(error, "lineno", 1) or 1) - 1
            message = re.sub(r" (?:in file .*)?at line: \d+ char: \d+$", "", str(error).splitlines()[0])
            raise BadInterview(f"Mako cannot read this text: {message}", file=self.file, line=at) from error
        except SyntaxError as error:
            raise BadInterview(f"Mako cannot read this text: {error.msg}", file=self.file, line=self.line) from error
        tree = _LooseNames().visit(parse(source))
        self._renumber(tree, source)
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("render_"):
                module = ast.fix_missing_locations(ast.Module([node], []))
                compiled = compile(module, self.file, "exec")
                self._functions[node.name] = next(c for c in compiled.co_consts if isinstance(c, CodeType))

    def _renumber(self, tree: ast.AST, source: str) -> None:
        """Give the generated statements the lines of the author's file."""
        match = _METADATA.search(source)
        if match is None:
            return
        line_map = {int(k): int(v) for k, v in json.loads(match[1])["line_map"].items()}
        known = sorted(line_map)
        lines: dict[int, int] = {}
        position = 0
        for generated in range(1, source.count("\n") + 2):
            while position + 1 < len(known) and known[position + 1] <= generated:
                position += 1
            lines[generated] = line_map[known[position]] + self.line - 1 if known else self.line
        for node in ast.walk(tree):
            if isinstance(node, ast.stmt | ast.expr | ast.excepthandler | ast.arg | ast.keyword):
                node.lineno = node.end_lineno = lines.get(node.lineno, self.line)
                node.col_offset = node.end_col_offset = 0

    def render(self, answers: Answers) -> str:
        """The text with the answers filled in.

        :raises NameError: for a name that is not defined (yet).
        """
        if self.static:
            return self.text
        buffer = FastEncodingBuffer()
        context = runtime.Context(buffer)
        context._outputting_as_unicode = True  # noqa: SLF001 - as Template.render sets it for its own contexts
        extra = [name for name in self._functions if name != "render_body"]
        for name in extra:
            answers[name] = FunctionType(self._functions[name], answers, name)
        try:
            FunctionType(self._functions["render_body"], answers, "render_body")(context)
        finally:
            for name in extra:
                answers.pop(name, None)
        return str(buffer.getvalue())
