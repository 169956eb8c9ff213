"""The server of a data folder, as the program with the window sees it: found or started, attended, started again."""

from __future__ import annotations

import json
import logging
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal, Protocol
from urllib.parse import urlsplit

from appliance.commands import HandOverFailed, Say, hand_over
from appliance.program import start_apart
from appliance.store.errors import StoreError

__all__ = ["ANSWERS", "LOCK", "Server", "Shell", "UnderWay", "Up", "reach"]

logger = logging.getLogger(__name__)

LOCK = "running.lock"
"""The file in the data folder that the server holds; it has the server's address."""

_PATIENCE = 60.0
"""Seconds that a server has to start; the first start on a slow disk takes the longest."""

_GOODBYE = 30.0
"""Seconds that a server has to end what is under way; what is cut off after that was not acknowledged."""

ANSWERS = 10.0
"""Seconds that a server has to begin an answer; one that takes longer hangs, and nobody waits for it to be closed."""

_REPLACED = 20.0
"""Seconds that a server which is not our child has to come back after it told that it restarts. One of ours that took
its place meanwhile would not be shared, and not be in the terminal where somebody started it."""

_OFTEN = 3
_SOON = 60.0
"""A server that ended by itself `_OFTEN` times in this many seconds is not started once more without being asked."""


@dataclass(frozen=True)
class Up:
    """A server that can be shown.

    :param address: ``http://127.0.0.1:8080``, without a slash at the end.
    :param sign_in: an address that signs the owner in once and goes to the start page.
    :param first_start: nobody has said yet how this appliance should be.
    :param anew: it has other data than before: what was shown of it is gone, and who was signed in is not any more.
    :param follows: it ends with those who attend it; one that was started by itself is left running.
    """

    address: str
    sign_in: str
    first_start: bool = False
    anew: bool = False
    follows: bool = True


@dataclass(frozen=True)
class UnderWay:
    """What would be cut off if the server stopped now; see :class:`appliance.attendance.UnderWay`."""

    tasks: int = 0
    people: int = 0


class Shell(Protocol):
    """What is told of the server; called in its thread, one call at a time."""

    def up(self, up: Up) -> None:
        """It can be shown, for the first time or again."""

    def down(self, *, wanted: bool) -> None:
        """It ended, and is being started again.

        :param wanted: somebody asked for that, by changing a setting say.
        """

    def failed(self, words: str) -> None:
        """It cannot be started; :meth:`Server.try_again` tries once more."""

    def told(self, what: Mapping[str, Any]) -> None:
        """It asks for something: ``{"show": [files]}``."""

    def moved(self, data: Path) -> None:
        """The data lives in another folder from now on; the server that is told of next runs on it."""

    def ended(self) -> None:
        """It has ended as it was told to."""


class _CannotStart(Exception):
    """With the words of the server."""


class Server:
    """Keeps a server running on a data folder until it is told to stop.

    :param share: let other computers in from the start.
    """

    def __init__(self, data: Path, shell: Shell, *, share: bool = False) -> None:
        self._data = data
        self._shell = shell
        self._share = share
        self._child: _Child | None = None
        self._address = ""
        self._port = 8080
        self._was_up = False
        self._follows = True
        self._next_data: Path | None = None
        self._restarts = False
        self._replaced_by = 0.0
        self._when = ""
        self._deaths: list[float] = []
        self._stopping = threading.Event()
        self._again = threading.Event()
        self._thread = threading.Thread(target=self._run, name="server", daemon=True)

    def start(self) -> None:
        """Find the server or start it, in a thread that tells the shell."""
        self._thread.start()

    def try_again(self) -> None:
        """Start it once more after it could not be."""
        self._again.set()

    def under_way(self) -> UnderWay:
        """What would be cut off now; nothing, where the server does not answer."""
        lines: list[str] = []
        try:
            self._ask_soon("status", {}, lines.append)
            return UnderWay(**json.loads(lines[0]))
        except (HandOverFailed, StoreError, OSError, LookupError, ValueError) as problem:
            logger.warning("the server does not say what is under way (%s)", type(problem).__name__)
            return UnderWay()

    def ask(self, command: str, arguments: Mapping[str, Any], say: Say) -> int:
        """Have it do a command; returns the exit status.

        :raises HandOverFailed: if it did not do it to its end.
        :raises ConnectionError: if it is not there just now.
        """
        return reach(self._data, self._address, command, arguments, say)

    def _ask_soon(self, command: str, arguments: Mapping[str, Any], say: Say) -> int:
        return reach(self._data, self._address, command, arguments, say, answers_within=ANSWERS)

    def stop(self, when: Literal["now", "tasks"] = "now") -> None:
        """Have it end; :meth:`Shell.ended` tells when it has. One that does not follow us is left running."""
        self._when = when
        self._stopping.set()
        self._again.set()
        if not self._follows:
            self._shell.ended()
            return
        self._ask_to_stop(when)

    def wait(self, patience: float = _GOODBYE) -> None:
        """Until it has ended; after `patience` seconds it is killed, if it is ours.

        The thread itself is not waited for where there is nothing left for it to see: a toolkit that has ended may
        never answer what it asks.
        """
        if not self._follows:
            return
        end = time.monotonic() + patience
        while self._thread.is_alive() and time.monotonic() < end:
            if self._child is not None and self._child.has_ended():
                return
            self._thread.join(0.1)
        if self._thread.is_alive() and self._child is not None:
            self._child.kill()

    # -- in the thread ---------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._attend_once()
            except _CannotStart as problem:
                self._again.clear()   # before the look, or a stop in between would be missed
                if self._stopping.is_set():
                    break
                self._shell.failed(str(problem))
                self._again.wait()
                self._deaths.clear()
                continue
            if self._stopping.is_set():
                break
            if self._next_data is not None:
                self._move(self._next_data)
            else:
                self._shell.down(wanted=self._restarts)
                if self._restarts:
                    self._replaced_by = time.monotonic() + _REPLACED
                else:
                    self._count_death()
                self._restarts = False
        if self._child is not None and self._when == "now":
            self._see_out(self._child)
        self._shell.ended()

    def _see_out(self, child: _Child) -> None:
        """Until our child has ended. One that was just being started, or replaced itself, as it was told to end has not
        heard that, so it is told again.
        """
        if not self._was_up:
            child.end()
        end = time.monotonic() + _GOODBYE
        while not child.has_ended() and time.monotonic() < end:
            with suppress(HandOverFailed, StoreError, OSError):
                if self._find():
                    self._ask_soon("stop", {"when": "now"}, logger.info)
            time.sleep(0.2)
        child.wait(0)

    def _attend_once(self) -> None:
        """From where it is found or started to where it ends.

        :raises _CannotStart: if there is none and none can be started.
        """
        end, refused = time.monotonic() + _PATIENCE, False
        while not self._stopping.is_set():
            if self._attend():
                self._was_up = True
                return
            if time.monotonic() > self._replaced_by if self._child is None else self._child.has_ended():
                refused = refused or (self._child is not None and not self._was_up)
                self._begin_child()
            # Ours takes as long as it takes: an upgrade copies all data first.
            if refused and time.monotonic() > end:
                raise _CannotStart("The appliance has not started in a minute. Another version of it, or one that "
                                   f"hangs, may be running on {self._data}; if so, please stop that one.")
            time.sleep(0.05)

    def _attend(self) -> bool:
        """Attend the server that says it is there until it ends; False at once if none is."""
        heard = _Heard(self._up, self._told)
        try:
            if not self._find():
                return False
            self._ask_soon("attend", {}, heard)
        except HandOverFailed:
            return heard.hello
        except (StoreError, OSError):   # no file, no key, nobody who listens: it is not there, or not yet
            return False
        return True

    def _find(self) -> bool:
        """Look where the server says that it is; False where it says nothing, or what a power cut left."""
        self._address = ""
        try:
            address = (self._data / LOCK).read_text(encoding="utf-8", errors="replace").strip()
            self._port = urlsplit(address).port or self._port
        except (OSError, ValueError):
            return False
        self._address = address
        return bool(urlsplit(address).port)

    def _up(self, up: Up) -> None:
        self._follows = up.follows
        self._shell.up(up)

    def _ask_to_stop(self, when: str) -> None:
        try:
            self._ask_soon("stop", {"when": when}, logger.info)
        except (HandOverFailed, StoreError, OSError) as problem:
            logger.warning("the server did not hear that it should stop (%s)", type(problem).__name__)
            if self._child is not None and when == "now":
                self._child.end()

    def _told(self, what: Mapping[str, Any]) -> None:
        if "move" in what:
            self._next_data = Path(what["move"])
            # In a thread of its own: this one hears how the server ends.
            threading.Thread(target=self._ask_to_stop, args=("now",), daemon=True).start()
        elif "restarts" in what:
            self._restarts = True
        else:
            self._shell.told(what)

    def _move(self, data: Path) -> None:
        if self._child is not None:
            self._child.wait(_GOODBYE)
        self._child, self._next_data, self._data = None, None, data
        self._shell.moved(data)

    def _begin_child(self) -> None:
        former, self._child = self._child, None
        words = "" if former is None or self._was_up else former.last_words()
        if former is not None:
            former.wait(0)
        if words:
            raise _CannotStart(words)
        if len(self._deaths) >= _OFTEN:
            raise _CannotStart(f"The appliance ended by itself {len(self._deaths)} times in a minute. The file "
                               f"{self._data / 'logs' / 'appliance.log'} may say why.")
        self._was_up, self._follows = False, True
        try:
            self._child = _Child(self._data, self._port, share=self._share)
        except OSError as problem:   # no room for what it writes, no memory, or the program is just being replaced
            raise _CannotStart(f"The appliance could not be started: {problem.strerror or problem}.") from problem

    def _count_death(self) -> None:
        now = time.monotonic()
        self._deaths = [*(one for one in self._deaths if now - one < _SOON), now]


def reach(data: Path, address: str, command: str, arguments: Mapping[str, Any], say: Say, *,
          answers_within: float | None = None) -> int:
    """Have the server at `address` do a command; returns its exit status.

    :param answers_within: as for :func:`appliance.commands.hand_over`.
    :raises HandOverFailed: if it did not do it to its end.
    :raises ConnectionError: if nobody is there.
    :raises StoreError: if the appliance's key is not to be had.
    """
    # Imported late: the splash does not wait for the database's library.
    from appliance.store.appliance_key import known_appliance_key, system_keyring

    key = known_appliance_key(data, keyring=system_keyring())
    return hand_over(address, key, command, arguments, say, answers_within=answers_within)


class _Heard:
    """Takes the lines of ``attend`` to those whom they are for."""

    def __init__(self, up: Callable[[Up], None], told: Callable[[Mapping[str, Any]], None]) -> None:
        self._up = up
        self._told = told
        self.hello = False

    def __call__(self, line: str) -> None:
        what = json.loads(line)
        if self.hello:
            self._told(what)
        else:
            self.hello = True
            self._up(Up(**what))


class _Child:
    """A server process that this one started."""

    def __init__(self, data: Path, port: int, *, share: bool) -> None:
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        self._process = start_apart(["serve", "--data", str(data), "--port", str(port), "--attended",
                                     *(["--share"] if share else [])], stderr=self._errors)

    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def last_words(self) -> str:
        """Why it refused to start; empty if it ran, was killed, or another one was there first."""
        if self._process.poll() != 1:
            return ""
        self._errors.seek(0)
        words = self._errors.read().decode(errors="replace").strip()
        return words if "Traceback" not in words else f"The program has a mistake: {words.splitlines()[-1]}"

    def end(self) -> None:
        self._process.terminate()

    def wait(self, patience: float) -> None:
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self.kill()
        self._errors.close()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
