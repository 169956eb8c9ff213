"""Background tasks while workers and the server are killed: none is lost, and what it found is applied exactly once."""

from __future__ import annotations

import random
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest

from tests.support.client import Client, Page
from tests.support.packages import make_package
from tests.support.process import Appliance

NewAppliance = Callable[..., Appliance]

MANY = "docassemble.appliancefaults:data/questions/many.yml"
POISON = "docassemble.appliancefaults:data/questions/poison.yml"
BOTH = "docassemble.appliancefaults:data/questions/both.yml"

QUESTIONS = {
    # Asks for tasks with the numbers from `first` on; each adds its number to `applied` when it is done.
    "many.yml": """\
imports:
  - time
  - random
---
mandatory: True
question: How many?
fields:
  - First: first
    datatype: integer
  - Tasks: tasks
    datatype: integer
---
mandatory: True
code: |
  applied = []
  for number in range(first, first + tasks):
    background_action('work', number=number)
---
event: work
code: |
  time.sleep(random.uniform(0.05, 0.1))
  background_response_action('arrived', number=action_argument('number'))
---
event: arrived
code: |
  applied.append(action_argument('number'))
  background_response()
---
mandatory: True
question: |
  Applied ${ len(applied) }
subquestion: |
  These: ${ ' '.join(str(number) for number in applied) }.
""",
    # One of the tasks ends its own process; `problem` is what its error action was told.
    "poison.yml": """\
imports:
  - os
---
mandatory: True
question: How many?
fields:
  - Tasks: tasks
    datatype: integer
---
mandatory: True
code: |
  applied = []
  problem = 'none'
  for number in range(tasks):
    if number == 3:
      poison = background_action('poison')
    else:
      background_action('work', number=number)
---
event: poison
code: |
  background_error_action('poisoned')
  os._exit(1)
---
event: poisoned
code: |
  problem = action_argument('error_type')
  background_response()
---
event: work
code: |
  background_response_action('arrived', number=action_argument('number'))
---
event: arrived
code: |
  applied.append(action_argument('number'))
  background_response()
---
mandatory: True
question: |
  Applied ${ len(applied) } and ${ problem } ${ poison.ready() and poison.failed() }
""",
    # A person enters one thing after the other while tasks come back to the same session.
    "both.yml": """\
imports:
  - time
---
mandatory: True
question: How many?
fields:
  - Each: each
    datatype: integer
---
mandatory: True
code: |
  typed = []
  applied = []
  for number in range(each):
    background_action('work', number=number)
---
event: work
code: |
  time.sleep(0.02)
  background_response_action('arrived', number=action_argument('number'))
---
event: arrived
code: |
  applied.append(action_argument('number'))
  background_response()
---
question: |
  Next after ${ len(typed) }
fields:
  - Entry: entry
---
mandatory: True
code: |
  if len(typed) < each:
    typed.append(entry)
    undefine('entry')
    re_run_logic()
---
mandatory: True
question: |
  Applied ${ len(applied) }
subquestion: |
  These: ${ ' '.join(str(number) for number in applied) }.
  Typed: ${ ' '.join(typed) }.
""",
}


@pytest.fixture
def installed(new_appliance: NewAppliance, tmp_path: Path) -> Appliance:
    """An appliance with the interviews of this module, not yet started."""
    appliance = new_appliance()
    appliance.command("install", str(make_package(tmp_path / "package", "appliancefaults", QUESTIONS)))
    appliance.logs.allow("(?i)worker|nanny|comm|distributed")
    return appliance


def listed(page: Page, word: str) -> list[str]:
    """What the page lists after a word: ``These: 1 2 3.``"""
    found = re.search(rf"{word}: ([^.]*)\.", page.text)
    assert found, page.text[:500]
    return found[1].split()


def states(appliance: Appliance) -> Counter[tuple[str, str]]:
    """How many tasks there are in each state with each error, in the file that a stopped appliance leaves."""
    with closing(sqlite3.connect(appliance.data / "appliance.db")) as database:
        return Counter(database.execute("SELECT state, error_type FROM tasks").fetchall())


class Asker:
    """A person with one session, whose tasks have the numbers from `first` on."""

    def __init__(self, appliance: Appliance, first: int, tasks: int) -> None:
        self.client = Client(appliance.url)
        self.wanted = [str(number) for number in range(first, first + tasks)]
        page = self.client.submit(self.client.start(MANY), {"First": str(first), "Tasks": str(tasks)})
        assert page.question.startswith("Applied"), page.text[:500]

    def applied(self) -> list[str]:
        return listed(self.client.resume(MANY), "These")


def kill_a_worker(appliance: Appliance, chance: random.Random) -> bool:
    """Kill one of the workers; False while there is none that can take a task, so that a slow machine gets on."""
    health = appliance.health()
    workers = appliance.workers() if health is not None and health["workers"] else []
    if workers:
        with suppress(psutil.NoSuchProcess):
            chance.choice(workers).kill()
    return bool(workers)


def restart(appliance: Appliance) -> None:
    appliance.kill()
    appliance.start()


def finish(appliance: Appliance, askers: Sequence[Asker], seconds: float) -> None:
    """Wait until every task of everybody was applied; then look that none was twice, and that none is left over."""
    end = time.monotonic() + seconds
    while any(len(asker.applied()) < len(asker.wanted) for asker in askers):
        assert time.monotonic() < end, f"lost: {[set(asker.wanted) - set(asker.applied()) for asker in askers]}"
        time.sleep(0.1)
    for asker in askers:
        assert sorted(asker.applied(), key=int) == asker.wanted
        asker.client.http.close()
    appliance.stop()
    assert states(appliance) == {("done", ""): sum(len(asker.wanted) for asker in askers)}


def test_tasks_survive_killed_workers_and_killed_servers(installed: Appliance) -> None:
    """60 tasks of three sessions, four workers and two servers killed on the way."""
    chance = random.Random(4)
    installed.start()
    askers = [Asker(installed, first, 20) for first in (0, 100, 200)]
    for what, at in (("worker", 5), ("worker", 15), ("server", 22), ("worker", 30), ("server", 40), ("worker", 48)):
        while sum(len(asker.applied()) for asker in askers) < at:
            time.sleep(0.05)
        if what == "worker":
            while not kill_a_worker(installed, chance):
                time.sleep(0.02)
        else:
            restart(installed)
    finish(installed, askers, 30)


@pytest.mark.faults_full
def test_a_thousand_tasks_survive_a_worker_each_two_seconds_and_twenty_servers(installed: Appliance) -> None:
    """The same with 1,000 tasks of five sessions, a worker killed each 2 s and the server at twenty moments."""
    chance = random.Random(5)
    installed.start()
    askers = [Asker(installed, 1000 * number, 200) for number in range(5)]
    servers, killed, last = 0, 0, time.monotonic()
    while (applied := sum(len(asker.applied()) for asker in askers)) < 1000:
        if servers < 20 and applied >= (servers + 1) * 1000 / 21:
            restart(installed)
            servers += 1
        if time.monotonic() - last >= 2 and kill_a_worker(installed, chance):
            killed += 1
            last = time.monotonic()
        time.sleep(chance.uniform(0, 0.1))
    assert servers == 20
    assert killed > 5
    finish(installed, askers, 60)


def poison_among(appliance: Appliance, tasks: int, seconds: float) -> None:
    """One of `tasks` tasks kills its worker each time: it is parked after three deaths, and the others finish."""
    appliance.start()
    with Client(appliance.url) as client:
        page = client.submit(client.start(POISON), {"Tasks": str(tasks)})
        page = client.wait_for(page, f"Applied {tasks - 1} and WorkerDied True", seconds)
    appliance.stop()
    assert states(appliance) == {("done", ""): tasks - 1, ("failed", "WorkerDied"): 1}
    with closing(sqlite3.connect(appliance.data / "appliance.db")) as database:
        assert database.execute("SELECT deaths FROM tasks WHERE state = 'failed'").fetchall() == [(3,)]


def test_a_poisonous_task_is_parked_and_the_others_finish(installed: Appliance) -> None:
    """One among 20; its error action runs."""
    poison_among(installed, 20, 40)


@pytest.mark.faults_full
def test_a_poisonous_task_among_a_hundred(installed: Appliance) -> None:
    """One among 100."""
    poison_among(installed, 100, 120)


def test_submits_and_callbacks_of_one_session_lose_nothing(installed: Appliance) -> None:
    """50 submits while 50 callbacks arrive: both lists are whole, and what was typed is in its order."""
    installed.start()
    installed.wait_for_workers()
    with Client(installed.url) as client:
        page = client.submit(client.start(BOTH), {"Each": "50"})
        for number in range(50):
            assert page.question == f"Next after {number}", page.text[:500]
            page = client.submit(page, {"Entry": f"e{number}"})
        page = client.wait_for(page, "Applied 50")
        assert sorted(map(int, listed(page, "These"))) == list(range(50))
        assert listed(page, "Typed") == [f"e{number}" for number in range(50)]
    installed.stop()
    assert states(installed) == {("done", ""): 50}
