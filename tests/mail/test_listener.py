"""The listener over real sockets: what it takes, what it refuses, and that nothing is promised that is not kept."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from appliance.mail.limits import Limits
from tests.mail.arrivals import Arrivals
from tests.mail.listening import ADA, BOB, MAIL, Peer, insecure, listening, until

SMALL = Limits(message=100_000, connections=4, connections_per_address=3, recipients=3, unknown_recipients=3,
               line=5000, command=20, pause=0.005)


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(30):
            await test()
    asyncio.run(bounded())


def test_a_mail_for_three_addresses_is_kept_for_each(tmp_path: Path) -> None:
    """Byte for byte as it was before its dots were doubled, with the envelope's sender, once for each address."""
    arrivals = Arrivals({ADA, BOB, "xyzxyz@in.example.org"})
    told = MAIL + b".a dot\r\n..\r\n \x00\xff caf\xe9\r\n"

    async def test() -> None:
        async with listening(tmp_path, arrivals) as (_, [port, _tls]), Peer.connected(port) as peer:
            stuffed = told.replace(b"\r\n.", b"\r\n..")
            assert (await peer.send(stuffed, ADA, BOB.upper(), "XYZxyz@in.example.org", ADA)).startswith("250")
            assert await peer.say("QUIT") == "221 Bye"

    run(test)
    assert [(kept.recipient, kept.sender) for kept in arrivals.kept] == [
        (ADA, "landlord@example.com"), (BOB, "landlord@example.com"), ("xyzxyz@in.example.org", "landlord@example.com")]
    assert {kept.message for kept in arrivals.kept} == {told}
    assert arrivals.kept[0].way == "smtp"
    log = (tmp_path / "logs" / "mail.log").read_text(encoding="utf-8")
    assert f"a mail of {len(told)} bytes came in (smtp), for 3" in log
    assert "example" not in log


def test_a_mail_is_kept_before_it_is_answered(tmp_path: Path) -> None:
    """While it is being kept there is no answer; a peer that hangs up meanwhile does not stop that."""
    arrivals = Arrivals({ADA})

    async def test() -> None:
        arrivals.may_keep = asyncio.Event()
        async with listening(tmp_path, arrivals) as (_, [port, _tls]), Peer.connected(port) as peer:
            sending = asyncio.create_task(peer.send(MAIL, ADA))
            await arrivals.receiving.wait()
            await asyncio.sleep(0.05)
            assert not sending.done()
            sending.cancel()
            peer.reset()
            await asyncio.sleep(0.05)
            arrivals.may_keep.set()

    run(test)
    assert [kept.message for kept in arrivals.kept] == [MAIL]


def test_unknown_recipients_are_refused_and_guessing_ends(tmp_path: Path) -> None:
    """550 for each, slower each time, noted; at last the connection is closed. Known ones get the mail all the same."""
    arrivals = Arrivals({ADA})

    async def test() -> None:
        async with listening(tmp_path, arrivals, limits=SMALL) as (_, [port, _tls]):
            async with Peer.connected(port) as peer:
                await peer.say("MAIL FROM:<x@example.com>")
                assert (await peer.say("RCPT TO:<nobody@in.example.org>")).startswith("550 5.1.1")
                assert (await peer.say("RCPT TO:<bcdfgh@elsewhere.example>")).startswith("550 5.1.1")
                assert (await peer.say(f"RCPT TO:<{ADA}>")).startswith("250")
                await peer.say("DATA")
                peer.write(MAIL + b".\r\n")
                assert (await peer.answer()).startswith("250")
            async with Peer.connected(port) as peer:
                await peer.say("MAIL FROM:<x@example.com>")
                peer.write(b"".join(b"RCPT TO:<guess%d@in.example.org>\r\n" % number for number in range(10)))
                said = await peer.rest()
                assert [line[:3] for line in said] == ["550", "550", "550", "421"]
            for command in ("VRFY", "EXPN", "HELP"):
                async with Peer.connected(port) as peer:
                    assert await peer.say(f"{command} {ADA}") == await peer.say(f"{command} nobody@in.example.org")

    run(test)
    assert len(arrivals.kept) == 1
    assert [line[2] for line in arrivals.refused[:2]] == ["nobody@in.example.org", "bcdfgh@elsewhere.example"]
    assert len(arrivals.refused) == 6


def test_what_is_too_large_is_refused(tmp_path: Path) -> None:
    """By its announced size and by what comes; in lines, recipients and commands too. The next mail of the same
    connection is taken.
    """
    arrivals = Arrivals({ADA, BOB, "a@in.example.org", "b@in.example.org"})

    async def test() -> None:
        async with listening(tmp_path, arrivals, limits=SMALL) as (_, [port, _tls]), Peer.connected(port) as peer:
            assert (await peer.say("MAIL FROM:<x@example.com> SIZE=100001")).startswith("552")
            assert (await peer.send(b"x" * 998 + b"\r\n", ADA)).startswith("250")
            assert (await peer.send((b"x" * 98 + b"\r\n") * 1001, ADA)).startswith("552")
            assert (await peer.send((b"x" * 98 + b"\r\n") * 1000, ADA)).startswith("250")
            assert (await peer.send(b"x" * 5001 + b"\r\n", ADA)).startswith("500")
            assert (await peer.send(MAIL, ADA, BOB, "a@in.example.org", "b@in.example.org")).startswith("452 4.5.3")
            assert (await peer.say("NOOP " + "x" * 2000)).startswith("500")
            assert (await peer.say("RSET")).startswith("250")
            assert (await peer.send(MAIL, ADA)).startswith("250")
            said = [await peer.say("NOOP") for _ in range(21)]
            assert said[-1].startswith("421")
            assert await peer.answer() == ""

    run(test)
    assert [len(kept.message) for kept in arrivals.kept] == [1000, 100_000, len(MAIL)]


def test_a_mail_without_end_is_not_read_for_ever(tmp_path: Path) -> None:
    """Somebody who sends three times the limit is told so and hung up on."""
    async def test() -> None:
        arrivals = Arrivals({ADA})
        async with listening(tmp_path, arrivals, limits=SMALL) as (_, [port, _tls]), Peer.connected(port) as peer:
            for line in ("MAIL FROM:<x@example.com>", f"RCPT TO:<{ADA}>", "DATA"):
                await peer.say(line)
            peer.write(b"x" * 3_000_000)
            assert (await peer.answer())[:3] in ("552", "")   # hung up before it was read, where all was not yet sent

    run(test)


def test_room_for_messages_is_bounded(tmp_path: Path) -> None:
    """While one large message is coming in, a second one that does not fit is told to come later, and then does."""
    arrivals = Arrivals({ADA})
    limits = Limits(message=600_000, messages=700_000)

    async def test() -> None:
        async with (listening(tmp_path, arrivals, limits=limits) as (_, [port, _tls]), Peer.connected(port) as first,
                    Peer.connected(port) as second):
            for line in ("MAIL FROM:<x@example.com>", f"RCPT TO:<{ADA}>", "DATA"):
                await first.say(line)
            large = (b"x" * 98 + b"\r\n") * 5000
            first.write(large)
            await asyncio.sleep(0.2)
            assert (await second.send(large, ADA)).startswith("452 4.3.1")
            first.write(b".\r\n")
            assert (await first.answer()).startswith("250")
            assert (await second.send(large, ADA)).startswith("250")

    run(test)


def test_trouble_of_ours_is_temporary(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """451, so that the peer keeps the mail; and nothing of the address or the trouble's words is said or logged."""
    arrivals = Arrivals({ADA}, broken=True)

    async def test() -> None:
        async with listening(tmp_path, arrivals) as (_, [port, _tls]), Peer.connected(port) as peer:
            assert await peer.send(MAIL, ADA) == "451 4.3.0 The mail cannot be kept right now; please try again"
            arrivals.broken = False
            await peer.say("RSET")
            assert (await peer.send(MAIL, ADA)).startswith("250")

    run(test)
    assert "a mail could not be kept" in caplog.text
    assert "in.example.org" not in caplog.text


def test_recipient_that_is_gone_by_the_time_of_the_message(tmp_path: Path) -> None:
    """Its session was deleted meanwhile: refused for good, unless another recipient has the mail."""
    arrivals = Arrivals({ADA, BOB})

    async def test() -> None:
        async with listening(tmp_path, arrivals) as (_, [port, _tls]), Peer.connected(port) as peer:
            for expected, recipients in (("250", [ADA, BOB]), ("550", [ADA])):
                await peer.say("MAIL FROM:<>")
                for one in recipients:
                    await peer.say(f"RCPT TO:<{one}>")
                arrivals.known.discard(ADA)
                await peer.say("DATA")
                peer.write(MAIL + b".\r\n")
                assert (await peer.answer()).startswith(expected)
                arrivals.known.add(ADA)

    run(test)
    assert [(kept.recipient, kept.sender) for kept in arrivals.kept] == [(BOB, "")]


def test_connections_are_bounded(tmp_path: Path) -> None:
    """Those of one computer, also on the port with TLS and before they have said a word; who leaves makes room."""
    async def test() -> None:
        async with listening(tmp_path, Arrivals({ADA}), limits=SMALL) as (listener, [port, tls_port]):
            silent = [await asyncio.open_connection("127.0.0.1", tls_port) for _ in range(2)]
            async with Peer.connected(port):
                async with Peer.connected(port, greeted=False) as fourth:
                    assert (await fourth.answer()).startswith("421 4.3.2")
                    assert await fourth.answer() == ""
                assert listener.health()["connections"] == 3
                silent[0][1].close()
                await until(lambda: listener.health()["connections"] <= 2)
                async with Peer.connected(port) as fifth:
                    assert (await fifth.send(MAIL, ADA)).startswith("250")
            silent[1][1].close()
            assert listener.health()["turned away"] == 1

    run(test)


def test_silent_peers_are_hung_up_on(tmp_path: Path) -> None:
    """Between commands, in the middle of a message; and one that says something now and then, but has no end."""
    async def test() -> None:
        limits = Limits(idle=0.2, idle_in_message=0.2, in_all=0.7, command=1000)
        async with listening(tmp_path, Arrivals({ADA}), limits=limits) as (listener, [port, _tls]):
            async with Peer.connected(port) as peer:
                assert await peer.answer() == ""
            async with Peer.connected(port) as peer:
                for line in ("MAIL FROM:<x@example.com>", f"RCPT TO:<{ADA}>", "DATA"):
                    await peer.say(line)
                peer.write(b"Subject: half a mail\r\n")
                assert await peer.answer() == ""
            async with Peer.connected(port) as peer:
                for _ in range(100):
                    said = await peer.say("NOOP")
                    if not said:
                        break
                    await asyncio.sleep(0.02)
                assert said == ""
            await until(lambda: not listener.health()["connections"])

    run(test)


def test_starttls_and_tls_from_the_beginning(tmp_path: Path) -> None:
    """With a certificate that the appliance makes for itself, for nobody else to read; no way to sign in is offered."""
    arrivals = Arrivals({ADA})

    async def test() -> None:
        async with listening(tmp_path, arrivals) as (_, [port, tls_port]):
            async with Peer.connected(tls_port, tls=True) as peer:
                peer.write(b"EHLO again.example\r\n")
                assert await peer.answer() == "250 PIPELINING"
                assert (await peer.say("STARTTLS")).startswith("454")
                assert (await peer.say("AUTH PLAIN AGEAYg==")).startswith("502")
                assert (await peer.send(MAIL, ADA)).startswith("250")
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            peer = Peer(reader, writer)
            await peer.answer()
            await peer.say("EHLO peer.example")
            assert (await peer.say("STARTTLS")).startswith("220")
            await writer.start_tls(insecure())
            assert (await peer.say(f"MAIL FROM:<{ADA}>")).startswith("503")   # all that was said before is forgotten
            await peer.say("EHLO peer.example")
            assert (await peer.send(MAIL, ADA, sender="other@example.com")).startswith("250")
            writer.close()

    run(test)
    assert [kept.sender for kept in arrivals.kept] == ["landlord@example.com", "other@example.com"]
    made = tmp_path / "mail-certificate.pem"
    assert made.stat().st_mode & 0o077 == 0 or not hasattr(ssl, "AF_UNIX")


def test_peers_that_vanish_leave_nothing_behind(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Reset at every stage, nonsense instead of TLS: no error is logged, no connection is left, mail still comes."""
    stages: list[list[str]] = [[], ["EHLO x"], ["EHLO x", "MAIL FROM:<a@b.example>"],
                               ["EHLO x", "MAIL FROM:<a@b.example>", f"RCPT TO:<{ADA}>", "DATA"],
                               ["EHLO x", "STARTTLS"]]

    async def test() -> None:
        async with listening(tmp_path, Arrivals({ADA})) as (listener, [port, tls_port]):
            for stage in stages:
                for end in ("reset", "hang up", "nonsense"):
                    async with Peer.connected(port, greeted=False) as peer:
                        await peer.answer()
                        for line in stage:
                            await peer.say(line)
                        if end == "nonsense":
                            peer.write(b"\x16\x03\x01\x00\xff nonsense" * 20 + b"\r\n")
                            await asyncio.sleep(0.01)
                        (peer.hang_up if end == "hang up" else peer.reset)()
            reader, writer = await asyncio.open_connection("127.0.0.1", tls_port)
            writer.write(b"EHLO this is no TLS\r\n")
            assert await reader.read() == b""
            writer.close()
            await until(lambda: not listener.health()["connections"])
            async with Peer.connected(port) as peer:
                assert (await peer.send(MAIL, ADA)).startswith("250")

    run(test)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING], caplog.text


def test_a_port_that_is_taken_is_told_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The appliance starts all the same; when the other program has gone, mail is taken."""
    monkeypatch.setattr("appliance.mail.listener._TRY_AGAIN_AFTER", 0.05)

    async def test() -> None:
        other = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = other.sockets[0].getsockname()[1]
        task = asyncio.create_task(later(other))
        async with listening(tmp_path, Arrivals({ADA}), port=port, tls_port=None) as (listener, [opened]):
            assert opened == port
            assert listener.health() == {"status": "ok", "ports": [port], "connections": 0, "turned away": 0}
        await task

    async def later(other: asyncio.Server) -> None:
        await asyncio.sleep(0.3)
        other.close()

    run(test)
    log = (tmp_path / "logs" / "mail.log").read_text(encoding="utf-8")
    assert log.count("cannot be used") == 1
    assert "listening on port" in log


def test_the_appliance_stops_politely(tmp_path: Path) -> None:
    """A message that is all there is kept and answered; who only waits is told 421."""
    arrivals = Arrivals({ADA})

    async def test() -> None:
        arrivals.may_keep = asyncio.Event()
        async with (listening(tmp_path, arrivals) as (listener, [port, _tls]), Peer.connected(port) as busy,
                    Peer.connected(port) as idle):
            sending = asyncio.create_task(busy.send(MAIL, ADA))
            await arrivals.receiving.wait()
            stopping = asyncio.create_task(listener.stop())
            await asyncio.sleep(0.05)
            arrivals.may_keep.set()
            assert (await sending).startswith("250")
            assert (await idle.answer()).startswith("421")
            await stopping

    run(test)
    assert len(arrivals.kept) == 1
