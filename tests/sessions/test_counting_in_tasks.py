"""Turns and tasks in real workers that count at once, by the real appliance: nothing is lost and nothing is doubled."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.client import Client, Page
from tests.support.packages import make_package
from tests.support.process import Appliance

INTERVIEW = "docassemble.counting:data/questions/count.yml"
PEOPLE, TASKS, IN_A_TASK, SUBMITS = 3, 4, 20, 6
COUNT = f"""
objects:
  - r: DARedis
  - kept: DAStore.using(base='interview')
---
mandatory: True
code: |
  need(r, kept)   # what acts at once is not undone when code runs again because it meets a name that it does not know
  tasks = [background_action('count_in_task', None, number=number) for number in range({TASKS})]
---
event: count_in_task
code: |
  for number in range({IN_A_TASK}):
    r.incr('clicks')
    with r.pipeline() as together:
      together.rpush('list', number)
      together.hincrby('hash', url_args['who'], 1)
      together.execute()
  kept.set('task {{}} of {{}}'.format(action_argument('number'), url_args['who']), True)
  background_response()
---
mandatory: True
code: |
  submits = 0
---
mandatory: True
code: |
  while submits < {SUBMITS}:
    clicked
    r.incr('clicks', 3)
    r.rpush('list', clicked)
    kept.set('submit {{}} of {{}}'.format(submits, url_args['who']), True)
    submits += 1
    undefine('clicked')
---
question: Click
fields:
  - Clicked: clicked
---
mandatory: True
question: |
  ${{ r.get('clicks').decode() }} ${{ r.llen('list') }} ${{ sum(int(one) for one in r.hvals('hash')) }}
  ${{ len(kept.keys()) }}
"""


def test_turns_and_tasks_that_count_at_once_lose_no_count(new_appliance: Callable[..., Appliance],
                                                          tmp_path: Path) -> None:
    """Three people submit while their twelve tasks count on two workers; the numbers are exact at the end."""
    appliance = new_appliance()
    appliance.command("install", str(make_package(tmp_path, "counting", {"count.yml": COUNT})))
    appliance.start()
    appliance.wait_for_workers()

    def work(number: int) -> tuple[Client, Page]:
        client = Client(appliance.url)
        page = client.start(INTERVIEW, who=f"p{number}")
        for _ in range(SUBMITS):
            assert page.question == "Click", page.text
            page = client.submit(page, {"Clicked": "click"})
        return client, page

    with ThreadPoolExecutor(PEOPLE) as threads:
        people = list(threads.map(work, range(PEOPLE)))
    tasks = PEOPLE * TASKS
    wanted = [tasks * IN_A_TASK + 3 * PEOPLE * SUBMITS, tasks * IN_A_TASK + PEOPLE * SUBMITS, tasks * IN_A_TASK,
              tasks + PEOPLE * SUBMITS]
    end = time.monotonic() + 60
    while not tasks_are_over(appliance):
        assert time.monotonic() < end
        time.sleep(0.1)
    for client, page in people:
        assert [int(one) for one in client.reload(page).question.split()] == wanted
        client.http.close()
    appliance.kill()


def tasks_are_over(appliance: Appliance) -> bool:
    health = appliance.health()
    return health is not None and not health["queue"]["queued"] and not health["queue"]["running"]
