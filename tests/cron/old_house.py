"""A house with retention, a clock that is driven, and interviews whose sessions grow old."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from pathlib import Path
from typing import Any, TypeVar

from sqlite_utils import Database

from appliance import clock
from appliance.cron.retention import Retention, RetentionResult
from appliance.interview.cache import Interviews
from appliance.sessions.reply import Reply
from appliance.sessions.visitor import Visitor
from appliance.store.outbox import Mail, MailRow, NewMail, add_mail, mail_failed, mail_row, mail_sent
from appliance.store.retention import DAY, note_run
from tests.sessions.house import ANN, House

__all__ = ["BEGINNING", "EVENTS", "FILES", "OldHouse", "reference", "waiting_mail", "years"]

BEGINNING = 1_700_000_000.0

FILES = """
metadata:
  title: A letter
---
objects:
  - letter: DAFile
---
question: Name?
fields:
  - Name: name
---
mandatory: True
code: |
  name
  letter.initialize(filename='letter.txt')
  letter.write('Dear ' + name)
---
mandatory: True
code: |
  multi_user = name == 'Shared'
---
mandatory: True
question: Hello ${ name }
---
event: work
code: |
  background_response('done')
---
event: ask
code: |
  task = background_action('work', 'flash')
"""

EVENTS = """
metadata:
  title: A reminder
---
question: Name?
fields:
  - Name: name
---
mandatory: True
code: |
  name
  multi_user = True
  allow_cron = True
---
mandatory: True
question: Hello ${ name }
---
event: cron_weekly_background
code: |
  response()
"""

T = TypeVar("T")


def reference(name: str) -> str:
    return f"tests:data/questions/{name}.yml"


class OldHouse(House):
    """A house in which time passes only when the test says so.

    :param settings: directives; sessions are kept for 90 days unless told.
    """

    def __init__(self, folder: Path, settings: dict[str, Any] | None = None) -> None:
        self.settings = {"interview delete days": 90} | (settings or {})
        with clock.driven_by(lambda: BEGINNING):
            super().__init__(folder, settings=self.settings)
        self.time = self._ran_until = BEGINNING
        self.sources.texts |= {reference("files"): FILES, reference("events"): EVENTS,
                               reference("no_events"): EVENTS.replace("cron_weekly_background", "other_event")}
        self.interviews = Interviews(self.sources)
        self.retention = Retention(self.store, self.key, self.turns, self.settings.get, self._events_of,
                                   next_run=lambda after: (after // DAY + 1) * DAY)

    def _events_of(self, interview: str) -> Collection[str]:
        return self.interviews.get(interview).scheduled_events

    async def answered(self, interview: str = "files", name: str = "Robin", visitor: Visitor = ANN) -> Reply:
        """A session with its one question answered."""
        reply = await self.turns.begin(reference(interview), visitor)
        return await self.submit(reply, visitor, name=name)

    async def old(self, interview: str = "files", days: float = 90, **options: Any) -> Reply:
        """The same, and so many days have passed since."""
        reply = await self.answered(interview, **options)
        self.time += days * DAY
        self.runs_daily()
        return reply

    def runs_daily(self) -> None:
        """The appliance has run each day until now; nothing was deleted by that yet."""
        def note(database: Database) -> None:
            while self._ran_until < self.time:
                note_run(database, self._ran_until)
                self._ran_until += DAY
        self.store.write(note).result()

    async def run(self) -> RetentionResult:
        """Run retention, in an appliance that has run each day."""
        self.runs_daily()
        return await self.retention.run(self.time)

    async def delete(self) -> int:
        """The same; how many sessions it deleted."""
        return (await self.run()).sessions

    def sessions(self) -> list[str]:
        return [str(row[0]) for row in self.rows("SELECT id FROM sessions ORDER BY number")]

    def mail(self, session_id: str | None, state: str = "waiting") -> None:
        """A mail of that session, as it is after it was tried."""
        def write(database: Any) -> None:
            mail = Mail("", ("robin@example.com",), b"Subject: x\n\nx")
            new = NewMail.make(mail, NewMail.new_message_id("example.com"), self.key, session_id=session_id)
            add_mail(database, new)
            row = next(row for row in waiting_mail(database) if row.message_id == new.message_id)
            if state == "sent":
                mail_sent(database, row, "250 taken", self.key)
            elif state == "failed":
                mail_failed(database, row, "Refused", "550 no", self.key)
        self.store.write(write).result()


def waiting_mail(database: Database) -> list[MailRow]:
    """The mails that a mail server is to be given."""
    found = database.execute("SELECT number FROM outbox WHERE state = 'waiting' ORDER BY number").fetchall()
    return [row for (number,) in found if (row := mail_row(database, number)) is not None]


def years(folder: Path, test: Callable[[OldHouse], Awaitable[T]], **settings: Any) -> T:
    """Open a house, run the test in it with its clock, and close it.

    :param settings: directives, with ``_`` for blanks.
    """
    async def whole() -> T:
        house = OldHouse(folder, {name.replace("__", ": ").replace("_", " "): value
                                  for name, value in settings.items()})
        with clock.driven_by(lambda: house.time):
            try:
                return await test(house)
            finally:
                await house.close()
    return asyncio.run(whole())
