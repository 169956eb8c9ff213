"""The real appliance with its tasks on a cluster elsewhere, whose workers know nothing of its data folder."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.compute.elsewhere import ElsewhereCluster
from tests.support.client import Client, Page
from tests.support.packages import make_package
from tests.support.process import Appliance

New = Callable[..., Appliance]

INTERVIEW = "docassemble.travel:data/questions/travel.yml"

QUESTIONS = """
question: What to read?
fields:
  - Text: upload
    datatype: file
---
mandatory: True
code: |
  upload
  task = background_action('work', 'refresh')
---
event: work
code: |
  from docassemble.travel.helper import shout, place
  background_progress(0.5, 'half way')
  made = DAFile('made')
  made.initialize(filename='made.txt', content=shout(upload.slurp()))
  background_response_action('arrived', made=made, place=place())
---
event: arrived
code: |
  made = action_argument('made')
  place = action_argument('place')
  background_response()
---
mandatory: True
code: |
  read
---
need: task
question: |
  % if task.ready():
  Ready
  % else:
  Working
  % endif
subquestion: |
  % if defined('made'):
  [what was made](${ made.url_for() }) says ${ made.slurp() }; it was made at ${ place }.
  % endif
continue button field: read
---
mandatory: True
code: |
  endless = background_action('spin')
---
event: spin
code: |
  while True:
    pass
---
mandatory: True
question: It runs
fields:
  - Word: word
---
mandatory: True
code: |
  endless.revoke(terminate=True)
---
mandatory: True
question: It is over
"""

HELPER = """
def shout(text):
    return text.upper() + '{sign}'


def place():
    return __file__
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ElsewhereCluster]:
    one = ElsewhereCluster(tmp_path_factory.mktemp("elsewhere"))
    one.start()
    yield one
    one.stop()


def configured(one: Appliance, cluster: ElsewhereCluster) -> Appliance:
    lines = [f"  {name.removeprefix('compute: ')}: {value}" for name, value in cluster.settings.items()]
    (one.data / "config.yml").write_text("\n".join(["compute:", *lines]))
    return one


def wait_for_workers(one: Appliance, count: int = 2) -> None:
    deadline = time.monotonic() + 30
    while (one.health() or {}).get("workers") != count:
        assert time.monotonic() < deadline, one.health()
        time.sleep(0.02)


def upload(person: Client, page: Page, text: str) -> Page:
    """Post the page's form with a file in its only picker."""
    (name,) = re.findall(r'<input[^>]* type="file"[^>]*name="([^"]+)"|<input[^>]*name="([^"]+)"[^>]* type="file"',
                         page.html)
    files = [(next(filter(None, name)), ("letter.txt", text.encode(), "text/plain"))]
    answer = person.http.post(page.action, data=dict(page.values()), files=files)
    return Page(str(answer.url), answer.status_code, answer.text)


def seconds_of(process: psutil.Process) -> float:
    """What a process has computed; 0 for one that is gone."""
    try:
        return float(sum(process.cpu_times()[:2]))
    except psutil.NoSuchProcess:
        return 0.0


def spinning(cluster: ElsewhereCluster) -> list[psutil.Process]:
    """The workers that compute without a pause, as soon as there are some; one that starts does it for a moment."""
    deadline = time.monotonic() + 30
    lasting: dict[psutil.Process, int] = {}
    while time.monotonic() < deadline:
        family = psutil.Process(cluster.processes["workers"].pid).children(recursive=True)
        before = {process: seconds_of(process) for process in family}
        time.sleep(0.3)
        lasting = {process: lasting.get(process, 0) + 1 for process in family
                   if seconds_of(process) - before[process] > 0.05}
        found = [process for process, looks in lasting.items() if looks >= 8]
        if found:
            return found
    raise AssertionError("no worker computes")


def test_a_task_travels_with_all_it_needs(new_appliance: New, cluster: ElsewhereCluster, tmp_path: Path) -> None:
    """A task elsewhere imports its package's module, reads an upload, and makes a file that its person downloads; with
    a newer version of the package the newer module counts; an endless one is ended, with its process.
    """
    one = configured(new_appliance(), cluster)
    for sign in ("!", "?"):
        source = make_package(tmp_path / f"source{ord(sign)}", "travel", {"travel.yml": QUESTIONS},
                              {"helper.py": HELPER.replace("{sign}", sign)})
        one.command("install", str(source))
        if sign == "!":
            one.start()
            wait_for_workers(one)
        with Client(one.url) as person:
            page = upload(person, person.start(INTERVIEW), "Zaphod was here")
            page = person.wait_for(page, "Ready")
            assert f"says ZAPHOD WAS HERE{sign}; it was made at {cluster.folder}" in page.text
            (link,) = set(re.findall(r"/uploadedfile/\d+\.txt", page.html))
            assert person.http.get(link).text == f"ZAPHOD WAS HERE{sign}"
            page = person.submit(page)
            workers = spinning(cluster)
            person.submit(page, {"Word": "stop"})
            _, alive = psutil.wait_procs(workers, 10)
            assert not alive
            wait_for_workers(one)
    for folder in ("scheduler", "workers"):
        held = [path for path in (cluster.folder / folder).rglob("*") if path.is_file()]
        assert not [path for path in held if b"zaphod" in path.read_bytes().lower()]


def test_an_appliance_that_was_killed_finds_its_cluster_again(
    new_appliance: New, cluster: ElsewhereCluster, tmp_path: Path,
) -> None:
    """A power cut while a task runs there: the worker that still computes for nobody is replaced, and the task runs
    again.
    """
    one = configured(new_appliance(), cluster)
    one.command("install", str(make_package(tmp_path / "source", "travel", {"travel.yml": QUESTIONS},
                                            {"helper.py": HELPER})))
    one.start()
    with Client(one.url) as person:
        page = upload(person, person.start(INTERVIEW), "Zaphod was here")
        page = person.submit(person.wait_for(page, "Ready"))
        (worker,) = spinning(cluster)
        one.kill()
        assert worker.is_running()
        one.start()
        _, alive = psutil.wait_procs([worker], 10)
        assert not alive
        wait_for_workers(one)
        (worker,) = spinning(cluster)
        person.submit(person.reload(page), {"Word": "stop"})
        _, alive = psutil.wait_procs([worker], 10)
        assert not alive
