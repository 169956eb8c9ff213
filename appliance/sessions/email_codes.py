"""The addresses that interviews give out: six letters at the domain of the appliance.

The letters are consonants that nobody mixes up: no vowels, so that they make no words, and o and i are not taken for 0
and 1; no l (1), j (i), q (g), v (u), and no m, which rn looks like and n sounds like. Sixteen are left, which make
16.7 million addresses. An address is no secret: who guesses one can send a mail there, and read nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import socket
from collections.abc import Callable, Iterator
from typing import Any

from appliance.store.sealing import derive

__all__ = ["LETTERS", "candidates", "code_in", "domain_of", "full_address"]

LETTERS = "bcdfghknprstwxyz"
_LENGTH = 6
_TRIES = 20
_CODE = re.compile(rf"(?:.*\+)?([{LETTERS}]{{{_LENGTH}}})", re.IGNORECASE | re.DOTALL)

Setting = Callable[[str, Any], Any]
"""Name and default to a configuration directive."""


def candidates(session_key: bytes, mark: bytes) -> Iterator[str]:
    """The codes to try for an address, the first first: random to whoever does not know the session's key, and the
    same each time for its mark, so that two who ask at the same time get the same one.
    """
    key = derive(session_key, "e-mail codes")
    for attempt in range(_TRIES):
        digest = hmac.digest(key, mark + bytes([attempt]), hashlib.sha256)
        yield "".join(LETTERS[byte % len(LETTERS)] for byte in digest[:_LENGTH])   # 16 letters: each as likely


def domain_of(setting: Setting) -> str:
    """Where mail for interviews is sent to: ``incoming mail domain``, else ``external hostname``, else this computer.

    With a mailbox (``mail in: imap: address``), the mailbox's.
    """
    mailbox = str(setting("mail in: imap: address", None) or "")
    if "@" in mailbox:
        return mailbox.rpartition("@")[2].strip().lower()
    told = setting("incoming mail domain", None) or setting("external hostname", None)
    return str(told or socket.gethostname()).lower()


def full_address(code: str, setting: Setting) -> str:
    """What people write to: ``code@domain``; with a mailbox ``name+code@domain``."""
    mailbox = str(setting("mail in: imap: address", None) or "")
    name = mailbox.rpartition("@")[0].strip()
    return f"{name}+{code}@{domain_of(setting)}" if name else f"{code}@{domain_of(setting)}"


def code_in(address: str, setting: Setting) -> str | None:
    """The code in an address at one of our domains, in any of its forms; None where it cannot be one of ours.

    :param address: a plain one; letters may be capitals, and ``anything+`` may stand before them.
    """
    local, _at, domain = address.strip().strip("<>").rpartition("@")
    ours = {domain_of(setting), *(str(setting(name, None) or "").lower()
                                  for name in ("incoming mail domain", "external hostname"))}
    match = _CODE.fullmatch(local.strip('"'))
    return match[1].lower() if match and domain.lower().rstrip(".") in ours - {""} else None
