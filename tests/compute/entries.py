"""Things that run on workers in tests, chosen by the action of the job."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from pathlib import Path

from appliance.compute.report import Report
from appliance.interview.tasks import TaskEnd, TaskJob


def entry(payload: bytes) -> bytes:
    """Do what the action says with the argument ``x``, and give the process and the argument back."""
    job: TaskJob = pickle.loads(payload)
    argument = pickle.loads(job.arguments)
    _ACTIONS[job.action](argument)
    return Report(TaskEnd(job.task_id, value=pickle.dumps((os.getpid(), argument)))).to_bytes()


def nothing(_argument: object) -> None:
    pass


def spin(mark: str) -> None:
    Path(mark).write_text(str(os.getpid()))
    while True:
        pass


def spin_with_child(mark: str) -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path(mark).write_text(str(child.pid))
    while True:
        pass


def die(_argument: object) -> None:
    os._exit(3)


def wait_for(mark: str) -> None:
    """Says that it runs, and waits until the test removes the file again."""
    path = Path(mark)
    path.write_text(str(os.getpid()))
    while path.exists():
        time.sleep(0.005)


def hoard(_argument: object) -> None:
    held = b"x" * (300 << 20)
    time.sleep(600)
    del held


def raise_error(_argument: object) -> None:
    raise ValueError("not what an entry does")


_ACTIONS = {
    "nothing": nothing, "spin": spin, "spin_with_child": spin_with_child, "die": die, "wait_for": wait_for,
    "hoard": hoard, "raise_error": raise_error,
}
