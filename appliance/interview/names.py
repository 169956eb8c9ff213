"""Names of variables: reading them, finding them in code, and the forms a block may offer them in.

A name is a Python expression made of a plain name, attributes and indexes: ``user.name.first``, ``fruits[2]``,
``prices['apple']``. The spelling of :func:`canonical` is the one used as a key everywhere.
"""

from __future__ import annotations

import ast
import itertools
from dataclasses import dataclass
from functools import lru_cache

from appliance.interview.syntax import parse

__all__ = [
    "ITERATORS",
    "Accessors",
    "Pattern",
    "accessors",
    "assigned_names",
    "canonical",
    "generic_patterns",
    "is_name",
    "iterator_patterns",
    "names_read",
    "parent",
]

ITERATORS = ("i", "j", "k", "l", "m", "n")


@dataclass(frozen=True)
class Accessors:
    """A name in parts: ``fruits`` and then ``('.name', '[2]')``."""

    base: str
    steps: tuple[str, ...]

    def __str__(self) -> str:
        return self.base + "".join(self.steps)

    def prefix(self, count: int) -> str:
        """The name of the object that the first `count` steps lead to."""
        return self.base + "".join(self.steps[:count])


@dataclass(frozen=True)
class Pattern:
    """A form of a name that a block may offer, and what its letters stand for."""

    name: str
    bindings: tuple[tuple[str, str], ...] = ()


@lru_cache(maxsize=20000)
def accessors(name: str) -> Accessors | None:
    """The parts of `name`, or None if it is not a name."""
    try:
        node = parse(name.strip(), "<unknown>", "eval").body
    except (SyntaxError, ValueError):
        return None
    steps: list[str] = []
    while True:
        if isinstance(node, ast.Attribute):
            steps.append("." + node.attr)
            node = node.value
        elif isinstance(node, ast.Subscript):
            steps.append(f"[{ast.unparse(node.slice)}]")
            node = node.value
        elif isinstance(node, ast.Name):
            return Accessors(node.id, tuple(reversed(steps)))
        else:
            return None


def is_name(text: str) -> bool:
    """Whether `text` can be the name of a variable."""
    return accessors(text) is not None


def canonical(name: str) -> str:
    """`name` in its one spelling (single quotes, no spaces); a text that is no name is returned as it is."""
    parts = accessors(name)
    return name.strip() if parts is None else str(parts)


def parent(name: str) -> str | None:
    """The object that holds `name`: ``user.name`` of ``user.name.first``; None for a plain name."""
    parts = accessors(name)
    if parts is None or not parts.steps:
        return None
    return parts.prefix(len(parts.steps) - 1)


@lru_cache(maxsize=5000)
def iterator_patterns(name: str) -> tuple[Pattern, ...]:
    """The forms with indexes replaced by ``i``, ``j`` …, the most exact first (without replacements: not included)."""
    parts = accessors(name)
    if parts is None:
        return ()
    return tuple(_replace(parts.base, parts.steps, ()))


@lru_cache(maxsize=5000)
def generic_patterns(name: str) -> tuple[tuple[str, Pattern], ...]:
    """The forms that start with ``x``, each with the name of the object that ``x`` stands for."""
    parts = accessors(name)
    if parts is None:
        return ()
    found: list[tuple[str, Pattern]] = []
    for count in range(len(parts.steps)):
        holder = parts.prefix(count)
        rest = parts.steps[count:]
        bound = (("x", holder),)
        found.append((holder, Pattern("x" + "".join(rest), bound)))
        found.extend((holder, pattern) for pattern in _replace("x", rest, bound))
    return tuple(found)


def _replace(base: str, steps: tuple[str, ...], bound: tuple[tuple[str, str], ...]) -> list[Pattern]:
    places = [n for n, step in enumerate(steps) if step.startswith("[")][: len(ITERATORS)]
    found: list[Pattern] = []
    for count in range(1, len(places) + 1):
        for chosen in itertools.combinations(places, count):
            replaced, bindings = list(steps), list(bound)
            for letter, place in zip(ITERATORS, chosen, strict=False):
                replaced[place] = f"[{letter}]"
                bindings.append((letter, steps[place][1:-1]))
            found.append(Pattern(base + "".join(replaced), tuple(bindings)))
    return found


class _Assigned(ast.NodeVisitor):
    """Collects what a piece of code defines when it runs; not what its functions define when they are called."""

    def __init__(self) -> None:
        self.names: dict[str, None] = {}

    def _target(self, node: ast.expr) -> None:
        if isinstance(node, ast.Tuple | ast.List):
            for element in node.elts:
                self._target(element)
        elif isinstance(node, ast.Starred):
            self._target(node.value)
        elif accessors(text := ast.unparse(node)) is not None:
            self.names[canonical(text)] = None

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self._target(target)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._target(node.target)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._target(node.target)
        self.generic_visit(node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self._target(node.target)
        self.generic_visit(node)

    def visit_For(self, node: ast.For) -> None:
        self._target(node.target)
        self.generic_visit(node)

    def visit_With(self, node: ast.With) -> None:
        for item in node.items:
            if item.optional_vars is not None:
                self._target(item.optional_vars)
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.names[alias.asname or alias.name.split(".")[0]] = None

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name != "*":
                self.names[alias.asname or alias.name] = None

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.names[node.name] = None

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.names[node.name] = None

    def visit_Lambda(self, node: ast.Lambda) -> None:  # noqa: ARG002 - what a function assigns is not looked into
        return

    def visit_Call(self, node: ast.Call) -> None:
        """``define('name', …)`` and ``x.initializeAttribute('name', …)`` define what their first argument names."""
        first = node.args[0] if node.args else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            if isinstance(node.func, ast.Name) and node.func.id == "define":
                self.names[canonical(first.value)] = None
            elif isinstance(node.func, ast.Attribute) and node.func.attr in (
                "initializeAttribute",
                "reInitializeAttribute",
            ):
                self.names[canonical(f"{ast.unparse(node.func.value)}.{first.value}")] = None
        self.generic_visit(node)


def assigned_names(tree: ast.AST) -> list[str]:
    """The names that a piece of code defines, in order of appearance, in their canonical spelling."""
    visitor = _Assigned()
    visitor.visit(tree)
    return list(visitor.names)


def names_read(tree: ast.AST) -> set[str]:
    """The plain names that a piece of code uses."""
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
