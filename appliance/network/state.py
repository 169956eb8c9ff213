"""How the appliance is on the network, as pages show it and as the server asks it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from appliance.network.trust import Trust

__all__ = ["CannotShare", "Network", "NetworkState"]


class CannotShare(Exception):
    """The appliance cannot be shared; the message tells a person why, and what to do."""


@dataclass(frozen=True)
class NetworkState:
    """How it is now.

    :param shared: whether other computers can reach the appliance.
    :param addresses: where, the likeliest first: ``https://192.168.1.5:8443``.
    :param name: the same with a name (``https://interviews.local:8443``); empty where it has none.
    :param name_problem: why it has none; empty while that is being found out.
    :param plain: where devices are told how to trust the appliance, without encryption.
    :param problem: what is wrong with the certificate or the network; empty where nothing is.
    :param own_certificate: whether the certificate is one that the appliance was given.
    :param firewall: what may have to be allowed on this system.
    """

    shared: bool = False
    addresses: tuple[str, ...] = ()
    name: str = ""
    name_problem: str = ""
    plain: str = ""
    problem: str = ""
    own_certificate: bool = False
    firewall: str = ""


class Network(Protocol):
    """What the server needs of :class:`appliance.network.sharing.Sharing`."""

    on_changed: Callable[[], None]

    state: NetworkState

    hosts: frozenset[str]
    """The names and addresses under which other computers may ask for us; none while nothing is shared."""

    trust: Trust | None
    """What devices are told to trust; None where nothing was made, or the certificate is somebody else's."""

    async def share(self) -> None:
        """Let other computers in.

        :raises CannotShare: if that is impossible.
        """
        ...

    async def stop(self) -> None:
        """Let them in no more, and hang up."""
        ...
