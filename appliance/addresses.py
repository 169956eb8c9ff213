"""E-mail addresses as people write them, and as every mail server understands them."""

from __future__ import annotations

from email.utils import formataddr, parseaddr

__all__ = ["address_of", "for_header", "is_address", "on_the_wire"]


def address_of(text: str) -> str:
    """The address alone.

    >>> address_of('"Housing Clinic" <clinic@example.com>')
    'clinic@example.com'
    """
    return parseaddr(text)[1]


def is_address(text: str) -> bool:
    """Whether mail can be sent to it: a name in plain letters at a domain, perhaps with whose it is before it.

    >>> [is_address(text) for text in ("Ann <ann@müller.example>", "ann", "ann@", "@example.com", "ann@a..b")]
    [True, False, False, False, False]
    """
    name, at, domain = address_of(text).rpartition("@")
    try:
        return bool(name and at and domain and name.isascii() and domain.encode("idna"))
    except UnicodeError:
        return False


def on_the_wire(address: str) -> str:
    """An address with its domain as every mail server understands it; what stands before the @ stays.

    >>> on_the_wire("kanzlei@müller.example")
    'kanzlei@xn--mller-kva.example'
    """
    name, at, domain = address.rpartition("@")
    return address if domain.isascii() else f"{name}{at}{domain.encode('idna').decode()}"


def for_header(text: str) -> str:
    """An address for a header of a mail, with whose it is.

    >>> for_header('Ann <ann@müller.example>')
    'Ann <ann@xn--mller-kva.example>'
    """
    whose, address = parseaddr(text)
    return formataddr((whose, on_the_wire(address)))
