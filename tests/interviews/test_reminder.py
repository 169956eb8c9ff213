"""The demo's reminder: who asked for it gets it once, on the twentieth day after the filing, and nobody else ever."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from appliance import clock
from appliance.interview.screen import html_name
from appliance.interviews import defenses
from appliance.sessions.errors import NoSuchSession, NotYours
from appliance.sessions.events import EventResult
from appliance.sessions.reply import Reply, Submission
from appliance.store.outbox import mail_sent, open_mail
from appliance.store.retention import DAY
from tests.cron.old_house import OldHouse, waiting_mail
from tests.sessions.house import ANN, BOB, screen_of
from tests.support.process import DEMO

TEXT = (Path(__file__).parents[2] / "appliance/interviews/data/questions/eviction_answer.yml").read_text("utf-8")
NOON = datetime(2030, 3, 4, 12, tzinfo=UTC)
"""A Monday; the days until the reminder see the clocks of Europe and America change."""


def day(number: int) -> str:
    return (NOON + timedelta(days=number)).date().isoformat()


def answers_of(address: str) -> list[dict[str, str]]:
    """What is posted on each screen, by variable."""
    return [
        {},
        {"tenant.name.first": "Robin", "tenant.name.last": "Sample", "household_size": "0", "tenant.email": address},
        {"tenant.address.address": "12 Orchard Lane", "tenant.address.city": "Sampleton",
         "tenant.address.state": "Example State", "tenant.address.zip": "00012"},
        {"landlord.name.text": "Hilltop Homes", "landlord_kind": "company"},
        {"case_kind": "other"},
        {"served_on": day(-2), "how_served": "mailed", "case_number": "LT-000777"},
        {},
        {"lease_status": "none", "monthly_rent": "950"},
        {"facts['nota']": "True"},
        {"court_name": "Town Court of Sampleton"},
        {"hearing_set": "False"},
        {"needs_interpreter": "False", "requests['nota']": "True", "sure_to_come": "yes"},
    ]


class Office(OldHouse):
    """A house in which the demo is answered."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.sources.texts[DEMO] = TEXT
        self.time = NOON.timestamp()

    async def fill(self, reply: Reply, values: dict[str, str]) -> Reply:
        posted = {html_name(name): [value] for name, value in values.items()}
        return await self.turns.submit(reply.session_id, ANN, Submission(
            posted, screen_of(reply).block, reply.revision, reply.turn_id))

    async def walk(self, address: str = "robin@example.com") -> Reply:
        """To the last screen."""
        reply = await self.turns.begin(DEMO, ANN)
        for values in answers_of(address):
            reply = await self.fill(reply, values)
        await self.work()
        reply = await self.turns.refresh(reply.session_id, ANN)
        if "chosen" in {field.variable for field in screen_of(reply).fields}:
            reply = await self.fill(reply, {"chosen['nota']": "True"})
        assert screen_of(reply).question_text.startswith("Your answer is ready")
        return reply

    async def file(self, reply: Reply, wants: bool = True, filed: int = 0, address: str = "robin@example.com") -> Reply:
        """Press the button, say when, and whether to be reminded."""
        if screen_of(reply).question_text.startswith("Your answer is ready"):
            assert "I have filed my answer" in str(screen_of(reply).buttons)
            reply = await self.turns.action(reply.session_id, ANN, "filed_on", {})
        values = {"filed_on": day(filed), "wants_reminder": str(wants)}
        return await self.fill(reply, values | ({"tenant.email": address} if wants else {}))

    async def event(self, reply: Reply, name: str = "cron_daily") -> EventResult:
        return await self.turns.event(reply.session_id, name, lambda result: lambda database: None)

    async def days(self, reply: Reply, until: int, since: int = 1) -> dict[int, list[EmailMessage]]:
        """Each morning the event; the mails of each day on which there was one, each sent at once."""
        found: dict[int, list[EmailMessage]] = {}
        for number in range(since, until + 1):
            self.time = (NOON + timedelta(days=number, hours=-6)).timestamp()
            assert (await self.event(reply)).outcome in ("saved", "ignored", "no_event")
            if mails := self.sent():
                found[number] = mails
        return found

    def sent(self) -> list[EmailMessage]:
        """The mails that wait, taken by a mail server."""
        def take(database: Any) -> list[EmailMessage]:
            mails = []
            for row in waiting_mail(database):
                mail = open_mail(row, self.key)
                assert mail is not None
                mails.append(email.message_from_bytes(mail.message, policy=email.policy.default))
                mail_sent(database, row, "250 taken", self.key)
            return mails
        return self.store.write(take).result()

    def kept(self) -> tuple[bool, bool]:
        [(multi_user, allow_cron)] = self.rows("SELECT multi_user, allow_cron FROM sessions")
        return bool(multi_user), bool(allow_cron)


@pytest.fixture(autouse=True)
def quick_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check of defenses pauses to look like work."""
    monkeypatch.setattr(defenses.look_for_defenses, "__defaults__", (0.0,))


def office(folder: Path, test: Callable[[Office], Awaitable[None]]) -> None:
    async def whole() -> None:
        house = Office(folder)
        with clock.driven_by(lambda: house.time):
            try:
                await test(house)
            finally:
                await house.close()
    asyncio.run(whole())


def test_it_comes_once_on_the_twentieth_day(tmp_path: Path) -> None:
    """Not on any day before, on that day, and never again; going Back does not send it a second time."""
    async def test(house: Office) -> None:
        reply = await house.file(await house.walk())
        assert house.kept() == (True, True)
        assert "March 24, 2030" in screen_of(reply).subquestion_html
        sent = await house.days(reply, 40)
        assert list(sent) == [20]
        [mail] = sent[20]
        assert mail["to"] == "Robin Sample <robin@example.com>"
        text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert "Hello Robin" in text
        assert "March 4, 2030" in text
        assert "LT-000777" in text
        reply = await house.turns.refresh(reply.session_id, ANN)
        assert "We have sent you the email" in screen_of(reply).subquestion_html
        reply = await house.file(await house.back(reply))
        assert house.kept() == (True, True)
        assert await house.days(reply, 60, 41) == {}
    office(tmp_path, test)


def test_a_laptop_that_slept_sends_it_when_it_wakes(tmp_path: Path) -> None:
    """The day itself was missed."""
    async def test(house: Office) -> None:
        reply = await house.file(await house.walk(), filed=-1)
        assert await house.days(reply, 10) == {}
        assert list(await house.days(reply, 35, 30)) == [30]
    office(tmp_path, test)


def test_nobody_gets_it_who_did_not_ask_for_it(tmp_path: Path) -> None:
    """Who did not file, who filed and said no, who said no later; and their answers stay their own."""
    async def test(house: Office) -> None:
        reply = await house.walk()
        assert await house.days(reply, 25) == {}
        assert house.kept() == (False, False)
        reply = await house.file(reply, wants=False, filed=25)
        assert await house.days(reply, 50, 26) == {}
        assert house.kept() == (False, False)
        with pytest.raises(NotYours):
            await house.turns.refresh(reply.session_id, BOB)
        reply = await house.file(reply, filed=50)
        assert house.kept() == (True, True)
        reply = await house.file(reply, wants=False, filed=50)
        assert house.kept() == (False, False)
        assert await house.days(reply, 80, 51) == {}
    office(tmp_path, test)


def test_a_reminder_needs_an_address(tmp_path: Path) -> None:
    """Who gave none is asked for it; without one the form is refused, and nothing is sent."""
    async def test(house: Office) -> None:
        reply = await house.walk(address="")
        refused = await house.file(reply, address="")
        assert refused.ending.errors  # type: ignore[union-attr]
        assert await house.days(reply, 25) == {}
        reply = await house.file(await house.turns.refresh(reply.session_id, ANN), address="new@example.com")
        assert [mail["to"] for mails in (await house.days(reply, 25)).values() for mail in mails] == [
            "Robin Sample <new@example.com>"]
    office(tmp_path, test)


def test_a_filing_in_the_future_or_before_the_papers_is_refused(tmp_path: Path) -> None:
    async def test(house: Office) -> None:
        reply = await house.walk()
        for filed in (1, -3):
            refused = await house.file(reply, filed=filed)
            assert refused.ending.errors  # type: ignore[union-attr]
            reply = await house.turns.refresh(reply.session_id, ANN)
    office(tmp_path, test)


def test_the_session_waits_for_its_reminder_and_leaves_after_a_year(tmp_path: Path) -> None:
    """Retention leaves it alone; the monthly event deletes it when nobody has looked for a year, and not before."""
    async def test(house: Office) -> None:
        reply = await house.file(await house.walk())
        house.time += 364 * DAY
        assert await house.delete() == 0
        assert (await house.event(reply, "cron_monthly")).outcome == "ignored"
        await house.turns.refresh(reply.session_id, ANN)
        house.time += 364 * DAY
        assert (await house.event(reply, "cron_monthly")).outcome == "ignored"
        house.time += DAY
        assert (await house.event(reply, "cron_monthly")).outcome == "deleted"
        with pytest.raises(NoSuchSession):
            await house.turns.refresh(reply.session_id, ANN)
    office(tmp_path, test)
