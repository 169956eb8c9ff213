"""The outbox against a real mail server: sent once, retried, refused, and never lost."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from appliance.config import Settings
from appliance.mail import mail_server
from appliance.mail.lane import Lane, pause_after
from appliance.mail.mail_server import MailServer
from appliance.store.outbox import due_mail, open_answer, open_mail
from tests.mail.office import KEY, free_port, in_loop, office
from tests.mail.receiver import certificate, receiver

SECRET_WORDS = (b"ann@client.example", b"Your hearing", b"Tuesday")


def test_a_mail_goes_out_at_once_and_its_content_is_dropped(tmp_path: Path) -> None:
    """Written and woken: sent with a sender, marked with the server's answer; nothing of it is in the file before."""
    async def test() -> None:
        async with receiver() as there, office(tmp_path, there.port) as here:
            here.outbox.start()
            mail = here.post("ann@client.example")
            here.store.read(lambda database: database.execute("PRAGMA wal_checkpoint(FULL)").fetchall()).result()
            on_disk = b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir())
            assert not [words for words in SECRET_WORDS if words in on_disk]
            here.outbox.wake()
            row = await here.until("sent")
            [received] = there.mails
            assert (received.sender, received.recipients) == ("clinic@example.com", ("ann@client.example",))
            assert received.message["From"] == "Housing Clinic <clinic@example.com>"
            assert received.message["Message-ID"] == mail.message_id
            assert received.text.replace("\r\n", "\n") == "It is on Tuesday.\n.\nBring a pen.\n"
            assert open_answer(row, KEY) == "250 OK, kept"
            assert (row.sealed, row.error, row.repeats) == (None, "", 1)
            assert await here.outbox.health() == {"status": "ok", "waiting": 0, "failed": 0, "error": ""}
            assert here.log().strip().endswith("INFO mail 1 sent at try 1")
    in_loop(test)


def test_what_waited_is_sent_at_the_start(tmp_path: Path) -> None:
    """Without a mail server mail waits, as long as it takes; with one it goes at the next start."""
    async def test() -> None:
        async with office(tmp_path, None) as here:
            here.outbox.start()
            here.post("ann@client.example")
            here.outbox.wake()
            assert await here.outbox.health() == {"status": "off", "waiting": 1, "failed": 0, "error": ""}
        async with receiver() as there, office(tmp_path, there.port) as here:
            here.outbox.start()
            await here.until("sent")
            assert len(there.mails) == 1
    in_loop(test)


def test_a_server_that_is_away_is_tried_again_and_reported(tmp_path: Path) -> None:
    """No network is no loss: the tries are counted, /health names the kind of trouble, and then it goes."""
    async def test() -> None:
        port = free_port()
        async with office(tmp_path, port) as here:
            here.outbox.start()
            here.post("ann@client.example")
            here.outbox.wake()
            row = await here.until("waiting", 1)
            assert row.error == "ConnectionRefusedError"
            assert 50 < row.next_try - row.created < 70
            assert await here.outbox.health() == {
                "status": "retrying", "waiting": 1, "failed": 0, "error": "ConnectionRefusedError"}
            async with receiver(port=port) as there:
                here.due_now()
                await here.until("sent", 2)
                assert len(there.mails) == 1
    in_loop(test)


def test_a_refusal_for_now_is_tried_again_with_the_same_message_id(tmp_path: Path) -> None:
    """4xx: greylisting. The server's words are kept, sealed; the log has neither them nor the address."""
    async def test() -> None:
        async with receiver(answers=["451 ann@client.example greylisted"]) as there, \
                office(tmp_path, there.port) as here:
            here.outbox.start()
            mail = here.post("ann@client.example")
            here.outbox.wake()
            row = await here.until("waiting", 1)
            assert open_answer(row, KEY) == "451 ann@client.example greylisted"
            assert row.error == "the message was refused (451)"
            here.due_now()
            await here.until("sent", 2)
            assert [one.message["Message-ID"] for one in there.mails] == [mail.message_id]
            assert "ann@" not in here.log()
    in_loop(test)


def test_a_refusal_for_good_fails_at_once_and_the_mail_is_kept(tmp_path: Path) -> None:
    """5xx: not tried again; a person can still see what it said and to whom."""
    async def test() -> None:
        async with receiver(answers=["554 no thanks"]) as there, office(tmp_path, there.port) as here:
            here.outbox.start()
            here.post("ann@client.example")
            here.outbox.wake()
            row = await here.until("failed")
            assert open_answer(row, KEY) == "554 no thanks"
            mail = open_mail(row, KEY)
            assert mail is not None
            assert mail.recipients == ("ann@client.example",)
            assert (await here.outbox.health())["failed"] == 1
    in_loop(test)


def test_each_recipient_is_served_once_whatever_becomes_of_the_others(tmp_path: Path) -> None:
    """One is served, one must wait, one is refused: the second try is for the second only, and the third is told."""
    async def test() -> None:
        refused = {"busy@client.example": "450 later", "gone@client.example": "550 nobody here"}
        async with receiver(refused=refused) as there, office(tmp_path, there.port) as here:
            here.outbox.start()
            here.post("ann@client.example", "busy@client.example", "gone@client.example")
            here.outbox.wake()
            row = await here.until("waiting", 1)
            left = open_mail(row, KEY)
            assert left is not None
            assert (left.recipients, left.refused) == (("busy@client.example",), ("gone@client.example",))
            assert row.error == "a recipient was refused (450, 550)"
            del there.refused["busy@client.example"]
            here.due_now()
            failed = open_mail(await here.until("failed", 2), KEY)
            assert failed is not None
            assert failed.recipients == ("gone@client.example",)
            assert [one.recipients for one in there.mails] == [("ann@client.example",), ("busy@client.example",)]
    in_loop(test)


def test_a_stop_between_the_servers_250_and_our_mark_repeats_with_the_same_message_id(tmp_path: Path) -> None:
    """The store is gone when the answer comes, as after a kill: the next start sends again, marked as a repeat."""
    async def test() -> None:
        async with receiver() as there:
            async with office(tmp_path, there.port) as here:
                there.before_answer = here.store.close
                mail = here.post("ann@client.example")
                here.outbox.start()
                await there.arrived.wait()
            there.before_answer = None
            async with office(tmp_path, there.port) as here:
                here.outbox.start()
                await here.until("sent")
            assert [one.message["Message-ID"] for one in there.mails] == [mail.message_id] * 2
    in_loop(test)


def test_a_server_that_hangs_up_costs_the_others_nothing(tmp_path: Path) -> None:
    """One mail breaks the connection, the other two go over the next one."""
    async def test() -> None:
        async with receiver(answers=["421 closing"]) as there, office(tmp_path, there.port) as here:
            for name in ("ann", "bob", "cem"):
                here.post(f"{name}@client.example")
            here.outbox.start()
            rows = await here.until_states("waiting", "sent", "sent")
            assert [one.recipients for one in there.mails] == [("bob@client.example",), ("cem@client.example",)]
            assert rows[0].tries == 1
    in_loop(test)


def test_a_server_may_take_its_time_over_a_mail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It looks for viruses before it says 250, longer than it may take to say hello: nobody gets a second copy."""
    monkeypatch.setattr(mail_server, "_PATIENCE", 0.3)

    async def test() -> None:
        async with receiver(before_answer=lambda: time.sleep(1.0)) as there, office(tmp_path, there.port) as here:
            here.outbox.start()
            here.post("ann@client.example")
            here.outbox.wake()
            await here.until("sent", 1)
            assert len(there.mails) == 1
    in_loop(test)


@pytest.mark.parametrize(("said", "kind"), [
    ({"EHLO": "250-here\r\n250 AUTH CRAM-MD5", "AUTH": "334 abc"},
     "the mail server said something that cannot be understood"),
    ({"EHLO": "250-here\r\n250 AUTH GSSAPI NTLM"}, "the mail server does not offer STARTTLS, or no way to sign in"),
    ({"EHLO": "250-here\r\n250 AUTH LOGIN", "AUTH": "535 falsches Paßwort"},
     "the user name or password was refused (535)"),
    ({"EHLO": "250 here"}, "the mail server does not offer STARTTLS, or no way to sign in"),
    ({"EHLO": "250-here\r\n250 AUTH LOGIN", "AUTH": "235 fine", "DATA": ""}, "SMTPServerDisconnected"),
])
def test_whatever_a_mail_server_says_is_told_with_the_mail(tmp_path: Path, said: dict[str, str], kind: str) -> None:
    """The mail waits, has had its try, and says why; nothing is tried without a pause."""
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write("220 Grüße\r\n".encode("latin-1"))
        while line := (await reader.readline()).decode().split():
            reply = said.get(line[0].upper(), "250 fine")
            if not reply:
                break
            writer.write(f"{reply}\r\n".encode("latin-1"))
        writer.close()

    async def test() -> None:
        there = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = there.sockets[0].getsockname()[1]
        async with there, office(tmp_path, port, username="clinic", password="pw") as here:
            here.outbox.start()
            here.post("ann@client.example")
            here.outbox.wake()
            row = await here.until("waiting", 1)
            assert row.error == kind
            assert 50 < row.next_try - row.created < 70
    in_loop(test)


def test_a_mail_that_cannot_be_sent_does_not_hold_up_the_next(tmp_path: Path) -> None:
    """A name that the mail server cannot take, or content that does not open: failed, and the one behind it goes."""
    async def test() -> None:
        async with receiver() as there, office(tmp_path, there.port) as here:
            here.post("änn@client.example")
            here.post("bob@client.example")
            here.store.write(lambda database: database.execute(
                "INSERT INTO outbox (message_id, state, created, next_try, sealed) VALUES ('<x@y>', 'waiting', 1, 1,"
                " x'0100')")).result()
            here.post("cem@client.example")
            here.outbox.start()
            await here.until_states("failed", "sent", "failed", "sent")
            assert [one.recipients for one in there.mails] == [("bob@client.example",), ("cem@client.example",)]
    in_loop(test)


def test_starttls_and_signing_in(tmp_path: Path) -> None:
    """Encrypted with a certificate that the configuration names, and signed in; without trust nothing is said."""
    async def test() -> None:
        tls, trusted = certificate(tmp_path)
        async with receiver(tls=tls, password="right") as there:
            options: dict[str, Any] = {"use_tls": True, "username": "clinic", "password": "right"}
            async with office(tmp_path, there.port, **options) as here:
                here.post("ann@client.example")
                here.outbox.start()
                row = await here.until("waiting", 1)
                assert row.error == "the mail server's certificate is not trusted"
            async with office(tmp_path, there.port, certificates=str(trusted), **options) as here:
                here.due_now()
                here.outbox.start()
                await here.until("sent", 2)
                assert there.mails[0].encrypted
    in_loop(test)


def test_a_wrong_password_fails_no_mail(tmp_path: Path) -> None:
    """It is the configuration's mistake: mail waits until it is right."""
    async def test() -> None:
        tls, trusted = certificate(tmp_path)
        async with receiver(tls=tls, password="right") as there, office(
                tmp_path, there.port, use_tls=True, certificates=str(trusted), username="clinic",
                password="wrong") as here:
            here.post("ann@client.example")
            here.outbox.start()
            row = await here.until("waiting", 1)
            assert row.error == "the user name or password was refused (535)"
            assert there.tries == 0
    in_loop(test)


def test_a_password_that_cannot_be_sent_is_told_and_ends_nothing(tmp_path: Path) -> None:
    """Letters that mail servers do not take: the mail waits, the outbox goes on, and health says why."""
    async def test() -> None:
        tls, trusted = certificate(tmp_path)
        async with receiver(tls=tls, password="right") as there, office(
                tmp_path, there.port, use_tls=True, certificates=str(trusted), username="clinic",
                password="schlüssel") as here:
            here.post("ann@client.example")
            here.outbox.start()
            row = await here.until("waiting", 1)
            assert row.error.endswith("has letters that mail servers cannot take")
            assert "\xfc" not in open_answer(row, KEY)
            here.due_now()
            await here.until("waiting", 2)
            assert (await here.outbox.health())["status"] == "retrying"
    in_loop(test)


def test_what_nobody_expected_does_not_end_the_outbox(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, and what waits is sent when something new comes."""
    async def test() -> None:
        async with receiver() as there, office(tmp_path, there.port) as here:
            failed = asyncio.Event()
            original = Lane._round

            async def fails(self: Lane) -> float | None:
                if failed.is_set():
                    return await original(self)
                failed.set()
                raise LookupError
            monkeypatch.setattr(Lane, "_round", fails)
            here.post("ann@client.example")
            here.outbox.start()
            await failed.wait()
            here.outbox.wake()
            await here.until("sent")
            assert "LookupError" in caplog.text
    in_loop(test)


def test_nothing_is_sent_where_encryption_was_asked_for_and_is_not_there(tmp_path: Path) -> None:
    """``use tls`` against a server without STARTTLS: somebody in between could have taken it out."""
    async def test() -> None:
        async with receiver() as there, office(tmp_path, there.port, use_tls=True) as here:
            here.post("ann@client.example")
            here.outbox.start()
            row = await here.until("waiting", 1)
            assert row.error == "the mail server does not offer STARTTLS, or no way to sign in"
            assert there.tries == 0
    in_loop(test)


def test_mails_of_one_topic_are_counted_while_one_waits_and_spaced_afterwards(tmp_path: Path) -> None:
    """A storm of an error: one mail now, and one with a count when the time is over."""
    async def test() -> None:
        async with receiver() as there, office(tmp_path, there.port) as here:
            for _ in range(3):
                here.post("admin@example.com", topic="t", spacing=900.0)
            assert [row.repeats for row in here.rows()] == [3]
            here.outbox.start()
            row = await here.until("sent")
            for _ in range(5):
                here.post("admin@example.com", topic="t", spacing=900.0)
            here.post("admin@example.com", topic="another", spacing=900.0)
            here.outbox.wake()
            await here.until_states("sent", "waiting", "sent")
            assert [one.message["Subject"] for one in there.mails] == ["Your hearing (3 times)", "Your hearing"]
            second = here.rows()[1]
            assert (second.state, second.repeats) == ("waiting", 5)
            assert row.ended is not None
            assert second.next_try == pytest.approx(row.ended + 900)
            assert here.store.read(due_mail).result() == []
    in_loop(test)


def test_pauses_grow_and_end_after_three_days() -> None:
    """Three days of an appliance that runs: what it was switched off does not count."""
    pauses: list[float] = []
    while (pause := pause_after(len(pauses) + 1)) is not None:
        pauses.append(pause)
    assert pauses == sorted(pauses)
    assert 3 * 24 * 3600 - 3600 < sum(pauses) <= 3 * 24 * 3600


def test_the_mail_server_is_what_the_configuration_says() -> None:
    """The names and defaults are docassemble's; without a server there is none."""
    assert MailServer.configured(Settings()) == {}
    found = MailServer.configured(Settings({"mail: server": "smtp.example.com", "mail: username": "a@example.com"}))
    assert found == {"": MailServer("smtp.example.com", 25, "a@example.com", "a@example.com", use_tls=True)}
    found = MailServer.configured(Settings({"mail: server": "smtp.example.com", "mail: use ssl": True,
                                            "mail: default sender": "Clinic <c@example.com>"}))
    assert (found[""].port, found[""].default_address) == (465, "c@example.com")


def test_a_domain_with_other_letters_is_written_as_every_server_knows_it(tmp_path: Path) -> None:
    """IDNA; people write what they know the place by."""
    async def test() -> None:
        async with receiver() as there, office(tmp_path, there.port) as here:
            here.post("kanzlei@müller.example")
            here.outbox.start()
            await here.until("sent")
            assert there.mails[0].recipients == ("kanzlei@xn--mller-kva.example",)
    in_loop(test)
