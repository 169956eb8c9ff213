"""Which of a computer's addresses others are told."""

from __future__ import annotations

import ipaddress

import pytest

from appliance.network.local_addresses import LocalAddress, local_addresses, ordered


@pytest.mark.parametrize(("found", "outward", "expected"), [
    ([("127.0.0.1", "lo"), ("::1", "lo")], "", []),
    ([("192.168.1.5", "wlan0"), ("10.0.0.7", "eth0")], "192.168.1.5", ["192.168.1.5", "10.0.0.7"]),
    ([("172.17.0.1", "docker0"), ("192.168.1.5", "wlan0")], "", ["192.168.1.5", "172.17.0.1"]),
    ([("172.28.16.1", "vEthernet (WSL)"), ("192.168.1.5", "Wi-Fi")], "", ["192.168.1.5", "172.28.16.1"]),
    ([("169.254.3.4", "eth0"), ("192.168.1.5", "wlan0")], "", ["192.168.1.5", "169.254.3.4"]),
    ([("169.254.3.4", "eth0")], "", ["169.254.3.4"]),
    ([("fd00::2", "eth0"), ("10.0.0.7", "eth0")], "", ["10.0.0.7", "fd00::2"]),
    ([("fe80::1", "eth0"), ("2001:db8::5", "eth0"), ("0.0.0.0", "eth0"), ("224.0.0.1", "eth0")], "", []),
    ([("00:11:22:33:44:55", "eth0"), ("10.0.0.7", "eth0")], "", ["10.0.0.7"]),
    ([("10.0.0.7", "eth0"), ("10.0.0.7", "eth0:1")], "", ["10.0.0.7"]),
])
def test_the_likeliest_address_comes_first(found: list[tuple[str, str]], outward: str, expected: list[str]) -> None:
    """The one that leads out of here first; simulated networks and makeshift addresses last; useless ones never."""
    assert ordered([LocalAddress(*one) for one in found], outward) == expected


def test_the_real_ones_can_be_asked_for() -> None:
    """Whatever this machine has: addresses that parse, none of loopback, each once."""
    found = local_addresses()
    assert len(found) == len(set(found))
    assert not any(ipaddress.ip_address(one).is_loopback for one in found)
