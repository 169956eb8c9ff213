"""A message taken apart: who, when, about what, its bodies, and its files.

What people's programs send keeps to no standard, and what attackers send less so. The rule here: whatever cannot be
taken apart is kept as it came, as the attachment ``message.eml``, with the reason; nothing is dropped in silence.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email.errors import CloseBoundaryNotFoundDefect
from email.feedparser import BytesFeedParser
from email.parser import BytesHeaderParser
from itertools import islice
from typing import Any

from appliance.interview.errors import InterviewError
from appliance.interview.received import Correspondent
from appliance.messages.headers import correspondents, moment, shown
from appliance.messages.parts import AS_IT_CAME, Part, RawMessage, body_text, html_text, is_body, part_of
from appliance.messages.winmail import NotReadable, attachments_in
from appliance.workspace import safe_filename

__all__ = ["MOST_PARTS", "ParsedMail", "Source", "parse"]

Source = bytes | Callable[[], Iterable[bytes]]
"""A message, or what gives it in pieces, each time it is called."""

MOST_PARTS = 2000
_MOST_HEADERS = 1000
_MOST_LINES = 1_000_000
"""Python's parser holds every line by itself: millions of short ones would take gigabytes. 48 MB of attachments are
620,000 lines."""

_SECONDS = 10.0
_SECONDS_FOR_EACH_MB = 0.5
_PIECE = 1 << 16


@dataclass
class ParsedMail:
    """What is in a message. Texts cannot become markup on a page, and file names stay in their folder.

    :param headers: all of them, in their order.
    :param problem: why ``message.eml`` is among the attachments, or what else was not right; empty where all was well.
    """

    subject: str = ""
    from_address: Correspondent | None = None
    reply_to: Correspondent | None = None
    return_path: Correspondent | None = None
    to_address: tuple[Correspondent, ...] = ()
    cc_address: tuple[Correspondent, ...] = ()
    sent: datetime | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body_text: Part | None = None
    body_html: Part | None = None
    attachments: list[Part] = field(default_factory=list)
    problem: str = ""


def parse(source: Source) -> ParsedMail:
    """Take a message apart. Never raises for what is in it."""
    try:
        message = _fed(source)
        if not message.keys():
            return _kept_whole(source, "It is no e-mail message: it has no headers.")
        mail = _about(message)
        problem = _Taking(mail).take(message)
    except _TooTangled:
        return _kept_whole(source, "It is too tangled to be taken apart.")
    except InterviewError:   # the time limit of a turn
        raise
    except RecursionError:
        return _kept_whole(source, "It is nested too deeply to be taken apart.")
    except Exception as error:  # noqa: BLE001 - Python's parser fails in any way on what is far from the standard
        return _kept_whole(source, f"It could not be taken apart ({type(error).__name__}).")
    if problem:
        mail.problem = problem
        mail.attachments.append(_whole(source))
    return mail


class _TooTangled(Exception):
    """Taking the message apart takes more time or memory than any honest one does."""


def _fed(source: Source) -> RawMessage:
    parser = BytesFeedParser(policy=AS_IT_CAME)
    began, fed, lines = time.monotonic(), 0, 0
    for piece in _pieces(source):
        for start in range(0, len(piece), _PIECE):
            bit = piece[start:start + _PIECE]
            parser.feed(bit)
            fed += len(bit)
            lines += bit.count(b"\n") + bit.count(b"\r") - bit.count(b"\r\n")
            if lines > _MOST_LINES or time.monotonic() - began > _SECONDS + _SECONDS_FOR_EACH_MB * fed / 1e6:
                raise _TooTangled
    message: Any = parser.close()
    return message  # type: ignore[no-any-return]


def _pieces(source: Source) -> Iterable[bytes]:
    return (source,) if isinstance(source, bytes) else source()


def _about(message: RawMessage) -> ParsedMail:
    """What its headers say."""
    charset = str(message.get_content_charset("") or "")
    raw = list(islice(message.raw_items(), _MOST_HEADERS))

    def values(name: str) -> list[str]:
        return [str(value) for key, value in raw if key.lower() == name]

    def people(name: str) -> tuple[Correspondent, ...]:
        return correspondents(values(name), charset)

    def one(name: str) -> Correspondent | None:
        return next(iter(people(name)), None)
    return ParsedMail(
        subject=shown(next(iter(values("subject")), ""), charset),
        from_address=one("from"), reply_to=one("reply-to"), return_path=one("return-path"),
        to_address=people("to"), cc_address=people("cc"),
        sent=next((found for value in values("date") if (found := moment(value)) is not None), None),
        headers=tuple((shown(key), shown(str(value), charset)) for key, value in raw))


class _Taking:
    """Fills in bodies and attachments of one mail."""

    def __init__(self, mail: ParsedMail) -> None:
        self._mail = mail
        self._texts: list[str] = []
        self._problems: list[str] = []

    def take(self, message: RawMessage) -> str:
        """:returns: why the message should be kept as it came, too; empty if there is no reason."""
        leaves = _leaves(message)
        for number, (leaf, within) in enumerate(islice(leaves, MOST_PARTS), 1):
            self._leaf(leaf, within, number, alone=leaf is message)
        if next(leaves, None) is not None:
            self._problems.append(f"It has more than {MOST_PARTS} parts.")
        if any(isinstance(defect, CloseBoundaryNotFoundDefect) for defect in message.defects):
            self._mail.problem = "Its end is missing."
        text = "\n\n".join(self._texts)
        if text.strip():
            content = text.encode("utf-8", "replace")
            self._mail.body_text = Part("message.txt", "text/plain", lambda: content)
        return " ".join(dict.fromkeys(self._problems))

    def _leaf(self, leaf: RawMessage, within: str, number: int, *, alone: bool) -> None:
        kind = leaf.get_content_type()
        if leaf.get_content_maintype() == "multipart":
            # It says that it has parts, and the boundary between them is missing or never comes.
            self._problems.append("Its parts cannot be told from each other.")
            self._texts.append(body_text(leaf, self._problems))
        elif kind == "text/plain" and is_body(leaf, alone=alone) and not (within == "alternative" and self._texts):
            self._texts.append(body_text(leaf, self._problems))
        elif kind == "text/html" and is_body(leaf, alone=alone) and self._mail.body_html is None:
            text = html_text(leaf, self._problems)
            if text.strip():
                content = text.encode("utf-8", "replace")
                self._mail.body_html = Part("message.html", "text/html", lambda: content)
        else:
            part = part_of(leaf, number, self._problems)
            if not (part.mimetype in ("application/ms-tnef", "application/vnd.ms-tnef")
                    or part.filename.lower() == "winmail.dat") or not self._unpacked(part):
                self._mail.attachments.append(part)

    def _unpacked(self, part: Part) -> bool:
        """Whether the files of a winmail.dat are there instead of it."""
        try:
            found = attachments_in(part.content)
        except NotReadable as why:
            self._mail.problem = str(why)
            return False
        for name, content in found:
            filename = safe_filename(name)
            self._mail.attachments.append(Part.of(filename, "", content))
        return True


def _leaves(message: RawMessage) -> Iterator[tuple[RawMessage, str]]:
    """The parts that have no parts, in their order, each with the kind of multipart that it is in."""
    waiting = [(message, "")]
    while waiting:
        one, within = waiting.pop()
        if one.get_content_maintype() == "multipart" and one.parts:
            kind = one.get_content_subtype()
            waiting += [(part, kind) for part in reversed(one.parts)]
        else:
            yield one, within


def _kept_whole(source: Source, reason: str) -> ParsedMail:
    """A mail of which only the headers could be read, if these."""
    mail = ParsedMail()
    try:
        beginning = next(iter(_pieces(source)), b"")[:_PIECE]
        mail = _about(_headers(beginning))
    except Exception:  # noqa: BLE001 - as in parse(); the message is kept all the same
        mail = ParsedMail()
    mail.problem = reason
    mail.attachments.append(_whole(source))
    return mail


def _headers(beginning: bytes) -> RawMessage:
    parsed: Any = BytesHeaderParser(policy=AS_IT_CAME).parsebytes(beginning)
    return parsed  # type: ignore[no-any-return]


def _whole(source: Source) -> Part:
    return Part("message.eml", "message/rfc822", lambda: b"".join(_pieces(source)))

