"""Reading and writing variables by name during a turn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from types import CodeType
from typing import Any

from appliance.interview.failures import MISSING
from appliance.interview.host import Host
from appliance.interview.interview import Interview
from appliance.interview.looking import only_looking
from appliance.interview.names import ITERATORS, accessors, canonical, parent
from appliance.interview.turn import Answers

__all__ = ["Variables"]


@lru_cache(maxsize=20000)
def _compiled(name: str) -> CodeType:
    return compile(name, "<variable>", "eval")


@lru_cache(maxsize=20000)
def _resolved(name: str, bindings: tuple[tuple[str, str], ...]) -> str:
    parts = accessors(name)
    if parts is None:
        return name
    known = dict(bindings)
    base = known.get(parts.base, parts.base) if parts.base == "x" else parts.base
    steps = [f"[{known[step[1:-1]]}]" if step[1:-1] in known and step.startswith("[") else step for step in parts.steps]
    return base + "".join(steps)


class Variables:
    """The part of an Evaluation that knows variables."""

    interview: Interview
    answers: Answers
    host: Host
    prior: Answers | None
    internal: dict[str, Any]
    bindings: dict[str, str]

    def resolve(self, name: str) -> str:
        """`name` with ``x``, ``i`` … replaced by what they stand for: ``fruits[i].name`` as ``fruits[0].name``."""
        return self.resolve_with(name, self.bindings)

    def resolve_with(self, name: str, bindings: dict[str, str]) -> str:
        return _resolved(canonical(name), tuple(bindings.items())) if bindings else canonical(name)

    def value(self, name: str) -> Any:
        """What the expression `name` is worth.

        :raises NameError: if something in it is not defined.
        """
        if name in self.answers:
            return self.answers[name]
        return eval(_compiled(name), self.answers)

    def is_defined(self, name: str) -> bool:
        """Whether `name` has a value now; nothing is sought for it. Names of the library do not count."""
        return self._defined_in(self.answers, name)

    def _defined_in(self, answers: Answers, name: str) -> bool:
        parts = accessors(name)
        if parts is None:
            return False
        if parts.base not in answers:
            return False
        if not parts.steps:
            return True
        try:
            with only_looking():
                eval(_compiled(str(parts)), answers)
        except (*MISSING, AttributeError, LookupError, TypeError):
            return False
        return True

    def known_value(self, name: str) -> tuple[bool, Any]:
        """(True, the value `name` has or had on the step that Back undid), or (False, None)."""
        for answers in (self.answers, self.prior):
            if answers is not None and self._defined_in(answers, name):
                return True, eval(_compiled(canonical(name)), answers)
        return False, None

    def default_value(self, name: str) -> tuple[bool, Any]:
        """Like :meth:`known_value`, also for what ``invalidate()`` remembered of `name`."""
        known, value = self.known_value(name)
        remembered = self.internal.get("defaults", {})
        if not known and name in remembered:
            return True, remembered[name]
        return known, value

    def remember_as_defaults(self, *names: str) -> None:
        """Offer the values that `names` have now as defaults when they are asked again."""
        defaults = self.internal.setdefault("defaults", {})
        for name in map(canonical, names):
            if self.is_defined(name):
                defaults[name] = self.value(name)

    def assign(self, name: str, value: Any) -> None:
        """Set `name` to `value`; the object that holds an attribute or item must be there.

        :raises NameError: if that object is not defined.
        :raises ValueError: if `name` is not a name.
        """
        parts = accessors(name)
        if parts is None:
            raise ValueError(f"{name!r} is not the name of a variable")
        if not parts.steps:
            self.answers[parts.base] = value
            return
        holder = self.value(parts.prefix(len(parts.steps) - 1))
        last = parts.steps[-1]
        if last.startswith("."):
            setattr(holder, last[1:], value)
        else:
            holder[self.value(last[1:-1])] = value

    def undefine(self, *names: str) -> None:
        """Make `names` undefined; a name that is not defined is let be."""
        for name in names:
            parts = accessors(name)
            if parts is None or not self.is_defined(name):
                continue
            if not parts.steps:
                self.answers.pop(parts.base, None)
                continue
            holder = self.value(parts.prefix(len(parts.steps) - 1))
            last = parts.steps[-1]
            try:
                if last.startswith("."):
                    delattr(holder, last[1:])
                else:
                    del holder[self.value(last[1:-1])]
            except (AttributeError, LookupError):
                continue  # a property, or an item that is computed: nothing is stored that could be undefined

    def set_iterators(self) -> None:
        """Let the answers' ``x``, ``i`` … be what they stand for now."""
        for letter, expression in self.bindings.items():
            self.answers[letter] = self.value(expression)

    @contextmanager
    def letters(self, bindings: dict[str, str]) -> Iterator[None]:
        """Let ``x``, ``i`` … stand for what `bindings` say, and for what they did before afterwards."""
        outer, self.bindings = self.bindings, dict(bindings)
        self.set_iterators()
        try:
            yield
        finally:
            self.bindings = outer
            self.set_iterators()

    def ensure_parent(self, name: str) -> None:
        """Touch the object that holds `name`, so that it is sought if it is missing."""
        holder = parent(name)
        if holder is not None:
            self.value(holder)

    def adopt_names(self, names: list[str]) -> None:
        """Give objects that code made without a name the name of the variable they were assigned to."""
        for name in names:
            if name in ITERATORS or name not in self.answers:
                continue
            value = self.answers[name]
            if getattr(value, "has_nonrandom_instance_name", True) is False:
                value.set_instance_name(name)
