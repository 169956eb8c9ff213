"""The listener and those who really bring mail: Python's smtplib, swaks, and a Postfix that relays to it."""

from __future__ import annotations

import asyncio
import smtplib
import subprocess
from collections.abc import Callable, Coroutine
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from pathlib import Path
from typing import Any

import pytest

from appliance.mail.limits import Limits
from tests.mail.arrivals import Arrivals
from tests.mail.listening import ADA, BOB, insecure, listening, until
from tests.mail.peers.postfix import postfix
from tests.mail_peers import find

SENDER = "landlord@example.com"


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await test()
    asyncio.run(bounded())


def notice(subject: str = "Notice", attached: int = 0) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = SENDER, ADA, subject
    message.set_content(".\n..dots at the beginning of lines\n.\nPłać, proszę.\n")
    if attached:
        message.add_attachment(bytes(range(256)) * (attached // 256), maintype="application", subtype="pdf",
                               filename="lease.pdf")
        message.set_boundary("a boundary that stays")
    return message


def swaks(port: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Have swaks bring a mail."""
    program = find("swaks")
    if program is None:
        pytest.skip("there is no swaks (Debian: apt install swaks)")
    return subprocess.run([program, "--server", "127.0.0.1", "--port", str(port), "--from", SENDER, *arguments],
                          capture_output=True, text=True, check=False, timeout=30)


def test_smtplib(tmp_path: Path) -> None:
    """Plain, with STARTTLS and with TLS from the beginning; other letters in an address; what is refused is told."""
    arrivals = Arrivals({ADA, BOB})

    def bring(port: int, tls_port: int) -> None:
        with smtplib.SMTP("127.0.0.1", port) as client:
            refused = client.send_message(notice("Plain"), SENDER, [ADA, "nobody@in.example.org", BOB])
            assert {one: code for one, (code, _words) in refused.items()} == {"nobody@in.example.org": 550}
            client.starttls(context=insecure())
            client.send_message(notice("STARTTLS"), SENDER, [ADA])
            with pytest.raises(smtplib.SMTPSenderRefused) as too_large:
                client.send_message(notice("Large", attached=200_000), SENDER, [ADA])
            assert too_large.value.smtp_code == 552
            assert not client.has_extn("auth")
        with smtplib.SMTP_SSL("127.0.0.1", tls_port, context=insecure()) as client:
            client.sendmail("właściciel@example.com", [ADA], notice("TLS").as_bytes(policy=SMTP),
                            ["SMTPUTF8", "BODY=8BITMIME"])

    async def test() -> None:
        async with listening(tmp_path, arrivals, limits=Limits(message=100_000)) as (_, [port, tls_port]):
            await asyncio.to_thread(bring, port, tls_port)

    run(test)
    assert [(kept.recipient, kept.sender) for kept in arrivals.kept] == [
        (ADA, SENDER), (BOB, SENDER), (ADA, SENDER), (ADA, "właściciel@example.com")]
    for kept, subject in zip(arrivals.kept, ("Plain", "Plain", "STARTTLS", "TLS"), strict=True):
        assert kept.message.replace(b"\r\n", b"\n") == notice(subject).as_bytes()


def test_swaks(tmp_path: Path) -> None:
    """With encryption and without, pipelined too; its exit codes tell that a recipient and a size were refused."""
    arrivals = Arrivals({ADA, BOB})
    large = tmp_path / "large.txt"
    large.write_text("x\n" * 80_000, encoding="utf-8")

    async def test() -> None:
        async with listening(tmp_path, arrivals, limits=Limits(message=100_000)) as (_, [port, tls_port]):
            for arguments in ((), ("--tls",), ("--pipeline",)):
                told = await asyncio.to_thread(swaks, port, "--to", ADA, *arguments)
                assert told.returncode == 0, told.stdout
            told = await asyncio.to_thread(swaks, tls_port, "--to", f"{ADA},{BOB}", "--tlsc")
            assert told.returncode == 0, told.stdout
            told = await asyncio.to_thread(swaks, port, "--to", "nobody@in.example.org")
            assert (told.returncode, "<** 550 5.1.1" in told.stdout) == (24, True)
            told = await asyncio.to_thread(swaks, port, "--to", ADA, "--body", f"@{large}")
            assert (told.returncode, "<** 552" in told.stdout) == (26, True)

    run(test)
    assert [kept.recipient for kept in arrivals.kept] == [ADA, ADA, ADA, ADA, BOB]


def test_postfix_as_a_relay(tmp_path: Path) -> None:
    """With STARTTLS and a large attachment; what cannot be kept now it brings again, what is refused it returns."""
    arrivals = Arrivals({ADA, BOB})
    large = notice("Large", attached=3_000_000)

    def hand_in(port: int) -> None:
        with smtplib.SMTP("127.0.0.1", port) as client:
            client.send_message(notice("To two"), SENDER, [ADA, BOB])
            client.send_message(large, SENDER, [ADA])
            client.send_message(notice("To nobody"), SENDER, ["nobody@in.example.org"])

    async def test() -> None:
        arrivals.broken = True
        async with listening(tmp_path, arrivals, tls_port=None) as (_, [port]):
            with postfix(port) as relay:
                await asyncio.to_thread(hand_in, relay.port)
                await until(lambda: "451 4.3.0" in relay.log() and "550 5.1.1" in relay.log(), seconds=20)
                assert arrivals.kept == []
                arrivals.broken = False
                await until(lambda: len(arrivals.kept) == 3, seconds=30)
                await until(lambda: relay.log().count("status=sent (250 2.0.0 OK, kept)") == 3)
                assert "Untrusted TLS connection established to 127.0.0.1" in relay.log()

    run(test)
    assert sorted(kept.recipient for kept in arrivals.kept) == [ADA, ADA, BOB]
    parsed = message_from_bytes(max((kept.message for kept in arrivals.kept), key=len), policy=default)
    assert [part.get_content() for part in parsed.iter_attachments()] == [
        part.get_content() for part in large.iter_attachments()]
