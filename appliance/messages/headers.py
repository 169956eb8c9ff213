"""Headers of a mail as people read them, and the people in them. Nothing here raises, whatever was sent."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import getaddresses, parsedate_to_datetime

from appliance.interview.datatypes.neutral import neutralise
from appliance.interview.received import Correspondent
from appliance.messages.charsets import decoded, raw_bytes, unescaped

__all__ = ["MOST_TEXT", "bare_addresses", "correspondents", "moment", "one_line", "shown"]

MOST_TEXT = 10_000
"""Characters of a header that are read; no writer needs more, and the rest stays in the message."""

_MOST_PEOPLE = 1000
_MOST_OF_PEOPLE = 10 * MOST_TEXT
_MOST_COMMENTS = 2000
_ENCODED = re.compile(r"=\?[^?\s]+\?[bBqQ]\?")
_NOT_IN_ADDRESS = re.compile(r"[^\w.!#$%&'*+=?^{|}~@-]")
"""Beside what no address holds: a slash and a backtick, of which a browser could make a tag's attributes. Somebody's
address is shown as ``Name <address>``, and pages of interviews take texts as they are."""
_NOBODY = re.compile(r"[^:;<>]*:\s*;?|\W*")
_LIKE_ADDRESS = re.compile(r"[^\s<>,;\"@]{1,64}@[^\s<>,;\"@]{1,255}")


def one_line(raw: str, charset: str = "") -> str:
    r"""A header's text, decoded, on one line.

    :param raw: as it came; bytes beyond ASCII escaped.
    :param charset: what the message's bodies are in, for bytes that nothing is declared of.

    >>> one_line("=?utf-8?q?Re:_Zo=C3=AB?=\r\n and =?iso-8859-1?q?the_l=F6ft?=")
    'Re: Zoë and the löft'
    """
    text = _words(" ".join(raw[:MOST_TEXT].splitlines()), charset)
    return " ".join("".join(one for one in text
                            if one.isspace() or unicodedata.category(one) not in _NO_WRITING).split())


_NO_WRITING = frozenset({"Cc", "Cs", "Cn"})


def shown(raw: str, charset: str = "") -> str:
    """The same, so that it cannot become markup on a page."""
    return neutralise(one_line(raw, charset))


def _words(raw: str, charset: str) -> str:
    """Encoded words (RFC 2047) decoded, also those that programs encode wrongly: in quotes, cut within a character."""
    if not _ENCODED.search(raw):
        return unescaped(raw, charset)
    try:
        pieces = decode_header(raw)
    except (HeaderParseError, ValueError, UnicodeError):   # base64 that is none
        return unescaped(raw, charset)
    text = []
    for piece, piece_charset in pieces:
        if isinstance(piece, str):
            text.append(unescaped(piece, charset))
        elif piece_charset is None:
            # Python escapes text between encoded words as it is written in source code.
            text.append(unescaped(piece.decode("raw_unicode_escape", "replace"), charset))
        else:
            text.append(decoded(piece, str(piece_charset)))
    return "".join(text)


def correspondents(values: list[str], charset: str = "") -> tuple[Correspondent, ...]:
    """The people in the headers of one name.

    >>> correspondents(['"Smith, Ann" <ann@example.com>, bob@example.com'])[0].name
    'Smith, Ann'
    """
    found = []
    for flat in _flat(values):
        pairs = [(name, address) for name, address in _pairs(flat) if "@" in address]
        if not pairs:   # not written by the rules, or nobody
            pairs = [("", address) for address in _LIKE_ADDRESS.findall(flat)]
        if not pairs and not _NOBODY.fullmatch(flat):
            pairs = [(flat, "")]
        found += [Correspondent(_address(address, charset), shown(name, charset)) for name, address in pairs
                  if name or address]
    return tuple(found[:_MOST_PEOPLE])


def bare_addresses(values: list[str]) -> list[str]:
    """The addresses in the headers of one name, exactly as they are written there.

    >>> bare_addresses(['"Smith, Ann" <ann+a/b@example.com>, bob@example.com'])
    ['ann+a/b@example.com', 'bob@example.com']
    """
    return [address for flat in _flat(values) for _, address in _pairs(flat) if address]


def _flat(values: list[str]) -> Iterator[str]:
    """Headers on one line each, as much of them as is read of one name: a mail can have a thousand large ones."""
    left = _MOST_OF_PEOPLE
    for value in values:
        if left <= 0:
            return
        flat = " ".join(value[:left].split())
        left -= len(flat) + 1
        yield flat


def _pairs(text: str) -> list[tuple[str, str]]:
    if text.count("(") > _MOST_COMMENTS:   # Python reads them in a time that grows with their square
        return []
    try:
        return getaddresses([text])
    except (ValueError, IndexError, TypeError, RecursionError):   # Python's parser of addresses has known holes
        return []


def _address(raw: str, charset: str) -> str:
    return _NOT_IN_ADDRESS.sub("_", one_line(raw, charset).replace(" ", ""))[:320]


def moment(raw: str) -> datetime | None:
    """A date header's time in UTC; None where it cannot be read.

    >>> moment("Mon, 23 Nov 2026 09:30:00 +0100").isoformat()
    '2026-11-23T08:30:00+00:00'
    """
    try:
        found = parsedate_to_datetime(" ".join(raw_bytes(raw[:200]).decode("ascii", "ignore").split()))
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
