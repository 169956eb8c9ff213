"""One part of a message: what it is called, what kind it is, and its content."""

from __future__ import annotations

import binascii
import mimetypes
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message
from email.policy import Policy
from typing import Any
from urllib.parse import unquote_to_bytes

from appliance.interview.files import guess_mimetype
from appliance.messages.charsets import decoded, raw_bytes
from appliance.messages.flowed import unflowed
from appliance.messages.headers import MOST_TEXT, one_line
from appliance.workspace import safe_filename

__all__ = ["AS_IT_CAME", "Part", "RawMessage", "body_text", "html_text", "is_body", "part_of"]


_MOST_PARAMETERS = 200


class _AsItCame(Policy):
    """Headers exactly as they were sent, also when a message is written again; bytes beyond ASCII are escaped.

    Python's other policies read headers by the standard, and fail on many that keep to none.
    """

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, _colon, value = "".join(sourcelines).partition(":")
        return name, value.lstrip(" \t").rstrip("\r\n")

    def header_store_parse(self, name: str, value: str) -> tuple[str, str]:
        return name, value

    def header_fetch_parse(self, name: str, value: str) -> str:  # noqa: ARG002 - the protocol gives it
        # Python reads parameters in a time that grows with their square, and reads them for each that is asked for.
        return ";".join(value[:MOST_TEXT].split(";", _MOST_PARAMETERS)[:_MOST_PARAMETERS])

    def fold(self, name: str, value: str) -> str:
        return f"{name}: {self.linesep.join(value.splitlines())}{self.linesep}"

    def fold_binary(self, name: str, value: str) -> bytes:
        return self.fold(name, value).encode("ascii", "surrogateescape")


class RawMessage(Message):
    """A message whose content can be had before anything was decoded.

    Message.get_payload() guesses a charset for bytes beyond ASCII, and fails where what is declared is none.
    """

    @property
    def parts(self) -> list[RawMessage]:
        """Its parts; empty where it has none."""
        payload = vars(self)["_payload"]
        return payload if isinstance(payload, list) else []

    def get_payload(self, i: int | None = None, decode: bool = False) -> Any:
        """As Python's, but a text that is not to be decoded is given as it came; it is written again so, too."""
        of_python: Any = super().get_payload
        return self.came if self.came and not decode else of_python(i, decode)

    @property
    def came(self) -> str:
        """The content as it came; bytes beyond ASCII are escaped. Empty where it is made of parts."""
        payload = vars(self)["_payload"]
        return payload if isinstance(payload, str) else ""


AS_IT_CAME = _AsItCame(linesep="\r\n", message_factory=RawMessage)

_NO_KINDS = frozenset({"application/octet-stream", "binary/octet-stream", "application/binary", "application/unknown",
                       "application/download", "application/x-download", "application/force-download", "text/plain"})
"""What programs say that do not know; the name of the file knows better."""

_KIND = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
_EXTENSIONS = {"text/plain": ".txt", "text/html": ".html", "text/calendar": ".ics", "message/rfc822": ".eml",
               "message/global": ".eml", "image/jpeg": ".jpg", "audio/mpeg": ".mp3", "application/pdf": ".pdf",
               "message/delivery-status": ".txt", "message/disposition-notification": ".txt",
               "text/rfc822-headers": ".txt", "application/pgp-signature": ".asc", "image/tiff": ".tif",
               "application/pkcs7-signature": ".p7s", "application/x-pkcs7-signature": ".p7s", "text/vcard": ".vcf"}
_HELD = 1 << 16
"""Bytes up to which a decoded content is kept until it is asked for."""

_LONGEST_TEXT = 8 << 20
"""Characters up to which a text is a message; what is longer is a file."""

_CALLED = {"text/calendar": "invitation", "message/rfc822": "message", "message/global": "message",
           "message/delivery-status": "delivery-status"}
_EXTENDED_IN_PLAIN = re.compile(r"([\w.+-]{2,40})'[\w-]*'(.*%[0-9A-Fa-f]{2}.*)", re.DOTALL)


@dataclass(frozen=True)
class Part:
    """A file of a message. Its content is decoded each time it is asked for."""

    filename: str
    mimetype: str
    _read: Callable[[], bytes] = field(repr=False)

    @property
    def content(self) -> bytes:
        return self._read()

    @staticmethod
    def of(filename: str, mimetype: str, content: bytes) -> Part:
        """A file whose content is at hand.

        :param mimetype: made from the name if it is empty.
        """
        return Part(filename, mimetype or guess_mimetype(filename), lambda: content)


def is_body(leaf: RawMessage, *, alone: bool) -> bool:
    """Whether a text is meant to be read as the message itself.

    :param alone: it is all of the message; old programs give that a name.
    """
    return (leaf.get_content_disposition() != "attachment" and (alone or not _sent_name(leaf))
            and len(leaf.came) <= _LONGEST_TEXT)


def body_text(leaf: RawMessage, problems: list[str]) -> str:
    """A plain text."""
    text = _text(leaf, problems)
    if str(leaf.get_param("format", "")).lower() == "flowed":
        text = unflowed(text, delsp=str(leaf.get_param("delsp", "")).lower() == "yes")
    return text


def html_text(leaf: RawMessage, problems: list[str]) -> str:
    """A text in HTML, as it was written; nothing is taken out of it."""
    return _text(leaf, problems)


def _text(leaf: RawMessage, problems: list[str]) -> str:
    text = decoded(_content(leaf, "A text", problems), str(leaf.get_content_charset("") or ""))
    return text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")


def part_of(leaf: RawMessage, number: int, problems: list[str]) -> Part:
    """A file.

    :param number: names it where the sender did not.
    :param problems: where to say what is wrong with it.
    """
    sent = _sent_name(leaf)
    kind = leaf.get_content_type() if _KIND.fullmatch(leaf.get_content_type()) else "application/octet-stream"
    declared = str(leaf.get("content-type", "")).partition(";")[0].strip().lower()
    if sent and (kind in _NO_KINDS or kind != declared):
        guessed = guess_mimetype(sent)
        kind = guessed if guessed != "application/octet-stream" or kind != declared else kind
    filename = safe_filename(sent) if sent else _made_name(leaf, kind, number)
    # Whether it can be decoded is known only by doing so; big ones are decoded a second time when they are kept.
    wrong: list[str] = []
    content = _content(leaf, filename, wrong)
    problems += wrong
    held = content if len(content) < _HELD else None
    return Part(filename, kind, lambda: _content(leaf, filename, []) if held is None else held)


def _made_name(leaf: RawMessage, kind: str, number: int) -> str:
    extension = _EXTENSIONS.get(kind) or mimetypes.guess_extension(kind) or ".bin"
    stem = _CALLED.get(kind) or f"part-{number}"
    if kind in ("message/rfc822", "message/global") and leaf.parts:
        subject = one_line(str(leaf.parts[0].get("subject", "")))   # what mail programs call it
        stem = subject.replace("/", "-").replace("\\", "-")[:80] or stem
    return safe_filename(f"{stem}{extension}")


def _sent_name(leaf: Message) -> str:
    """The file's name as its sender has it; empty where there is none."""
    for header, parameter in (("content-disposition", "filename"), ("content-type", "name")):
        value = _parameter(leaf, header, parameter)
        if value:
            return value
    return ""


def _parameter(leaf: Message, header: str, parameter: str) -> str:
    try:
        value: Any = leaf.get_param(parameter, None, header)
    except (ValueError, IndexError, TypeError, AttributeError):   # numbered pieces of a name (RFC 2231) that are none
        return ""
    if isinstance(value, tuple):   # RFC 2231: charset, language, text
        charset, _language, text = value
        try:
            content = str(text).encode("latin-1")
        except UnicodeEncodeError:
            content = raw_bytes(str(text))
        return one_line(decoded(content, str(charset or "")))
    text = str(value or "")[:MOST_TEXT]
    wrongly = _EXTENDED_IN_PLAIN.fullmatch(text)
    if wrongly:   # written by RFC 2231, but under the plain name
        return one_line(decoded(unquote_to_bytes(raw_bytes(wrongly[2])), wrongly[1]))
    return one_line(text)


# -- content -----------------------------------------------------------------------------------------------


def _content(leaf: RawMessage, name: str, problems: list[str]) -> bytes:
    """The decoded content. What cannot be decoded is given as it came."""
    if leaf.parts:
        return _of_messages(leaf)
    encoding = str(leaf.get("content-transfer-encoding", "")).partition(";")[0].strip().strip("\"'").lower()
    raw = leaf.came
    try:
        if encoding == "base64":
            return _from_base64(raw)
        if encoding == "quoted-printable":
            return binascii.a2b_qp(raw_bytes(raw))
        if encoding in ("x-uuencode", "uuencode", "uue", "x-uue"):
            return bytes(leaf.get_payload(decode=True) or b"")
    except (binascii.Error, ValueError):
        problems.append(f"{name} cannot be decoded, and is there as it came.")
    return raw_bytes(raw)


def _of_messages(leaf: RawMessage) -> bytes:
    """A forwarded message, or the groups of headers that a report on delivery is made of."""
    if leaf.get_content_type() != "message/delivery-status" and len(leaf.parts) == 1:
        inside = leaf.parts[0]
        if not inside.keys() and not inside.parts:
            # It was encoded, which the standard forbids for messages: Python takes the code for the message's text.
            again = RawMessage(policy=AS_IT_CAME)
            again["content-transfer-encoding"] = str(leaf.get("content-transfer-encoding", ""))
            again.set_payload(inside.came)
            return _content(again, "", [])
    return b"\r\n".join(one.as_bytes(policy=AS_IT_CAME) for one in leaf.parts)


_LETTER = re.compile(r"[A-Za-z0-9+/]")
_PADDED = re.compile(r"[^=]+={0,2}")


def _from_base64(raw: str) -> bytes:
    """:raises binascii.Error: if it is none."""
    code = raw if raw.isascii() else raw_bytes(raw).decode("ascii", "ignore")
    if not _LETTER.search(code) and code.strip():
        raise binascii.Error("nothing in it is base64")
    end = code.find("=")
    if end >= 0 and code[end:].strip("= \t\r\n"):   # several that were put one after the other
        pieces = _PADDED.findall(re.sub(r"[^A-Za-z0-9+/=]", "", code))
        return b"".join(_one_base64(piece) for piece in pieces)
    return _one_base64(code)


def _one_base64(code: str) -> bytes:
    try:
        return binascii.a2b_base64(code)
    except binascii.Error:
        letters = re.sub(r"[^A-Za-z0-9+/]", "", code)   # its padding is wrong, or its end is missing
        return binascii.a2b_base64(letters[:len(letters) - (len(letters) % 4 == 1)] + "==")
