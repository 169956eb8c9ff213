"""The appliance with the interviews that are measured, and the baseline beside it."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.bench.figures import Figure
from tests.bench.quick import QuickClient
from tests.bench.rig import TASKS
from tests.support.packages import make_package
from tests.support.process import Appliance, free_port

ROOT = Path(__file__).parents[2]
ONE_FIELD = "docassemble.appliancebench:data/questions/one_field.yml"
TASK = "docassemble.appliancebench:data/questions/task.yml"
NEWS = "docassemble.appliancebench:data/questions/news.yml"
MANY = "docassemble.appliancebench:data/questions/tasks.yml"
TEN_FIELDS = "docassemble.appliancebench:data/questions/ten_fields.yml"

QUESTIONS = {
    "one_field.yml": """\
question: What is your name?
fields:
  - Name: user_name
---
mandatory: True
question: Hello, ${ user_name }!
""",
    "task.yml": """\
question: Shall we?
field: started
---
code: |
  task = background_action('work')
---
event: work
code: |
  background_response('done')
---
mandatory: True
code: |
  started
  if task.ready():
    result
  else:
    waiting
---
event: waiting
question: One moment
reload: 30
---
event: result
question: It is ${ task.get() }.
""",
    "news.yml": """\
imports:
  - time
---
mandatory: True
question: News
---
event: ask
code: |
  background_action('tell', 'javascript')
  json_response({})
---
event: tell
code: |
  background_response('arrived(' + str(1000 * time.time()) + ')')
""",
    "ten_fields.yml": f"""\
mandatory: True
code: |
  times = 0
---
question: Ten fields
subquestion: "[TARGET preview]"
fields:
{"".join(f"  - Field {number}: field{number}{chr(10)}" for number in range(10))}check in: look
---
event: look
code: |
  times += 1
  draft = action_arguments()
  preview
---
event: read
code: |
  preview
---
template: preview
target: preview
content: |
  **Field 0** is ${{ action_argument('field0') }}, and field 9 is _${{ action_argument('field9') }}_.
---
mandatory: True
question: ${{ field9 }} ${{ times }}
""",
    **TASKS,
}


class Baseline:
    """The bare server of ``baseline.py`` as a process."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.baseline", str(self.port), str(folder)], cwd=ROOT, env={**os.environ})
        self.process = psutil.Process(self._process.pid)
        wait_for(self.port, "/interview")

    def stop(self) -> None:
        children = self.process.children(recursive=True)
        self._process.kill()
        self._process.wait()
        for child in children:
            child.kill()


def wait_for(port: int, path: str, seconds: float = 30) -> None:
    """Until a GET is answered with 200."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.01)
        finally:
            connection.close()
    raise AssertionError(f"nothing answers at {path}")


@pytest.fixture(scope="session")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    """A running appliance with the bench's interviews and with its workers up."""
    one = Appliance(tmp_path_factory.mktemp("measured"))
    one.command("install", str(make_package(tmp_path_factory.mktemp("package"), "appliancebench", QUESTIONS)))
    one.start()
    one.wait_for_workers()
    time.sleep(2)   # the workers import what they need; a person takes longer for the first screen
    yield one
    one.stop()


@pytest.fixture(scope="session")
def baseline(tmp_path_factory: pytest.TempPathFactory, measured: Appliance) -> Iterator[Baseline]:
    """The bare server, answering the bytes that the appliance answers."""
    folder = tmp_path_factory.mktemp("baseline")
    first, reply = QuickClient.sample(measured.url, ONE_FIELD, {"user_name": "Visitor"})
    (folder / "first.html").write_bytes(first)
    (folder / "reply.json").write_bytes(reply)
    json.loads(reply)
    one = Baseline(folder)
    yield one
    one.stop()


@pytest.fixture(scope="session")
def show() -> Iterator[Callable[[Figure], None]]:
    """Prints a figure at once and all of them at the end."""
    shown: list[Figure] = []

    def add(figure: Figure) -> None:
        shown.append(figure)
        print(f"\n{figure}", flush=True)

    yield add
    print("\n\nAll figures of this run\n" + "\n".join(f"  {figure}" for figure in shown), flush=True)
