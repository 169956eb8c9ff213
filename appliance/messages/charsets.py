"""Bytes of mail to text, whatever they are declared to be. Nothing here raises: some text always comes of it."""

from __future__ import annotations

import codecs

__all__ = ["decoded", "raw_bytes", "unescaped"]

_REALLY = {
    # What mail programs mean by these names: the wider character sets that replaced them (WHATWG Encoding Standard).
    "ascii": "cp1252", "us-ascii": "cp1252", "ansi_x3.4-1968": "cp1252", "iso-8859-1": "cp1252", "iso8859-1": "cp1252",
    "latin1": "cp1252", "latin-1": "cp1252", "windows-1252": "cp1252", "iso-8859-9": "cp1254",
    "iso-8859-8-i": "iso-8859-8", "iso-8859-11": "cp874", "tis-620": "cp874",
    "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030",
    "ks_c_5601-1987": "cp949", "euc-kr": "cp949", "shift_jis": "cp932", "shift-jis": "cp932", "x-sjis": "cp932",
    "sjis": "cp932", "big5": "big5hkscs", "utf8": "utf-8", "utf-8": "utf-8", "unicode-1-1-utf-7": "utf-7",
    "x-mac-roman": "mac-roman", "x-mac-cyrillic": "mac-cyrillic", "dos-862": "cp862", "dos-720": "cp720",
}
_LOOKED_AT = 100_000
_OFTEN_WRONG = frozenset({"cp1252", "utf-8", ""})
"""What programs declare without looking; a text that is right UTF-8 beyond ASCII is nothing else."""


def decoded(content: bytes, charset: str = "") -> str:
    r"""Content as text.

    :param charset: as declared; empty where it was not.

    >>> decoded("Zoë".encode("latin-1")), decoded("Zoë".encode(), "iso-8859-1"), decoded(b"Zo\xeb", "no-such-charset")
    ('Zoë', 'Zoë', 'Zoë')
    """
    codec = _codec(charset)
    tries = ["utf-8", codec] if codec in _OFTEN_WRONG else [codec, "utf-8"]
    for one in filter(None, tries):
        try:
            return content.decode(one)
        except (UnicodeError, LookupError, ValueError):
            continue
    best = codec if codec not in _OFTEN_WRONG else "cp1252"
    if _mostly_utf8(content, codec):
        best = "utf-8"
    return content.decode(best, errors="replace")


def raw_bytes(text: str) -> bytes:
    """What a text was read from, in which bytes beyond ASCII are escaped as Python's parser of mail does."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:   # half a character, of a header that writes one so
        return text.encode("utf-8", "replace")


def unescaped(text: str, charset: str = "") -> str:
    """A text with such bytes, as people read it.

    :param charset: of the message, as a hint.
    """
    return decoded(raw_bytes(text), charset) if _escaped(text) else text


def _escaped(text: str) -> bool:
    return any("\udc80" <= one <= "\udcff" for one in text)


def _codec(charset: str) -> str:
    """Python's name of what is really meant; empty where it knows none that decodes texts."""
    name = charset.strip().strip("\"'").lower().removeprefix("charset=")
    name = _REALLY.get(name, name)
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError, UnicodeError):
        return ""
    # Python also calls base64 and the like codecs, which make no text.
    return name if getattr(found, "_is_text_encoding", True) and name not in ("idna", "punycode", "unicode_escape",
                                                                             "raw_unicode_escape", "undefined") else ""


def _mostly_utf8(content: bytes, codec: str) -> bool:
    """Whether it is a UTF-8 text in which a few characters are broken, as where one was cut in two."""
    if codec not in _OFTEN_WRONG:
        return False
    text = content[:_LOOKED_AT].decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    beyond = sum(1 for one in text if one > "\x7f") - broken
    return beyond > 2 * broken
