"""One turn of a session: from the answers and what happened to what comes of it.

The interview is run from the top: ``initial`` blocks, then ``mandatory`` ones in order. A name that is missing leads to
the blocks that offer it, the last in the file first; one of them either defines the name, and the interrupted block is
tried again, or it is a question, and the turn ends with its screen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal

from appliance.interview import namespace
from appliance.interview.actions import BUILT_IN, ActionStack
from appliance.interview.asking import Asking
from appliance.interview.blocks.base import Block
from appliance.interview.blocks.question import QuestionBlock
from appliance.interview.code import CodeText
from appliance.interview.errors import EndlessLoop, InterviewError, NoEnd, UnknownVariable
from appliance.interview.failures import MISSING, code_failed, missing_name, place_of
from appliance.interview.host import Host, UserInfo, reset_current, set_current
from appliance.interview.interview import Interview
from appliance.interview.message import message_screen
from appliance.interview.names import canonical, generic_patterns, iterator_patterns
from appliance.interview.screen import Screen
from appliance.interview.signals import (
    AskFor,
    BackgroundResponseActionSignal,
    BackgroundResponseSignal,
    CommandSignal,
    MessageSignal,
    RerunLogic,
    ResponseSignal,
)
from appliance.interview.submit import read_submit
from appliance.interview.turn import (
    Action,
    Answers,
    BackgroundAnswer,
    Begin,
    CheckIn,
    Effect,
    Ending,
    FollowUp,
    Goodbye,
    Outcome,
    Refresh,
    Response,
    ShowScreen,
    Submit,
    Turn,
    Wait,
)

__all__ = ["Evaluation", "evaluate"]

MAX_ROUNDS = 2000
"""How many names one turn may seek before it counts as an endless loop."""

NO_END = (
    "Docassemble has finished executing all code blocks marked as initial or mandatory, and finished asking all "
    "questions marked as mandatory (if any). It is a best practice to end your interview with a question that says "
    "goodbye."
)


class _Found(Exception):
    """Unwinds the search when a question is to be asked."""

    def __init__(self, screen: Screen) -> None:
        super().__init__("found")
        self.screen = screen


class _Skip(Exception):
    """The block cannot be used for what is sought; the next one is tried."""


class Evaluation(Asking):
    """The running turn. Library functions reach it through :func:`appliance.interview.host.current`."""

    def __init__(
        self, interview: Interview, answers: Answers, turn: Turn, host: Host, prior: Answers | None = None
    ) -> None:
        self.interview, self.answers, self.turn, self.host, self.prior = interview, answers, turn, host, prior
        self.internal: dict[str, Any] = answers["_internal"]
        self.bindings: dict[str, str] = {}
        self.action: str | None = None
        self.arguments: dict[str, Any] = {}
        self.effects: list[Effect] = []
        self.error_action: FollowUp | None = None
        self.log: list[str] = []
        self.rounds = 0
        self._question_terms = {}
        self._question_auto_terms = {}
        self.recent: list[str] = []
        self.sought: tuple[str, ...] = ()
        self.stack = ActionStack(self)
        self.save: Literal["new", "overwrite", "ignore"] = self._usual_save()
        self._initial_done: set[str] = set()
        self._reconsidered: set[str] = set()

    def _usual_save(self) -> Literal["new", "overwrite", "ignore"]:
        if isinstance(self.turn, Begin | Submit):
            return "new"
        return "new" if isinstance(self.turn, Action) and self.host.interface in ("web", "json") else "overwrite"

    @property
    def in_task(self) -> bool:
        return self.host.interface == "worker"

    @property
    def checking_in(self) -> bool:
        return isinstance(self.turn, CheckIn)

    @property
    def user(self) -> UserInfo:
        return self.host.user

    # -- the turn ------------------------------------------------------------------------------------

    def run(self) -> Ending:
        """Everything that the turn does, to its ending.

        :raises InterviewError: when the interview cannot go on.
        """
        if isinstance(self.turn, Begin | Refresh | Action) and self.turn.url_args:
            self.answers["url_args"].update(self.turn.url_args)
        if isinstance(self.turn, Submit):
            turn = self.turn
            refused = self._ended_by_signal(partial(read_submit, self, turn.screen, turn.posted, turn.uploads))
            if refused is not None:
                return refused
        self._forget_reconsidered()
        self.stack.begin(self.turn)
        return self._ended_by_signal(self._assemble)

    def _ended_by_signal(self, step: Callable[[], Ending]) -> Ending:
        """Run `step`; a signal that author code raised on the way is the ending."""
        try:
            return step()
        except _Found as found:
            return self._show(found.screen)
        except BackgroundResponseSignal as signal:
            return BackgroundAnswer(signal.value, signal.kind)
        except BackgroundResponseActionSignal as signal:
            return FollowUp(signal.action, signal.arguments)
        except ResponseSignal as signal:
            self.stack.drop_current()
            if signal.null and self.host.interface == "cron":   # elsewhere it only means that nothing is answered
                self.save = "ignore"
            return Response(signal.body, signal.content_type, signal.status, signal.redirect, signal.null, signal.sleep)
        except CommandSignal as signal:
            return self._command(signal)
        except MessageSignal as signal:
            return self._show(message_screen(self, signal))
        except InterviewError as error:
            if not error.variables:
                error.variables = tuple(reversed(self.sought))
            if error.file is None:
                error.file, error.line = place_of(error, self.interview.files) or (self.interview.reference, None)
            raise
        except RecursionError as error:
            raise EndlessLoop(
                "There appears to be an infinite loop.",
                file=self.interview.reference,
                variables=tuple(reversed(self.sought)),
            ) from error
        except (Exception, SystemExit) as error:
            # Author code can raise anything, and call exit(): told as a CodeFailed with its place in the file.
            raise code_failed(error, self.interview.files, self.sought) from error

    def _show(self, screen: Screen) -> ShowScreen:
        screen.bindings = dict(self.bindings)
        if self.stack.current is not None:
            screen.event_action = {"action": self.stack.current.action, "arguments": dict(self.stack.current.arguments)}
        return ShowScreen(screen)

    def _command(self, signal: CommandSignal) -> Ending:
        if signal.kind == "wait":
            self.save = "ignore" if self.save == "ignore" else "overwrite"
            return Wait(signal.sleep if signal.sleep is not None else 4.0)
        if signal.kind in ("refresh", "continue"):
            self.stack.drop_current()
            return self._ended_by_signal(self._assemble)
        return Goodbye(signal.kind, signal.url)  # type: ignore[arg-type]

    def _assemble(self) -> Ending:
        while True:
            self.count_round("")
            self.sought = ()
            try:
                if not self.interview_runs_actions:
                    self.process_action()
                if isinstance(self.turn, CheckIn):
                    return None
                if self._pass():
                    raise NoEnd(NO_END, file=self.interview.reference)
            except AskFor as signal:
                self.stack.push_requests(signal)
            except RerunLogic:
                if not self.sought:  # an action's own code said so: it has done what it was to do
                    self.stack.drop_current()
                self._initial_done.clear()

    def _pass(self) -> bool:
        """Go through the initial and mandatory blocks; False if something was sought and the pass must be repeated."""
        answered: set[str] = self.internal["answered"]
        for block in self.interview.blocks:
            if block.initial is not False and block.name not in self._initial_done:
                self._use(block, block.initial)
                self._initial_done.add(block.name)
            if block.mandatory is not False and block.name not in answered:
                before = self.rounds
                if not self._use(block, block.mandatory):
                    continue
                answered.add(block.name)
                if self.rounds != before:
                    return False
        return True

    def _use(self, block: Block, condition: Any) -> bool:
        """Run a block for its own sake; False if its condition is not true."""
        try:
            self._try(block, None, (), condition)
        except _Skip:
            return False
        return True

    @property
    def interview_runs_actions(self) -> bool:
        """Whether an initial block calls process_action() itself."""
        return not self.stack.only and self.interview.runs_actions

    def process_action(self) -> None:
        """Run what is on the stack of actions; returns when nothing is left to do there."""
        while (entry := self.stack.top()) is not None:
            self.action, self.arguments = entry.action, entry.arguments
            if entry.gather:
                self.settle(entry.action)
            elif not self._run_action(entry.action) and not entry.optional:
                raise UnknownVariable(
                    f"This interview has no action {entry.action!r}: no block has 'event: {entry.action}'.",
                    file=self.interview.reference,
                    variables=(entry.action,),
                )
            self.stack.done(entry)
        self.action, self.arguments = None, {}

    def _run_action(self, name: str) -> bool:
        """Whether there is anything that answers to `name` now; if so, it has run."""
        if name in BUILT_IN:
            BUILT_IN[name](self, self.arguments)
            return True
        name = canonical(name)
        candidates = list(self._candidates(name))
        if not any(name in (self.resolve_with(event, dict(bindings)) for event in block.events)
                   for block, bindings in candidates):   # a variable: a person is to be asked, if any block can do that
            candidates.sort(key=lambda candidate: not isinstance(candidate[0], QuestionBlock))
        for block, bindings in candidates:
            try:
                self._try(block, name, (), None, dict(bindings))
            except _Skip:
                continue
            return True
        return False

    # -- seeking ---------------------------------------------------------------------------------------

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
        for block, bindings in self._candidates(name):
            try:
                self._try(block, name, stack, None, dict(bindings))
            except _Skip:
                continue
            if name in (self.resolve_with(event, dict(bindings)) for event in block.events) or self.is_defined(name):
                self.sought = stack[:-1]
                return
        raise UnknownVariable(
            f"Interview has an error. There was a reference to a variable {name!r} that could not be looked up in the "
            f"question file (for language {self.language!r}) or in any of the files incorporated by reference into the "
            "question file.",
            file=self.interview.reference,
            variables=tuple(reversed(stack)),
        )

    def _try(
        self,
        block: Block,
        name: str | None,
        stack: tuple[str, ...],
        condition: Any,
        bindings: Mapping[str, str] | None = None,
    ) -> None:
        """Use `block`, seeking what it lacks until it is through; a question unwinds with its screen.

        :raises _Skip: if the block cannot be used.
        """
        first = True
        while True:
            try:
                with self._bound(bindings or {}):
                    if condition is not None and condition is not True and not condition.value(self.answers):
                        raise _Skip
                    if self.result_key(block) in self.internal.get("passed", ()):
                        raise _Skip
                    if not all(test.value(self.answers) for test in block.conditions):
                        raise _Skip
                    if first:
                        self._forget_for(block)
                        first = False
                    for reconsidered in block.reconsiders:
                        if reconsidered not in block.offers:
                            self.value(self.resolve(reconsidered))
                    screen = block.attempt(self, name)
                    if screen is not None:
                        screen.sought = name
                        raise _Found(screen)
                return
            except MISSING as error:
                missing = missing_name(error)
                if missing is None:
                    raise
                missing = canonical(missing)
                if missing == name:
                    raise _Skip from None
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
            if full not in self._reconsidered:
                self._reconsidered.add(full)
                self.undefine(full)

    def _forget_reconsidered(self) -> None:
        """Undefine what ``reset`` blocks name and what blocks with ``reconsider: True`` define."""
        if isinstance(self.turn, CheckIn):
            self.undefine(*self.aimed_templates())
            return
        names = list(self.interview.reset)
        for block in self.interview.blocks:
            if block.reconsider_own:
                names.extend(block.offers)
        self._reconsidered.update(names)
        self.undefine(*names)

    @contextmanager
    def _bound(self, bindings: Mapping[str, str]) -> Iterator[None]:
        """Let ``x``, ``i`` … stand for what `bindings` say; those of an interrupted block come back afterwards."""
        outer = self.bindings
        self.bindings = dict(bindings)
        self.set_iterators()
        try:
            yield
        except _Found:
            raise
        except BaseException:
            self.bindings = outer
            self.set_iterators()
            raise
        self.bindings = outer
        self.set_iterators()

    def _candidates(self, name: str) -> Iterator[tuple[Block, tuple[tuple[str, str], ...]]]:
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
        except (_Found, UnknownVariable):
            self.bindings = bindings
            self.set_iterators()
            return False
        return self.is_defined(canonical(name))

    # -- what blocks ask for ---------------------------------------------------------------------------

    def prepare(self, block: Block) -> None:
        """Seek what the block says it needs."""
        for needed in block.need_before:
            needed.value(self.answers)

    def run_code(self, code: CodeText) -> None:
        code.run(self.answers)
        self.adopt_names(code.assigned)

    def question_answered(self, block: Block) -> None:
        """A mandatory question was submitted: it is not asked again for its own sake."""
        self.internal["answered"].add(block.name)

    def forget_result_of(self, *ids: str) -> None:
        """Let the blocks with these ids be asked or run again."""
        names = {name for one in ids for name in (one, f"ID {one}")}
        for kept in ("answered", "passed"):
            self.internal[kept] = {key for key in self.internal.get(kept, ()) if key.partition(" for ")[0] not in names}
        chosen = self.internal["answers"]
        self.internal["answers"] = {
            key: value for key, value in chosen.items() if key.partition(" for ")[0] not in names
        }

    def result_key(self, block: Block) -> str:
        """What the result of a block is remembered under: a block for ``fruits[i]`` has one for each item."""
        if not self.bindings:
            return block.name
        return f"{block.name} for " + ", ".join(f"{letter}={value}" for letter, value in self.bindings.items())

    def prevent_going_back(self) -> None:
        """The screen that this turn leads to has no way back."""
        self.internal["prevent_going_back"] = True


def evaluate(
    interview: Interview, answers: Answers, turn: Turn, host: Host, *, prior: Answers | None = None
) -> Outcome:
    """Run one turn.

    :param answers: changed in place; the caller keeps them only if this returns.
    :param host: the world as author code sees it.
    :param prior: the answers of the step that Back has just undone; they are the defaults of the fields.
    :raises InterviewError: when the interview cannot go on; nothing of the turn may be kept then.
    """
    namespace.attach(answers, interview.namespace)
    if prior is not None:
        namespace.attach(prior, interview.namespace)
    evaluation = Evaluation(interview, answers, turn, host, prior)
    token = set_current(evaluation)
    try:
        ending = evaluation.run()
    except InterviewError as error:
        error.error_action, error.effects = evaluation.error_action, tuple(evaluation.effects)
        raise
    finally:
        reset_current(token)
    return Outcome(answers, ending, evaluation.effects, evaluation.save, evaluation.error_action, evaluation.log)
