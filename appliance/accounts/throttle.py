"""Growing waits after wrong passwords: for each account, and for each address that tries come from.

Tries at the laptop are counted apart from those that come over the network, so nobody there can keep its owner out, and
one computer on the network does not keep a colleague out who sits at another. Nothing of it is on disk.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Hashable
from dataclasses import dataclass

from appliance import clock
from appliance.accounts.errors import TooManyTries
from appliance.accounts.signed_in import Device

__all__ = ["ANYWHERE", "HERE", "THERE", "Rule", "Throttle", "Try"]


@dataclass(frozen=True)
class Rule:
    """After `free` wrong tries the next must wait, each time twice as long, up to `longest` seconds."""

    free: int
    longest: float

    def wait_after(self, wrong: int) -> float:
        over = wrong - self.free
        return 0.0 if over < 0 else min(_FIRST_WAIT * 2.0 ** min(over, 30), self.longest)


_FIRST_WAIT = 5.0
_FORGOTTEN = 24 * 3600.0
"""Seconds without a try after which earlier ones do not count any more."""

HERE = Rule(5, 60)
"""One account and one computer's address at the laptop itself."""

THERE = Rule(5, 900)
"""One account, from one address on the network."""

ANYWHERE = Rule(30, 900)
"""One account from all of the network, and one address for all accounts."""


@dataclass
class _Count:
    wrong: int = 0
    last: float = 0.0

    def left(self, rule: Rule, now: float) -> float:
        """Seconds until the next try counts. A clock that was set back makes nobody wait longer than the rule."""
        wait = rule.wait_after(self.wrong)
        return min(wait, max(0.0, self.last + wait - now))


@dataclass(frozen=True)
class Try:
    """A try that is under way, and counts as a wrong one until it is known to be right."""

    throttle: Throttle
    keys: tuple[Hashable, ...]

    def was_right(self) -> None:
        """The password was right: what was tried on this account from this place is forgotten."""
        self.throttle.forget(self.keys[0])
        for key in self.keys[1:]:
            self.throttle.take_back(key)


class Throttle:
    """Counts of wrong tries.

    :param most: how many accounts and addresses are remembered.
    """

    def __init__(self, most: int = 60_000) -> None:
        self._counts: dict[Hashable, _Count] = {}
        self._most = most

    def __len__(self) -> int:
        return len(self._counts)

    def begin(self, account: str, device: Device) -> Try:
        """Count a try before its password is looked at, so that many at once are no way around.

        :param account: what stands for the account, whether there is one or not.
        :raises TooManyTries: if it must wait; then it is not counted.
        """
        now, place = clock.now(), _place(device.address)
        rules: dict[Hashable, Rule]
        if device.from_network:
            rules = {("there", account, place): THERE, ("account", account): ANYWHERE, ("place", place): ANYWHERE}
        else:
            rules = {("here", account): HERE}
        left = max(self._count(key, now).left(rule, now) for key, rule in rules.items())
        if left > 0:
            raise TooManyTries(left)
        for key in rules:
            count = self._counts.setdefault(key, _Count())
            count.wrong, count.last = count.wrong + 1, now
        self._make_room(now)
        return Try(self, tuple(rules))

    def forget(self, key: Hashable) -> None:
        self._counts.pop(key, None)

    def take_back(self, key: Hashable) -> None:
        """One try was not wrong; the earlier ones still count."""
        count = self._counts.get(key)
        if count is not None:
            count.wrong -= 1
            if count.wrong <= 0:
                self.forget(key)

    def _count(self, key: Hashable, now: float) -> _Count:
        count = self._counts.get(key)
        if count is not None and now - count.last > _FORGOTTEN:
            self.forget(key)
            count = None
        return count or _Count()

    def _make_room(self, now: float) -> None:
        """Forget what is old, then the half that was tried least: floods of made-up addresses push nothing out that
        is really under attack.
        """
        if len(self._counts) <= self._most:
            return
        fresh = {key: count for key, count in self._counts.items() if now - count.last <= _FORGOTTEN}
        if len(fresh) > self._most // 2:
            ranked = sorted(fresh.items(), key=lambda one: (one[1].wrong, one[1].last), reverse=True)
            fresh = dict(ranked[:self._most // 2])
        self._counts = fresh


def _place(address: str) -> str:
    """What counts as one computer: an address, or the network of 64 bits that one computer may choose from."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address) and not ip.is_link_local:
        return str(ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)
