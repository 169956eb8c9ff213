"""Something that the code of one session does to another one: how that comes about, on the evaluating thread.

The same functions serve the turn that asks for it, which only looks what would come of it, and the session itself,
where it is done for good (:mod:`appliance.sessions.change_line`).
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from appliance.interview.accounts import AccountEffect
from appliance.interview.assigning import assign_variables
from appliance.interview.other_sessions import (
    CreateSession,
    DeleteSession,
    GoBack,
    OtherSessions,
    RunAction,
    SetVariables,
)
from appliance.interview.stored import StoredEffect
from appliance.interview.turn import Action, Answers, Begin, Outcome, Refresh, ShowScreen, StartTask, Turn
from appliance.sessions.commit import Commit
from appliance.sessions.evaluation import Running
from appliance.sessions.files import FileChanges, TurnFiles
from appliance.sessions.host import Actor, SessionHost
from appliance.sessions.language import load
from appliance.sessions.opened import Opened
from appliance.sessions.settling import Kind, Settled

if TYPE_CHECKING:
    from appliance.sessions.runner import Runner

__all__ = ["Change", "Done", "Pending", "SessionChange", "begin", "change", "look"]

Change = SetVariables | RunAction | GoBack | DeleteSession
"""What can be done to a session that is there."""

_NO_WAITING = ("Code of a session that other code makes or changes cannot wait for a task; show a question with "
               "'reload: True' there and use .ready().")

Evaluate = Callable[[Any, Answers, SessionHost], Outcome]


@dataclass(frozen=True)
class SessionChange:
    """What is kept until it is done.

    :param session_key: of the session that it is for.
    :param actor: for whom it is done.
    :param token: random; what it makes for its part has ids that are made of this.
    :param hops: how many sessions have passed it on, each by code that ran for the one before.
    :param keys: of the sessions that its own code reached when it only showed what comes of it; whoever had them open
        is not there any more when it is done.
    """

    effect: Change
    session_key: bytes = field(repr=False)
    actor: Actor
    token: str
    hops: int = 0
    keys: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Pending:
    """What is committed together with a change and came before it."""

    files: FileChanges = field(default_factory=FileChanges)
    stored: tuple[StoredEffect, ...] = ()
    accounts: tuple[AccountEffect, ...] = ()


@dataclass(frozen=True)
class Done:
    """What came of it."""

    outcome: Outcome
    settled: Settled


def begin(runner: Runner, running: Running, opened: Opened, effect: CreateSession, actor: Actor,
          others: OtherSessions, files: list[TurnFiles], pending: Pending) -> Done:
    """Begin a session and go on to its first screen.

    :param opened: the session as it is before that.
    :param files: gets what is to be abandoned if nothing comes of the turn that asked.
    :raises InterviewError: where the interview cannot go on.
    """
    turn = Begin(dict(effect.url_args))
    return _done(runner, running, opened, ("begin", turn, _there(actor)), others, files, pending,
                 lambda interview, answers, host: runner.language.evaluate(interview, answers, turn, host))


def change(runner: Runner, running: Running, opened: Opened, asked: SessionChange, others: OtherSessions,
           files: list[TurnFiles], pending: Pending) -> Done | None:
    """Do it; None if there is nothing to be done (no step to go back to).

    :raises InterviewError: where the interview cannot go on.
    """
    effect, actor = asked.effect, _there(asked.actor)
    if isinstance(effect, GoBack):
        return _back(runner, running, opened, actor, others, files, pending)
    if isinstance(effect, SetVariables):
        evaluate: Evaluate = partial(_assigned, effect)
        turn: Turn = Refresh()
    elif isinstance(effect, RunAction):
        turn = Action(effect.action, load(effect.arguments))
        evaluate = partial(_acted, runner, effect, turn)
    else:
        raise TypeError("a session is not deleted on the evaluating thread")
    return _done(runner, running, opened, ("change", turn, actor), others, files, pending, evaluate)


def look(runner: Runner, running: Running, opened: Opened, actor: Actor, others: OtherSessions,
         files: list[TurnFiles], pending: Pending) -> Done:
    """What the session shows now; nothing of that is to be kept."""
    turn = Refresh()
    return _done(runner, running, opened, ("refresh", turn, _there(actor)), others, files, pending,
                 lambda interview, answers, host: runner.language.evaluate(interview, answers, turn, host))


# -- inside ------------------------------------------------------------------------------------------------------


def _done(runner: Runner, running: Running, opened: Opened, what: tuple[Kind, Turn, Actor], others: OtherSessions,
          opened_files: list[TurnFiles], pending: Pending, evaluate: Evaluate,
          callbacks: tuple[tuple[str, int, bytes], ...] = ()) -> Done:
    kind, turn, actor = what
    happening = runner.happening(kind, turn, actor, callbacks, pending)
    files = TurnFiles(runner.store, runner.files, opened.row.id, opened.key, pending.files)
    opened_files.append(files)
    try:
        interview = runner.language.interviews.get(opened.row.interview)
        host = runner.host_for(opened, happening, running, set(), files, others, _cannot_wait)
        answers = runner.answers_for(interview, opened, happening, host, files)
        outcome = evaluate(interview, answers, host)
        settled = runner.settler_for(opened, happening).settle(outcome)
        if not settled.commit.delete:
            settled.commit.files = files.seal()
        return Done(outcome, settled)
    finally:
        files.close()


def _assigned(effect: SetVariables, interview: Any, answers: Answers, host: SessionHost) -> Outcome:
    outcome = assign_variables(interview, answers, host, load(effect.variables), files=effect.files,
                               delete=effect.delete, question_name=effect.question_name)
    outcome.save = "overwrite" if effect.overwrite else "new"
    return outcome


def _acted(runner: Runner, effect: RunAction, turn: Turn, interview: Any, answers: Answers,
           host: SessionHost) -> Outcome:
    waiting = copy.deepcopy(answers["_internal"].get("stack", []))
    outcome = runner.language.evaluate(interview, answers, turn, host)
    if outcome.save != "ignore":
        outcome.save = "overwrite" if effect.overwrite else "new"
    if isinstance(outcome.ending, ShowScreen) and not effect.persistent:
        outcome.answers["_internal"]["stack"] = waiting   # nobody is there to be asked
    return outcome


def _back(runner: Runner, running: Running, opened: Opened, actor: Actor, others: OtherSessions,
          files: list[TurnFiles], pending: Pending) -> Done | None:
    current = opened.current
    if current is None or opened.row.step <= 1 or current.no_back:
        return None
    number = opened.row.step - 1
    for needed in (number, number - 1):   # storing the step anew is against the one before
        opened = runner.vault.with_step_now(opened, needed)
    opened = replace(opened, row=replace(opened.row, step=number))
    turn = Refresh()
    undone = opened.undone
    prior = None if undone is None else runner.language.thaw(undone.answers)
    return _done(runner, running, opened, ("back", turn, actor), others, files, pending,
                 lambda interview, answers, host: runner.language.evaluate(interview, answers, turn, host, prior=prior),
                 runner.vault.callbacks_now(opened))


def _there(actor: Actor) -> Actor:
    """Whoever code runs for in another session is in it like somebody at a screen; only the cron user never is."""
    return replace(actor, interface="web") if actor.interface == "worker" else actor


def _cannot_wait(_effects: list[StartTask], _answers: Answers) -> NoReturn:
    """:raises RuntimeError: always."""
    raise RuntimeError(_NO_WAITING)


def nothing(opened: Opened) -> Settled:
    """Nothing is to be written."""
    return Settled(opened, Commit(opened.row.id, opened.key))
