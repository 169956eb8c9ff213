"""Other sessions as one turn sees them: those that it makes, those that it changes, and what it may read of all others.

What is done to a session that the turn makes is written with it. A session that was there before is not touched: the
turn sees what would come of a change, and what it asks for is kept with its commit and done in that session's own place
in the line (:mod:`appliance.sessions.change_line`). So no turn ever waits for another session's.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from appliance import clock
from appliance.interview.accounts import AccountEffect
from appliance.interview.errors import InterviewError
from appliance.interview.host import running_evaluation
from appliance.interview.other_sessions import (
    CreateSession,
    DeleteSession,
    GiveLink,
    ListedSession,
    ListQuery,
    OtherInterview,
    SessionEffect,
    SessionRefused,
)
from appliance.interview.permissions import permitted
from appliance.interview.screen import Screen
from appliance.interview.sources import one_name
from appliance.interview.stored import StoredEffect, StoreValue
from appliance.interview.turn import ShowScreen
from appliance.sessions.commit import Commit
from appliance.sessions.evaluation import Running
from appliance.sessions.files import FileChanges, TurnFiles
from appliance.sessions.host import Actor
from appliance.sessions.interview_access import may_list
from appliance.sessions.opened import Opened, open_session
from appliance.sessions.people import accounts_among
from appliance.sessions.session_change import Change, Done, Pending, SessionChange, begin, change, look
from appliance.sessions.session_index import listed
from appliance.sessions.stores import stored_among
from appliance.store.errors import WrongKey
from appliance.store.keys import APPLIANCE, Holder, appliance_holder, give, unwrap
from appliance.store.links import NewLink, new_code
from appliance.store.sealing import new_key
from appliance.store.session_changes import ChangeRow, NewChange, changes_of
from appliance.store.sessions import LoadedSession, SessionRow, load_session, new_session_id

if TYPE_CHECKING:
    from appliance.sessions.runner import Runner

__all__ = ["TurnSessions", "Work"]

_MOST_HOPS = 8
"""Code that runs for code in another session, and so on, ends here; else it could go on for ever."""

_GONE = "There is no session {session!r} of {interview}."
_NOT_YOURS = ("The session {session!r} of {interview} belongs to somebody else. Code reaches the sessions of the "
              "person that it runs for, and those with 'multi_user = True'.")
_NOT_IN_TASK = ("The session {session!r} of {interview} cannot be opened here. Code that runs without its person, "
                "like that of a background task, reaches the sessions that it makes itself and those with "
                "'multi_user = True'; look at others before the task starts.")
_OWN = ("This is the session that the code runs in: assign its variables as usual, and use the functions for other "
        "sessions for others.")
_OWN_IN_TASK = ("This is the session that the background task works for. The task has its variables as they were when "
                "it was asked for, and what it assigns is not kept: end it with background_response_action(), and let "
                "that action assign them.")
_TOO_DEEP = "Sessions that make or change each other went on too long: {interview} was reached over {hops} others."
_NOBODY = ("Nobody could open the new session of {interview}: the code runs for somebody without an account or "
           "browser, and the interview does not say 'multi_user = True'.")


@dataclass
class Seen:
    """A session as a turn sees it.

    :param opened: None when the turn has deleted it.
    :param commits: of a session that the turn makes, what is to be written.
    """

    opened: Opened | None
    is_new: bool = False
    commits: list[Commit] = field(default_factory=list)
    stored: tuple[StoredEffect, ...] = ()
    accounts: tuple[AccountEffect, ...] = ()

    def add(self, done: Done) -> None:
        """Take in what came of a change."""
        commit = done.settled.commit
        self.opened = None if commit.delete else done.settled.opened
        self.commits.append(commit)
        self.stored += stored_among(done.outcome.effects)
        self.accounts += accounts_among(done.outcome.effects)

    def pending(self, stored: tuple[StoredEffect, ...], accounts: tuple[AccountEffect, ...]) -> Pending:
        """What a further change of it comes after."""
        files = FileChanges()
        for commit in self.commits:
            files += commit.files
        return Pending(files, (*stored, *self.stored), (*accounts, *self.accounts))


@dataclass
class Work:
    """What a turn has done with other sessions so far.

    :param files: what is to be removed if nothing comes of the turn.
    :param trials: what is to be removed in any case: nothing is kept of what only showed what would come of a change.
    """

    seen: dict[str, Seen] = field(default_factory=dict)
    changes: list[SessionChange] = field(default_factory=list)
    ending: set[str] = field(default_factory=set)   # sessions that are over for everybody when the changes are done
    left: set[tuple[str, str]] = field(default_factory=set)   # sessions that are over for the holder of this key
    links: list[NewLink] = field(default_factory=list)
    files: list[TurnFiles] = field(default_factory=list)
    trials: list[TurnFiles] = field(default_factory=list)
    reached: tuple[dict[str, bytes], ...] = ()   # the keys of the sessions that code reached, for each branch we are in

    def branch(self) -> Work:
        """For code that only shows what would come of a change: what it does to others is dropped."""
        seen = {session_id: replace(one, commits=list(one.commits)) for session_id, one in self.seen.items()}
        return Work(seen, list(self.changes), set(self.ending), set(self.left), list(self.links), self.trials,
                    self.trials, (*self.reached, {}))

    def reach(self, session_id: str, key: bytes) -> None:
        """Note that code has opened a session."""
        for one in self.reached:
            one[session_id] = key

    def look_anew(self) -> None:
        """Forget the sessions that were only looked at: they may be others by now."""
        self.seen = {session_id: one for session_id, one in self.seen.items()
                     if one.is_new or one.commits or one.opened is None}

    def into(self, commit: Commit, appliance_key: bytes) -> None:
        """Have it written with the turn."""
        commit.others += [one for seen in self.seen.values() if seen.is_new for one in seen.commits]
        commit.changes += [
            NewChange.make(one.effect.session_id, one, appliance_key, deletes=one.effect.session_id in self.ending)
            for one in self.changes]
        commit.links += self.links

    def close(self) -> None:
        """The turn has ended: remove what it wrote to the disk on trial."""
        for files in self.trials:
            files.abandon()
        self.trials.clear()

    def abandon(self) -> None:
        """Nothing comes of the turn: remove all that it wrote to the disk."""
        self.close()
        for files in self.files:
            files.abandon()


class TurnSessions:
    """:class:`appliance.interview.other_sessions.OtherSessions` for one turn.

    :param actor: for whom the turn is.
    :param session_id: in which it is.
    :param seed: makes the ids of sessions the same when the same code runs once more; empty for random ones.
    :param keys: of sessions that open without the actor, because they opened when the change was asked for.
    """

    pending: tuple[SessionEffect, ...] = ()

    def __init__(self, runner: Runner, actor: Actor, running: Running, session_id: str, work: Work | None = None, *,
                 hops: int = 0, seed: str = "", keys: Mapping[str, bytes] | None = None) -> None:
        self._runner = runner
        self._actor = actor
        self._running = running
        self._session_id = session_id
        self.work = work or Work()
        self._hops = hops
        self._seed = seed
        self._keys = keys or {}
        self._made = 0

    @classmethod
    def for_change(cls, runner: Runner, asked: SessionChange, running: Running, session_id: str,
                   work: Work) -> TurnSessions:
        """What code sees that runs for a change which was asked for."""
        return cls(runner, asked.actor, running, session_id, work, hops=asked.hops, seed=asked.token,
                   keys=dict(asked.keys))

    def again(self, seed: str) -> TurnSessions:
        """For an action that ran before and runs once more on older answers: what it did to others is done."""
        return TurnSessions(self._runner, self._actor, self._running, self._session_id, self.work.branch(),
                            hops=self._hops, seed=seed, keys=self._keys)

    def new_session_id(self) -> str:
        """Random, or made of the seed."""
        if not self._seed:
            return new_session_id()
        self._made += 1
        return hashlib.sha256(f"session:{self._seed}:{self._made}".encode()).hexdigest()[:32]

    def new_code(self) -> str:
        return new_code()

    # -- what is asked for -------------------------------------------------------------------------------------

    def apply(self, effect: SessionEffect) -> None:
        """Do it, as far as this turn sees it.

        :raises SessionRefused: if it cannot be done.
        :raises InterviewError: where an interview that runs for it cannot go on.
        """
        if isinstance(effect, GiveLink):
            self.work.links.append(NewLink.make(effect.code, effect.address, effect.expires, once=effect.once))
        elif isinstance(effect, CreateSession):
            self._create(effect)
        elif isinstance(effect, DeleteSession):
            self._delete(effect)
        else:
            self._change(effect)

    def replay(self, effects: Iterable[SessionEffect]) -> None:
        """All of this, in order."""
        for effect in effects:
            self.apply(effect)

    def _create(self, effect: CreateSession) -> None:
        self._go_deeper(effect.interview)
        receiver, key, now = self._actor.gets, new_key(), clock.now()
        row = SessionRow(effect.session_id, one_name(effect.interview), self._actor.user.user_id, now, now, now)
        keys = {} if receiver is None else {receiver.name: give(receiver, row.id, key)}
        seen = Seen(None, is_new=True)
        done = begin(self._runner, self._running, Opened(row, key, keys), effect, self._actor,
                     self._inside(row.id, self.work), self.work.files, seen.pending(*self._before()))
        seen.add(done)
        if seen.opened is not None and not seen.opened.keys:
            raise SessionRefused(_NOBODY.format(interview=effect.interview))
        self.work.seen[row.id] = seen

    def _change(self, effect: Change) -> None:
        if isinstance(effect, DeleteSession):
            raise TypeError("deleting is no change of answers")
        self._go_deeper(effect.interview)
        opened = self._opened(effect.interview, effect.session_id)
        seen = self.work.seen[effect.session_id]
        asked = SessionChange(effect, opened.key, self._actor.absent, secrets.token_hex(16), self._hops + 1)
        work = self.work if seen.is_new else self.work.branch()
        done = change(self._runner, self._running, opened, asked, self._inside(effect.session_id, work, asked.token),
                      work.files, seen.pending(*self._before()))
        if done is not None:
            seen.add(done)
        if not seen.is_new:
            self.work.changes.append(replace(asked, keys=tuple(work.reached[-1].items())))

    def _delete(self, effect: DeleteSession) -> None:
        seen = self.work.seen.get(effect.session_id)
        if seen is not None and seen.is_new:
            self._runner.files.remove(blob for commit in seen.commits for blob in commit.blobs)
            seen.opened, seen.commits = None, []
            return
        loaded = self._loaded(effect.session_id)
        if loaded is None:
            return   # it ended in the meantime: what was wanted is so
        if not set(effect.holders) <= set(self._actor.viewers):
            self._need("edit_sessions", "delete sessions of others")
        others = set(loaded.keys) - set(effect.holders) - {APPLIANCE}
        if effect.shared or not others:
            self.work.ending.add(effect.session_id)
            self.work.seen[effect.session_id] = Seen(None)
        else:
            self.work.left.update((effect.session_id, holder) for holder in effect.holders)
        self.work.changes.append(SessionChange(effect, b"", self._actor.absent, secrets.token_hex(16), self._hops + 1))

    def _go_deeper(self, interview: str) -> None:
        if self._hops >= _MOST_HOPS:
            raise SessionRefused(_TOO_DEEP.format(interview=interview, hops=self._hops))

    def _inside(self, session_id: str, work: Work, seed: str = "") -> TurnSessions:
        """What code sees of other sessions that runs in one of them for this turn."""
        return TurnSessions(self._runner, self._actor, self._running, session_id, work, hops=self._hops + 1, seed=seed,
                            keys=self._keys)

    def _before(self) -> tuple[tuple[StoredEffect, ...], tuple[AccountEffect, ...]]:
        """What this turn has stored and done to accounts so far, which is the same in every session."""
        evaluation = running_evaluation()
        if evaluation is None:
            return (), ()
        host = evaluation.host
        stored = (*host.stores.pending, *stored_among(evaluation.effects))
        return (tuple(one for one in stored if not (isinstance(one, StoreValue) and one.place.base == "session")),
                (*host.people.pending, *accounts_among(evaluation.effects)))

    # -- reading -----------------------------------------------------------------------------------------------

    def answers(self, interview: str, session_id: str) -> bytes:
        """:raises SessionRefused: if the session cannot be reached."""
        if session_id == self._session_id:
            evaluation = running_evaluation()
            if evaluation is not None and one_name(interview) == evaluation.interview.reference:
                return self._runner.language.freeze(evaluation.answers)
        current = self._opened(interview, session_id).current
        if current is None:
            raise SessionRefused(_GONE.format(session=session_id, interview=interview))
        return current.answers

    def file_content(self, interview: str, session_id: str, number: int) -> bytes | None:
        """:raises SessionRefused: if the session cannot be reached."""
        opened = self._opened(interview, session_id)
        files = TurnFiles(self._runner.store, self._runner.files, session_id, opened.key,
                          self.work.seen[session_id].pending((), ()).files)
        try:
            return files.workspace.path(number).read_bytes()
        except FileNotFoundError:
            return None
        finally:
            files.close()

    def screen(self, interview: str, session_id: str) -> tuple[Screen | None, int]:
        """What the session asks now. Its interview runs for that, and nothing of it stays."""
        self._go_deeper(interview)
        opened, work = self._opened(interview, session_id), self.work.branch()
        done = look(self._runner, self._running, opened, self._actor, self._inside(session_id, work), work.files,
                    self.work.seen[session_id].pending(*self._before()))
        ending = done.outcome.ending
        return (ending.screen if isinstance(ending, ShowScreen) else None), opened.row.step

    def listed(self, query: ListQuery) -> tuple[list[ListedSession], str]:
        """:raises SessionRefused: if they are none of the person's business."""
        if query.whose not in ("own", self._actor.user.user_id):
            self._need("access_sessions", "see sessions of others")
        seen = {session_id: one.opened for session_id, one in self.work.seen.items()}
        new = [session_id for session_id, one in self.work.seen.items() if one.is_new]
        return listed(self._runner, self._actor, self._key_of, query, seen, new, self.work.left)

    def menu(self) -> list[OtherInterview]:
        """What can be started, with what the interviews say about themselves."""
        return [self._offered(one.interview, one.title) for one in self._runner.listed()
                if may_list(one.privileges, self._actor.user)]

    def _offered(self, reference: str, title: str) -> OtherInterview:
        try:
            return OtherInterview(reference, title, self._runner.metadata(reference))
        except InterviewError:
            return OtherInterview(reference, title, broken=True)

    # -- opening ---------------------------------------------------------------------------------------------------

    @property
    def _openers(self) -> Sequence[Holder]:
        return [*self._actor.openers, appliance_holder(self._runner.appliance_key)]

    def _opened(self, interview: str, session_id: str) -> Opened:
        """The session as this turn sees it: with what waits to be done to it.

        :raises SessionRefused: if it cannot be reached.
        """
        interview = one_name(interview)
        names = {"session": session_id, "interview": interview}
        if session_id == self._session_id:
            raise SessionRefused(_OWN if running_evaluation() is not None else _OWN_IN_TASK)
        seen = self.work.seen.get(session_id)
        if seen is None:
            seen = self.work.seen[session_id] = Seen(self._found(session_id, names))
        if seen.opened is None or seen.opened.row.interview != interview:
            raise SessionRefused(_GONE.format(**names))
        self.work.reach(session_id, seen.opened.key)
        return seen.opened

    def _found(self, session_id: str, names: dict[str, str]) -> Opened:
        # In one look, or a change that is done just now would be neither here nor there.
        loaded, rows = self._runner.store.read(
            lambda database: (load_session(database, session_id), changes_of(database, session_id))).result()
        if loaded is None or loaded.row.interview != names["interview"] or loaded.row.step == 0:
            raise SessionRefused(_GONE.format(**names))
        key = self._key_of(session_id, loaded.keys)
        if key is not None:
            with suppress(WrongKey):   # it is damaged on the disk
                return self._with_changes(open_session(loaded, key), rows)
        raise SessionRefused((_NOT_YOURS if self._actor.openers else _NOT_IN_TASK).format(**names))

    def _key_of(self, session_id: str, sealed: Mapping[str, bytes]) -> bytes | None:
        """What opens a session here; None where nothing does.

        :param sealed: its key, by whom it is sealed for.
        """
        key = self._keys.get(session_id)
        for holder in self._openers:
            if key is None and holder.name in sealed:
                with suppress(WrongKey):   # a user of the same name, before the reset of a password
                    key = unwrap(holder, session_id, sealed[holder.name])
        if key is not None:
            self.work.reach(session_id, key)
        return key

    def _loaded(self, session_id: str) -> LoadedSession | None:
        return self._runner.store.read(lambda database: load_session(database, session_id)).result()

    def _with_changes(self, opened: Opened, rows: list[ChangeRow]) -> Opened:
        """What former turns asked for is as good as done; what cannot be done will not be."""
        for row in rows:
            asked: SessionChange = row.opened(self._runner.appliance_key)
            if isinstance(asked.effect, DeleteSession):
                continue
            work = Work(files=self.work.trials, trials=self.work.trials)
            others = TurnSessions.for_change(self._runner, asked, self._running, opened.row.id, work)
            try:
                done = change(self._runner, self._running, opened, asked, others, work.files, Pending())
            except InterviewError:
                continue
            if done is not None and not done.settled.commit.delete:
                opened = done.settled.opened
        return opened

    def _need(self, permission: str, words: str) -> None:
        configured: Any = self._runner.settings("permissions", None) or {}
        if not permitted(permission, self._actor.user.privileges, configured):
            raise SessionRefused(
                f"Only administrators, and privileges with the permission {permission!r}, may {words}.")
