"""One turn of a session: from the answers and what happened to what comes of it.

The interview is run from the top: ``initial`` blocks, then ``mandatory`` ones in order. A name that is missing leads to
the blocks that offer it, the last in the file first; one of them either defines the name, and the interrupted block is
tried again, or it is a question, and the turn ends with its screen.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

from appliance.interview import namespace
from appliance.interview.actions import BUILT_IN, ActionStack
from appliance.interview.blocks.base import Block
from appliance.interview.blocks.question import QuestionBlock
from appliance.interview.code import CodeText
from appliance.interview.errors import EndlessLoop, InterviewError, NoEnd, UnknownVariable
from appliance.interview.failures import code_failed, place_of
from appliance.interview.host import Host, UserInfo, reset_current, set_current
from appliance.interview.interview import Interview
from appliance.interview.message import message_screen
from appliance.interview.names import canonical
from appliance.interview.roles import RoleNeeded, tell_role_event
from appliance.interview.screen import Screen
from appliance.interview.seeking import Found, Seeking, Skip
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

NO_END = (
    "Docassemble has finished executing all code blocks marked as initial or mandatory, and finished asking all "
    "questions marked as mandatory (if any). It is a best practice to end your interview with a question that says "
    "goodbye."
)


class Evaluation(Seeking):
    """The running turn. Library functions reach it through :func:`appliance.interview.host.current`."""

    def __init__(
        self, interview: Interview, answers: Answers, turn: Turn, host: Host, prior: Answers | None = None
    ) -> None:
        self.interview, self.answers, self.turn, self.host, self.prior = interview, answers, turn, host, prior
        self.internal: dict[str, Any] = answers["_internal"]
        self.bindings: dict[str, str] = {}
        self.asked: QuestionBlock | None = None   # whose screen is being drawn up
        self.action: str | None = None
        self.arguments: dict[str, Any] = {}
        self.effects: list[Effect] = []
        self.error_action: FollowUp | None = None
        self.log: list[str] = []
        self.at_end: list[Callable[[], None]] = []   # run when the turn has come to its ending
        self.closing: list[Callable[[], None]] = []   # run after it however it ended
        self.ending: Ending = None   # what the turn has come to, for what runs at its end
        self.rounds = 0
        self._question_terms = {}
        self._question_auto_terms = {}
        self.recent: list[str] = []
        self.sought: tuple[str, ...] = ()
        self.stack = ActionStack(self)
        self.save: Literal["new", "overwrite", "ignore"] = self._usual_save()
        self._initial_done: set[str] = set()
        self.reconsidered: set[str] = set()

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

    def finish(self) -> None:
        """Let what has waited for the end of the turn ask for its effects.

        :raises InterviewError: if that fails.
        """
        try:
            for step in self.at_end:
                step()
        except Exception as error:
            raise code_failed(error, self.interview.files, ()) from error

    def _ended_by_signal(self, step: Callable[[], Ending]) -> Ending:
        """Run `step`; a signal that author code raised on the way is the ending."""
        try:
            return step()
        except Found as found:
            return self._show(found.screen)
        except BackgroundResponseSignal as signal:
            self.stack.drop_current()   # a link may ask for such an action; the next visit shows the screen again
            return BackgroundAnswer(signal.value, signal.kind)
        except BackgroundResponseActionSignal as signal:
            return FollowUp(signal.action, signal.arguments)
        except ResponseSignal as signal:
            self.stack.drop_current()
            # Elsewhere null only means that nothing is answered, and 'null' is a text like any other.
            if self.host.interface == "cron" and (signal.null or signal.body == b"null"):
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
            self.attempt(block, None, (), condition)
        except Skip:
            return False
        except RoleNeeded as needed:
            tell_role_event(self, [needed])
        return True

    @property
    def interview_runs_actions(self) -> bool:
        """Whether an initial block calls process_action() itself, and what stands before it is to have run by then.

        A check-in runs no blocks beside its action's.
        """
        return self.interview.runs_actions and not self.checking_in

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
        candidates = list(self.candidates(name))
        if not any(name in (self.resolve_with(event, dict(bindings)) for event in block.events)
                   for block, bindings in candidates):   # a variable: a person is to be asked, if any block can do that
            candidates.sort(key=lambda candidate: not isinstance(candidate[0], QuestionBlock))
        for_others: list[RoleNeeded] = []
        for block, bindings in candidates:
            try:
                self.attempt(block, name, (), None, dict(bindings))
            except Skip:
                continue
            except RoleNeeded as needed:
                for_others.append(needed)
                continue
            return True
        if for_others:
            tell_role_event(self, for_others)
        return False

    def _forget_reconsidered(self) -> None:
        """Undefine what ``reset`` blocks name and what blocks with ``reconsider: True`` define."""
        if isinstance(self.turn, CheckIn):
            self.undefine(*self.aimed_templates())
            return
        names = list(self.interview.reset)
        for block in self.interview.blocks:
            if block.reconsider_own:
                names.extend(block.offers)
        self.reconsidered.update(names)
        self.undefine(*names)

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
    namespace.attach_local(answers, host.places)
    if prior is not None:
        namespace.attach(prior, interview.namespace)
        namespace.attach_local(prior, host.places)
    evaluation = Evaluation(interview, answers, turn, host, prior)
    token = set_current(evaluation)
    try:
        ending = evaluation.ending = evaluation.run()
        evaluation.finish()
        namespace.detach_local(answers, host.places)
    except InterviewError as error:
        error.error_action, error.effects = evaluation.error_action, tuple(evaluation.effects)
        raise
    finally:
        for close in evaluation.closing:
            close()
        reset_current(token)
    return Outcome(answers, ending, evaluation.effects, evaluation.save, evaluation.error_action, evaluation.log,
                   evaluation.stack.only and evaluation.stack.top() is not None)
