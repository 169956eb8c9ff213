"""Outgoing mail as text for a person, and as a draft for the person's own mail program."""

from __future__ import annotations

import doctest
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from appliance.sessions import mail_preview
from appliance.sessions.mail_preview import MailPreview, draft_of, preview_of
from appliance.store.outbox import Mail

TO = "ann@client.example"


def message(text: str = "It is on Tuesday.\nBring a pen.\n", html: str = "", **headers: str) -> EmailMessage:
    made = EmailMessage()
    for name, value in ({"To": f"Ann <{TO}>", "Subject": "Your hearing"} | headers).items():
        made[name.replace("_", "-")] = value
    if text:
        made.set_content(text)
    if html:
        if text:
            made.add_alternative(html, subtype="html")
        else:
            made.set_content(html, subtype="html")
    return made


def previewed(mail: EmailMessage, *recipients: str, repeats: int = 1, **more: Any) -> MailPreview:
    preview = preview_of(Mail(more.pop("sender", ""), recipients or (TO,), mail.as_bytes(), **more), repeats)
    assert preview is not None
    return preview


def drafted(mail: EmailMessage, *recipients: str, repeats: int = 1, **more: Any) -> EmailMessage:
    draft = draft_of(Mail(more.pop("sender", ""), recipients or (TO,), mail.as_bytes(), **more), repeats)
    assert b"\n" not in draft.replace(b"\r\n", b""), "mail programs of Windows want both letters at a line's end"
    parsed: Any = message_from_bytes(draft, policy=policy.default)
    return parsed  # type: ignore[no-any-return]


def test_the_examples() -> None:
    assert doctest.testmod(mail_preview).failed == 0


def test_a_preview_says_what_is_still_to_be_sent_and_to_whom() -> None:
    """Who was served is not named; who is in no header, or was refused, is."""
    mail = message(Cc="Served <served@example.org>, Lou <lou@example.org>", From="Clinic <clinic@example.com>",
                   Reply_To="desk@example.com")
    preview = previewed(mail, TO, "hidden@example.org", refused=("lou@EXAMPLE.org",), repeats=3)
    assert (preview.to, preview.cc, preview.bcc) == (
        (f"Ann <{TO}>",), ("Lou <lou@example.org>",), ("hidden@example.org",))
    assert (preview.subject, preview.text) == ("Your hearing (3 times)", "It is on Tuesday.\nBring a pen.")
    assert (preview.sender, preview.reply_to) == ("Clinic <clinic@example.com>", "desk@example.com")
    assert "Tuesday" not in repr(preview)


def test_html_is_shown_as_text_and_files_by_name() -> None:
    mail = message("", "<title>x</title><p>Dear <b>Ann</b></p><script>alert(1)</script><img src='http://evil.example/'>")
    mail.add_attachment(b"%PDF" + bytes(2000), maintype="application", subtype="pdf", filename="Antwört.pdf")
    preview = previewed(mail)
    assert (preview.text, preview.from_html, preview.mailto) == ("Dear Ann", True, "")
    assert [(one.name, one.size) for one in preview.attachments] == [("Antwört.pdf", 2004)]
    both = previewed(message("Plain", "<p>Laid out</p>"))
    assert (both.text, both.from_html) == ("Plain", False)


def test_a_long_text_is_cut_for_the_page_and_whole_in_the_draft() -> None:
    mail = message("word " * 3000)
    preview = previewed(mail)
    assert preview.shortened
    assert len(preview.text) < 5100
    assert preview.mailto == ""
    assert len(drafted(mail).get_content()) > 14_000


def test_a_short_text_is_a_link_that_loses_nothing() -> None:
    preview = previewed(message("Ü & 1+1=2\nend", Cc="lou@example.org"), TO, "lou@example.org", "b&c@example.org")
    link = urlsplit(preview.mailto)
    assert (link.scheme, unquote(link.path)) == ("mailto", TO)
    assert parse_qs(link.query) == {"cc": ["lou@example.org"], "bcc": ["b&c@example.org"], "subject": ["Your hearing"],
                                    "body": ["Ü & 1+1=2\r\nend"]}
    assert "+" not in link.query, "some mail programs take it for a space, others do not"
    assert previewed(message("Hello", Reply_To="desk@example.com")).mailto == "", "a link cannot say where answers go"
    assert previewed(message("x" * 2000)).mailto == ""


def test_a_draft_is_for_those_who_have_not_got_it() -> None:
    """The mail program says who it comes from, when, and with which number; answers go where they would have gone."""
    mail = message("Hello", "<b>Hello</b>", From="Clinic <clinic@example.com>",
                   Cc="served@example.org, lou@example.org", Date="Mon, 23 Nov 2026 10:00:00 +0000",
                   Message_ID="<1@example.com>", Auto_Submitted="auto-generated", In_Reply_To="<0@example.com>")
    mail.add_attachment(b"\x00\xff", maintype="application", subtype="octet-stream", filename="a.bin")
    draft = drafted(mail, TO, "lou@example.org", "hidden@example.org", repeats=2)
    assert draft["X-Unsent"] == "1"
    assert (str(draft["To"]), str(draft["Cc"]), str(draft["Bcc"])) == (
        f"Ann <{TO}>", "lou@example.org", "hidden@example.org")
    assert [draft[name] for name in ("From", "Date", "Message-ID", "Auto-Submitted")] == [None] * 4
    assert (str(draft["Reply-To"]), str(draft["In-Reply-To"]), str(draft["Subject"])) == (
        "Clinic <clinic@example.com>", "<0@example.com>", "Your hearing (2 times)")
    assert [part.get_content_type() for part in draft.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "application/octet-stream"]
    [attached] = draft.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("a.bin", b"\x00\xff")


def test_a_draft_without_a_sender_or_with_one_of_its_own_for_answers() -> None:
    assert drafted(message())["Reply-To"] is None
    assert str(drafted(message(), sender="clinic@example.com")["Reply-To"]) == "clinic@example.com"
    assert str(drafted(message(From="a@example.com", Reply_To="desk@example.com"))["Reply-To"]) == "desk@example.com"


def test_the_words_of_people_make_no_headers() -> None:
    """A subject with a line end in it is one line."""
    raw = b"To: ann@client.example\r\nSubject: =?utf-8?q?Hi=0D=0ABcc=3A_evil=40example=2Eorg?=\r\n\r\nHello"
    preview = preview_of(Mail("", (TO,), raw))
    assert preview is not None
    assert preview.subject == "Hi Bcc: evil@example.org"
    draft: Any = message_from_bytes(draft_of(Mail("", (TO,), raw)), policy=policy.default)
    assert draft["Bcc"] is None


def test_what_cannot_be_read_is_no_error() -> None:
    """It has no preview, or one of what could be read."""
    for raw in (b"", b"\xff\xfe", b"Content-Type: text/plain; charset=klingon\r\n\r\nx",
                b"Content-Type: multipart/mixed\r\n\r\n--x", b"To: <<>>, @,\r\nSubject: =?x?=\r\n\r\nx",
                b"Content-Transfer-Encoding: base64\r\n\r\n!!!"):
        preview = preview_of(Mail("", (TO,), raw))
        assert preview is None or TO in preview.bcc, raw
        assert TO.encode() in draft_of(Mail("", (TO,), raw))
