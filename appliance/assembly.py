"""Connects the parts: what the server, the turns and the tasks need of each other meets here and nowhere else."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from appliance import __version__, author_db
from appliance.accounts.accounts import Accounts
from appliance.accounts.audit import Audit
from appliance.accounts.command import Reached, user_command
from appliance.accounts.for_authors import ForAuthors
from appliance.administration.administration import Administration
from appliance.administration.log_files import LogFiles
from appliance.administration.package_shelf import PackageShelf, install_command
from appliance.administration.settings_file import SettingsFile
from appliance.administration.uploads import Uploads
from appliance.attendance import Attendance, UnderWay
from appliance.backup.backups import Backups
from appliance.backup.bringing_back import BringingBack
from appliance.backup.command import backup_command
from appliance.backup.making import FOLDER as BACKUPS
from appliance.commands import Commands
from appliance.config import Settings
from appliance.cron.calendar import Calendar
from appliance.cron.command import cron_command
from appliance.cron.cron_log import CronLog
from appliance.cron.retention import Retention
from appliance.cron.schedule import Schedule
from appliance.first_start.chosen import Chosen
from appliance.first_start.leaving import remove_untouched
from appliance.first_start.moving import end_move
from appliance.first_start.state import Answers, FirstStart
from appliance.interview.cache import Interviews
from appliance.interview.errors import InterviewError
from appliance.interview.evaluate import evaluate
from appliance.interview.files import Document
from appliance.interviews import DEMO
from appliance.mail.entrances import Entrances
from appliance.mail.incoming import MailIn
from appliance.mail.letters import Letters
from appliance.mail.mail_server import MailServer
from appliance.mail.outbox import Outbox
from appliance.mail.page import MailPage
from appliance.network.sharing import Sharing
from appliance.network.state import CannotShare
from appliance.packages import SHIPPED, InstalledPackages
from appliance.server.application import ServerApplication, make_application
from appliance.server.entrance import Entrance
from appliance.server.parts import Parts
from appliance.sessions.evaluation import Evaluator
from appliance.sessions.language import Language
from appliance.sessions.mail_list import MailList
from appliance.sessions.turns import Turns
from appliance.shell.login_item import LoginItem
from appliance.store.appliance_key import system_keyring
from appliance.store.database import Store
from appliance.store.files import FileStore
from appliance.store.journal import Journal
from appliance.store.sealing import derive
from appliance.store.users import Users

if TYPE_CHECKING:
    from appliance.compute.compute import Compute

__all__ = ["Assembly", "Secrets"]

logger = logging.getLogger(__name__)

_LONGEST_GOODBYE = 10.0
"""Seconds that the last turns have; what is given up was not acknowledged, and nothing of it is saved."""


_TOKEN_LIFETIME = 24 * 3600.0
"""Seconds for which an address that signs the owner in can be used."""

_ANSWERED = 0.5
"""Seconds after which the answer to a command has arrived."""


class Secrets:
    """What the server signs with, derived from the appliance's key: a restart signs nobody out."""

    def __init__(self, appliance_key: bytes) -> None:
        self.cookie_secret = derive(appliance_key, "signed cookies")


class Assembly:
    """All parts but the listening server, connected.

    :param data: the data folder.
    :param request_restart: called when the process should be replaced by a fresh one.
    """

    def __init__(self, data: Path, settings: Settings, store: Store, appliance_key: bytes, packages: InstalledPackages,
                 *, request_restart: Callable[[], None]) -> None:
        self._data = data
        self._settings = settings
        self._store = store
        self._packages = packages
        self._secrets = Secrets(appliance_key)
        self._compute: Compute | None = None
        self._loop = asyncio.get_running_loop()
        self.users = Users(store, appliance_key)
        self.owner = self.users.prepare()
        self.journal = Journal(store, appliance_key, packages=str(packages.folder), settings=settings.as_dict(),
                               author_db=astuple(author_db.prepare(data)))
        self._interviews = Interviews(packages)
        evaluator = Evaluator(limit=settings["turn time limit"], request_restart=request_restart)
        self.turns = Turns(store, Language(self._interviews, evaluate), appliance_key,
                           user_key=self.users.key_of, evaluator=evaluator, settings=settings.get,
                           documents=_make_document, cron_user=self.users.cron_user,
                           accounts=ForAuthors(store, appliance_key, Audit(store, appliance_key),
                                               settings=settings.get),
                           listed=packages.listed)
        self.accounts = Accounts(store, appliance_key, settings=settings.get, expire=self.turns.expire)
        self.turns.listeners.on_account = self.accounts.changed
        self.turns.listeners.on_tasks_queued = self._wake
        self.turns.listeners.on_revoke = self._revoke
        self.outbox = Outbox(store, appliance_key, MailServer.configured(settings), data / "logs")
        self.outgoing = MailList(store, appliance_key, self.turns, under_way=self.outbox.is_under_way,
                                 wake=self.outbox.wake)
        self.letters = Letters(store, appliance_key, settings, self._mail_written)
        self.turns.listeners.on_mail = self._mail_written
        self.outbox.on_changed = self._mail_changed
        self.cron_log = CronLog(data / "logs")
        self.turns.listeners.on_event = self.cron_log.ran
        calendar = Calendar.configured(settings.get)
        self.retention = Retention(store, appliance_key, self.turns, settings.get,
                                   events_of=lambda interview: self._interviews.get(interview).scheduled_events,
                                   next_run=lambda after: calendar.following("cron_daily", after))
        self.retention.on_account_deleted = self.accounts.changed
        self.schedule = Schedule(store, appliance_key, self.turns, calendar, settings.get, tidy=self.retention.run)
        self.schedule.on_mail = self._mail_written
        self.backups = Backups(data, store, appliance_key, self.accounts.audit,
                               office=lambda: str(settings["appname"]))
        shelf = PackageShelf(packages, store, self.accounts.audit, __version__)
        self.administration = Administration(
            data, shelf, SettingsFile(data), LogFiles(data / "logs"), Uploads(packages.folder), settings.change,
            request_restart)
        self.login_item = LoginItem(data)
        self.bringing_back = BringingBack(data, system_keyring, self._restart_soon)
        self.attendance = Attendance(self._under_way, self._hello)
        self.first_start = FirstStart(data)
        self._shows_first = "/backup" if self.bringing_back.restored else _first_page(self.first_start.answers)
        self.chosen = Chosen()
        self.commands = Commands(appliance_key, {
            "install": install_command(shelf, self._restart_soon),
            "cron": cron_command(self.schedule, lambda: self._compute is not None),
            "backup": backup_command(self.backups), "user": user_command(self.accounts, self._reached),
            **self.attendance.commands, **self.chosen.commands}, ends_with_its_caller=frozenset({"attend"}))
        self.mail_in = MailIn(store, appliance_key, self.turns, settings.get)
        self.entrances = Entrances(self.mail_in, settings, store, data, self.outbox.log)
        self.mail_page = MailPage(self.mail_in, self.turns, FileStore(store.folder), settings.get,
                                  self.entrances.health)
        self._application: ServerApplication | None = None
        self.network = Sharing(data, settings.get, appliance_key, self._listen)
        # What tasks ask and tell while they run, by kind (appliance/compute/asking.py).
        self._answers: dict[str, Callable[..., Awaitable[Any]]] = self.turns.questions.table()
        self._told: dict[str, Callable[..., None]] = {"progress": self.turns.task_progress}
        self.journal.on_moved = self.turns.task_moved

    def application(self) -> ServerApplication:
        """The web application over the parts."""
        self._application = make_application(Parts(
            turns=self.turns, accounts=self.accounts, packages=self._packages, settings=self._settings,
            secrets=self._secrets, store=self._store, compute=self, retention=self.retention, schedule=self.schedule,
            commands=self.commands, backups=self.backups,
            outgoing=self.outgoing, letters=self.letters, mail=self.mail_page,
            network=self.network, administration=self.administration,
            attendance=self.attendance, first_start=self.first_start, chosen=self.chosen,
            bringing_back=self.bringing_back, login_item=self.login_item,
            health={"database": self._database_health, "mail": self.outbox.health, "mail in": self._mail_in_health,
                    "schedule": self.schedule.health}))
        return self._application

    async def resume(self) -> None:
        """Clear away what the last run left half done; before the first request."""
        await self.turns.resume()
        await self.backups.start()
        self.outbox.start()
        await self.mail_in.start()
        self.entrances.start()

    def warm_up(self) -> None:
        """Do early, beside the loop, what the first visitors would wait for; what fails here is told to them."""
        def work() -> None:
            for interview in self._packages.listed():
                if interview.package == SHIPPED:
                    with contextlib.suppress(InterviewError):
                        self._interviews.get(interview.interview)

        threading.Thread(target=work, name="warm-up", daemon=True).start()

    def clear_away(self) -> None:
        """Do beside the loop what nobody waits for: remove what a first start made that ended with another folder or
        with a backup, and name a program that has moved where the system starts it at login.
        """
        def work() -> None:
            self.login_item.mend()
            end_move(self.first_start)
            for left in (self._data / BACKUPS).glob("before-restore-*"):
                remove_untouched(left)   # where a backup was brought back at the first start

        threading.Thread(target=work, name="clearing away", daemon=True).start()

    async def start_compute(self) -> None:
        """Start the part that runs tasks; it comes up in the background."""
        from appliance.compute.compute import Compute  # imported late: the first page does not wait for it

        self._compute = Compute(self.journal, self.turns.task_ended, self._settings, self._packages.folder,
                                self._data / "logs", answer=self._answer_task, on_tell=self._task_told)
        await self._compute.start()

    def sign_in_address(self, target: str = "/") -> str:
        """An address that signs the laptop's owner in once and then goes to `target`."""
        if self.owner.user_id is None:
            raise ValueError("the owner is a user of the store")
        token = self.users.make_token(self.owner.user_id, lifetime=_TOKEN_LIFETIME)
        return f"{self.turns.address}/user/sign-in?{urlencode({'token': token, 'next': target}, safe='/:')}"

    async def share_from_start(self, *, asked: bool) -> str:
        """Let other computers in if that is asked for or configured; tells why that is impossible."""
        if asked or self._settings["network: share"]:
            try:
                await self.network.share()
            except CannotShare as problem:
                logger.warning("not shared on the network")
                return str(problem)
        return ""

    def _listen(self, sockets: Sequence[socket.socket], context: ssl.SSLContext) -> Entrance:
        if self._application is None:
            raise CannotShare("The appliance is still starting. Please try again in a moment.")
        return Entrance(self._application, sockets, context)

    def start_schedule(self) -> None:
        """Begin what was missed and what is due from now on; when the first screen can be served."""
        self.schedule.start()

    async def stop(self) -> None:
        """Stop in reverse: no more mail, events and tasks, then no more turns."""
        await self.entrances.stop()
        await self.backups.stop()
        await self.bringing_back.stop()
        await self.schedule.stop()
        await self.mail_in.stop()
        if self._compute is not None:
            await self._compute.stop()
        try:
            await asyncio.wait_for(self.turns.stop(), _LONGEST_GOODBYE)
        except TimeoutError:
            logger.warning("turns that did not end in %g s were given up", _LONGEST_GOODBYE)
        await self.outbox.stop()
        self.accounts.close()
        self.cron_log.close()

    def _restart_soon(self) -> None:
        """When whoever asked for it has had the answer."""
        self._loop.call_later(_ANSWERED, self.administration.restart)

    # -- effects of turns, carried out by compute; called in whatever thread committed them ------------

    def _wake(self) -> None:
        if self._compute is not None:   # else its start looks for what is queued
            self._compute.wake()

    def _mail_written(self) -> None:
        self.outbox.wake()
        self._mail_changed()

    def _mail_changed(self) -> None:
        self.outgoing.on_changed()

    def _revoke(self, task_id: str, terminate: bool) -> None:
        if self._compute is not None:
            asyncio.run_coroutine_threadsafe(self._compute.revoke(task_id, terminate), self._loop)

    # -- the program that attends the server -----------------------------------------------------------

    def _hello(self) -> dict[str, Any]:
        waits, shows = self.first_start.waits, self._shows_first
        self._shows_first = ""
        return {"address": self.turns.address, "sign_in": self.sign_in_address("/welcome" if waits else shows or "/"),
                "first_start": waits, "anew": bool(shows)}

    async def _under_way(self) -> UnderWay:
        counts = await self.journal.counts()
        tasks = counts.get("queued", 0) + counts.get("running", 0)
        return UnderWay(tasks, 0 if self._application is None else self._application.tabs.from_network)

    def _reached(self) -> Reached:
        """Where people reach us, for links that are handed over."""
        network = self.network.state
        elsewhere = network.name or next(iter(network.addresses), "")
        address = str(self._settings.get("url root", None) or elsewhere or self.turns.address).rstrip("/")
        return Reached(address if self.turns.address else "", network.shared)

    # -- what tasks ask and tell while they run --------------------------------------------------------

    async def _answer_task(self, task_id: str, kind: str, details: dict[str, Any]) -> Any:
        return await self._answers[kind](task_id, **details)

    def _task_told(self, task_id: str, kind: str, details: dict[str, Any]) -> None:
        self._told[kind](task_id, **details)

    # -- /health ---------------------------------------------------------------------------------------

    def health(self) -> dict[str, Any]:
        """How the part that runs tasks is."""
        told = {"state": "starting"} if self._compute is None else self._compute.health()
        queue = {state: told.get(state, 0) for state in ("queued", "running")}
        return {"workers": told.get("workers", 0), "queue": queue, "compute": told}

    async def _mail_in_health(self) -> dict[str, Any]:
        return {**await self.mail_in.health(), **self.entrances.health()}

    async def _database_health(self) -> dict[str, Any]:
        await asyncio.wrap_future(self._store.read(lambda database: database.execute("SELECT 1").fetchone()))
        return {"status": "ok"}


def _first_page(answers: Answers | None) -> str:
    """What the window shows first of a folder that was chosen at a first start; empty for what it always shows."""
    if answers is None or not answers.over:
        return ""
    return "/" if answers.taken_over else f"/interview?i={DEMO}"


def _make_document(document: Document, file_format: str) -> bytes:
    from appliance.documents.assemble import make_document  # imported late: most visitors want none

    return make_document(document, file_format)
