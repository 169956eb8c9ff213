"""How the parts of the appliance are, in words for somebody who looks after it and has never run a server."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

__all__ = ["Line", "health_lines"]

Light = Literal["on", "off", "bad"]
_LITTLE_ROOM = 1 << 30


@dataclass(frozen=True)
class Line:
    """How one part is.

    :param words: how it is.
    :param do: what to do about it; empty where nothing has to be done.
    :param address: the page that shows more.
    """

    light: Light
    name: str
    words: str
    do: str = ""
    address: str = ""


def health_lines(told: Mapping[str, Any], data: Path) -> list[Line]:
    """One line for each part.

    :param told: what the parts say of themselves, as ``/health`` shows it.
    :param data: the data folder, whose disk is looked at.
    """
    return [_database(told.get("database") or {}), _disk(data), _workers(told),
            _schedule(told.get("schedule") or {}), _mail_out(told.get("mail") or {}),
            _mail_in(told.get("mail in") or {})]


def _database(told: Mapping[str, Any]) -> Line:
    if told.get("status") == "failed":
        return Line("bad", "Saved answers", f"The database does not answer ({told.get('error')}).",
                    "Look whether the disk is full or was taken away, and start the appliance anew. If that does not "
                    "help, bring back the last backup.", "/backup")
    return Line("on", "Saved answers", "Everything that people enter is being saved.")


def _disk(data: Path) -> Line:
    try:
        free = shutil.disk_usage(data).free
    except OSError:
        return Line("bad", "Room on the disk", "It cannot be told how much room there is.",
                    "Look whether the disk with the data folder is still there.")
    words = f"{free / (1 << 30):,.1f} GB are free."
    if free < _LITTLE_ROOM:
        return Line("bad", "Room on the disk", words, "Delete what is not needed on this computer: without room, "
                    "nothing more can be saved.")
    return Line("on", "Room on the disk", words)


def _workers(told: Mapping[str, Any]) -> Line:
    name, compute = "Work in the background", told.get("compute") or {}
    state, queue = compute.get("state", "stopped"), told.get("queue") or {}
    if state == "running" and told.get("workers"):
        count, waiting = int(told["workers"]), int(queue.get("queued") or 0)
        words = f"{count} {'worker is' if count == 1 else 'workers are'} ready"
        return Line("on", name, f"{words}, {waiting or 'no'} {'task waits' if waiting == 1 else 'tasks wait'}.",
                    address="/tasks")
    if state == "starting":
        return Line("off", name, "The workers are starting; tasks begin in a moment.")
    return Line("bad", name, "No worker is ready, so tasks wait. They begin by themselves as soon as one is.",
                "If this stays so, look into the log for the reason, and start the appliance anew.",
                "/logs?log=appliance.log&level=WARNING")


def _schedule(told: Mapping[str, Any]) -> Line:
    name = "Scheduled events"
    if told.get("status") == "failed":
        return Line("bad", name, "The schedule cannot be read.", "Look into the log for the reason.",
                    "/logs?log=appliance.log&level=ERROR")
    failed = int(told.get("failed") or 0)
    if failed:
        return Line("bad", name, f"In the last rounds, {failed} {'session' if failed == 1 else 'sessions'} failed.",
                    "The Schedule page says which, and where in the interview.", "/schedule")
    if told.get("status") == "ok":
        return Line("on", name, "They run when they are due.", address="/schedule")
    return Line("off", name, "They do not run here.")


def _mail_out(told: Mapping[str, Any]) -> Line:
    name, waiting, failed = "Mail that goes out", int(told.get("waiting") or 0), int(told.get("failed") or 0)
    waits = f"{waiting} {'mail waits' if waiting == 1 else 'mails wait'}"
    if failed:
        return Line("bad", name, f"{failed} {'mail' if failed == 1 else 'mails'} could not be sent.",
                    "The outbox says why; try again there, or send them yourself.", "/outbox")
    if told.get("status") == "retrying":
        return Line("bad", name, f"The mail server cannot be used at present; {waits}.",
                    "It is tried again by itself. If it stays so, look whether the network and the settings of the "
                    "mail server are right.", "/outbox")
    if told.get("status") == "ok":
        return Line("on", name, f"It is sent by the mail server{f'; {waits}' if waiting else ''}.", address="/outbox")
    if waiting:
        return Line("off", name, f"No mail server is set up; {waits}.",
                    "Send them by hand from the outbox, or set up a mail server.", "/outbox")
    return Line("off", name, "No mail server is set up. What interviews send waits in the outbox.", address="/outbox")


def _mail_in(told: Mapping[str, Any]) -> Line:
    name, failed = "Mail that comes in", int(told.get("failed") or 0)
    ways = [way for way in ("smtp", "imap") if told.get(way)]
    if failed:
        return Line("bad", name, f"{failed} {'mail' if failed == 1 else 'mails'} could not be given to an interview.",
                    "The Mail page says which.", "/mail")
    troubles = [str(told[way]["error"]) for way in ways if told[way].get("error")]
    if troubles:
        return Line("bad", name, f"Mail does not come in at present: {' '.join(troubles)}",
                    "Look whether the network and the settings of incoming mail are right.", "/mail")
    if ways:
        return Line("on", name, "Mail to interviews is taken.", address="/mail")
    return Line("off", name, "It is switched off. Mail can still be brought by hand.", address="/mail")
