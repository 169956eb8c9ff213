"""E-mail addresses as people write them, and as every mail server understands them."""

from __future__ import annotations

import contextlib
import re
import unicodedata
from collections.abc import Iterable
from email.errors import HeaderParseError
from email.header import Header, decode_header, make_header
from email.utils import formataddr, parseaddr
from typing import NamedTuple

import idna

__all__ = ["Mailbox", "address_header", "address_of", "for_header", "is_address", "mailboxes", "on_the_wire",
           "one_line", "same_address", "text_header"]


class Mailbox(NamedTuple):
    """An address, and whose it is, where that is known."""

    name: str
    address: str


def address_of(text: str) -> str:
    """The address alone.

    >>> address_of('"Housing Clinic" <clinic@example.com>')
    'clinic@example.com'
    """
    return parseaddr(text)[1]


# What looks like an encoded word is refused: mail programs would show, or write to, what it stands for.
_LOCAL = re.compile(r"(?!.{65})(?!.*=\?)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LONGEST = 254
"""Characters of an address, RFC 3696."""

_ONE_LINE = 60
"""Letters of a text that certainly has room on a header's line."""

_ONE = re.compile(
    r"""\s*+(?:(?P<bare>[^\s<>",;@]++@[^\s<>",;]++)
          | (?P<name>(?:"(?:[^"\\]|\\.)*"|[^<>"])*+)<(?P<inside>[^<>]*)>)
        \s*(?:[,;]\s*|$)""", re.VERBOSE)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')


def mailboxes(text: str) -> list[Mailbox]:
    """The addresses in a text, as people write them: with names or without, separated by commas or semicolons.

    :raises ValueError: where something in it is no address that mail can be sent to; says what.

    >>> mailboxes('"Smith, Ann" <ann@example.com>; bob@example.com')
    [Mailbox(name='Smith, Ann', address='ann@example.com'), Mailbox(name='', address='bob@example.com')]
    """
    found, position = [], len(text) - len(text.lstrip(" \t\r\n,;"))
    while position < len(text):
        match = _ONE.match(text, position)
        if match is None:
            raise ValueError(f"{one_line(text[position:])!r} is not an e-mail address")
        address = match["bare"] or match["inside"].strip()
        if not _can_be_sent_to(address):
            raise ValueError(f"{one_line(address)!r} is not an e-mail address")
        found.append(Mailbox(_name(match["name"] or ""), address))
        position = match.end()
    return found


def is_address(text: str) -> bool:
    """Whether mail can be sent to it: a name in plain letters at a domain, perhaps with whose it is before it.

    >>> [is_address(text) for text in ("Ann <ann@müller.example>", "ann", "ann@", "@example.com", "ann@a..b")]
    [True, False, False, False, False]
    """
    try:
        return len(mailboxes(text)) == 1
    except ValueError:
        return False


def on_the_wire(address: str) -> str:
    """An address with its domain as every mail server understands it; what stands before the @ stays.

    :raises UnicodeError: if there is no such domain.

    >>> on_the_wire("kanzlei@müller.example"), on_the_wire("kanzlei@straße.example")
    ('kanzlei@xn--mller-kva.example', 'kanzlei@xn--strae-oqa.example')
    """
    name, at, domain = address.rpartition("@")
    # IDNA 2008: Python's own codec is of the standard before, where a domain with an ß is another one's.
    return address if domain.isascii() else f"{name}{at}{idna.encode(domain, uts46=True).decode()}"


def same_address(address: str) -> str:
    """The same text for what reaches the same mailbox: no mail server tells large letters from small ones.

    :raises UnicodeError: if there is no such domain.

    >>> same_address("Ann@X.org") == same_address("ann@x.ORG")
    True
    """
    return on_the_wire(address).casefold()


def for_header(text: str) -> str:
    """An address for a header of a mail, with whose it is.

    >>> for_header('Ann <ann@müller.example>')
    'Ann <ann@xn--mller-kva.example>'
    """
    return _for_header(Mailbox(*parseaddr(text)))


# Python's own way to break headers into lines loses commas between addresses, and puts spaces into names, where names
# are long and have other letters than a to z (gh-100884 and others): so these headers are written here.


def address_header(name: str, people: Iterable[Mailbox]) -> str:
    r"""A header of addresses, with its line end; each address on a line.

    >>> address_header("To", [Mailbox("Zoë, Ann", "a@example.com"), Mailbox("Bo, B", "b@example.com")])
    'To: =?utf-8?b?Wm/DqywgQW5u?= <a@example.com>,\r\n "Bo, B" <b@example.com>\r\n'
    """
    return f"{name}: " + ",\r\n ".join(_for_header(one) for one in people) + "\r\n"


def text_header(name: str, text: str) -> str:
    r"""A header of text, with its line end.

    >>> text_header("Subject", "Zoë's hearing\nBcc: everybody@example.com")
    'Subject: =?utf-8?q?Zo=C3=AB=27s_hearing_Bcc=3A_everybody=40example=2Ecom?=\r\n'
    """
    text = one_line(text)
    return f"{name}: {text if _as_it_is(text) else _encoded(text, name)}\r\n"


def _for_header(one: Mailbox) -> str:
    name, address = one_line(one.name), on_the_wire(one.address)
    return formataddr((name, address)) if _as_it_is(name) else f"{_encoded(name, 'Reply-To')} <{address}>"


def _as_it_is(text: str) -> bool:
    return text.isascii() and len(text) <= _ONE_LINE and "=?" not in text


def _encoded(text: str, header: str) -> str:
    return Header(text, "utf-8", header_name=header).encode(linesep="\r\n")


def one_line(text: str) -> str:
    r"""A text for a header: on one line, without characters that are no writing.

    >>> one_line("Your hearing\r\nBcc: everybody@example.com")
    'Your hearing Bcc: everybody@example.com'
    """
    text = text.encode("utf-8", "replace").decode()
    return "".join(one for one in " ".join(text.split()) if unicodedata.category(one) != "Cc")


def _can_be_sent_to(address: str) -> bool:
    name, _at, domain = address.rpartition("@")
    try:
        encoded = idna.encode(domain, uts46=True).decode() if domain else ""
    except idna.IDNAError:
        return False
    return bool(encoded and len(name) + 1 + len(encoded) <= _LONGEST and _LOCAL.fullmatch(name))


def _name(text: str) -> str:
    """Whose an address is, without quotation marks, in its own letters."""
    text = _QUOTED.sub(lambda match: re.sub(r"\\(.)", r"\1", match[1]), text)
    if "=?" in text:
        with contextlib.suppress(HeaderParseError, LookupError, UnicodeError):   # it may only look like an encoded one
            text = str(make_header(decode_header(text)))
    return one_line(text)
