"""A Dask cluster elsewhere, started with the commands that `appliance compute certificates` prints."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
from pathlib import Path

from appliance.compute.certificates import make_certificates, start_commands

_HOMES = ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA")


class ElsewhereCluster:
    """A scheduler and workers in processes of their own, which run in a folder of their own.

    :param folder: for their certificates and logs.
    """

    def __init__(self, folder: Path, workers: int = 2) -> None:
        self.folder = folder
        self.certificates = folder / "certificates"
        make_certificates(self.certificates, ["127.0.0.1"])
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.port = taken.getsockname()[1]
        self.workers = workers
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def settings(self) -> dict[str, object]:
        """What the appliance is told."""
        return {"compute: scheduler": f"tls://127.0.0.1:{self.port}", "compute: certificates": str(self.certificates)}

    def start(self, *names: str) -> None:
        """Start the `scheduler` and the `workers`, or one of the two."""
        commands = start_commands(self.certificates, "127.0.0.1")
        for name in names or ("scheduler", "workers"):
            command = {"scheduler": commands.scheduler, "workers": commands.workers}[name]
            command = command.replace("8786", str(self.port)).replace("--nworkers 4", f"--nworkers {self.workers}")
            self.start_command(name, command)

    def start_command(self, name: str, command: str) -> None:
        setting, dask, *arguments = shlex.split(command)
        assert dask == "dask"
        place = self.folder / name
        place.mkdir(exist_ok=True)
        variable, _, value = setting.partition("=")
        with (place / "log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [Path(sys.executable).with_name("dask"), *arguments], cwd=place, stdout=log, stderr=log,
                env={**os.environ, **dict.fromkeys(_HOMES, str(place)), variable: value})

    def stop(self, *names: str) -> None:
        """Kill them, as a power cut does; nannies and workers end with each other."""
        for name in names or list(self.processes):
            process = self.processes.pop(name)
            process.kill()
            process.wait(10)

    def log(self, name: str) -> str:
        return (self.folder / name / "log").read_text()
