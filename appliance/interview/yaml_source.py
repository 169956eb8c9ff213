"""From the text of an interview file to its documents, each value knowing its line.

Keys keep the text the author wrote (``Yes`` stays ``Yes``), values follow YAML 1.1. A file whose first line is
``# use jinja`` goes through Jinja2 first, as documented by docassemble ("Using Jinja2 in your YAML").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import jinja2
import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from appliance.interview.errors import BadInterview
from appliance.interview.yaml_limits import check_limits

__all__ = ["Document", "YamlMap", "documents", "expand_jinja"]

_SEPARATOR = re.compile(r"^(?:---|\.\.\.)(?:[ \t]+#.*|[ \t]*)$", re.MULTILINE)


class YamlMap(dict[str, Any]):
    """A mapping of the file: ``line_of(key)`` is the line of the key, ``text_line(key)`` where its text begins."""

    line: int = 0

    def __init__(self) -> None:
        super().__init__()
        self._lines: dict[str, tuple[int, int]] = {}

    def put(self, key: str, value: Any, line: int, text_line: int) -> None:
        self[key] = value
        self._lines[key] = (line, text_line)

    def line_of(self, key: str) -> int:
        return self._lines.get(key, (self.line, self.line))[0]

    def text_line(self, key: str) -> int:
        return self._lines.get(key, (self.line, self.line))[1]


@dataclass
class Document:
    """One block of the file as written: its mapping and the line it starts at."""

    data: YamlMap
    line: int


@dataclass
class _Builder:
    """Turns nodes into Python values; `offset` is the line before the document's first."""

    file: str
    offset: int
    constructor: yaml.constructor.SafeConstructor = field(default_factory=yaml.constructor.SafeConstructor)

    def line(self, node: Node) -> int:
        return int(node.start_mark.line) + 1 + self.offset

    def build(self, node: Node) -> Any:
        if isinstance(node, MappingNode):
            return self.mapping(node)
        if isinstance(node, SequenceNode):
            return [self.build(item) for item in node.value]
        return self.scalar(node)

    def scalar(self, node: Node) -> Any:
        try:
            return self.constructor.construct_object(node, deep=True)
        except (yaml.constructor.ConstructorError, ValueError) as error:
            raise BadInterview(
                f"this value cannot be read: {node.value!r}", file=self.file, line=self.line(node)
            ) from error

    def mapping(self, node: MappingNode) -> YamlMap:
        result = YamlMap()
        result.line = self.line(node)
        for key_node, value_node in node.value:
            if not isinstance(key_node, ScalarNode):
                raise BadInterview("a key must be plain text", file=self.file, line=self.line(key_node))
            key, line = str(key_node.value), self.line(key_node)
            if key == "<<" and isinstance(value_node, MappingNode):
                for merged, value in self.mapping(value_node).items():
                    if merged not in result:
                        result.put(merged, value, line, line)
                continue
            if key in result:
                raise BadInterview(f"the key {key!r} stands twice in this block", file=self.file, line=line, key=key)
            block_text = isinstance(value_node, ScalarNode) and value_node.style in ("|", ">")
            result.put(key, self.build(value_node), line, self.line(value_node) + (1 if block_text else 0))
        return result


def _split(text: str) -> Iterator[tuple[str, int]]:
    """The documents' texts, each with the number of lines before it."""
    begin = 0
    for match in _SEPARATOR.finditer(text):
        yield text[begin : match.start()], text.count("\n", 0, begin)
        begin = match.end()
    yield text[begin:], text.count("\n", 0, begin)


def documents(text: str, file: str) -> list[Document]:
    """The blocks of an interview file, in order; empty ones are left out.

    :param file: the name used in messages.
    :raises BadInterview: where the text is not YAML or a block is not a mapping.
    """
    found: list[Document] = []
    text = text.lstrip("\ufeff").replace("\r\n", "\n").replace("\t", "  ")
    for part, offset in _split(text):
        try:
            check_limits(part)
            node = yaml.compose(part, Loader=yaml.CSafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = int(mark.line) + 1 + offset if mark is not None else offset + 1
            raise BadInterview(
                f"this is not valid YAML: {error.problem or error.context}",
                file=file,
                line=line,
                hint=_yaml_hint(str(error.problem)),
            ) from error
        except yaml.YAMLError as error:
            raise BadInterview(f"this is not valid YAML: {error}", file=file, line=offset + 1) from error
        if node is None:
            continue
        builder = _Builder(file, offset)
        if not isinstance(node, MappingNode):
            if isinstance(node, ScalarNode) and not str(node.value).strip():
                continue
            raise BadInterview(
                "a block must be 'key: value' lines, and this one is not", file=file, line=builder.line(node)
            )
        found.append(Document(builder.mapping(node), builder.line(node)))
    return found


def _yaml_hint(problem: str) -> str:
    if "mapping values are not allowed" in problem:
        return "a text with a colon in it needs quotation marks"
    if "could not find expected ':'" in problem:
        return "a text of several lines needs '|' after the colon, and its lines indented"
    if "cannot start any token" in problem:
        return "a text that starts with a special character needs quotation marks"
    return ""


def expand_jinja(text: str, file: str, context: dict[str, Any], include: Callable[[str], str]) -> str:
    """The text after Jinja2, if its first line asks for that; else the text itself.

    :param context: the documented ``__filename__`` and so on.
    :param include: gives the text of another file of the package by name; raises KeyError if there is none.
    """
    if not re.match(r"\ufeff?# use jinja[ \t]*\r?\n", text):
        return text

    def load(name: str) -> str | None:
        try:
            return include(name)
        except KeyError:
            return None

    environment = jinja2.Environment(loader=jinja2.FunctionLoader(load), autoescape=False)  # noqa: S701 - YAML, not HTML
    try:
        return environment.from_string(text).render(context)
    except jinja2.TemplateSyntaxError as error:
        raise BadInterview(f"Jinja2 cannot read this: {error.message}", file=file, line=error.lineno) from error
    except jinja2.TemplateError as error:
        raise BadInterview(f"Jinja2 failed: {error.message or type(error).__name__}", file=file, line=1) from error
