"""The names objects are known by: found where an object is made without one, spoken in questions, given to copies."""

from __future__ import annotations

import ast
import dis
import re
import secrets
import sys
import types
from typing import Any

from appliance.interview.syntax import parse

__all__ = ["UNNAMED", "inferred_name", "noun_of", "random_name", "renamed", "spoken_name", "within"]

UNNAMED = "unnamed_"

_BRACKETS = re.compile(r"\[[^\[\]]*\]")


def random_name() -> str:
    """A name for an object nobody named; it goes when the object is assigned to something."""
    return UNNAMED + secrets.token_hex(8)


def inferred_name(obj: object) -> str | None:
    """The variable that a code block assigns the new `obj` to: ``fish`` of ``fish = DAObject()``.

    Only looks at what follows the call in the compiled block, so it finds plain names alone; attributes and items name
    what is put into them by themselves.
    """
    frame = sys._getframe(1)  # noqa: SLF001 - Python has no public way to ask who calls; docassemble documents the feature
    while frame.f_back is not None and _is_method_of(obj, frame):
        frame = frame.f_back
    if frame.f_code.co_name != "<module>":
        return None
    steps = iter(dis.get_instructions(frame.f_code))
    for step in steps:
        if step.offset == frame.f_lasti:
            following = next(steps, None)
            if following is not None and following.opname in ("STORE_NAME", "STORE_GLOBAL"):
                return str(following.argval)
    return None


def _is_method_of(obj: object, frame: types.FrameType) -> bool:
    arguments = frame.f_code.co_varnames[:1]
    return bool(arguments) and frame.f_locals.get(arguments[0]) is obj


def within(name: str, holder: str) -> bool:
    """Whether `name` is `holder` or a part of it: ``user.name.first`` of ``user.name``, but not of ``user.na``."""
    return name == holder or name.startswith((holder + ".", holder + "["))


def renamed(name: str, old: str, new: str) -> str:
    """`name` with its beginning `old` replaced by `new`."""
    return new + name[len(old) :] if within(name, old) else name


def noun_of(name: str) -> str:
    """The noun an object's name ends in: ``plaintiff`` of ``case.plaintiff``, ``fruit`` of ``user.fruit[2]``."""
    while (shorter := _BRACKETS.sub("", name)) != name:
        name = shorter
    return name.rpartition(".")[2].replace("_", " ")


def spoken_name(name: str) -> str:
    """A name in words, as ``object_name()`` says it.

    >>> spoken_name("park.front_gate"), spoken_name("player['grantor']"), spoken_name("recipient[3]")
    ('front gate in the park', 'grantor player', 'fourth recipient')
    """
    from appliance.library.languages import word
    from appliance.library.words import a_in_the_b

    try:
        node: ast.expr = parse(name, "<unknown>", "eval").body
    except SyntaxError:
        return name.replace("_", " ")

    def say(node: ast.expr) -> str:
        if isinstance(node, ast.Attribute):
            return str(a_in_the_b(word(node.attr.replace("_", " ")), say(node.value)))
        if isinstance(node, ast.Subscript):
            return _item(node.slice, node.value)
        return word(ast.unparse(node).replace("_", " "))

    def _item(index: ast.expr, holder: ast.expr) -> str:
        kind = _which(index)
        if isinstance(holder, ast.Attribute):
            return str(a_in_the_b(f"{kind} {word(holder.attr.replace('_', ' '))}", say(holder.value)))
        return f"{kind} {say(holder)}"

    return say(node)


def _which(index: ast.expr) -> str:
    from appliance.library.languages import word
    from appliance.library.numbers import ordinal

    try:
        value: Any = ast.literal_eval(index)
    except ValueError:
        value = ast.unparse(index)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return str(ordinal(value))
    return word(str(value))
