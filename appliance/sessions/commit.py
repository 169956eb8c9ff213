"""What one turn writes, prepared off the database's thread and written in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlite_utils import Database

from appliance.sessions.errors import NoSuchSession, SignInNeeded
from appliance.sessions.files import FileChanges
from appliance.sessions.people import AccountChanges
from appliance.sessions.stores import Stored
from appliance.store.counters import Count, write_count
from appliance.store.effects import Revocation, add_revocation
from appliance.store.files import dead_blobs
from appliance.store.key_marks import is_current
from appliance.store.keys import Holder
from appliance.store.links import NewLink, add_link
from appliance.store.notices import add_notice
from appliance.store.outbox import NewMail, add_mail
from appliance.store.received_mail import NewAddress, add_address
from appliance.store.session_changes import NewChange, add_change
from appliance.store.sessions import (
    SessionRow,
    add_key,
    delete_session,
    insert_session,
    note_turn,
    remove_key,
    update_session,
)
from appliance.store.steps import StepRow, delete_steps_after, put_step
from appliance.store.tasks import (
    NewTask,
    TaskResult,
    TaskRow,
    add_tasks,
    end_task,
    has_waiting,
    revoke_task,
    tasks_of,
)
from appliance.store.visits import write_visit

__all__ = ["AlreadyEnded", "Commit", "NewNotice", "TaskEnding", "Written"]


class AlreadyEnded(Exception):
    """The task that a commit is to end has ended before; nothing of the commit was written."""


@dataclass(frozen=True)
class NewNotice:
    """A notice to keep sealed, and to tell the open tabs at once."""

    kind: str
    value: Any = field(repr=False)
    sealed: bytes = field(repr=False)


@dataclass(frozen=True)
class TaskEnding:
    """The end of a task.

    :param callback: the pickled follow-up, where its action was applied to the answers.
    :param callback_number: counts the session's callbacks.
    """

    row: TaskRow
    result: TaskResult
    callback: bytes | None = field(default=None, repr=False)
    callback_number: int | None = None


@dataclass(frozen=True)
class Written:
    """What there is to carry out after the commit.

    :param notice_ids: of the notices, in their order.
    :param freed: queued tasks waited for one that has now ended.
    :param dead_blobs: to be removed from the disk.
    :param others: what was written of other sessions, with what there is to carry out of it.
    """

    notice_ids: list[int]
    revocations: list[Revocation]
    freed: bool = False
    dead_blobs: list[str] = field(default_factory=list)
    others: list[tuple[Commit, Written]] = field(default_factory=list)


@dataclass
class Commit:
    """All that a turn changes. :meth:`write` runs in a transaction: everything or nothing.

    :param row: the session as it becomes; None leaves the row alone.
    :param is_new: the session is not there yet (unless a task was started before its first commit).
    :param drop_after: forget steps after this number.
    :param new_keys: holder's name to sealed key.
    :param personal: of whoever the turn is for (:func:`appliance.store.values.personal_holder`).
    :param others: of sessions that the turn made.
    :param changes: what is to be done to sessions that were there before.
    :param visit: who was there (:mod:`appliance.store.visits`), and when.
    :param absent: nobody is there who could sign in anew: it is done for a session that asked before, or for a task.
    :param delete: the session is over: only the end of `ending`'s task, mail, what is stored, `accounts` and `also`
        count beside that.
    :param also: what whoever caused the turn writes in the same transaction, as that it was taken; before all else.
    """

    session_id: str
    session_key: bytes = field(repr=False)
    row: SessionRow | None = None
    is_new: bool = False
    absent: bool = False
    delete: bool = False
    steps: list[StepRow] = field(default_factory=list)
    drop_after: int | None = None
    new_keys: dict[str, bytes] = field(default_factory=dict, repr=False)
    lost_keys: list[str] = field(default_factory=list)
    personal: Holder | None = None
    turn_id: str = ""
    tasks: list[NewTask] = field(default_factory=list)
    task_answers: bytes = field(default=b"", repr=False)
    revokes: list[tuple[str, bool]] = field(default_factory=list)
    notices: list[NewNotice] = field(default_factory=list)
    mails: list[NewMail] = field(default_factory=list)
    counts: list[Count] = field(default_factory=list)
    addresses: list[NewAddress] = field(default_factory=list)
    stored: list[Stored] = field(default_factory=list)
    accounts: AccountChanges | None = None
    others: list[Commit] = field(default_factory=list)
    changes: list[NewChange] = field(default_factory=list)
    links: list[NewLink] = field(default_factory=list)
    visit: tuple[int, float] | None = None
    ending: TaskEnding | None = None
    files: FileChanges = field(default_factory=FileChanges)
    also: list[Callable[[Database], None]] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.row or self.delete or self.steps or self.new_keys or self.lost_keys or self.turn_id
                    or self.tasks or self.mails or self.counts or self.revokes or self.notices or self.ending
                    or self.files or self.also or self.visit or self.addresses or self.stored
                    or self.accounts or self.others or self.changes or self.links)

    @property
    def blobs(self) -> list[str]:
        """What is to be removed from the disk if this cannot be written."""
        return [*self.files.blobs, *(blob for other in self.others for blob in other.blobs)]

    def write(self, database: Database) -> Written:
        """Write it all.

        :raises AlreadyEnded: if the task to be ended has ended before.
        :raises NoSuchSession: if the session is gone.
        :raises AccountsRefused: if what is wanted of accounts cannot be.
        :raises SignInNeeded: if something is sealed for whoever the turn is for, and nobody could open it any more.
        """
        self.absent = self.absent or self.ending is not None
        self._leave_out_what_nobody_opens(database)
        if self.ending is not None and not end_task(
                database, self.ending.row, self.ending.result, self.session_key,
                callback=self.ending.callback, callback_number=self.ending.callback_number):
            raise AlreadyEnded
        for write in self.also:
            write(database)
        if self.accounts is not None:
            self.accounts.write(database)
        others, unwanted = self._write_others(database)
        if self.delete:
            if self.is_new:
                self._write_session(database)
            self._add_mails(database)
            self._add_stored(database)
            return Written([], self._delete(database), dead_blobs=[*dead_blobs(database), *unwanted], others=others)
        self._write_session(database)
        self._add_mails(database)
        self._add_stored(database)
        self.files.write(database, self.session_id)
        if self.visit is not None:
            write_visit(database, self.session_id, *self.visit)
        for address in self.addresses:
            add_address(database, address)
        for count in self.counts:
            write_count(database, self.session_id, count)
        for step in self.steps:
            put_step(database, step)
        if self.drop_after is not None:
            delete_steps_after(database, self.session_id, self.drop_after)
        if self.tasks:
            add_tasks(database, self.session_id, self.tasks, self.task_answers)
        revocations = [add_revocation(database, task_id, terminate=terminate) for task_id, terminate in self.revokes
                       if revoke_task(database, task_id, terminate=terminate)]
        ended = [revocation.task_id for revocation in revocations]
        if self.ending is not None:
            ended.append(self.ending.row.id)
        return Written([add_notice(database, self.session_id, notice.kind, notice.sealed) for notice in self.notices],
                       revocations, has_waiting(database, ended), [*dead_blobs(database), *unwanted], others)

    def _write_others(self, database: Database) -> tuple[list[tuple[Commit, Written]], list[str]]:
        """What was written, and the content of files of what was left out."""
        for link in self.links:
            add_link(database, link)
        for change in self.changes:
            add_change(database, change)
        written, unwanted = [], []
        for other in self.others:
            other.absent = other.absent or self.absent
            if other.absent and other.is_for_former_key_alone(database):
                unwanted += other.blobs
            else:
                written.append((other, other.write(database)))
        return written, unwanted

    def is_for_former_key_alone(self, database: Database) -> bool:
        """Whether nobody could open the new session, because the key of whoever would get it was replaced meanwhile."""
        return (self.personal is not None and set(self.new_keys) == {self.personal.name}
                and not is_current(database, self.personal))

    def _leave_out_what_nobody_opens(self, database: Database) -> None:
        """After the reset of a password nothing comes under the key before: a person who still works with it signs in
        anew. Where nobody is there who could, all else counts, but not what is for them alone.
        """
        if self.personal is None:
            return
        name = self.personal.name
        theirs = [one for one in self.stored if one.is_for(name)]
        if (theirs or name in self.new_keys) and not is_current(database, self.personal):
            if not self.absent:
                raise SignInNeeded
            self.stored = [one for one in self.stored if one not in theirs]
            self.new_keys = {holder: sealed for holder, sealed in self.new_keys.items() if holder != name}

    def _add_mails(self, database: Database) -> None:
        for mail in self.mails:
            add_mail(database, mail)

    def _add_stored(self, database: Database) -> None:
        for change in self.stored:
            change.write(database)

    def _write_session(self, database: Database) -> None:
        if self.row is not None:
            if self.is_new:
                insert_session(database, self.row)
            if not update_session(database, self.row):
                raise NoSuchSession(self.session_id)
        for holder, sealed in self.new_keys.items():
            add_key(database, self.session_id, holder, sealed)
        for holder in self.lost_keys:
            remove_key(database, self.session_id, holder)
        if self.turn_id and self.row is not None:
            note_turn(database, self.session_id, self.turn_id, self.row.revision)

    def _delete(self, database: Database) -> list[Revocation]:
        ended = [add_revocation(database, task.id, terminate=True) for task in tasks_of(database, self.session_id)
                 if task.state in ("queued", "running")]
        delete_session(database, self.session_id)
        return ended
