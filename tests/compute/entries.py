"""Things that run on workers in tests, chosen by the action of the job."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from appliance.compute import asking
from appliance.compute.asking import AskFailed, ask, asking_for, tell
from appliance.compute.report import Report
from appliance.interview.tasks import TaskEnd, TaskJob


def entry(payload: bytes) -> bytes:
    """Do what the action says with the argument ``x``, and give the process and the argument back."""
    job: TaskJob = pickle.loads(payload)
    argument = pickle.loads(job.arguments)
    with asking_for(job.task_id):
        result = _ACTIONS[job.action](argument)
    value = argument if result is None else result
    kept = argument if job.action == "keep" else 0
    return Report(TaskEnd(job.task_id, value=pickle.dumps((os.getpid(), value))), kept=kept).to_bytes()


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


def meet(where: tuple[str, str, int]) -> None:
    """Ends when so many tasks are in the folder at the same time; the last one to come says so."""
    folder, name, count = where
    (Path(folder) / name).touch()
    while len(list(Path(folder).iterdir())) < count:
        time.sleep(0.005)


def hoard(_argument: object) -> None:
    held = b"x" * (300 << 20)
    time.sleep(600)
    del held


def raise_error(_argument: object) -> None:
    raise ValueError("not what an entry does")


def asks(question: tuple[str, object]) -> object:
    kind, value = question
    try:
        return ask(kind, value=value)
    except AskFailed as error:
        return str(error)


def asks_in_threads(count: int) -> list[object]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda number: ask("double", value=number), range(count)))


def asks_for_another(task_id: str) -> str:
    """Poses as another task."""
    own = asking._asker
    assert own is not None
    other = asking.Asker(task_id, own._send, own._later)
    other.tell("note", {"text": "posing"})
    tell("note", text="own")
    return "told"


def tells(count: int) -> None:
    for number in range(count + 1):
        tell("progress", fraction=number / count)


def tells_and_dies(text: str) -> None:
    tell("note", surely=True, text=text)
    os._exit(3)


class Unopenable:
    """Can be pickled, and not opened again."""

    def __reduce__(self) -> tuple[type[int], tuple[str]]:
        return int, ("no number",)


def asks_with_what_cannot_be_opened(_argument: object) -> object:
    return asks(("double", Unopenable()))


def prints_later(mark: str) -> None:
    """A thread that is left behind prints what a person typed."""
    def later() -> None:
        time.sleep(0.2)
        print("a secret", flush=True)
        os.write(2, b"a secret\n")
        Path(mark).write_text("printed")

    threading.Thread(target=later).start()


_ACTIONS: dict[str, Callable[[Any], object]] = {
    "asks": asks, "asks_in_threads": asks_in_threads, "asks_for_another": asks_for_another, "tells": tells,
    "tells_and_dies": tells_and_dies, "asks_with_what_cannot_be_opened": asks_with_what_cannot_be_opened,
    "prints_later": prints_later,
    "nothing": nothing, "keep": nothing, "spin": spin, "spin_with_child": spin_with_child, "die": die,
    "wait_for": wait_for, "meet": meet, "hoard": hoard, "raise_error": raise_error,
}
