"""`kill -9` while mail comes in: what was answered with 250, or marked in the mailbox, is there once."""

from __future__ import annotations

import random
import re
import smtplib
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from zlib import crc32

import pytest

from appliance.mail.mail_folder import KEYWORD
from tests.mail.peers.dovecot import PASSWORD, USER, Dovecot, dovecot
from tests.mail.peers.folders import wait_until
from tests.mail_peers import find
from tests.support.client import Client
from tests.support.packages import make_package
from tests.support.process import Appliance, free_port

NewAppliance = Callable[..., Appliance]
INTERVIEW = "docassemble.inbox:data/questions/main.yml"
TEXT = """
mandatory: True
code: |
  multi_user = True
---
mandatory: True
question: Mail
subquestion: |
  The address is ${ interview_email() }.

  % for one in get_emails():
  % for mail in one.emails:
  [${ mail.subject }]
  % endfor
  % endfor
"""
_AT_ONCE = 3
_LARGE = "x" * 70 + "\r\n"


class Sender(threading.Thread):
    """Brings one mail after the other, as a mail server does, until the listener dies in the middle of one.

    :param told: subjects that were answered with 250; `begun`: all.
    """

    def __init__(self, port: int, address: str, name: str) -> None:
        super().__init__()
        self._port, self._address, self._prefix = port, address, name
        self.told: list[str] = []
        self.begun: list[str] = []

    def run(self) -> None:
        try:
            with smtplib.SMTP("127.0.0.1", self._port, timeout=30) as client:
                while True:
                    subject = f"{self._prefix}-{len(self.begun)}"
                    self.begun.append(subject)
                    bring(client, self._address, subject)
                    self.told.append(subject)
        except (OSError, smtplib.SMTPException):
            return   # killed


def bring(client: smtplib.SMTP, address: str, subject: str) -> None:
    """One mail; each third is so large that it takes a while."""
    body = _LARGE * (6000 if crc32(subject.encode()) % 3 == 0 else 30)
    client.sendmail("landlord@example.com", [address], f"Subject: {subject}\r\n\r\n{body}")


def configured(appliance: Appliance, folder: Path, mailbox: Dovecot | None) -> int:
    """An appliance that takes mail, and fetches it where there is a mailbox; the listener's port."""
    port = free_port()
    imap = "" if mailbox is None else (
        f"  imap:\n    host: 127.0.0.1\n    port: {mailbox.port}\n    use ssl: False\n    use tls: False\n"
        f"    user: {USER}\n    password: {PASSWORD}\n")
    (appliance.data / "config.yml").write_text(
        f"mail in:\n  smtp:\n    port: {port}\n{imap}incoming mail domain: in.example.org\n", encoding="utf-8")
    appliance.command("install", str(make_package(folder, "inbox", {"main.yml": TEXT})))
    return port


def kill_at(appliance: Appliance, folder: Path, kills: int) -> None:
    """Several send at the same time when the appliance dies; mail servers then bring again what was not answered."""
    chance = random.Random(8)
    with dovecot() if find("dovecot") else nullcontext() as mailbox:
        port = configured(appliance, folder, mailbox)
        appliance.start()
        told_of_ways = (appliance.health() or {})["mail in"]
        assert told_of_ways["smtp"]["status"] == "ok"
        assert (told_of_ways["imap"] is None) == (mailbox is None)
        client = Client(appliance.url)
        found = re.search(r"\w+@in\.example\.org", client.start(INTERVIEW).text)
        assert found is not None
        address, expected, told = found[0], 0, set[str]()
        for number in range(kills):
            if mailbox is not None:
                mailbox.deliver(f"To: {address}\r\nSubject: mailbox-{number}\r\n\r\nHello\r\n".encode())
            senders = [Sender(port, address, f"{number}-{one}") for one in range(_AT_ONCE)]
            for sender in senders:
                sender.start()
            time.sleep(chance.uniform(0.05, 0.3))
            appliance.kill()
            for sender in senders:
                sender.join()
            appliance.start()
            wait_until(lambda: (appliance.health() or {})["mail in"]["smtp"]["status"] == "ok", "the listener")
            with smtplib.SMTP("127.0.0.1", port, timeout=30) as again:
                for sender in senders:
                    for subject in sender.begun[len(sender.told):]:
                        bring(again, address, subject)
                    told |= set(sender.told)
                    expected += len(sender.begun)
        everything = subjects(client, until=expected + (kills if mailbox is not None else 0))
        assert told, "the kills came before anything was answered"
        assert not told - everything.keys(), "answered with 250, and lost"
        assert set(everything.values()) == {1}, "there twice"
        assert len(everything) == expected + (kills if mailbox is not None else 0)
        if mailbox is not None:
            wait_until(lambda: list(mailbox.flags().values()) == [{b"\\Seen", KEYWORD}] * kills, "all are marked")
    client.http.close()


def subjects(client: Client, until: int) -> Counter[str]:
    """The subjects that the interview shows, when it shows so many; what it shows if that does not happen."""
    for _ in range(100):
        shown = Counter(re.findall(r"\[([\w-]+)\]", client.resume(INTERVIEW).text))
        if shown.total() >= until:
            break
        time.sleep(0.1)
    return shown


def test_ten_kills_lose_and_double_no_mail(new_appliance: NewAppliance, tmp_path: Path) -> None:
    """Ten times in the middle of what three senders bring and a mailbox holds."""
    kill_at(new_appliance(), tmp_path, 10)


@pytest.mark.fault50
def test_fifty_kills_lose_and_double_no_mail(new_appliance: NewAppliance, tmp_path: Path) -> None:
    """As above, fifty times."""
    kill_at(new_appliance(), tmp_path, 50)
