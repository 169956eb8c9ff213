"""interview_email, get_emails and DAEmail, as authors know them."""

from __future__ import annotations

import importlib
import pickle
import time
from datetime import UTC, datetime
from typing import Any
from unittest.mock import ANY

import pytest

from appliance.interview.files import FileInfo
from appliance.interview.received import AddressOfSession, Correspondent, ReceivedMail
from appliance.interview.turn import GiveAddress
from appliance.library.modules import install_import_hook
from appliance.library.objects import DAObject
from appliance.library.received_email import DAEmail, DAEmailBody, get_emails, interview_email
from tests.interview.talk import Talk
from tests.library.fakes import FakeEvaluation, running
from tests.memory_host import MemoryHost

FRED = Correspondent("fred@example.com", "Lord, Fred")
MAIL = ReceivedMail(
    3, "bcdfgh", "evidence", 2, "ann@example.com", datetime(2026, 11, 24, 0, 30, tzinfo=UTC),
    datetime(2026, 11, 23, 23, 30, tzinfo=UTC), "The notice", FRED, None, Correspondent("bounce@example.com"),
    (Correspondent("bcdfgh@example.org"), FRED), (), (("Subject", "The notice"),),
    FileInfo(11, "message.txt", "text/plain", 5), None, (FileInfo(12, "a.pdf", "application/pdf", 7),))
"""A mail with a text, a file, no Reply-To and no HTML."""


def test_every_documented_attribute() -> None:
    """Under the documented names; what the mail does not have is empty or None, and is never sought."""
    email = DAEmail.of(MAIL, "Europe/Berlin")
    assert (email.short, email.key, email.index, email.address_owner) == ("bcdfgh", "evidence", 2, "ann@example.com")
    assert (str(email), email.subject, email.headers) == ("The notice", "The notice", [["Subject", "The notice"]])
    assert (str(email.from_address), email.from_address.name) == ('"Lord, Fred" <fred@example.com>', "Lord, Fred")
    assert (email.from_address.empty, email.reply_to.empty, email.return_path.empty) == (False, True, False)
    assert (str(email.reply_to), email.reply_to.address, email.reply_to.exists()) == ("", "", False)
    assert [one.address for one in email.to_address] == ["bcdfgh@example.org", "fred@example.com"]
    assert (len(email.cc_address), email.cc_address.gathered) == (0, True)
    assert email.datetime_message.isoformat() == "2026-11-24T00:30:00+01:00"
    assert email.datetime_received.format_datetime("yyyy-MM-dd HH:mm") == "2026-11-24 01:30"
    assert (email.body_text.filename, email.body_text.number, email.body_html) == ("message.txt", 11, None)
    assert [(one.filename, one.mimetype, one.number) for one in email.attachment] == [("a.pdf", "application/pdf", 12)]
    assert email.problem == ""


def test_it_is_stored_under_its_public_name() -> None:
    """Answers and tasks hold it; its parts are called after it."""
    install_import_hook(None)
    importlib.import_module("appliance.library.names")   # gives the classes their public names
    stored = pickle.dumps(DAEmail.of(MAIL))
    assert b"docassemble.base.util" in stored
    assert b"appliance.library" not in stored
    email = pickle.loads(stored)
    email.set_instance_name("notice")
    assert email.attachment[0].instanceName == "notice.attachment[0]"
    assert email.from_address.instanceName == "notice.from_address"
    assert email.to_address[1].instanceName == "notice.to_address[1]"


def test_a_mail_without_anything() -> None:
    """No date is None; nobody and nothing is empty."""
    email = DAEmail.of(ReceivedMail(1, "bcdfgh", None, None, None, datetime(2026, 1, 1, tzinfo=UTC)))
    assert (str(email), email.datetime_message, email.body_text, email.body_html) == ("", None, None, None)
    assert (email.from_address.empty, len(email.attachment), len(email.to_address)) == (True, 0, 0)


@pytest.mark.parametrize(("mimetype", "content", "expected"), [
    ("text/plain", "1 < 2 <script>alert(1)</script> <fred@example.com>",
     "1 < 2 &lt;script>alert(1)&lt;/script> &lt;fred@example.com>"),
    ("text/html", ("<p onclick='x()'>Hi <b>you</b><script>alert(1)</script><img src=http://e.com/x onerror=x()>"
                   "<a href='javascript:x()'>a</a><style>p{}</style><form><input></form></p>"),
     '<p>Hi <b>you</b><a rel="noopener noreferrer">a</a></p><p></p>'),
])
def test_a_body_that_is_read_runs_nothing(mimetype: str, content: str, expected: str) -> None:
    """Interviews put what they read into pages; the bytes are there as they came."""
    host: Any = MemoryHost()
    with running(FakeEvaluation(host=host)):
        body = DAEmailBody("body", content=content, mimetype=mimetype, filename="message.x")
        assert body.slurp() == expected
        assert "".join(body.readlines()) == expected
        assert body.slurp(auto_decode=False) == content.encode()


@pytest.mark.parametrize("content", [
    "<div>" * 60_000 + "<b>x</b><script>y</script>",
    "<p>" + "".join(f"<b id={number}>" for number in range(1000)) + "<p>x" * 20_000,
    "".join(f"<Font id={number}>" for number in range(1000)) + "</p>x" * 20_000,
])
def test_formatted_mail_takes_no_more_than_it_is_long(content: str) -> None:
    """Browsers' rules of HTML make minutes and gigabytes of each of these; what it says is given all the same."""
    host: Any = MemoryHost()
    began = time.process_time()
    with running(FakeEvaluation(host=host)):
        text = DAEmailBody("body", content=content, mimetype="text/html", filename="message.html").slurp()
    assert "x" in text
    assert len(text) < 4 * len(content)
    assert "<script" not in text
    assert time.process_time() - began < 5


def test_formatting_that_is_closed_stays() -> None:
    """Up to what honest mail has."""
    host: Any = MemoryHost()
    content = "<p>Dear <b>Ann</b></p>" * 600
    with running(FakeEvaluation(host=host)):
        assert DAEmailBody("body", content=content, mimetype="text/html", filename="m.html").slurp() == content


def test_addresses_of_this_turn_are_there_at_once() -> None:
    """get_emails() gives those that were committed and those of this turn, each once, filtered as asked."""
    host: Any = MemoryHost(received=[AddressOfSession("bcdfgh", "evidence", 2, "ann@example.com", (MAIL,))])
    evaluation = FakeEvaluation(host=host)
    with running(evaluation):
        assert interview_email(key="evidence") == "memory-evidence@example.com"
        assert interview_email(key="evidence") == "memory-evidence@example.com"
        assert [str(one) for one in get_emails()] == ["bcdfgh", "memory-evidence"]
        assert [one.address for one in get_emails(key="evidence", index=2)] == ["bcdfgh"]
        assert [one.subject for one in get_emails(index="2")[0].emails] == ["The notice"]
        assert get_emails(key="else") == []
    assert evaluation.effects == [GiveAddress("memory-evidence", "evidence")]


def test_an_object_as_key_is_kept_as_its_text() -> None:
    """Pages show it where no interview runs, and later, when the object is another one."""
    host: Any = MemoryHost()
    evaluation = FakeEvaluation(host=host)
    with running(evaluation):
        interview_email(key=DAObject("tenant", name="Ann"), index=2)
    assert evaluation.effects == [GiveAddress(ANY, "Ann", 2)]


def test_on_a_screen() -> None:
    """Shown in Markdown as any text, an address with a name is a link and no tag."""
    host = MemoryHost(received=[AddressOfSession("bcdfgh", None, None, None, (MAIL,))])
    talk = Talk("mandatory: True\nquestion: Mail\nsubquestion: |\n  % for mail in get_emails()[0].emails:\n"
                "  ${ mail } from ${ mail.from_address }, ${ mail.datetime_received }\n  % endfor", host=host)
    assert "The notice from" in talk.screen.subquestion_html
    assert "<fred" not in talk.screen.subquestion_html
