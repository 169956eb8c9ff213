"""Mail that comes in: how many a second, and how much memory a large one takes."""

from __future__ import annotations

import base64
import os
import re
import smtplib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from tests.bench.conftest import ROOT
from tests.bench.figures import Figure, scaled
from tests.mail.peers.folders import answers, wait_until
from tests.support.client import Client
from tests.support.packages import make_package
from tests.support.process import Appliance, free_port

pytestmark = pytest.mark.bench
Show = Callable[[Figure], None]

INTERVIEW = "docassemble.inbox:data/questions/main.yml"
TEXT = """
mandatory: True
code: |
  multi_user = True
---
event: incoming_email
code: |
  background_response_action('came', name=action_argument('email').subject)
---
event: came
code: |
  last = action_argument('name')
  background_response()
---
mandatory: True
question: Mail
subquestion: |
  ${ interview_email() }
"""
SENDERS, MAILS, MESSAGE = 4, 250, 2000
LINE = "You owe two months' rent and are to leave the flat by the first.\r\n"
ATTACHMENT = 25 * 1024 * 1024
MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Appliance, int, str]]:
    """An appliance that takes mail, its port, and an address."""
    one, port = Appliance(tmp_path_factory.mktemp("inbox")), free_port()
    (one.data / "config.yml").write_text(
        f"mail in:\n  smtp:\n    port: {port}\nincoming mail domain: in.example.org\n", encoding="utf-8")
    one.command("install", str(make_package(tmp_path_factory.mktemp("package"), "inbox", {"main.yml": TEXT})))
    one.start()
    one.wait_for_workers()
    with Client(one.url) as client:
        found = re.search(r"\w+@in\.example\.org", client.start(INTERVIEW).text)
    assert found is not None
    yield one, port, found[0]
    one.stop()


@pytest.fixture(scope="module")
def bare() -> Iterator[tuple[psutil.Process, int]]:
    """Aiosmtpd alone."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "tests.bench.bare_smtp", str(port)], cwd=ROOT)
    wait_until(lambda: answers(port), "aiosmtpd greets", process)
    yield psutil.Process(process.pid), port
    process.kill()
    process.wait()


def test_mails_a_second(inbox: tuple[Appliance, int, str], bare: tuple[psutil.Process, int], show: Show) -> None:
    """Four connections bring mails with 2 kB each; ours are on disk, in the database and on their way to a session."""
    _one, port, address = inbox
    ours = _mails_a_second(port, address)
    show(Figure(f"mails of 2 kB a second over {SENDERS} connections", ours, "/s", _mails_a_second(bare[1], address),
                better="more"))


def _mails_a_second(port: int, address: str) -> float:
    began = time.monotonic()
    with ThreadPoolExecutor(SENDERS) as pool:
        for done in [pool.submit(_bring, port, address, f"{number}") for number in range(SENDERS)]:
            done.result()
    return SENDERS * scaled(MAILS) / (time.monotonic() - began)


def _bring(port: int, address: str, name: str) -> None:
    with smtplib.SMTP("127.0.0.1", port) as client:
        for number in range(scaled(MAILS)):
            client.sendmail("landlord@example.com", [address],
                            f"Subject: {os.urandom(4).hex()} {name}-{number}\r\n\r\n{LINE * (MESSAGE // len(LINE))}")


def test_memory_of_a_large_attachment(inbox: tuple[Appliance, int, str], bare: tuple[psutil.Process, int],
                                      show: Show, tmp_path: Path) -> None:
    """25 MB come in, 34 MB on the wire: what the server takes more meanwhile, and what it keeps of it afterwards."""
    one, port, address = inbox
    _bring_one(port, address, 1000)   # what the first mail loads stays
    wait_until(lambda: _idle(one), "all mails have reached their session", seconds=600)
    ours, kept = _memory(one.process, port, address, lambda: _idle(one))
    theirs, kept_by_theirs = _memory(*bare, address, lambda: True)
    peak = Figure("memory more while a 25 MB attachment comes in", ours, "MB", theirs, 160)
    show(peak)
    left = Figure("memory still taken 5 s after it", kept, "MB", max(kept_by_theirs, 1.0), 40)
    show(left)
    assert peak.met
    assert left.met


def _idle(one: Appliance) -> bool:
    """Whether every mail has reached its session, and what that began is done."""
    told = one.health() or {}
    return told["mail in"]["waiting"] == 0 and set(told["queue"].values()) == {0}


def _memory(process: psutil.Process, port: int, address: str, done: Callable[[], object]) -> tuple[float, float]:
    before, highest, over = process.memory_info().rss, 0, threading.Event()

    def watch() -> None:
        nonlocal highest
        while not over.wait(0.005):
            highest = max(highest, process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    _bring_one(port, address, ATTACHMENT)
    wait_until(done, "the session has it", seconds=60)
    time.sleep(5)
    over.set()
    watcher.join()
    return (highest - before) / MEGABYTE, (process.memory_info().rss - before) / MEGABYTE


def _bring_one(port: int, address: str, size: int) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=120) as client:
        client.sendmail("landlord@example.com", [address], (
            b"Subject: Lease\r\nMIME-Version: 1.0\r\nContent-Type: application/pdf\r\n"
            b'Content-Disposition: attachment; filename="lease.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
            + base64.encodebytes(os.urandom(size)).replace(b"\n", b"\r\n")))
