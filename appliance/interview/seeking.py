"""Seeking a name: which blocks offer it, and each of them tried until it is through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from appliance.interview.asking import Asking
from appliance.interview.blocks.base import Block
from appliance.interview.errors import EndlessLoop, UnknownVariable
from appliance.interview.failures import MISSING, missing_name, place_of
from appliance.interview.names import canonical, generic_patterns, iterator_patterns
from appliance.interview.roles import RoleNeeded, tell_role_event
from appliance.interview.screen import Screen

if TYPE_CHECKING:
    from appliance.interview.evaluate import Evaluation

__all__ = ["Found", "Seeking", "Skip"]

MAX_ROUNDS = 2000
"""How many names one turn may seek before it counts as an endless loop."""


class Found(Exception):
    """Unwinds the search when a question is to be asked."""

    def __init__(self, screen: Screen) -> None:
        super().__init__("found")
        self.screen = screen


class Skip(Exception):
    """The block cannot be used for what is sought; the next one is tried."""


class Seeking(Asking):
    """The part of an Evaluation that finds what is missing.

    :ivar rounds: how many names this turn has sought, `recent` the last ones of too many.
    :ivar sought: the names being sought, outermost first.
    :ivar reconsidered: the names that were forgotten in this turn, so that they are worked out anew once.
    """

    rounds: int
    recent: list[str]
    sought: tuple[str, ...]
    reconsidered: set[str]

    def seek(self, name: str, stack: tuple[str, ...] = ()) -> None:
        """Define `name`, or find the screen that asks for it.

        :param stack: the names being sought already, outermost first.
        """
        name = canonical(name)
        self.count_round(name)
        if name in stack:
            raise EndlessLoop(
                "There appears to be an infinite loop. Variables in stack are "
                + ", ".join(dict.fromkeys(reversed(stack)))
                + ".",
                file=self.interview.reference,
                variables=tuple(reversed(stack)),
            )
        stack = (*stack, name)
        self.sought = stack
        for_others: list[RoleNeeded] = []
        for block, bindings in self.candidates(name):
            try:
                self.attempt(block, name, stack, None, dict(bindings))
            except Skip:
                continue
            except RoleNeeded as needed:
                for_others.append(needed)
                continue
            if name in (self.resolve_with(event, dict(bindings)) for event in block.events) or self.is_defined(name):
                self.sought = stack[:-1]
                return
        if for_others:
            tell_role_event(cast("Evaluation", self), for_others, stack)
        raise UnknownVariable(
            f"Interview has an error. There was a reference to a variable {name!r} that could not be looked up in the "
            f"question file (for language {self.language!r}) or in any of the files incorporated by reference into the "
            "question file.",
            file=self.interview.reference,
            variables=tuple(reversed(stack)),
        )

    def attempt(
        self,
        block: Block,
        name: str | None,
        stack: tuple[str, ...],
        condition: Any,
        bindings: Mapping[str, str] | None = None,
    ) -> None:
        """Use `block`, seeking what it lacks until it is through; a question unwinds with its screen.

        :raises Skip: if the block cannot be used.
        """
        first = True
        while True:
            try:
                with self._bound(bindings or {}):
                    if condition is not None and condition is not True and not condition.value(self.answers):
                        raise Skip
                    if self.result_key(block) in self.internal.get("passed", ()):
                        raise Skip
                    if not all(test.value(self.answers) for test in block.conditions):
                        raise Skip
                    if first:
                        self._forget_for(block)
                        first = False
                    for reconsidered in block.reconsiders:
                        if reconsidered not in block.offers:
                            self.value(self.resolve(reconsidered))
                    screen = block.attempt(cast("Evaluation", self), name)
                    if screen is not None:
                        screen.sought = name
                        raise Found(screen)
                return
            except MISSING as error:
                missing = missing_name(error)
                if missing is None:
                    raise
                missing = canonical(missing)
                if missing == name:
                    raise Skip from None
                try:
                    self.seek(missing, stack)
                except UnknownVariable as unknown:
                    if unknown.line is None and unknown.variables[:1] == (missing,):
                        unknown.file, unknown.line = place_of(error, self.interview.files) or (block.file, block.line)
                    raise
                self.sought = stack

    def _forget_for(self, block: Block) -> None:
        """What ``undefine`` and ``reconsider`` of a block say."""
        self.undefine(*(self.resolve(name) for name in block.undefines))
        for name in block.reconsiders:
            full = self.resolve(name)
            if full not in self.reconsidered:
                self.reconsidered.add(full)
                self.undefine(full)

    @contextmanager
    def _bound(self, bindings: Mapping[str, str]) -> Iterator[None]:
        """Let ``x``, ``i`` … stand for what `bindings` say; those of an interrupted block come back afterwards."""
        outer = self.bindings
        self.bindings = dict(bindings)
        self.set_iterators()
        try:
            yield
        except Found:
            raise
        except BaseException:
            self.bindings = outer
            self.set_iterators()
            raise
        self.bindings = outer
        self.set_iterators()

    def candidates(self, name: str) -> Iterator[tuple[Block, tuple[tuple[str, str], ...]]]:
        """The blocks that may define `name`, each with what its letters stand for: the most exact form first."""
        interview = self.interview
        for block in self._in_language(interview.offering(name)):
            if block.generic is None:
                yield block, ()
        for pattern in iterator_patterns(name):
            for block in self._in_language(interview.offering(pattern.name)):
                if block.generic is None:
                    yield block, pattern.bindings
        if not interview.has_generic:
            return
        for holder, pattern in generic_patterns(name):
            offering = self._in_language(interview.offering(pattern.name))
            if not offering or not self.is_defined(holder):
                continue
            for cls in type(self.value(holder)).__mro__:
                for block in offering:
                    if block.generic == cls.__name__:
                        yield block, pattern.bindings

    def _in_language(self, offering: list[Block]) -> list[Block]:
        """The blocks for the language in use, those that name it before those that name none."""
        if not any(block.language for block in offering):
            return offering
        language = self.language
        named = [block for block in offering if block.language == language]
        return named + [block for block in offering if block.language in {None, "*"}]

    def count_round(self, name: str) -> None:
        """One more name was sought; too many in one turn are an endless loop."""
        self.rounds += 1
        if self.rounds <= MAX_ROUNDS:
            return
        if name:
            self.recent.append(name)
        if self.rounds > MAX_ROUNDS + 50:
            names = ", ".join(dict.fromkeys(reversed(self.recent))) or "none"
            raise EndlessLoop(
                f"There appears to be an infinite loop. Variables in stack are {names}.",
                file=self.interview.reference,
                variables=tuple(dict.fromkeys(reversed(self.recent))),
            )

    def settle(self, name: str) -> None:
        """Seek `name` unless it has a value."""
        if not self.is_defined(name):
            self.seek(name)

    def compute(self, name: str) -> bool:
        """Seek `name` without asking anything; whether it has a value now."""
        bindings = self.bindings
        try:
            self.seek(name)
        except (Found, UnknownVariable):
            self.bindings = bindings
            self.set_iterators()
            return False
        return self.is_defined(canonical(name))

    def result_key(self, block: Block) -> str:
        """What the result of a block is remembered under: a block for ``fruits[i]`` has one for each item."""
        if not self.bindings:
            return block.name
        return f"{block.name} for " + ", ".join(f"{letter}={value}" for letter, value in self.bindings.items())
