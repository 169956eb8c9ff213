"""Files in the real appliance: from a turn to a worker and back, to the browser, and nowhere on disk in the clear."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

from appliance.workspace import PREFIX
from tests.support.client import Client, Page
from tests.support.packages import make_package
from tests.support.process import Appliance

INTERVIEW = "docassemble.filetest:data/questions/files.yml"

QUESTIONS = """
objects:
  - letter: DAFile
  - scan: DAFile
---
question: Name?
fields:
  - Name: name
---
mandatory: True
code: |
  name
  letter.initialize(filename='Zaphod Letter.txt', content='Zaphod-Content for ' + name)
  task = background_action('work', 'refresh')
---
event: work
code: |
  from pathlib import Path
  text = Path(letter.path()).read_text()
  report = DAFile('report')
  report.initialize(filename='Zaphod Отчёт.txt', content=text.upper())
  letter.write(text + ', read by a worker')
  background_response_action('arrived', report=report)
---
event: arrived
code: |
  report = action_argument('report')
  background_response()
---
mandatory: True
code: |
  waiting
---
need: task
question: |
  % if task.ready():
  Ready
  % else:
  Working
  % endif
subquestion: |
  % if defined('report'):
  [the report](${ report.url_for() }) says ${ report.slurp() }; [the letter](${ letter.url_for() }) says
  ${ letter.slurp() }
  % endif
continue button field: waiting
---
mandatory: True
question: Forget everything?
buttons:
  - Yes, all of it: exit
"""


def _links(page: Page) -> list[str]:
    return list(dict.fromkeys(re.findall(r"/uploadedfile/\d+\.txt", page.html)))


def _on_disk(one: Appliance) -> list[str]:
    """The files of the data folder that hold the canary, in name or content; and what lies open elsewhere."""
    files = [path for path in one.data.rglob("*") if path.is_file() and "packages" not in path.parts]
    assert any(path.parent.parent.name == "files" for path in files)
    return [str(path) for path in files if "zaphod" in path.name.lower() or b"zaphod" in path.read_bytes().lower()]


def _own_temporary_folder(folder: Path) -> dict[str, str]:
    """The environment of an appliance whose open files are not to be confused with others'."""
    folder.mkdir()
    return dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))


def test_a_file_goes_to_a_worker_and_comes_back(new_appliance: Callable[..., Appliance], tmp_path: Path) -> None:
    """A task reads it as a path, changes it and makes another; both are served to their person alone, after a restart
    too, and are gone with the session.
    """
    temporary = tmp_path / "temporary"
    one = new_appliance(environment=_own_temporary_folder(temporary))
    one.command("install", str(make_package(tmp_path / "source", "filetest", {"files.yml": QUESTIONS})))
    one.start()
    with Client(one.url) as person, Client(one.url) as stranger:
        page = person.submit(person.start(INTERVIEW), {"Name": "Ford"})
        page = person.wait_for(page, "Ready")
        assert "ZAPHOD-CONTENT FOR FORD" in page.text
        assert "Zaphod-Content for Ford, read by a worker" in page.text
        report, letter = _links(page)
        answer = person.http.get(report)
        assert answer.text == "ZAPHOD-CONTENT FOR FORD"
        assert answer.headers["content-disposition"].endswith(
            "filename*=UTF-8''Zaphod%20%D0%9E%D1%82%D1%87%D1%91%D1%82.txt")
        assert [stranger.http.get(link).status_code for link in (report, letter)] == [404, 404]
        assert _on_disk(one) == []
        one.stop()
        one.start()
        assert person.http.get(letter).text == "Zaphod-Content for Ford, read by a worker"
        assert person.submit(person.submit(page), press="Yes, all of it").status == 200
        assert [person.http.get(link).status_code for link in (report, letter)] == [404, 404]
    one.stop()
    assert not [path for path in (one.data / "files").rglob("*") if path.is_file()]
    assert list(temporary.glob(f"{PREFIX}*")) == []


STUCK = "docassemble.filetest:data/questions/stuck.yml"

STUCK_QUESTIONS = """
objects:
  - letter: DAFile
---
mandatory: True
code: |
  letter.initialize(filename='Zaphod Letter.txt', content='Zaphod-Content')
  task = background_action('work', None)
---
event: work
code: |
  letter.path()
  while True:
    pass
---
event: stop
code: |
  task.revoke(terminate=True)
---
mandatory: True
question: Going
"""


def test_a_task_that_is_ended_leaves_nothing_lying_open(
        new_appliance: Callable[..., Appliance], tmp_path: Path) -> None:
    """Its process is killed and cannot clear away; the worker that takes its place does."""
    temporary = tmp_path / "temporary"
    one = new_appliance(environment=_own_temporary_folder(temporary))
    one.command("install", str(make_package(tmp_path / "source", "filetest", {"stuck.yml": STUCK_QUESTIONS})))
    one.start()
    with Client(one.url) as person:
        person.start(STUCK)
        _until(lambda: list(temporary.glob(f"{PREFIX}*/*/Zaphod*")))
        assert person.get("/interview", i=STUCK, action='{"action": "stop", "arguments": {}}').status == 200
        _until(lambda: not list(temporary.glob(f"{PREFIX}*")))


def _until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it does not come to pass"
        time.sleep(0.05)
