"""From the outcome of an evaluation to what is written: which step, which revision, which effects.

Runs on the evaluating thread, because pickling runs author code and compressing takes time.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from appliance import clock
from appliance.interview.screen import Screen
from appliance.interview.turn import (
    CountTask,
    Effect,
    GiveAddress,
    Goodbye,
    Outcome,
    RevokeTask,
    SendMail,
    SendNotice,
    ShowScreen,
    StartTask,
)
from appliance.sessions.commit import Commit, NewNotice
from appliance.sessions.host import Actor
from appliance.sessions.language import Language, dump
from appliance.sessions.opened import Opened, title_context
from appliance.sessions.people import AccountChanges, AccountDoor, NoAccounts, accounts_among
from appliance.sessions.reply import as_json
from appliance.sessions.screens import Shown
from appliance.sessions.stores import outlives_session, sealed_effects
from appliance.sessions.tags import seal_tags, tags_of
from appliance.store.counters import Count, mark_of
from appliance.store.keys import APPLIANCE, appliance_holder, wrap
from appliance.store.notices import NoticeRow
from appliance.store.outbox import Mail, NewMail
from appliance.store.received_mail import NewAddress
from appliance.store.sealing import seal
from appliance.store.sessions import TURNS_KEPT, SessionRow
from appliance.store.steps import Step, StepRow, close_step, is_full
from appliance.store.tasks import NewTask, TaskPayload, seal_answers
from appliance.store.values import Owner
from appliance.store.visits import NOBODY

__all__ = ["DELETING", "Kind", "Settled", "Settler", "new_mail", "new_notice", "new_task", "owner_of"]

Kind = Literal["begin", "refresh", "submit", "back", "action", "check_in", "follow_up", "event", "change"]

DELETING = ("exit", "restart", "exit_logout")
"""The goodbyes after which nothing of the session is kept."""

_SPACING = 60.0
"""Seconds after which somebody who only looks counts as having been there anew."""

_SHOWS = ("begin", "refresh", "submit", "back", "action")  # the kinds of turn whose screen a person gets to see
_FORM_OPEN = ("refresh", "action")  # … whose form may be open in a tab while it is made anew
_LEAVES_FORM = ("refresh", "action", "check_in", "follow_up", "event", "change")  # … after which an open form goes on


@dataclass(frozen=True)
class Settled:
    """What a turn comes to: `opened` is the session after the commit."""

    opened: Opened
    commit: Commit


@dataclass(frozen=True)
class Settler:
    """Makes a commit of an outcome.

    :param before: the session as it was; for Back, with the current step moved already.
    :param started: the tasks that are in the journal already.
    :param parent: the task that asks for others, itself or in its callback.
    :param turn_id: noted with the commit.
    :param accounts: does what code wants of them.
    """

    language: Language
    appliance_key: bytes
    before: Opened
    kind: Kind
    actor: Actor
    turn_id: str = ""
    started: frozenset[str] = frozenset()
    parent: str = ""
    accounts: AccountDoor = field(default_factory=NoAccounts)

    def settle(self, outcome: Outcome) -> Settled:
        """:raises CannotSave: if the answers, or what a task is given, cannot be pickled."""
        ending = outcome.ending
        before, now = self.before, clock.now()
        commit = Commit(before.row.id, before.key, is_new=self.kind == "begin", personal=self.actor.personal)
        if isinstance(ending, Goodbye) and ending.kind in DELETING:
            commit.delete = True
            self.add_effects(commit, [effect for effect in outcome.effects if outlives_session(effect)])
            if commit.mails and commit.is_new:   # it must have been there, for its mail to know whose it is
                commit.row, commit.new_keys = before.row, dict(before.keys)
            return Settled(before, commit)
        moved = self._moves(outcome)
        step = self._step(outcome, before.row.revision + moved)
        row = self._row(outcome, step, now, moved=moved)
        after = self._keep_step(commit, step, replace(before, row=row))
        after = self._visited(commit, after, now)
        after = self._keys(commit, after)
        after = self._title(ending, after)
        after = self._tags(outcome, after)
        self._effects(commit, outcome, step)
        if self.turn_id:
            commit.turn_id = self.turn_id
            kept = dict(list(after.turns.items())[1 - TURNS_KEPT:])
            after = replace(after, turns={**kept, self.turn_id: after.row.revision})
        if self._differs(after.row) or commit.steps:
            commit.row = replace(after.row, modified=now)
            after = replace(after, row=commit.row)
        return Settled(after, commit)

    # -- the step ----------------------------------------------------------------------------------

    def _step(self, outcome: Outcome, revision: int) -> Step:
        """The step as it is to be stored.

        :param revision: the session's from now on.
        """
        current = self.before.current
        number = self.before.row.step
        if self._adds_step(outcome):
            number += 1
        if outcome.save == "ignore" and current is not None:
            return replace(current, number=number, screen=self._screens(outcome, revision))
        internal = outcome.answers.get("_internal", {})
        return Step(number, self.language.freeze(outcome.answers), self._screens(outcome, revision),
                    self.before.row.callbacks, bool(internal.get("prevent_going_back")))

    def _adds_step(self, outcome: Outcome) -> bool:
        if self.before.current is None:
            return True
        return (outcome.save == "new" and self.kind in ("submit", "action", "change")
                and not isinstance(outcome.ending, Goodbye))

    def _screens(self, outcome: Outcome, revision: int) -> bytes:
        """What people were shown, whose next submit is read against it: to them now, or what stays on their pages.

        A form of somebody else is still good, but for what Back has undone.
        """
        before, viewers = self.before.screens, self.actor.viewers
        own = before.of(viewers)
        if isinstance(outcome.ending, ShowScreen) and self.kind in _SHOWS:
            same = own is not None and self._may_stay(outcome) and _same_question(own.screen, outcome.ending.screen)
            if own is not None and same and outcome.save == "ignore":
                return before.stored
            stays = own is not None and same and self.kind in _FORM_OPEN
            shown = Shown.of(outcome.ending.screen, own.revision if own is not None and stays else revision)
            return before.with_shown(viewers, shown, alone=self.kind == "back")
        if self.kind in _LEAVES_FORM or isinstance(outcome.ending, Goodbye) or outcome.save == "ignore":
            return before.stored
        return before.with_shown(viewers, None, alone=self.kind == "back")

    def _may_stay(self, outcome: Outcome) -> bool:
        """Whether anything hangs on its being the same question; a submit leads on whichever it is."""
        return outcome.save == "ignore" or self.kind in _FORM_OPEN

    def _keep_step(self, commit: Commit, step: Step, after: Opened) -> Opened:
        """Store `step` if it is another one than before, and what is compressed against it."""
        old = self.before.steps.get(step.number) if step.number == self.before.row.step else None
        steps = {**after.steps, step.number: step}
        if step.number > self.before.row.step or self.kind == "submit":
            if self.before.undone is not None:
                commit.drop_after = step.number
            steps = {number: kept for number, kept in steps.items() if number <= step.number}
        if old != step:
            commit.steps.append(self._close(step, steps))
            if (undone := steps.get(step.number + 1)) is not None and not is_full(undone.number):
                commit.steps.append(self._close(undone, steps))
        return replace(after, steps=steps)

    def _close(self, step: Step, steps: dict[int, Step]) -> StepRow:
        return close_step(self.before.row.id, self.before.key, step, steps.get(step.number - 1))

    # -- the session's row ----------------------------------------------------------------------------

    def _moves(self, outcome: Outcome) -> bool:
        """Whether the form that the person had is not good any more."""
        if self.kind == "back" or (self.kind in ("begin", "submit") and outcome.save != "ignore"):
            return True
        own = self.before.screens.of(self.actor.viewers)
        return self.kind in _SHOWS and isinstance(outcome.ending, ShowScreen) and not (
            own is not None and _same_question(own.screen, outcome.ending.screen))

    def _row(self, outcome: Outcome, step: Step, now: float, *, moved: bool) -> SessionRow:
        row = replace(self.before.row, step=step.number, revision=self.before.row.revision + moved)
        if self.actor.is_person and (moved or abs(now - row.person_active) > _SPACING):
            row = replace(row, person_active=now)
        if outcome.save == "ignore" and self.before.current is not None:
            return row
        return replace(row, multi_user=outcome.answers.get("multi_user") is True,
                       allow_cron=bool(outcome.answers.get("allow_cron")))

    def _visited(self, commit: Commit, after: Opened, now: float) -> Opened:
        """Note who was there: a person when that is news, a scheduled event always."""
        user_id = self.actor.user.user_id or NOBODY
        if self.kind != "event" and not (self.actor.is_person and (
                after.row.person_active == now or abs(now - after.visits.get(user_id, 0.0)) > _SPACING)):
            return after
        commit.visit = (user_id, now)
        return replace(after, visits={**after.visits, user_id: now})

    def _differs(self, row: SessionRow) -> bool:
        return self.kind in ("begin", "back", "follow_up") or row != self.before.row

    def _keys(self, commit: Commit, after: Opened) -> Opened:
        """The appliance holds the session's key while, and only while, the answers say ``multi_user = True``.

        Whoever came through its link has it no longer.
        """
        keys, joined = dict(after.keys), after.joined
        if after.row.multi_user and APPLIANCE not in keys:
            keys[APPLIANCE] = commit.new_keys[APPLIANCE] = wrap(
                appliance_holder(self.appliance_key), after.row.id, after.key)
        elif not after.row.multi_user and keys.pop(APPLIANCE, None) is not None:
            keys = {holder: sealed for holder, sealed in keys.items() if holder not in joined}
            commit.lost_keys += [APPLIANCE, *sorted(joined)]
            joined = frozenset()
        if self.kind == "begin":
            commit.new_keys.update(keys)
        return replace(after, keys=keys, joined=joined)

    def _title(self, ending: object, after: Opened) -> Opened:
        if not isinstance(ending, ShowScreen) or ending.screen.title == after.title or self.kind not in _SHOWS:
            return after
        title = ending.screen.title
        sealed = seal(after.key, title.encode(), title_context(after.row.id))
        return replace(after, title=title, row=replace(after.row, sealed_title=sealed))

    def _tags(self, outcome: Outcome, after: Opened) -> Opened:
        """Keep the tags beside the answers, so that a list of sessions need not read these."""
        internal = outcome.answers.get("_internal", {})
        if "tags" in internal:   # session_tags() was called
            tags = after.tags if outcome.save == "ignore" else tags_of(internal["tags"])
        elif self.kind == "begin":
            interview = self.language.interviews.get(after.row.interview)
            tags = tags_of((getattr(interview, "metadata", None) or {}).get("tags"))
        else:
            return after
        if tags == after.tags:
            return after
        return replace(after, tags=tags, row=replace(after.row, sealed_tags=seal_tags(after.key, after.row.id, tags)))

    # -- effects --------------------------------------------------------------------------------------

    def _effects(self, commit: Commit, outcome: Outcome, step: Step) -> None:
        if not outcome.effects:
            return
        self.add_effects(commit, outcome.effects)
        if commit.tasks:
            ignored = outcome.save == "ignore" and self.before.current is not None
            answers = self.language.freeze(outcome.answers) if ignored else step.answers
            commit.task_answers = seal_answers(self.appliance_key, commit.session_id, answers)

    def add_effects(self, commit: Commit, effects: list[Effect]) -> None:
        """Put into the commit what the code asked for; the answers that tasks work on are the caller's matter."""
        commit.personal = self.actor.personal
        commit.stored += sealed_effects(owner_of(self.before, self.actor, self.appliance_key), effects)
        wanted = accounts_among(effects)
        if wanted:
            commit.accounts = AccountChanges(self.accounts, self.actor.user, wanted)
        for effect in effects:
            if isinstance(effect, StartTask):
                if effect.task_id not in self.started:
                    commit.tasks.append(new_task(effect, self.before, self.actor, self.appliance_key, self.parent))
            elif isinstance(effect, RevokeTask):
                commit.revokes.append((effect.task_id, effect.terminate))
            elif isinstance(effect, SendNotice):
                commit.notices.append(new_notice(self.before, effect.kind, effect.value))
            elif isinstance(effect, CountTask):
                commit.counts.append(Count(mark_of(self.before.key, effect.task), effect.times, effect.anew))
            elif isinstance(effect, SendMail):
                commit.mails.append(new_mail(effect, commit.session_id, self.appliance_key))
            elif isinstance(effect, GiveAddress):
                commit.addresses.append(NewAddress.make(
                    effect.code, commit.session_id, self.before.key, self.actor.user.user_id, effect.key, effect.index,
                    self.actor.url_root))


def owner_of(opened: Opened, actor: Actor, appliance_key: bytes) -> Owner:
    """For whom a turn reads and writes what authors store beside the answers."""
    return Owner(appliance_key, opened.row.id, opened.key, actor.user.user_id, actor.personal)


def new_task(effect: StartTask, opened: Opened, actor: Actor, appliance_key: bytes, parent: str = "") -> NewTask:
    """A row of the journal.

    :raises CannotSave: if the arguments cannot be pickled.
    """
    arguments = dump(effect.arguments, "What background_action() was given")
    payload = TaskPayload(opened.row.interview, effect.action, arguments, actor.user, actor.url_root,
                          dict(actor.device), actor.personal, actor.gets, actor.places, actor.viewers,
                          stored=effect.stored)
    return NewTask.make(effect.task_id, effect.notification, payload, appliance_key=appliance_key,
                        session_key=opened.key, after=effect.after, parent_id=parent)


def new_mail(effect: SendMail, session_id: str, appliance_key: bytes) -> NewMail:
    """A row of the outbox; sealed under the appliance's key, which sends it when nobody is there."""
    return NewMail.make(Mail(effect.sender, effect.recipients, effect.message), effect.message_id, appliance_key,
                        session_id=session_id, config=effect.config)


def new_notice(opened: Opened, kind: str, value: object) -> NewNotice:
    """A row for the notices; its value is sealed under the session's key.

    It is kept as the browser can get it: what JSON does not know is its text.
    """
    value = as_json(value)
    return NewNotice(kind, value, seal(opened.key, dump(value, "A notice"), NoticeRow.context(opened.row.id, kind)))


def _same_question(stored: Screen, shown: Screen) -> bool:
    """Whether a form that was drawn for `stored` may still be submitted when `shown` is the screen."""
    return (
        (stored.block, stored.bindings, stored.sought, stored.variable, stored.continue_variable, stored.event_action)
        == (shown.block, shown.bindings, shown.sought, shown.variable, shown.continue_variable, shown.event_action))
