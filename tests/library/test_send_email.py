"""``send_email()`` in an interview: to whom, what, with which files, and what True and False mean."""

from __future__ import annotations

import doctest
import logging
import tracemalloc
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from appliance import addresses, clock
from appliance.addresses import Mailbox, mailboxes, one_line
from appliance.interview.errors import InterviewError
from appliance.interview.turn import SendMail
from appliance.library.mail_message import Written, message_of
from appliance.sessions.mail_preview import draft_of
from appliance.store.outbox import Mail
from tests.interview.talk import Talk
from tests.memory_host import MemoryHost

START = """
modules:
  - docassemble.base.util
---
"""
END = """
---
mandatory: True
code: |
  sent = {call}
---
mandatory: True
question: |
  ${{ sent }}
"""


def talk(call: str, text: str = "", **settings: Any) -> Talk:
    """An interview that sends a mail and shows what came of it."""
    return Talk(START + text.strip("\n") + END.format(call=call), host=MemoryHost(settings=settings))


def effects(talked: Talk) -> list[SendMail]:
    assert talked.outcome is not None
    return [effect for effect in talked.outcome.effects if isinstance(effect, SendMail)]


def sent(talked: Talk) -> tuple[SendMail, EmailMessage]:
    """The one mail that was sent."""
    assert talked.question == "True"
    [effect] = effects(talked)
    parsed: Any = message_from_bytes(effect.message, policy=policy.default)
    assert parsed["Message-ID"] == effect.message_id
    return effect, parsed


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


PEOPLE = """
objects:
  - user: Individual
  - helper: DAEmailRecipient.using(name='Hilde', address='hilde@helpers.example')
  - court: Person
  - all_of_them: DAList.using(object_type=Individual, there_are_any=True)
  - more: DAEmailRecipientList.using(there_are_any=True, elements=[], gathered=True)
---
code: |
  user.name.first = 'Jörg'
  user.name.last = 'Müller, Ä'
  user.email = 'joerg@müller.example'
  court.name.text = 'The Court'
  court.email = 'court@example.com'
  all_of_them.appendObject()
  all_of_them.appendObject()
  all_of_them[0].email = 'first@example.com'
  all_of_them[1].email = ''
  all_of_them.gathered = True
  people_are_there = True
---
mandatory: True
code: |
  people_are_there
"""


@pytest.mark.parametrize(("to", "expected"), [
    ("'ann@example.com'", ["ann@example.com"]),
    ("'Ann <ann@example.com>; bob@example.com, '", ["Ann <ann@example.com>", "bob@example.com"]),
    ("user", ['"Jörg Müller, Ä" <joerg@xn--mller-kva.example>']),
    ("court", ["The Court <court@example.com>"]),
    ("helper", ["Hilde <hilde@helpers.example>"]),
    ("all_of_them", ["first@example.com"]),
    ("[user, helper, ('x@example.com', 'x@example.com'), None, {'y@example.com'}]",
     ['"Jörg Müller, Ä" <joerg@xn--mller-kva.example>', "Hilde <hilde@helpers.example>", "x@example.com",
      "y@example.com"]),
    ("[user] + all_of_them", ['"Jörg Müller, Ä" <joerg@xn--mller-kva.example>', "first@example.com"]),
    ("{'a': court}", ["The Court <court@example.com>"]),
    ("['Ann@x.example', 'ann@X.example', 'zoe@müller.example', 'zoe@xn--mller-kva.example']",
     ["Ann@x.example", "zoe@xn--mller-kva.example"]),
])
def test_to_takes_texts_people_and_lists(to: str, expected: list[str]) -> None:
    """Names as they are known, everybody once, domains as mail servers understand them."""
    _effect, message = sent(talk(f"send_email(to={to}, subject='Hello', body='There')", PEOPLE))
    assert [str(address) for address in message["To"].addresses] == [str(one) for one in expected]


def test_cc_bcc_sender_and_reply_to() -> None:
    """In the headers where they belong; those who get it unseen are in the envelope and nowhere else."""
    effect, message = sent(talk(
        "send_email(to='a@example.com', cc=[court, 'a@example.com'], bcc=[helper, 'secret@example.com'], sender=user,"
        " reply_to='Office <office@example.com>', subject='Hello', body='There')", PEOPLE))
    assert effect.recipients == ("a@example.com", "court@example.com", "hilde@helpers.example", "secret@example.com")
    assert effect.sender == "joerg@müller.example"
    assert message["From"].addresses[0].addr_spec == "joerg@xn--mller-kva.example"
    assert str(message["Reply-To"]) == "Office <office@example.com>"
    assert str(message["Cc"]) == "The Court <court@example.com>, a@example.com"
    assert message["Bcc"] is None
    assert b"hilde" not in effect.message
    assert b"secret" not in effect.message


def test_one_mailbox_in_other_letters_gets_one_mail() -> None:
    """Across `to`, `cc` and `bcc`; the headers keep what the author wrote."""
    effect, message = sent(talk("send_email(to='Ann@x.example', cc='ann@X.example', subject='Hello', body='There',"
                                " bcc=['ANN@x.example', 'b@x.example'])"))
    assert effect.recipients == ("Ann@x.example", "b@x.example")
    assert str(message["Cc"]) == "ann@X.example"


def test_an_address_that_is_not_known_is_asked_for() -> None:
    """The person's ``email`` is sought like any variable, and no mail is sent before it is there."""
    talked = talk("send_email(to=user, body='Hi')", """
objects:
  - user: Individual
---
question: Your address?
fields:
  - E-mail: user.email
    datatype: email
""")
    assert talked.question == "Your address?"
    assert effects(talked) == []
    talked.submit(**{"user.email": "ann@example.com"})
    effect, message = sent(talked)
    assert effect.recipients == ("ann@example.com",)
    assert "From" not in message   # the default sender's is put in when it is sent
    assert effect.sender == ""


TEMPLATE = """
template: letter
subject: |
  Your *hearing*, ${ name }
content: |
  Dear **${ name }**,

  come to [the court](https://court.example/where?a=1).

  * Bring a pen.
---
code: |
  name = 'Ann'
"""


def test_a_template_gives_subject_text_and_html() -> None:
    """Markdown becomes HTML, and a text for those who read without it; the subject is plain."""
    _effect, message = sent(talk("send_email(to='a@example.com', template=letter)", TEMPLATE))
    assert message["Subject"] == "Your hearing, Ann"
    assert text_of(message) == "Dear Ann,\n\ncome to the court (https://court.example/where?a=1).\n\n* Bring a pen.\n"
    assert "<strong>Ann</strong>" in text_of(message, "html")
    assert message.get_content_type() == "multipart/alternative"


def test_what_is_given_counts_more_than_the_template() -> None:
    """Subject, body and HTML of its own."""
    _effect, message = sent(talk(
        "send_email(to='a@example.com', template=letter, subject='Mine', body='Plain')", TEMPLATE))
    assert (message["Subject"], text_of(message)) == ("Mine", "Plain\n")
    assert "<strong>Ann</strong>" in text_of(message, "html")


def test_body_alone_is_plain_and_html_alone_has_a_text() -> None:
    """Exactly what was given; of HTML also its words."""
    _effect, message = sent(talk("send_email(to='a@example.com', body='1 < 2 *ä*\\n.\\n')"))
    assert (message.get_content_type(), text_of(message)) == ("text/plain", "1 < 2 *ä*\n.\n")
    _effect, message = sent(talk("send_email(to='a@example.com', html='<p>Tom &amp; <b>Jerry</b></p><p>ride</p>')"))
    assert text_of(message) == "Tom & Jerry\n\nride\n"
    assert "<b>Jerry</b>" in text_of(message, "html")
    _effect, message = sent(talk("send_email(to='a@example.com', subject='Empty')"))
    assert text_of(message).strip() == ""


@pytest.mark.parametrize("names", [
    ["Nguyễn Thị Straßenbahner", "Nguyễn Thị Müller", "Björn-Åke Kowalska (tenant)", "Björn-Åke Müller"],
    ["Nguyễn Thị Österreichischer Mieterverein e. V.", "Maria 伟", "Jörg, Housing Clinic of the Law School"],
    ["a" * 300, "日本語" * 40, '"=?utf-8?q?x?= <evil@example.org>, "', "Zoë <evil@example.org>, " * 5, ""],
])
def test_long_names_in_any_letters_break_no_header(names: list[str]) -> None:
    """Everybody stays in the header under the right name, in the mail and in a draft of it; no line is too long."""
    people = [Mailbox(name, f"person{number}@example.com") for number, name in enumerate(names)]
    message_id, mail = message_of(Written("Zoë " * 60, "Text"), to=people, sender=people[0],
                                  domain="x." * 50 + "example", date=clock.utc_now())
    draft = draft_of(Mail("", tuple(one.address for one in people), mail))
    for made in (mail, draft):
        assert max(len(line) for line in made.split(b"\r\n")) < 400
        parsed: Any = message_from_bytes(made, policy=policy.default)
        assert [one.addr_spec for one in parsed["To"].addresses] == [one.address for one in people]
        assert parsed["Subject"] == ("Zoë " * 60).strip()
        raw = message_from_bytes(made, policy=policy.compat32)
        assert mailboxes(raw["To"]) == [Mailbox(one_line(one.name), one.address) for one in people]
    assert message_from_bytes(mail, policy=policy.compat32)["Message-ID"] == message_id


def test_the_examples_of_addresses() -> None:
    assert doctest.testmod(addresses).failed == 0


def test_addresses_that_look_like_encoded_words_are_none() -> None:
    """A mail program would show, and the next server read, what they stand for."""
    assert talk("send_email(to='=?utf-8?q?a=40evil.example=2C?=@example.com', body='x')").question == "False"


def test_what_people_type_for_an_address_is_read_in_no_time() -> None:
    with pytest.raises(ValueError, match="not an e-mail address"):
        mailboxes("Ann <" + " " * 100_000)


def test_nobody_breaks_out_of_a_header() -> None:
    """Line ends in subject, names and file names are spaces; those in an address make it none."""
    evil = "\\r\\nBcc: evil@example.com\\r\\n\\r\\nbody"
    effect, message = sent(talk(
        "send_email(to=helper, sender=helper, subject='S' + evil, body='x', attachments=the_file)", f"""
objects:
  - helper: DAEmailRecipient
  - the_file: DAFile.using(filename='f.txt')
---
code: |
  evil = "{evil}"
---
code: |
  helper.name = 'N' + evil
  helper.address = 'h@example.com'
---
sets: the_file.initialized
code: |
  the_file.initialize(content='x', filename='f' + evil, mimetype='text/plain' + evil)
"""))
    assert set(message.keys()) <= {"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"}
    assert effect.recipients == ("h@example.com",)
    assert message["Subject"] == "S Bcc: evil@example.com body"
    [file] = message.iter_attachments()
    assert "\n" not in str(file.get_filename())
    assert file.get_content_type() == "application/octet-stream"
    assert talk(f"send_email(to=\"a@example.com{evil}\", body='x')").question == "False"


@pytest.mark.parametrize(("call", "kind", "words"), [
    ("send_email(body='x')", "there is nobody to send it to", "'to' has nobody"),
    ("send_email(to=[None, ''], cc='a@example.com', body='x')", "there is nobody to send it to", "'to' has nobody"),
    ("send_email(to='nonsense', body='x')", "an address is none", "'to': 'nonsense' is not an e-mail address"),
    ("send_email(to='a@example.com', bcc='b@', body='x')", "an address is none", "'bcc': 'b@' is not"),
    ("send_email(to='a@example.com', body='x' * 2000001)", "it is too large", "'mail: maximum size' is 2"),
])
def test_false_with_a_reason(call: str, kind: str, words: str, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is sent; the author's log says why, the appliance's only what kind of trouble it was."""
    talked = talk(call, mail={"maximum size": 2})
    assert talked.question == "False"
    assert effects(talked) == []
    assert any(words in line for line in talked.host.logged)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == [
        f"send_email() in tests:data/questions/main.yml did not send a mail: {kind}"]


@pytest.mark.parametrize(("call", "words"), [
    ("send_email(to=7, body='x')", "'int' for 'to'"),
    ("send_email(to='a@example.com', template='x')", "'str' for 'template'"),
    ("send_email(to='a@example.com', attachments=7)", "'int' as an attachment"),
    ("send_email(to='a@example.com', attachments='no such file.pdf')", "no file 'no such file.pdf'"),
    ("send_email(to='a@example.com', config='court')", "no mail server 'court'"),
    *((f"send_email(to={to}, body='x', task='told', task_persistent={persistent!r}, dry_run={trial})",
       f"task_persistent={persistent!r} is not there yet in this version: use task_persistent=True")
      for to, persistent, trial in [("'a@example.com'", "user", False), ("'a@example.com'", "global", True),
                                    ("''", 7, False)]),
])
def test_mistakes_of_the_author_are_errors(call: str, words: str) -> None:
    """What no person's answer can heal is said in words."""
    with pytest.raises(InterviewError, match=words):
        talk(call)


def test_no_mail_goes_where_its_task_cannot_be_counted() -> None:
    """Also where the interview catches the error: else it would go out again each time."""
    talked = talk("attempt()", """
code: |
  def attempt():
    try:
      return send_email(to='a@example.com', body='x', task='told', task_persistent='interview')
    except Exception as problem:
      return str(problem)
---
mandatory: True
code: |
  attempt
""")
    assert "is not there yet in this version: use task_persistent=True" in talked.question
    assert effects(talked) == []


def test_files_that_are_too_large_are_not_read(tmp_path: Path) -> None:
    """They may be more than the computer's memory; none of it may be taken only to say that it is too much."""
    path = tmp_path / "film.bin"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    tracemalloc.start()
    talked = talk(f"send_email(to='a@example.com', body='x', attachments={str(path)!r})", mail={"maximum size": 10})
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert talked.question == "False"
    assert any("attachments take 133.3 MB" in line for line in talked.host.logged)
    assert most < 50_000_000


def test_a_task_is_counted_only_where_the_mail_is_sent() -> None:
    """Among the answers, as mark_task_as_performed() does."""
    call = "[send_email(to={to}, body='x', task='remind'{more}), times_task_performed('remind')]"
    assert talk(call.format(to="'a@example.com'", more="")).question == "[True, 1]"
    assert talk(call.format(to="'a@example.com'", more=", dry_run=True")).question == "[True, 0]"
    assert talk(call.format(to="'nonsense'", more="")).question == "[False, 0]"
    talked = talk("send_email(to='a@example.com', body='x', task='remind', task_persistent=True)")
    assert talked.outcome is not None
    assert [type(effect).__name__ for effect in talked.outcome.effects] == ["CountTask", "SendMail"]


def test_a_trial_seeks_everything_and_sends_nothing() -> None:
    """``dry_run`` asks what a mail would need, also where one thing is wrong already."""
    talked = talk("send_email(to='nonsense', template=letter, dry_run=True)", """
template: letter
subject: Hello ${ name }
content: |
  Yours
---
question: Name?
fields:
  - Name: name
""")
    assert talked.question == "Name?"
    talked.submit(name="Ann")
    assert talked.question == "False"
    assert effects(talk("send_email(to='a@example.com', body='x', dry_run=True)")) == []


DOCUMENT = """
attachment:
  - variable name: letter
    name: A letter
    filename: Brief_an_Jörg
    valid formats:
      - pdf
      - docx
    content: |
      Hello
"""


def test_documents_files_and_lists_of_them_are_attached() -> None:
    """A document in all its formats or in one, uploads, files of packages, paths; names in any letters."""
    _effect, message = sent(talk(
        "send_email(to='a@example.com', body='x', attachments=[letter, letter.pdf, [the_file], None, files])",
        DOCUMENT + """
---
objects:
  - the_file: DAFile.using(filename='Größe 文.txt')
  - files: DAFileList.using(elements=[], gathered=True)
---
sets: the_file.initialized
code: |
  the_file.initialize(content='héllo')
"""))
    parts = list(message.iter_attachments())
    assert [part.get_filename() for part in parts] == [
        "Brief_an_Jörg.pdf", "Brief_an_Jörg.docx", "Brief_an_Jörg.pdf", "Größe 文.txt"]
    assert parts[0].get_content().startswith(b"%PDF")
    assert parts[3].get_payload(decode=True) == "héllo".encode()
    assert [part.get_content_type() for part in parts][::3] == ["application/pdf", "text/plain"]


def test_pictures_of_a_template_travel_with_the_mail() -> None:
    """Whoever reads it has no way to the session's files; other links lead to the appliance."""
    _effect, message = sent(talk("send_email(to='a@example.com', template=letter)", """
objects:
  - picture: DAFile.using(filename='cow.png')
---
sets: picture.initialized
code: |
  picture.initialize(content=b'PNG')
---
template: letter
content: |
  ${ picture }

  [Continue](/interview?i=x)
"""))
    html = message.get_body(("html",))
    assert html is not None
    assert 'src="cid:picture1"' in html.get_content()
    assert 'href="http://127.0.0.1:8080/interview?i=x"' in html.get_content()
    related = [part for part in message.walk() if part["Content-ID"] == "<picture1>"]
    assert [part.get_payload(decode=True) for part in related] == [b"PNG"]


def test_the_configuration_is_the_interviews_unless_one_is_named() -> None:
    """``config``, then ``email config`` of the metadata, then the first; 'default' means the first too."""
    servers = [{"default sender": "one@first.example"}, {"name": "court", "default sender": "two@second.example"}]
    metadata = "metadata:\n  email config: court\n"
    call = "send_email(to='a@example.com', body='x'{})"
    for text, more, expected in (("", "", ""), ("", ", config='court'", "court"), (metadata, "", "court"),
                                 (metadata, ", config='default'", "")):
        effect, message = sent(talk(call.format(more), text, mail=servers))
        assert effect.config == expected
        assert message["Message-ID"].endswith("@second.example>" if expected else "@first.example>")


def test_what_a_person_typed_comes_as_they_typed_it() -> None:
    """In answers ``<`` before a letter is made harmless; a mail's plain text and subject have it back."""
    talked = talk("send_email(to='a@example.com', subject=said, body=said)", """
question: Say
fields:
  - Words: said
""")
    talked.submit(said="<b>1</b>")
    _effect, message = sent(talked)
    assert message["Subject"] == "<b>1</b>"
    assert text_of(message).strip() == "<b>1</b>"
