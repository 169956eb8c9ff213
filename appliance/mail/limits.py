"""How much of the appliance those who bring mail may take: connections, time, memory, and guesses at addresses."""

from __future__ import annotations

import ipaddress
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Doorkeeper", "Limits"]

_FORGOTTEN_AFTER = 3600.0
"""Seconds without a wrong address after which a peer counts as one that guessed none."""

_MOST_REMEMBERED = 1000
"""Peers whose wrong addresses are counted; of more, those that were quiet for longest are forgotten."""

_QUICK_GUESSES, _LONGEST_PAUSE = 3, 5.0


@dataclass(frozen=True)
class Limits:
    """The bounds of the listener.

    :param connections_per_address: of one computer, or one IPv6 network of a household; a relay opens up to 20.
    :param idle: seconds between two commands (RFC 5321, 4.5.3.2.7 asks for 300).
    :param idle_in_message: seconds between two pieces of a message.
    :param in_all: seconds that a connection may last.
    :param handshake: seconds that the beginning of TLS may take.
    :param recipients: of one message; RFC 5321, 4.5.3.1.8 asks for 100.
    :param unknown_recipients: wrong addresses after which the connection is closed.
    :param pause: seconds that the answer to a wrong address takes; more and more, where there are many.
    :param line: bytes in a line of a message. More than the 1,000 of RFC 5321, which real senders pass.
    :param message: bytes in a message.
    :param messages: bytes of all messages that are coming in at the same time.
    :param command: how often each command may come in one connection; mail servers reuse them.
    """

    connections: int = 100
    connections_per_address: int = 25
    idle: float = 300.0
    idle_in_message: float = 120.0
    in_all: float = 3600.0
    handshake: float = 20.0
    recipients: int = 100
    unknown_recipients: int = 20
    pause: float = 0.1
    line: int = 256 << 10
    message: int = 48 << 20
    messages: int = 192 << 20
    command: int = 50
    mail_command: int = 1000
    recipient_command: int = 10_000


class Doorkeeper:
    """Counts what is taken. Belongs to the loop.

    :param clock: seconds that only grow.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits
        self._clock = clock
        self._inside: Counter[str] = Counter()
        self._bytes = 0
        self._guesses: OrderedDict[str, tuple[int, float]] = OrderedDict()

    @property
    def connections(self) -> int:
        """How many there are now."""
        return self._inside.total()

    def enter(self, address: str) -> bool:
        """Let a connection from `address` in, if there is room; then :meth:`leave` must follow."""
        peer = _peer(address)
        if self.connections >= self.limits.connections or self._inside[peer] >= self.limits.connections_per_address:
            return False
        self._inside[peer] += 1
        return True

    def leave(self, address: str) -> None:
        """A connection is over."""
        peer = _peer(address)
        self._inside[peer] -= 1
        if not self._inside[peer]:
            del self._inside[peer]

    def hold(self, size: int) -> bool:
        """Take `size` bytes of the room for messages, if there is that much; then :meth:`release` must follow.

        A single message always fits, also where the largest allowed is larger than the room.
        """
        if self._bytes and self._bytes + size > max(self.limits.messages, self.limits.message):
            return False
        self._bytes += size
        return True

    def release(self, size: int) -> None:
        """Give room back."""
        self._bytes -= size

    def guessed(self, address: str) -> float:
        """`address` named a recipient that does not exist: how many seconds it is to wait for the answer."""
        peer, now = _peer(address), self._clock()
        count, last = self._guesses.pop(peer, (0, now))
        count = 1 if now - last > _FORGOTTEN_AFTER else count + 1
        self._guesses[peer] = count, now
        if len(self._guesses) > _MOST_REMEMBERED:
            self._guesses.popitem(last=False)
        doubled = max(0, min(count - _QUICK_GUESSES, 10))
        return min(self.limits.pause * 2.0 ** doubled, _LONGEST_PAUSE)


def _peer(address: str) -> str:
    """What counts as one: an IPv4 address, or the 64 bits of an IPv6 one that a provider gives to a household.

    >>> _peer("192.0.2.7"), _peer("2001:db8::1:2:3:4"), _peer("::ffff:192.0.2.7")
    ('192.0.2.7', '2001:db8::/64', '192.0.2.7')
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
