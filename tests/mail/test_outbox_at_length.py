"""Several mail servers, many mails, storms of errors, and time that jumps: what the outbox does with them."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest
from sqlite_utils import Database

from appliance import clock
from appliance.config import Settings
from appliance.mail.mail_server import MailServer
from appliance.store.outbox import add_mail, due_mail, open_answer, open_mail
from appliance.store.sealing import new_key
from tests.mail.office import KEY, free_port, in_loop, office
from tests.mail.receiver import receiver


def test_a_mail_server_that_is_away_does_not_hold_up_the_others(tmp_path: Path) -> None:
    """Each mail goes over the server that it names; what waits for one that is not configured says so."""
    async def test() -> None:
        async with receiver() as first, receiver() as court:
            away = MailServer("127.0.0.1", free_port(), "away@example.com", use_tls=False)
            filings = MailServer("127.0.0.1", court.port, "Filings <f@example.com>", use_tls=False)
            async with office(tmp_path, first.port, {"away": away, "court": filings}) as here:
                for config in ("away", "", "court", "gone"):
                    here.post("ann@client.example", config=config)
                here.outbox.start()
                rows = await here.until_all(lambda rows: [row.state for row in rows] == [
                    "waiting", "sent", "sent", "waiting"] and rows[0].tries == 1)
                assert [one.sender for one in (*first.mails, *court.mails)] == ["clinic@example.com", "f@example.com"]
                assert court.mails[0].message["From"] == "Filings <f@example.com>"
                assert [row.error for row in rows] == [
                    "ConnectionRefusedError", "", "", "no mail server is configured under the name gone"]
                assert (await here.outbox.health())["status"] == "retrying"
    in_loop(test)


def test_a_server_that_takes_its_time_does_not_hold_up_the_others(tmp_path: Path) -> None:
    """The one is still waited for when the other's mail is there."""
    async def test() -> None:
        async with receiver() as quick:
            with socket.create_server(("127.0.0.1", 0)) as silent:   # takes connections and says nothing
                slow = MailServer("127.0.0.1", silent.getsockname()[1], "slow@example.com", use_tls=False)
                async with office(tmp_path, quick.port, {"slow": slow}) as here:
                    here.post("ann@client.example", config="slow")
                    here.post("bob@client.example")
                    here.outbox.start()
                    rows = await here.until_states("waiting", "sent")
                    assert rows[0].tries == 0
                    silent.accept()[0].close()
    in_loop(test)


def test_errors_that_come_while_their_mail_is_under_way_are_told_by_the_next(tmp_path: Path) -> None:
    """None of a storm is lost: what was counted after the mail left has a mail of its own, with an id of its own."""
    async def test() -> None:
        async with receiver() as there, office(tmp_path, there.port) as here:
            mail = here.post("admin@example.com", topic="t", spacing=900.0)
            there.before_answer = lambda: [here.post("admin@example.com", topic="t", spacing=900.0) for _ in range(3)]
            here.outbox.start()
            rows = await here.until_states("sent", "waiting")
            there.before_answer = None
            assert [row.repeats for row in rows] == [1, 3]
            assert rows[0].ended is not None
            assert rows[1].next_try == pytest.approx(rows[0].ended + 900, abs=1)
            here.post("admin@example.com", topic="t", spacing=900.0)
            here.due_now()
            await here.until_states("sent", "sent")
            assert [one.message["Subject"] for one in there.mails] == ["Your hearing", "Your hearing (4 times)"]
            assert there.mails[0].message["Message-ID"] == mail.message_id
            assert there.mails[1].message["Message-ID"] == here.rows()[1].message_id != mail.message_id
    in_loop(test)


def test_the_rest_of_a_topic_is_told_where_one_recipient_was_refused(tmp_path: Path) -> None:
    """Who was served gets the next mail with what came meanwhile; who was refused is tried again there."""
    async def test() -> None:
        refused = {"gone@example.com": "550 no such user"}
        async with receiver(refused=refused) as there, office(tmp_path, there.port) as here:
            here.post("admin@example.com", "gone@example.com", topic="t", spacing=900.0)
            there.before_answer = lambda: here.post("admin@example.com", topic="t", spacing=900.0)
            here.outbox.start()
            rows = await here.until_states("failed", "waiting")
            assert [row.repeats for row in rows] == [1, 1]
            again = open_mail(rows[1], KEY)
            assert again is not None
            assert set(again.recipients) == {"admin@example.com", "gone@example.com"}
    in_loop(test)


@pytest.mark.parametrize(("limit", "answers", "words"), [
    (1000, [], "The mail has "), (0, ["552 5.3.4 message too big for system"], "552 5.3.4 message too big")])
def test_a_mail_that_is_too_large_for_the_server_is_told_so(
        tmp_path: Path, limit: int, answers: list[str], words: str) -> None:
    """Whether it says so beforehand (SIZE) or at the end; the mail is kept."""
    async def test() -> None:
        async with receiver(limit=limit, answers=answers) as there, office(tmp_path, there.port) as here:
            here.post("ann@client.example", text="x" * 70 + "\n" + "y" * 1000)
            here.outbox.start()
            row = await here.until("failed")
            assert row.error == "the mail is larger than the mail server takes"
            assert words in open_answer(row, KEY)
            assert open_mail(row, KEY) is not None
            assert there.mails == []
    in_loop(test)


def test_a_mail_that_was_sealed_under_another_key_is_told_so(tmp_path: Path) -> None:
    """As after a backup was brought back without its key; the mail behind it goes over the same connection."""
    async def test() -> None:
        async with receiver() as there, office(tmp_path, there.port) as here:
            here.post("ann@client.example", key=new_key())
            here.post("bob@client.example")
            here.outbox.start()
            rows = await here.until_states("failed", "sent")
            assert "not the appliance's key" in rows[0].error
            assert rows[0].sealed is not None
            assert there.connections == 1
    in_loop(test)


def test_500_mails_take_few_connections(tmp_path: Path) -> None:
    """A hundred over each, one connection at a time, in the order they were written; none twice."""
    async def test() -> None:
        async with receiver() as there, office(tmp_path, there.port) as here:
            mails = [here.new(f"client{number}@example.com") for number in range(500)]

            def write(database: Database) -> None:
                for mail in mails:
                    add_mail(database, mail)
            here.store.write(write).result()
            here.outbox.start()
            await here.until_all(lambda rows: all(row.state == "sent" for row in rows))
            assert [one.recipients for one in there.mails] == [
                (f"client{number}@example.com",) for number in range(500)]
            assert (there.connections, there.most_at_once) == (5, 1)
    in_loop(test)


def test_500_mails_that_cannot_go_out_cost_one_try(tmp_path: Path) -> None:
    """A mail server that is away is asked once, not once for each mail; the log has one line."""
    async def test() -> None:
        async with office(tmp_path, free_port()) as here:
            mails = [here.new(f"client{number}@example.com") for number in range(500)]

            def write(database: Database) -> None:
                for mail in mails:
                    add_mail(database, mail)
            here.store.write(write).result()
            here.outbox.start()
            rows = await here.until_all(lambda rows: all(row.tries for row in rows))
            assert {row.tries for row in rows} == {1}
            assert len(here.log().splitlines()) == 1
    in_loop(test)


class Wall:
    """A clock on the wall that a test turns."""

    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.mark.parametrize(("jump", "due"), [
    (30.0, False), (61.0, True), (3 * 24 * 3600.0, True), (-60.0, False), (-3 * 24 * 3600.0, True)])
def test_a_laptop_that_slept_and_a_clock_set_back_lose_no_mail(tmp_path: Path, jump: float, due: bool) -> None:
    """After three days with the lid closed it is only the second try; a clock set back a lot makes it due at once."""
    async def test() -> None:
        wall, port = Wall(), free_port()
        with clock.driven_by(wall):
            async with office(tmp_path, port) as here:
                here.post("ann@client.example")
                here.outbox.start()
                await here.until("waiting", 1)
            wall.seconds += jump
            async with receiver(port=port) as there, office(tmp_path, port) as here:
                assert here.store.read(due_mail).result() == ([1] if due else [])
                here.outbox.start()
                if due:
                    await here.until("sent", 2)
                assert len(there.mails) == int(due)
    in_loop(test)


def test_it_fails_after_three_days_of_trying_and_is_kept(tmp_path: Path) -> None:
    """Hour by hour of an appliance that runs, with nights between; then the words stay and so does the mail."""
    async def test() -> None:
        wall = Wall()
        with clock.driven_by(wall):
            async with office(tmp_path, free_port()) as here:
                here.post("ann@client.example")
                here.outbox.start()
                tries = 0
                while here.rows()[0].state == "waiting":
                    tries += 1
                    await here.until_all(lambda rows, tries=tries: rows[0].tries == tries)   # type: ignore[misc]
                    wall.seconds += 15 * 3600
                    here.outbox.wake()
                [row] = here.rows()
                assert (row.state, row.error) == ("failed", "ConnectionRefusedError")
                assert row.tries > 72
                assert open_mail(row, KEY) is not None
    in_loop(test)


def test_mail_for_a_configuration_without_a_server_says_what_it_waits_for(tmp_path: Path) -> None:
    """Also what is written while the appliance runs: it does not look as if it were about to be sent."""
    async def test() -> None:
        changed, loop = asyncio.Event(), asyncio.get_running_loop()

        def tell() -> None:
            loop.call_soon_threadsafe(changed.set)
        async with office(tmp_path, None, {"court": MailServer("127.0.0.1", free_port(), "a@example.com")}) as here:
            here.outbox.on_changed = tell
            here.outbox.start()
            here.post("ann@client.example")
            here.post("bob@client.example", config="clinic")
            here.outbox.wake()
            rows = await here.until_all(lambda rows: all(row.error for row in rows))
            assert [(row.state, row.tries, row.error) for row in rows] == [
                ("waiting", 0, "no mail server is configured"),
                ("waiting", 0, "no mail server is configured under the name clinic")]
            await changed.wait()
    in_loop(test)


def test_several_mail_servers_are_what_the_configuration_says() -> None:
    """The first without a name too; one without a server is left out; mail of the same server goes one way."""
    configured = Settings({}, {"mail": [
        {"mail: server": "one.example.com", "mail: name": "office"}, {"mail: name": "nowhere"},
        {"mail: server": "two.example.com", "mail: name": "court", "mail: password": "secret"}]})
    found = MailServer.configured(configured)
    assert set(found) == {"", "office", "court"}
    assert found[""] == found["office"]
    assert found["court"].password == "secret"
    assert "secret" not in repr(configured.as_dict()) + repr(found)
