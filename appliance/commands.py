"""Commands that a running server does for another process, so that one process writes to a data folder.

The other process proves that it knows the appliance's key: it signs what it sends, with the time and a number that is
used once. The server proves it too, with the same number, before it says anything: an address outlives a server that
was killed, and whoever listens there then may be somebody else. What the command says comes back line by line while it
runs, and at last its exit status.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import http.client
import json
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from appliance import clock
from appliance.store.sealing import derive

__all__ = ["HEADER", "PATH", "Command", "CommandFailed", "Commands", "HandOverFailed", "NotAdmitted", "Say",
           "hand_over"]

logger = logging.getLogger(__name__)

PATH = "/command"
HEADER = "X-Appliance-Command"
"""``TIME NUMBER SIGNATURE``; of the answer: what :meth:`Commands.proof` gives."""

_VALID = 60.0
"""Seconds that the two clocks, which are the same one, may be apart."""

_CONNECT = 10.0

Say = Callable[[str], None]
"""Takes one line for the person who gave the command."""

Command = Callable[[Mapping[str, Any], Say], Awaitable[int]]
"""Does the command with its arguments, made of what JSON knows; returns its exit status."""


class CommandFailed(Exception):
    """The command cannot be done; the message is for the person who gave it."""


class NotAdmitted(Exception):
    """What came does not prove that its sender knows the appliance's key."""


class HandOverFailed(Exception):
    """The server did not do the command, or not to its end."""


class Commands:
    """The commands of an appliance, in whichever process it runs.

    :param table: what does each command, by its name.
    :param ends_with_its_caller: names of those that end when whoever gave them hangs up; others go on to their end.
    """

    def __init__(self, appliance_key: bytes, table: Mapping[str, Command], *,
                 ends_with_its_caller: frozenset[str] = frozenset()) -> None:
        self._key = _command_key(appliance_key)
        self._table = dict(table)
        self._ends_with_its_caller = ends_with_its_caller
        self._seen: dict[str, float] = {}

    async def run(self, name: str, arguments: Mapping[str, Any], say: Say) -> int:
        """Do a command; what goes wrong in it is said, and is exit status 1."""
        command = self._table.get(name)
        if command is None:
            say(f"This appliance has no command {name!r}.")
            return 1
        try:
            return await command(arguments, say)
        except CommandFailed as problem:
            say(str(problem))
        except Exception as error:  # whoever gave the command waits for an answer
            logger.exception("the command %s failed", name)
            say(f"The command failed with {type(error).__name__}; logs/appliance.log in the data folder says where.")
        return 1

    async def run_sent(self, header: str, body: bytes, say: Say, hung_up: asyncio.Event) -> int:
        """Do a command that another process sent.

        :param hung_up: set when nobody listens any more to what is said.
        :raises NotAdmitted: if it is not signed, or was sent before.
        """
        self._admit(header, body)
        sent = json.loads(body)
        logger.info("the command %s was handed over", sent["command"])
        doing = asyncio.ensure_future(self.run(sent["command"], sent["arguments"], say))
        if sent["command"] in self._ends_with_its_caller:
            listening = asyncio.ensure_future(hung_up.wait())
            try:
                await asyncio.wait((doing, listening), return_when=asyncio.FIRST_COMPLETED)
            finally:
                listening.cancel()
            if not doing.done():
                doing.cancel()
                return 1
        return await doing

    def proof(self, header: str) -> str:
        """What shows whoever sent this header that we know the key as well."""
        return _proof(self._key, header.split(" ")[1] if header.count(" ") > 1 else "")

    def _admit(self, header: str, body: bytes) -> None:
        stamp, _, rest = header.partition(" ")
        number, _, signature = rest.partition(" ")
        wanted = _signature(self._key, stamp, number, body)
        if not hmac.compare_digest(wanted.encode(), signature.encode("utf-8", "replace")):
            raise NotAdmitted
        now = clock.now()
        self._seen = {one: until for one, until in self._seen.items() if abs(until - now) <= 2 * _VALID}
        if abs(float(stamp) - now) > _VALID or number in self._seen:
            raise NotAdmitted
        self._seen[number] = float(stamp)


def hand_over(address: str, appliance_key: bytes, name: str, arguments: Mapping[str, Any], say: Say, *,
              answers_within: float | None = None) -> int:
    """Have the server at `address` do a command; returns its exit status.

    :param address: ``http://127.0.0.1:8080``.
    :param answers_within: seconds that it has until it says its first line; unless told, as long as it takes.
    :raises ConnectionError: if nothing answers there; then nothing was done.
    :raises HandOverFailed: with words.
    """
    parts = urlsplit(address)
    body = json.dumps({"command": name, "arguments": arguments}).encode()
    stamp, number = repr(clock.now()), secrets.token_urlsafe(24)
    signature = _signature(_command_key(appliance_key), stamp, number, body)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_CONNECT)
    try:
        connection.connect()
        sock = connection.sock
        sock.settimeout(answers_within)
        connection.request("POST", PATH, body, {HEADER: f"{stamp} {number} {signature}",
                                                "Content-Type": "application/json"})
        answer = connection.getresponse()
        if answer.status != http.client.OK:
            raise HandOverFailed(f"The appliance that runs at {address} does not take this command ({answer.status}); "
                                 "it may be another version. Stop it, and try again.")
        if not hmac.compare_digest((answer.getheader(HEADER) or "").encode("utf-8", "replace"),
                                   _proof(_command_key(appliance_key), number).encode()):
            raise HandOverFailed(f"What runs at {address} is not this appliance.")
        return _followed(answer, say, lambda: sock.settimeout(None))
    except TimeoutError as problem:
        raise HandOverFailed(f"The appliance that runs at {address} does not answer.") from problem
    except (http.client.HTTPException, ConnectionResetError, json.JSONDecodeError) as problem:
        raise HandOverFailed("The appliance ended before the command did. What it had begun goes on when it runs "
                             "again.") from problem
    finally:
        connection.close()


def _followed(answer: http.client.HTTPResponse, say: Say, answered: Callable[[], None]) -> int:
    for line in answer:
        answered()
        told = json.loads(line)
        if "status" in told:
            return int(told["status"])
        say(told["say"])
    raise http.client.IncompleteRead(b"")


def _command_key(appliance_key: bytes) -> bytes:
    return derive(appliance_key, "commands")


def _proof(key: bytes, number: str) -> str:
    return hmac.new(key, b"the server\n" + number.encode(), hashlib.sha256).hexdigest()


def _signature(key: bytes, stamp: str, number: str, body: bytes) -> str:
    return hmac.new(key, b"\n".join([stamp.encode(), number.encode(), body]), hashlib.sha256).hexdigest()
