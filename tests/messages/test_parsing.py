"""Messages in every shape that is sent in practice, and in shapes that only attackers send."""

from __future__ import annotations

import base64
import random
import struct
import time
from collections.abc import Iterator
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

import pytest

from appliance.messages.parsing import MOST_PARTS, ParsedMail, parse

HEAD = b"From: Fred <fred@example.com>\r\nTo: a@example.org\r\nSubject: Hello\r\n"


def message(body: bytes, headers: bytes = b"", head: bytes = HEAD) -> bytes:
    return head + headers + b"\r\n" + body


def multipart(*parts: bytes, kind: str = "mixed", end: bytes = b"--b--\r\n") -> bytes:
    return message(b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + end,
                   f"MIME-Version: 1.0\r\nContent-Type: multipart/{kind}; boundary=b\r\n".encode())


def attached(name: bytes, content: bytes = b"x", kind: bytes = b"application/octet-stream") -> bytes:
    return (b"Content-Type: " + kind + b"\r\nContent-Disposition: attachment; " + name + b"\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(content))


def text_of(mail: ParsedMail) -> str:
    return "" if mail.body_text is None else mail.body_text.content.decode()


def html_of(mail: ParsedMail) -> str:
    return "" if mail.body_html is None else mail.body_html.content.decode()


def names(mail: ParsedMail) -> list[str]:
    return [part.filename for part in mail.attachments]


TEXT = b"Content-Type: text/plain\r\n\r\nthe text"
HTML = b"Content-Type: text/html\r\n\r\n<p>the text</p>"
NESTED = message(b"inside\r\nFrom here on\r\n", b"X-Folded: one\r\n two\r\n", b"Subject: An older one\r\n")


@pytest.mark.parametrize(("raw", "expected"), [
    (message(b"Hello\r\n\r\nYou"), "Hello\n\nYou"),
    (message("Gruß".encode("latin-1")), "Gruß"),                                # 8 bit, nothing declared
    (message("Gruß".encode()), "Gruß"),
    (message("Gruß".encode("latin-1"), b"Content-Type: text/plain; charset=utf-8\r\n"), "Gruß"),       # wrong
    (message("Gruß".encode(), b"Content-Type: text/plain; charset=iso-8859-1\r\n"), "Gruß"),           # wrong
    (message("“Gruß”".encode("cp1252"), b"Content-Type: text/plain; charset=iso-8859-1\r\n"), "“Gruß”"),
    (message("Gruß".encode(), b"Content-Type: text/plain; charset=us-ascii\r\n"), "Gruß"),
    (message("Gruß".encode(), b"Content-Type: text/plain; charset=klingon\r\n"), "Gruß"),
    (message("Привет".encode("koi8-r"), b"Content-Type: text/plain; charset=koi8-r\r\n"), "Привет"),
    (message("你好".encode("gb18030"), b"Content-Type: text/plain; charset=gb2312\r\n"), "你好"),
    (message("こんにちは".encode("iso-2022-jp"), b"Content-Type: text/plain; charset=iso-2022-jp\r\n"), "こんにちは"),
    (message(b"=47ru=DF=\r\n!", b"Content-Type: text/plain; charset=latin1\r\n"
             b"Content-Transfer-Encoding: Quoted-Printable\r\n"), "Gruß!"),
    (message(base64.b64encode("Gruß".encode()), b"Content-Transfer-Encoding: BASE64\r\n"), "Gruß"),
    (message(b"R3J1w58", b"Content-Transfer-Encoding: base64\r\n"), "Gruß"),    # no padding
    (message(b"R3J1\r\n!w58=\r\n", b"Content-Transfer-Encoding: base64\r\n"), "Gruß"),   # with dirt in it
    (message(b"A long \r\nparagraph.\r\n", b"Content-Type: text/plain; format=flowed\r\n"), "A long paragraph.\n"),
    (message(b"to \r\ngether", b'Content-Type: text/plain; format="Flowed"; delsp=yes\r\n'), "together"),
    (message(b"a \r\nb"), "a \nb"),
    (message(b"x", b"Content-Type: text\r\n"), "x"),                            # no kind
    (message(b"x", b"Content-Type: ;;;=\r\n"), "x"),
    (message(b"x", b"Content-Transfer-Encoding: 8bit (really)\r\n"), "x"),
    (message(b"x", b'Content-Type: text/plain; name="body.txt"\r\n'), "x"),     # old programs name it
    (multipart(TEXT, HTML, kind="alternative"), "the text"),
    (multipart(TEXT, attached(b"filename=a.png", kind=b"image/png"), b"\r\nmore"), "the text\n\nmore"),
    (b"\r\n".join((HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n", b"preamble", b"--b", TEXT, b"--b--",
                   b"epilogue")), "the text"),
    (message(b"a\n\nb").replace(b"\r\n", b"\n"), "a\n\nb"),                      # not from the network
    (message(b"x\0y"), "x\0y"),
])
def test_plain_texts(raw: bytes, expected: str) -> None:
    """The text as its writer meant it, in UTF-8, whatever it is declared to be."""
    mail = parse(raw)
    assert (text_of(mail), mail.problem) == (expected, "")
    assert "message.eml" not in names(mail)


@pytest.mark.parametrize(("header", "subject"), [
    (b"Subject: Plain", "Plain"),
    (b"", ""),
    (b"Subject:", ""),
    (b"Subject: =?utf-8?q?Zo=C3=AB?= and =?iso-8859-1?b?TPZmdA==?=", "Zoë and Löft"),
    (b"Subject: =?utf-8?B?w58=?=\r\n =?utf-8?B?w58=?=", "ßß"),
    (b"Subject: =?utf-8?B?ww==?= =?utf-8?B?nw==?=", "ß"),                         # cut within a character
    (b"Subject: =?utf-8?B?w5-?=", "=?utf-8?B?w5-?="),                             # not base64
    (b"Subject: =?klingon?q?nuqneH?=", "nuqneH"),
    ("Subject: Grüße".encode("latin-1"), "Grüße"),
    ("Subject: Grüße".encode(), "Grüße"),
    (b"Subject: a\r\n folded\r\n\tone", "a folded one"),
    (b"Subject: <b>Bold</b> & 1 < 2", "&lt;b>Bold&lt;/b> & 1 < 2"),
    (b"Subject: =?utf-8?q?=3Cscript=3Ealert(1)=3C/script=3E?=", "&lt;script>alert(1)&lt;/script>"),
    (b"Subject: a\x00b\x1bc\x7f", "abc"),
    (b"Subject: first\r\nSubject: second", "first"),
    (b"Subject: \\ud800 =?utf-8?q?x?=", "x"),
    (b"Subject: " + b"x" * 50_000, "x" * 10_000),
])
def test_subjects(header: bytes, subject: str) -> None:
    """Decoded, on one line, and unable to become markup."""
    mail = parse(b"From: a@example.com\r\n" + header + (b"\r\n" if header else b"") + b"\r\nbody")
    assert (mail.subject, text_of(mail)) == (subject, "body")


def people(raw: bytes) -> list[tuple[str, str]]:
    mail = parse(b"Subject: x\r\n" + raw + b"\r\n\r\nbody")
    return [(one.name, one.address) for one in ([mail.from_address] if mail.from_address else []) + [*mail.to_address]]


@pytest.mark.parametrize(("raw", "expected"), [
    (b"From: fred@example.com", [("", "fred@example.com")]),
    (b'From: "Lord, Fred" <fred@example.com>', [("Lord, Fred", "fred@example.com")]),
    (b"From: =?utf-8?q?Zo=C3=AB=2C_Lord?= <z@example.com>", [("Zoë, Lord", "z@example.com")]),
    (b'From: "=?utf-8?q?Zo=C3=AB?=" <z@example.com>', [("Zoë", "z@example.com")]),
    ("From: Zoë <z@example.com>".encode("latin-1"), [("Zoë", "z@example.com")]),
    (b"From: fred@example.com (Fred Lord)", [("Fred Lord", "fred@example.com")]),
    (b"To: Friends: a@example.com, B <b@example.com>;", [("", "a@example.com"), ("B", "b@example.com")]),
    (b"To: undisclosed-recipients:;", []),
    (b"From: <>", []),
    (b"From: Fred Lord", [("Fred Lord", "")]),
    (b"To: fred@example.com <other@example.com>, <<x", [("", "fred@example.com"), ("", "other@example.com")]),
    (b'From: "<script>alert(1)</script>" <x@example.com>', [("&lt;script>alert(1)&lt;/script>", "x@example.com")]),
    (b"From: X <img/src=x/onerror=alert(1)//@example.com>", [("X (1)", "img_src=x_onerror=alert__@example.com")]),
])
def test_people(raw: bytes, expected: list[tuple[str, str]]) -> None:
    """Names and addresses, also where they are not written by the rules; neither can become markup."""
    assert people(raw) == expected


@pytest.mark.parametrize(("date", "expected"), [
    (b"Mon, 23 Nov 2026 09:30:00 +0100", "2026-11-23T08:30:00+00:00"),
    (b"23 Nov 26 09:30 EST", "2026-11-23T14:30:00+00:00"),
    (b"Mon, 23 Nov 2026 09:30:00 -0000 (nowhere)", "2026-11-23T09:30:00+00:00"),
    (b"yesterday", None), (b"", None), (b"Mon, 99 Nov 2026 99:99:99 +9999", None),
    (b"Fri, 31 Dec 9999 23:59:59 -2359", None), (b"\xff\xfe", None),
])
def test_dates(date: bytes, expected: str | None) -> None:
    """In UTC; none is made up."""
    sent = parse(b"Subject: x\r\nDate: " + date + b"\r\n\r\nx").sent
    assert (sent.isoformat() if sent else None) == expected


@pytest.mark.parametrize(("part", "name", "kind"), [
    (attached(b"filename=a.pdf"), "a.pdf", "application/pdf"),
    (attached(b'filename="a b.pdf"', kind=b"application/pdf"), "a b.pdf", "application/pdf"),
    (attached(b"filename*=UTF-8''na%C3%AFve.pdf"), "naïve.pdf", "application/pdf"),
    (attached(b"filename*=UTF-8''na%EFve.pdf"), "naïve.pdf", "application/pdf"),         # really Latin-1
    (attached(b"filename*0*=UTF-8''na%C3%AF;\r\n filename*1=ve.pdf"), "naïve.pdf", "application/pdf"),
    (attached(b"filename*1=ve.pdf; filename*0=nai"), "naive.pdf", "application/pdf"),
    (attached(b"filename*0*x=1"), "part-1.bin", "application/octet-stream"),
    (attached(b'filename="=?utf-8?q?na=C3=AFve.pdf?="'), "naïve.pdf", "application/pdf"),     # wrongly encoded
    (attached(b"filename==?iso-8859-1?q?na=EFve.pdf?="), "naïve.pdf", "application/pdf"),
    (attached(b'filename="=?utf-8?b?bmHDr3Y=?=\r\n =?utf-8?b?ZS5wZGY=?="'), "naïve.pdf", "application/pdf"),
    (attached(b"filename=\"UTF-8''na%C3%AFve.pdf\""), "naïve.pdf", "application/pdf"),
    (attached('filename="naïve.pdf"'.encode("latin-1")), "naïve.pdf", "application/pdf"),
    (attached('filename="naïve.pdf"'.encode()), "naïve.pdf", "application/pdf"),
    (attached(b"x=y", kind=b"image/jpeg; name=cat.jpg"), "cat.jpg", "image/jpeg"),
    (attached(b"x=y", kind=b"image/jpeg"), "part-1.jpg", "image/jpeg"),
    (attached(b"filename=cat.jpg", kind=b"nonsense"), "cat.jpg", "image/jpeg"),
    (attached(b"filename=a.html", kind=b"text/html"), "a.html", "text/html"),
    (attached(b"filename=a.docx"), "a.docx",
     "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (attached(b"filename=scan", kind=b"application/pdf"), "scan", "application/pdf"),
    (b"Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR", "invitation.ics", "text/calendar"),
    (b"Content-Type: message/rfc822\r\n\r\n" + NESTED, "An older one.eml", "message/rfc822"),
    (b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(NESTED),
     "message.eml", "message/rfc822"),
    (b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nAction: failed\r\n",
     "delivery-status.txt", "message/delivery-status"),
    (b"Content-Type: text/plain; name=notes.txt\r\nContent-Disposition: inline; filename=notes.txt\r\n\r\nx",
     "notes.txt", "text/plain"),
    (b"Content-Type: image/png; name=logo.png\r\nContent-ID: <1>\r\nContent-Disposition: inline\r\n\r\nx",
     "logo.png", "image/png"),
])
def test_names_and_kinds(part: bytes, name: str, kind: str) -> None:
    """Right names and types, also of what is wrongly declared."""
    mail = parse(multipart(part))
    assert [(one.filename, one.mimetype) for one in mail.attachments] == [(name, kind)]
    assert mail.problem == ""


def test_a_forwarded_message_stays_whole() -> None:
    """It is a file, with its own lines as they were; encoded ones are decoded."""
    mail = parse(multipart(TEXT, b"Content-Type: message/rfc822\r\n\r\n" + NESTED, (
        b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(NESTED))))
    first, second = mail.attachments
    assert first.content.strip() == NESTED.strip() == second.content.strip()


def test_alternatives_related_and_signed() -> None:
    """What mail programs nest is told apart: two bodies, an inline picture, a signature, an invitation."""
    inner = multipart(b"Content-Type: text/html\r\n\r\n<img src='cid:1'>",
                      attached(b"filename=i.png", kind=b"image/png"), kind="related")
    inner = inner.split(b"\r\n\r\n", 1)[1].replace(b"--b", b"--c")
    raw = multipart(
        TEXT, b"Content-Type: multipart/related; boundary=c\r\n\r\n" + inner,
        b"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR", attached(b"filename=smime.p7s"), kind="alternative")
    mail = parse(raw)
    assert (text_of(mail), html_of(mail).strip()) == ("the text", "<img src='cid:1'>")
    assert names(mail) == ["i.png", "invitation.ics", "smime.p7s"]
    assert mail.attachments[0].content == b"x"


@pytest.mark.parametrize("raw", [message(b""), message(b"\r\n \r\n"), multipart(), HEAD, HEAD.rstrip()])
def test_empty_bodies(raw: bytes) -> None:
    """No body is none; what the headers say is there."""
    mail = parse(raw)
    assert mail.body_html is None
    assert mail.subject == "Hello"
    assert text_of(mail).strip() in ("", "--b--")


@pytest.mark.parametrize(("raw", "words"), [
    (b"", "no headers"), (b"\x89PNG\r\n\x1a\n" + bytes(1000), "no headers"), (b"just words", "no headers"),
    (message(b"--x\r\n\r\nhi", b"Content-Type: multipart/mixed\r\n"), "told from each other"),
    (message(b"--x\r\n\r\nhi", b"Content-Type: multipart/mixed; boundary=y\r\n"), "told from each other"),
    (multipart(TEXT, b"Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!?"),
     "cannot be decoded"),
    (multipart(*[TEXT] * (MOST_PARTS + 1)), "more than"),
    (message(b"a\n" * 1_000_001), "too tangled"),
])
def test_what_cannot_be_taken_apart_is_kept(raw: bytes, words: str) -> None:
    """The message as it came is among the attachments, with the reason."""
    mail = parse(raw)
    assert words in mail.problem
    assert names(mail)[-1] == "message.eml"
    assert mail.attachments[-1].content == raw
    assert mail.attachments[-1].mimetype == "message/rfc822"


def test_a_message_that_is_cut_off() -> None:
    """What is there is there, and that the end is missing is said."""
    mail = parse(multipart(TEXT, attached(b"filename=a.pdf", b"long" * 100), end=b"")[:-200])
    assert text_of(mail) == "the text"
    assert names(mail) == ["a.pdf"]
    assert mail.problem == "Its end is missing."


def test_a_thousand_parts() -> None:
    """All of them are files."""
    mail = parse(multipart(*[attached(f"filename={n}.txt".encode(), b"%d" % n) for n in range(1000)]))
    assert [int(part.content) for part in mail.attachments] == list(range(1000))
    assert mail.problem == ""


@pytest.mark.parametrize("depth", [50, 3000])
def test_deep_nesting(depth: int) -> None:
    """As deep as programs nest it is read; deeper, it is kept as it came."""
    opening = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(depth))
    mail = parse(HEAD + opening + TEXT + b"\r\n")
    if depth == 50:
        assert text_of(mail).strip() == "the text"
    else:
        assert "nested too deeply" in mail.problem
        assert names(mail) == ["message.eml"]
    assert mail.subject == "Hello"


def test_in_pieces_is_as_in_one() -> None:
    """However the bytes arrive, the mail is the same."""
    raw = multipart(TEXT, HTML, attached(b"filename=a.pdf", bytes(range(256)) * 1000))

    def pieces() -> Iterator[bytes]:
        return (raw[start:start + 37] for start in range(0, len(raw), 37))
    whole, cut = parse(raw), parse(pieces)
    assert (text_of(whole), html_of(whole), names(whole)) == (text_of(cut), html_of(cut), names(cut))
    assert whole.attachments[0].content == cut.attachments[0].content == bytes(range(256)) * 1000


def test_headers() -> None:
    """All of them in their order, each name with its text."""
    mail = parse(b"Received: from a\r\n by b\r\nSubject: =?utf-8?q?=C3=9F?=\r\nX-<i>: <i>\r\nReceived: from c\r\n\r\nx")
    assert mail.headers == (("Received", "from a by b"), ("Subject", "ß"), ("X-&lt;i>", "&lt;i>"),
                            ("Received", "from c"))


def test_damaged_messages() -> None:
    """Whatever is in a message, it is taken apart or kept as it came, and all its files can be read."""
    sound = [multipart(TEXT, HTML, attached(b"filename*=UTF-8''na%C3%AFve.pdf"), kind="alternative"),
             multipart(b"Content-Type: message/rfc822\r\n\r\n" + NESTED, attached(b'filename="=?utf-8?q?=C3=9F?="')),
             multipart(TEXT, attached(b"filename=winmail.dat", winmail((b"a.txt", b"text")), b"application/ms-tnef")),
             message("Gruß".encode(), b"Content-Type: text/plain; charset=utf-8; format=flowed\r\n")]
    bits = [b"\r\n", b"--b\r\n", b"--b--", b"=?utf-8?b?", b"?=", b'"', b"(", b"<", b"\0", b";", b"*0*=", b"\xff",
            b"Content-Type: message/rfc822\r\n", b"Content-Transfer-Encoding: base64\r\n", b"charset=", b"\r\n\r\n"]
    chance = random.Random(7)
    for _ in range(2000):
        raw = bytearray(chance.choice(sound))
        for _ in range(chance.randint(1, 8)):
            place = chance.randrange(len(raw))
            raw[place:place + chance.choice((0, 0, 1, 20))] = chance.choice(bits)
        mail = parse(bytes(raw))
        for part in (*mail.attachments, *filter(None, (mail.body_text, mail.body_html))):
            assert isinstance(part.content, bytes)
        assert "could not" not in mail.problem or mail.attachments[-1].content == bytes(raw)


@pytest.mark.parametrize("raw", [
    b"".join(b"To: " + b"fred@example.com, " * 5000 + b"\r\n" for _ in range(200)) + b"\r\nx",
    multipart(*[attached(b"filename=a" + b";" * 9000, kind=b"application/pdf" + b";" * 9000)] * 300),
], ids=["people", "parameters"])
def test_large_headers(raw: bytes) -> None:
    """Each can be read quickly; a mail with many of them can, too."""
    began = time.process_time()
    assert parse(raw).problem == ""
    assert time.process_time() - began < 4


def test_a_paragraph_of_many_lines() -> None:
    """Made whole in a time that grows as it does; added up line by line it would take minutes."""
    began = time.process_time()
    mail = parse(message(b"abcde \r\n" * 400_000, b"Content-Type: text/plain; format=flowed\r\n"))
    assert mail.body_text is not None
    assert mail.body_text.content == b"abcde " * 400_000
    assert time.process_time() - began < 10


# -- winmail.dat -------------------------------------------------------------------------------------------


def tnef(*objects: tuple[int, int, int, bytes]) -> bytes:
    """A winmail.dat of objects: level, name, type, data."""
    made = struct.pack("<IH", 0x223E9F78, 1)
    for level, name, kind, data in objects:
        made += struct.pack("<BHHI", level, name, kind, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)
    return made


def winmail(*files: tuple[bytes, bytes]) -> bytes:
    objects: list[tuple[int, int, int, bytes]] = [(1, 0x9006, 8, struct.pack("<I", 0x10000)),
                                                  (1, 0x9007, 6, struct.pack("<II", 1252, 0))]
    for name, content in files:
        objects += [(2, 0x9002, 6, bytes(14)), (2, 0x8010, 1, name + b"\0"), (2, 0x800F, 6, content)]
    return tnef(*objects)


def test_winmail_dat() -> None:
    """Its attachments are files instead of it."""
    inside = winmail((b"lease.pdf", b"%PDF lease"), (b"..\\..\\evil.txt", b"evil"))
    mail = parse(multipart(TEXT, attached(b"filename=winmail.dat", inside, b"application/ms-tnef")))
    assert [(one.filename, one.mimetype, one.content) for one in mail.attachments] == [
        ("lease.pdf", "application/pdf", b"%PDF lease"), ("evil.txt", "text/plain", b"evil")]
    assert mail.problem == ""


@pytest.mark.parametrize("inside", [
    b"", b"not one", winmail((b"a.txt", b"text"))[:-3], winmail((b"a.txt", b"text"))[:-6] + b"TEXT\0\0", winmail(),
    struct.pack("<IH", 0x223E9F78, 1) + struct.pack("<BHHI", 2, 0x8010, 1, 0) + b"\0\0",
    tnef(*[(1, 0x8004, 1, b"")] * 6000),
])
def test_a_broken_winmail_dat_stays(inside: bytes) -> None:
    """It is kept as it is, and why is said."""
    mail = parse(multipart(TEXT, attached(b"filename=winmail.dat", inside, b"application/ms-tnef")))
    assert names(mail) == ["winmail.dat"]
    assert "winmail.dat" in mail.problem
    assert mail.attachments[0].content == inside


# -- names of attackers --------------------------------------------------------------------------------------

STEMS = ["../../etc/passwd", "..\\..\\windows\\win.ini", "/etc/passwd", "C:\\boot.ini", "C:evil.txt", "\\\\host\\share",
         "file.txt:stream", "a\0b.txt", "..", ".", "", " ", "...", "~", "~/x", "%2e%2e%2fx", "..%5cx", "x/..", "x/../y",
         "con", "CON.txt", "nul", "aux.", "com1.pdf", "LPT9", "prn .txt", "CONIN$", "COM¹.txt", "a" * 5000,
         "é" * 300 + ".pdf", "." * 400, "x" * 250 + ".docx", "name\r\nX-Evil: 1", "tab\tname", "\x1b[31mred", "a|b",
         "a?b*c", "<script>alert(1)</script>.html", '"quoted".txt', "'; rm -rf /", "$(touch x)", "`id`", "-rf",
         "\u202egpj.exe", "\u200bhidden", "\ufeffbom.txt", "ｆｕｌｌ／width", "a\u2028b", "trailing. . .", "😀.txt",
         "日本語.pdf", "x" * 119 + "日", "desktop.ini", "Thumbs.db", ".htaccess", ".ssh/authorized_keys", "a/b/c/d",
         "\\", "/", "//", "::$DATA", "{}[]()", "&amp;.txt"]


@pytest.mark.parametrize("name", STEMS, ids=lambda name: ascii(name)[:30])
@pytest.mark.parametrize("how", ["plain", "2231", "2047"])
def test_malicious_names(name: str, how: str) -> None:
    """Whatever a file is called, it is one name of a file in its folder, on every system."""
    code: dict[str, Any] = {
        "plain": b'filename="' + name.replace("\\", "\\\\").replace('"', '\\"').replace("\r\n", "").encode() + b'"',
        "2231": b"filename*=UTF-8''" + "".join(f"%{byte:02X}" for byte in name.encode()).encode(),
        "2047": b'filename="=?utf-8?b?' + base64.b64encode(name.encode()) + b'?="'}
    [part] = parse(multipart(attached(code[how]))).attachments
    made = part.filename
    assert made
    assert made not in (".", "..")
    assert PurePosixPath(made).name == made
    assert PureWindowsPath(made).name == made
    assert not PureWindowsPath(made).is_reserved()
    assert not PureWindowsPath(made).drive
    assert len(made.encode()) <= 130
    assert made == made.strip(" .")
    assert not set(made) & set('<>:"/\\|?*\0\r\n')
    assert all(one.isprintable() or one in "\u200c\u200d" for one in made)
    assert part.content == b"x"
