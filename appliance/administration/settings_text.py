"""Changes in the text of ``config.yml`` that leave everything else of it as it was written, comments too.

Only the lines of a directive that changes are written anew. What a text can hold beside (anchors, values within braces)
may not survive that; whoever changes a text reads it afterwards and compares (:mod:`.settings_file`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import yaml

from appliance.config import DIRECTIVES
from appliance.interview.yaml_limits import check_limits

__all__ = ["HIDDEN", "Slot", "Written", "changed", "groups", "read", "shown_again", "unknown", "without_secrets"]

HIDDEN = "(not shown)"
"""Stands for a secret in what an administrator gets to see, and for the one that is kept in what comes back."""

_WIDTH = 1 << 20


class Slot(NamedTuple):
    """Where a value stands.

    :param name: the directive.
    :param place: of a group that is there several times (``mail``): which of them, from 0; else None.
    """

    name: str
    place: int | None = None

    @property
    def field(self) -> str:
        """The name of its field in a form.

        >>> Slot("mail: server", 1).field
        'mail: server #2'
        """
        return self.name if self.place is None else f"{self.name} #{self.place + 1}"


@dataclass(frozen=True)
class Written:
    """A directive that the file has.

    :param value: as the configuration understands it.
    """

    slot: Slot
    value: Any
    mapping: yaml.MappingNode
    key: yaml.Node
    node: yaml.Node


def read(text: str) -> dict[Slot, Written]:
    """The directives in a text, by where they stand.

    :raises yaml.YAMLError: if it is not YAML.
    """
    root = _root(text)
    return {} if root is None else {one.slot: one for one in _leaves(root, "", None)}


def unknown(text: str) -> list[str]:
    """The names in a text that are no directives, in their order."""
    root = _root(text)
    return [] if root is None else list(_strangers(root, ""))


def groups(text: str) -> dict[str, int]:
    """The groups that are there several times, and how often."""
    found: dict[str, int] = {}
    for slot in read(text):
        if slot.place is not None:
            name = slot.name.rpartition(": ")[0]
            found[name] = max(found.get(name, 0), slot.place + 1)
    return found


def changed(text: str, slot: Slot, value: Any) -> str:
    """The text with another value for a directive; None takes it out."""
    written = read(text).get(slot)
    lines = text.splitlines()
    if written is not None:
        return _joined(_replaced(lines, written, value))
    if value is None:
        return text
    return _joined(_added(lines, text, slot, value))


def _joined(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _replaced(lines: list[str], written: Written, value: Any) -> list[str]:
    """The lines of a directive written anew, or taken out with the groups that are empty then."""
    if value is None:
        first, last = _emptied(lines, written)
        return lines[:first] + _with_dash(lines, written)[last + 1:]
    first, last = _extent(written)
    column, key = written.key.start_mark.column, written.key.value
    fresh = _dumped(key, value, column)
    if isinstance(value, list) and isinstance(written.node, yaml.SequenceNode) and not written.node.flow_style:
        further = written.node.start_mark.column - column   # how far the writer of the file has set lists in
        fresh[1:] = [" " * further + line for line in fresh[1:]]
    before = lines[first][:column]
    fresh[0] = before + fresh[0][column:]   # the dash of a list entry
    end = written.node.end_mark
    if isinstance(written.node, yaml.ScalarNode) and end.line == last:
        rest = lines[last][end.column:]
        if rest.lstrip().startswith("#"):
            fresh[-1] += rest
    return lines[:first] + fresh + lines[last + 1:]


def _with_dash(lines: list[str], written: Written) -> list[str]:
    """The lines; where the dash of a list entry goes with its first line, with one on the line that is first then."""
    key, pairs = written.key.start_mark, written.mapping.value
    before = lines[key.line][:key.column]
    if "-" not in before or len(pairs) == 1:
        return lines
    following = pairs[1][0].start_mark.line
    return [*lines[:following], before + lines[following][key.column:], *lines[following + 1:]]


def _extent(written: Written) -> tuple[int, int]:
    return written.key.start_mark.line, max(written.key.start_mark.line, _last_line(written.node))


def _emptied(lines: list[str], written: Written) -> tuple[int, int]:
    """The lines that go with a directive: its own, and those of the group that it was alone in."""
    root = _root("\n".join(lines))
    first, last = _extent(written)
    mapping: yaml.Node = written.mapping
    while root is not None and isinstance(mapping, yaml.MappingNode) and len(mapping.value) == 1:
        parent = next(((node, key) for node, key in _pairs(root) if _same(key[1], mapping)), None)
        if parent is None:
            break
        mapping, (key, _) = parent
        first = key.start_mark.line
    return first, last


def _same(one: yaml.Node, other: yaml.Node) -> bool:
    return bool(one.start_mark.index == other.start_mark.index and one.tag == other.tag)


def _pairs(node: yaml.Node) -> Iterator[tuple[yaml.MappingNode, tuple[yaml.Node, yaml.Node]]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield node, (key, value)
            yield from _pairs(value)


def _added(lines: list[str], text: str, slot: Slot, value: Any) -> list[str]:
    """The lines with a directive that was not there: in its group where there is one, else at the end."""
    root = _root(text)
    if not isinstance(root, yaml.MappingNode):
        return [*lines, *_dumped(slot.name, value, 0)]
    mapping, rest = _home(root, slot)
    if mapping.flow_style or not mapping.value:
        return [*lines, *_dumped(slot.name, value, 0)]   # what reads it afterwards says that this does not do
    column = mapping.value[0][0].start_mark.column
    after = max(_last_line(one) for pair in mapping.value for one in pair)
    return [*lines[:after + 1], *_dumped(rest, value, column), *lines[after + 1:]]


def _home(root: yaml.MappingNode, slot: Slot) -> tuple[yaml.MappingNode, str]:
    """The innermost group that is there for a directive, and the rest of its name."""
    mapping, rest = root, slot.name
    while True:
        for key, value in mapping.value:
            if not rest.startswith(f"{key.value}: "):
                continue
            if isinstance(value, yaml.SequenceNode) and slot.place is not None and slot.place < len(value.value):
                value = value.value[slot.place]
            if isinstance(value, yaml.MappingNode):
                mapping, rest = value, rest.removeprefix(f"{key.value}: ")
                break
        else:
            return mapping, rest


def _dumped(name: str, value: Any, column: int) -> list[str]:
    """The lines of a directive, indented; groups that its name has yet become groups."""
    *outer, last = name.split(": ")
    nested: Any = {last: value}
    for group in reversed(outer):
        nested = {group: nested}
    text = yaml.safe_dump(nested, default_flow_style=False, allow_unicode=True, width=_WIDTH, sort_keys=False)
    return [" " * column + line for line in text.splitlines()]


# -- secrets -------------------------------------------------------------------------------------


def without_secrets(text: str) -> str:
    """The text with :data:`HIDDEN` in place of each secret.

    :raises yaml.YAMLError: if it is not YAML.
    """
    return _with_secrets(text, dict.fromkeys(read(text), HIDDEN))


def shown_again(text: str, before: str) -> str:
    """A text as it came back, with the secrets that it hides as they were `before`; those that were not there stay.

    :raises yaml.YAMLError: if it is not YAML.
    """
    known = {slot: str(written.value) for slot, written in read(before).items()}
    return _with_secrets(text, {slot: known[slot] for slot, written in read(text).items()
                                if written.value == HIDDEN and slot in known})


def _with_secrets(text: str, values: Mapping[Slot, str]) -> str:
    """The text with these values in place of those secrets; other directives stay."""
    places = {(one.node.start_mark.index, _end(one.node)): values[slot] for slot, one in read(text).items()
              if DIRECTIVES[slot.name].secret and slot in values}
    for (start, end), value in sorted(places.items(), reverse=True):
        text = text[:start] + _quoted(value) + text[end:]
    return text


def _end(node: yaml.Node) -> int:
    return int(node.end_mark.index)


def _quoted(value: str) -> str:
    dumped = yaml.safe_dump(value, default_style='"', allow_unicode=True, width=_WIDTH)
    return dumped.strip()


# -- reading -------------------------------------------------------------------------------------


def _root(text: str) -> yaml.Node | None:
    check_limits(text)
    root: yaml.Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    return root


def _leaves(node: yaml.Node, prefix: str, place: int | None) -> Iterator[Written]:
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        name = f"{prefix}{key.value}"
        if name in DIRECTIVES:
            yield Written(Slot(name, place), _value(name, value), node, key, value)
        elif f"{name}: name" in DIRECTIVES and isinstance(value, yaml.SequenceNode):
            for number, one in enumerate(value.value):
                yield from _leaves(one, f"{name}: ", number)
        elif _is_group(name):
            yield from _leaves(value, f"{name}: ", place)


def _strangers(node: yaml.Node, prefix: str) -> Iterator[str]:
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        name = f"{prefix}{key.value}"
        if name in DIRECTIVES:
            continue
        if not _is_group(name):
            yield name
            continue
        for one in value.value if isinstance(value, yaml.SequenceNode) else [value]:
            yield from _strangers(one, f"{name}: ")


def _is_group(name: str) -> bool:
    return any(known.startswith(f"{name}: ") for known in DIRECTIVES)


def _value(name: str, node: yaml.Node) -> Any:
    if DIRECTIVES[name].kind == "time" and isinstance(node, yaml.ScalarNode):
        return node.value   # YAML takes 18:30 for a number to the base of sixty
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_object(node, deep=True)
    except yaml.YAMLError:
        return None   # what it is cannot be said; the configuration's own reading says so
    finally:
        loader.dispose()


def _last_line(node: yaml.Node) -> int:
    """The line that a value ends on: the end that YAML gives for a group lies before what follows it."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        return max(_last_line(one) for pair in node.value for one in pair)
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return max(_last_line(one) for one in node.value)
    end = node.end_mark
    if isinstance(node, yaml.ScalarNode) and node.style in {"|", ">"} and end.column == 0:
        return int(end.line) - 1
    return int(end.line)
