"""What others have got past mail servers with, byte by byte over sockets: nothing of it gets through here."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from appliance.mail.limits import Limits
from tests.mail.arrivals import Arrivals
from tests.mail.listening import ADA, BOB, MAIL, Peer, insecure, listening

NOT_AN_END = {
    "LF.LF": b"\n.\n", "LF.CRLF": b"\n.\r\n", "CRLF.LF": b"\r\n.\n", "CR.CR": b"\r.\r", "CR.CRLF": b"\r.\r\n",
    "CRLF.CR": b"\r\n.\r", "LF.CR": b"\n.\r", "CR.LF": b"\r.\n", "CRLF NUL.CRLF": b"\r\n\x00.\r\n",
    "CRLF.NUL CRLF": b"\r\n.\x00\r\n", "CRCRLF.CRCRLF": b"\r\r\n.\r\r\n", "CRLF.blank CRLF": b"\r\n. \r\n",
    "NEL.NEL": b"\xc2\x85.\xc2\x85", "CRLF..CRLF": b"\r\n..\r\n"}
SMUGGLED = f"MAIL FROM:<judge@court.example>\r\nRCPT TO:<{BOB}>\r\nDATA\r\nSubject: Smuggled\r\n\r\nGo away.".encode()
INJECTED = {
    "RSET": b"RSET\r\n", "NOOP": b"NOOP\r\n", "a whole mail": b"EHLO x\r\n" + SMUGGLED + b"\r\n.\r\n",
    "MAIL and RCPT": f"EHLO x\r\nMAIL FROM:<judge@court.example>\r\nRCPT TO:<{BOB}>\r\n".encode(),
    "half a command": b"MAIL FROM:<judge@court.ex", "EHLO": b"EHLO injected.example\r\n"}


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(30):
            await test()
    asyncio.run(bounded())


def test_aiosmtpd_is_one_that_protects() -> None:
    """1.4.5 closed SMTP smuggling (CVE-2024-27305), 1.4.6 injection before STARTTLS (CVE-2024-34083)."""
    assert Version(version("aiosmtpd")) >= Version("1.4.6")


@pytest.mark.parametrize("cut", [None, 1, 7], ids=["at once", "byte by byte", "in sevens"])
@pytest.mark.parametrize("variant", NOT_AN_END.values(), ids=NOT_AN_END)
def test_only_one_thing_ends_a_message(tmp_path: Path, variant: bytes, cut: int | None) -> None:
    """What follows another end is part of the message and no second mail, however the bytes are cut into packets."""
    arrivals = Arrivals({ADA, BOB})
    body = MAIL.rstrip() + variant + SMUGGLED + b"\r\n"

    async def test() -> None:
        async with listening(tmp_path, arrivals, tls_port=None) as (_, [port]), Peer.connected(port) as peer:
            for line in ("MAIL FROM:<x@example.com>", f"RCPT TO:<{ADA}>", "DATA"):
                await peer.say(line)
            whole = body + b".\r\nQUIT\r\n"
            for start in range(0, len(whole), cut or len(whole)):
                peer.write(whole[start:start + (cut or len(whole))])
                await asyncio.sleep(0)
            assert [line[:3] for line in await peer.rest()] == ["250", "221"]

    run(test)
    [kept] = arrivals.kept
    assert (kept.recipient, kept.sender) == (ADA, "x@example.com")
    assert kept.message == body.replace(b"\r\n.", b"\r\n")


@pytest.mark.parametrize("injected", INJECTED.values(), ids=INJECTED)
@pytest.mark.parametrize("together", [True, False], ids=["with STARTTLS", "after STARTTLS"])
def test_what_came_unencrypted_behind_starttls_counts_for_nothing(
        tmp_path: Path, injected: bytes, together: bool) -> None:
    """Somebody on the way adds commands before the encryption: they are forgotten, or the connection ends."""
    arrivals = Arrivals({ADA, BOB})

    async def test() -> None:
        async with listening(tmp_path, arrivals, tls_port=None) as (_, [port]):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            peer = Peer(reader, writer)
            await peer.answer()
            await peer.say("EHLO victim.example")
            peer.write(b"STARTTLS\r\n" + (injected if together else b""))
            assert (await peer.answer()).startswith("220")
            try:
                if not together:
                    peer.write(injected)
                await writer.start_tls(insecure(), ssl_handshake_timeout=3)
            except (OSError, asyncio.IncompleteReadError):
                assert not together   # what comes in the middle of the handshake breaks it
                return
            finally:
                writer.close() if writer.is_closing() else None
            assert (await peer.say("NOOP")) == "250 OK"   # and not the answer to anything else
            assert (await peer.say(f"RCPT TO:<{ADA}>")).startswith("503")
            await peer.say("EHLO victim.example")
            assert (await peer.send(MAIL, ADA)).startswith("250")
            writer.close()

    run(test)
    assert [kept.recipient for kept in arrivals.kept] == ([ADA] if together else [])


def test_commands_may_come_together(tmp_path: Path) -> None:
    """PIPELINING is offered: two mails and a goodbye in one packet are answered in their order."""
    arrivals = Arrivals({ADA, BOB})
    one = "MAIL FROM:<x@example.com>\r\nRCPT TO:<{}>\r\nRCPT TO:<nobody@in.example.org>\r\nDATA\r\n{}\r\n.\r\n"

    async def test() -> None:
        async with listening(tmp_path, arrivals, tls_port=None) as (_, [port]), Peer.connected(port) as peer:
            peer.write((one.format(ADA, "first") + one.format(BOB, "second") + "QUIT\r\n").encode())
            said = await peer.rest()
            assert [line[:3] for line in said] == ["250", "250", "550", "354", "250"] * 2 + ["221"]

    run(test)
    assert [(kept.recipient, kept.message) for kept in arrivals.kept] == [(ADA, b"first\r\n"), (BOB, b"second\r\n")]


@pytest.mark.parametrize("command", ["BDAT 500 LAST", "POST / HTTP/1.1", "GET / HTTP/1.0", "CONNECT x:25 HTTP/1.1"])
def test_what_follows_a_foreign_command_is_not_taken_for_commands(tmp_path: Path, command: str) -> None:
    """A message sent with BDAT, or a form that a page makes a browser send to this port: the connection ends."""
    arrivals = Arrivals({ADA, BOB})

    async def test() -> None:
        async with listening(tmp_path, arrivals, tls_port=None) as (_, [port]), Peer.connected(port) as peer:
            peer.write(command.encode() + b"\r\nHost: localhost\r\nRSET\r\n" + SMUGGLED + b"\r\n.\r\n")
            assert [line[:3] for line in await peer.rest()] == ["502"]

    run(test)
    assert arrivals.kept == []


def test_nonsense_breaks_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """2,000 commands with strange arguments: each is answered, none of it is an error of ours, mail still comes."""
    chance = random.Random(6)
    pieces = [b"<", b">", b"@", b":", b" ", b'"', b"\\", b"\x00", b"\xff", b"\xc3\xa9", b"a", ADA.encode(), b"()", b"[",
              b"]", b"=", b"SIZE=", b"BODY=8BITMIME", b"SMTPUTF8", b",", b";", b"<>", b"%s", b"\t", b".",
              b"\xed\xa0\x80"]
    commands = [b"MAIL FROM:", b"RCPT TO:", b"VRFY ", b"EXPN ", b"HELO ", b"EHLO ", b"RSET ", b"DATA ", b"NOOP ",
                b"HELP "]

    async def test() -> None:
        many = Limits(command=10_000, mail_command=10_000)
        arrivals = Arrivals({ADA})
        async with (listening(tmp_path, arrivals, limits=many, tls_port=None) as (_, [port]),
                    Peer.connected(port) as peer):
            for _ in range(2000):
                argument = b"".join(chance.choices(pieces, k=chance.randrange(8)))
                peer.write(b"RSET\r\n" + chance.choice(commands) + argument + b"\r\n")
                assert (await peer.answer())[:3] == "250"
                answer = await peer.answer()
                assert answer[:3] in {"250", "252", "500", "501", "502", "503", "550", "552", "553", "555"}, answer
            await peer.say("EHLO peer.example")
            assert (await peer.send(MAIL, ADA)).startswith("250")

    run(test)
    assert not caplog.records, caplog.text
