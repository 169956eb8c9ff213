"""How the ways are by which mail comes in, in words for people who have to do something about them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from appliance.sessions.mail_door import WayState

__all__ = ["mailbox_state", "smtp_state"]


def smtp_state(health: dict[str, Any] | None) -> WayState:
    """The listener.

    :param health: as :meth:`appliance.mail.listener.Listener.health` gives it; None where none is set up.

    >>> smtp_state({"status": "ok", "ports": [2525]}).words
    'mail is taken on port 2525.'
    """
    name = "Mail straight to this computer"
    if health is None:
        return WayState(name, "off. An administrator sets it up with mail in: smtp: port in the configuration.", "off")
    if health.get("error"):
        return WayState(name, f"it does not work: {health['error']}", "bad")
    ports = [str(port) for port in health.get("ports", ())]
    if not ports:
        return WayState(name, "it is starting.", "off")
    return WayState(name, f"mail is taken on {'port' if len(ports) == 1 else 'the ports'} {' and '.join(ports)}.", "on")


def mailbox_state(health: dict[str, Any] | None) -> WayState:
    """The mailbox that mail is fetched from.

    :param health: with ``error``, or ``fetched``: when it was looked into last; None where none is set up.

    >>> mailbox_state({"status": "ok", "fetched": 0.0}).words
    'looked into last on 1970-01-01 at 00:00 UTC.'
    """
    name = "Mailbox"
    if health is None:
        return WayState(name, "none. An administrator names one with mail in: imap in the configuration.", "off")
    if health.get("error"):
        return WayState(name, f"it cannot be looked into: {health['error']}", "bad")
    fetched = health.get("fetched")
    if fetched is None:
        return WayState(name, "it is being looked into for the first time.", "off")
    return WayState(name, f"looked into last on {datetime.fromtimestamp(fetched, UTC):%Y-%m-%d at %H:%M} UTC.", "on")
