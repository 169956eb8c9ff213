"""The real appliance, started as people start it: a process of its own on a free port of this machine."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from tests.support.logs import LogWatch

__all__ = ["DEMO", "Appliance", "free_port"]

DEMO = "appliance.interviews:data/questions/eviction_answer.yml"
_START_LIMIT = 60.0   # a busy machine may take its time
_STOP_LIMIT = 15.0
_LOGS = ("appliance.log", "worker.log", "cron.log", "mail.log")


def free_port() -> int:
    """A TCP port of the loopback address that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Appliance:
    """One data folder and the server that runs on it, now and then.

    Everything it writes stays below `folder`: the data, the configuration, the appliance's key (the system's keyring is
    switched off), and what it prints.

    :param folder: empty or used before by another :class:`Appliance`.
    :param environment: further variables for the process.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.printed = folder / "printed.txt"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = dict(environment or {})
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self.data.mkdir(exist_ok=True)
        self.logs = LogWatch([self.printed, *(self.data / "logs" / name for name in _LOGS)])

    @property
    def process(self) -> psutil.Process:
        """The server's process.

        :raises RuntimeError: if it is not running.
        """
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError("the appliance is not running")
        return psutil.Process(self._process.pid)

    def environment(self) -> dict[str, str]:
        """The variables with which all commands on this data folder run."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        places = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "APPDATA",
                  "LOCALAPPDATA")
        return {
            **os.environ,
            **dict.fromkeys(places, str(home)),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "default",
            **self._environment,
        }

    def command(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run ``appliance ARGUMENTS --data FOLDER`` to its end."""
        return subprocess.run(
            [sys.executable, "-m", "appliance", *arguments, "--data", str(self.data)],
            env=self.environment(), capture_output=True, text=True, check=check, timeout=120)

    def start(self, *, wait: bool = True) -> Appliance:
        """Start the server; with `wait`, return when it answers.

        :raises AssertionError: if it does not come up, with what it printed.
        """
        with self.printed.open("ab") as printed:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "appliance", "serve", "--host", "127.0.0.1", "--port", str(self.port),
                 "--data", str(self.data)],
                env=self.environment(), stdout=printed, stderr=subprocess.STDOUT, cwd=self.folder)
        if wait:
            self.wait_for_answer()
        return self

    def wait_for_answer(self) -> None:
        """Until ``/health`` answers."""
        self._wait_until(lambda: self.health() is not None, "answered")

    def wait_for_workers(self) -> None:
        """Until the cluster, which comes up after the server, can take tasks."""
        self._wait_until(lambda: bool(self.workers()), "had workers")

    def _wait_until(self, condition: Any, what: str) -> None:
        end = time.monotonic() + _START_LIMIT
        while not condition():
            assert self._process is not None
            if self._process.poll() is not None:
                raise AssertionError(f"the appliance ended with {self._process.returncode}:\n{self.printed_text()}")
            if time.monotonic() > end:
                raise AssertionError(f"the appliance has not {what} in {_START_LIMIT:.0f} s:\n{self.printed_text()}")
            time.sleep(0.02)

    def health(self) -> dict[str, Any] | None:
        """What ``/health`` says; None while nothing answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=5) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as refused:
            with refused:
                return dict(json.load(refused))
        except (OSError, ValueError):
            return None

    def workers(self) -> list[psutil.Process]:
        """The processes that run tasks: those below the server that Python's multiprocessing made."""
        found = []
        for child in self.process.children(recursive=True):
            try:
                line = " ".join(child.cmdline())
                if "spawn_main" in line and not child.children():
                    found.append(child)
            except psutil.NoSuchProcess:
                continue
        return found

    def kill(self) -> None:
        """End the server as a power cut does: nothing of it can say goodbye."""
        assert self._process is not None
        children = self.process.children(recursive=True)
        self._process.kill()
        self._process.wait()
        psutil.wait_procs(children, timeout=_STOP_LIMIT)

    def stop(self) -> None:
        """End it politely. Safe to call when it is not running."""
        if self._process is None or self._process.poll() is not None:
            return
        children = self.process.children(recursive=True)
        self._process.terminate()
        try:
            self._process.wait(_STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"the appliance did not stop in {_STOP_LIMIT:.0f} s") from None
        finally:
            _, alive = psutil.wait_procs(children, timeout=_STOP_LIMIT)
            for child in alive:
                child.kill()

    def printed_text(self) -> str:
        """What the process printed since the folder was made."""
        return self.printed.read_text(errors="replace") if self.printed.exists() else ""
