"""The addresses under which other computers on the network reach this one."""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import psutil

__all__ = ["LocalAddress", "local_addresses", "ordered"]

_VIRTUAL = re.compile(r"docker|veth|virbr|vmnet|vbox|vethernet|utun|tun\d|tap\d|br-|wsl|zt|lxc|podman|hyper-v",
                      re.IGNORECASE)
"""Interfaces of programs that simulate computers or networks; nobody else is there."""

_NOWHERE = "192.0.2.1"
"""An address for examples (RFC 5737). Nothing is sent there: the system only says from which address it would be."""


class LocalAddress(NamedTuple):
    """One address of this computer.

    :param interface: the system's name of what it belongs to.
    """

    address: str
    interface: str


def local_addresses() -> list[str]:
    """The addresses, the one that others most likely reach first; empty without a network.

    :raises OSError: if the system does not say.
    """
    try:
        up = {name for name, about in psutil.net_if_stats().items() if about.isup}
        known: Mapping[str, Iterable[tuple[int, str]]] = {
            name: [(int(one.family), one.address) for one in addresses]
            for name, addresses in psutil.net_if_addrs().items() if name in up}
    except psutil.Error as problem:
        raise OSError(str(problem)) from problem
    found = [LocalAddress(address.partition("%")[0], name) for name, addresses in known.items()
             for family, address in addresses if family in {socket.AF_INET, socket.AF_INET6}]
    return ordered(found, _outward())


def ordered(found: Iterable[LocalAddress], outward: str = "") -> list[str]:
    """Those of the addresses that other computers can use in a link, the likeliest first.

    :param outward: the address from which this computer speaks to those beyond its network.

    >>> ordered([LocalAddress("127.0.0.1", "lo"), LocalAddress("172.17.0.1", "docker0"),
    ...          LocalAddress("fe80::1", "eth0"), LocalAddress("10.0.0.7", "eth0")])
    ['10.0.0.7', '172.17.0.1']
    """
    ranked = {}
    for address, interface in found:
        with contextlib.suppress(ValueError):   # of a family that is no internet address
            rank = _rank(ipaddress.ip_address(address), interface)
            if rank is not None:
                ranked[address] = (address != outward, *rank)
    return sorted(ranked, key=ranked.__getitem__)


def _rank(address: ipaddress.IPv4Address | ipaddress.IPv6Address,
          interface: str) -> tuple[bool, bool, bool, int] | None:
    """Where an address stands in line; None for one that is of no use to others, or not covered by our certificates."""
    if address.is_loopback or address.is_unspecified or address.is_multicast:
        return None
    if address.version == 6 and (address.is_link_local or address not in ipaddress.ip_network("fc00::/7")):
        return None   # the first kind works in no browser; the second is seen from the whole internet
    return (_VIRTUAL.search(interface) is not None, address.is_link_local, address.version == 6, int(address))


def _outward() -> str:
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.connect((_NOWHERE, 9))
        return str(asked.getsockname()[0])
    return ""
