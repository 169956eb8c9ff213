"""A backup of a real appliance while people and tasks work, and its restore on another machine."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.support.client import Client, Page
from tests.support.packages import make_package
from tests.support.process import Appliance

NewAppliance = Callable[..., Appliance]
PASSPHRASE, PASSWORD, EMAIL = "four words are enough", "tulips on the balcony", "ann@example.org"
INTERVIEW = "docassemble.backuptest:data/questions/counting.yml"
COUNTING = """
initial: True
code: |
  multi_user = True
  allow_cron = True
---
objects:
  - notes: DAList.using(object_type=None, auto_gather=False, gathered=True)
  - paper: DAFile
---
event: cron_daily
code: |
  notes.append('daily')
---
event: work
code: |
  background_response_action('worked', text=action_argument('text'))
---
event: worked
code: |
  done.append(action_argument('text'))
  background_response()
---
mandatory: True
code: |
  done = []
---
mandatory: True
code: |
  paper.initialize(filename='paper.txt', content='This is on paper')
---
mandatory: True
code: |
  send_email(to='court@example.org', subject='Hello', body='World')
---
mandatory: True
code: |
  while len(notes) < 100:
    notes.append(note)
    background_action('work', 'refresh', text=note)
    undefine('note')
---
question: |
  Note ${ len(notes) + 1 }?
subquestion: |
  So far: ${ ' '.join(notes) }.

  Done: ${ ' '.join(done) }.

  [Paper](${ paper.url_for() })
fields:
  - Note: note
"""


def sign_in(client: Client, password: str = PASSWORD) -> Page:
    """As the person with an account."""
    token = re.search(r'name="_xsrf" value="([^"]*)"', client.http.get("/user/sign-in").text)
    assert token is not None
    answer = client.http.post("/user/sign-in", data={"email": EMAIL, "password": password, "_xsrf": token[1]},
                              headers={"Referer": f"{client.base}/user/sign-in"})
    return Page(str(answer.url), answer.status_code, answer.text)


def at(appliance: Appliance, client: Client) -> Client:
    """The same browser, which comes to the restored appliance under the same name."""
    other = Client(appliance.url)
    for cookie in client.http.cookies.jar:
        other.http.cookies.set(cookie.name, cookie.value or "", domain="127.0.0.1", path="/")
    return other


def noted(page: Page) -> list[str]:
    found = re.search(r"So far: ([^.]*)\.", page.text)
    assert found is not None, page.text
    return found[1].split()


def done(client: Client, page: Page, count: int) -> list[str]:
    """What the tasks have brought, when so many have ended."""
    end = time.monotonic() + 60
    while True:
        found = re.search(r"Done: ([^.]*)\.", page.text)
        if found is not None and len(found[1].split()) >= count:
            return sorted(found[1].split())
        assert time.monotonic() < end, f"not all tasks are done: {page.text}"
        time.sleep(0.1)
        page = client.reload(page)


class Person:
    """Somebody who writes note after note until told to stop, remembering what was acknowledged."""

    def __init__(self, appliance: Appliance, number: int) -> None:
        self.client = Client(appliance.url)
        self.number = number
        self.written: list[str] = []
        if number == 0:
            assert sign_in(self.client).status == 200
        self.page = self.client.start(INTERVIEW)

    def write(self) -> None:
        note = f"p{self.number}n{len(self.written)}"
        self.page = self.client.submit(self.page, {"Note": note})
        assert self.page.status == 200, self.page.text
        self.written.append(note)


def test_a_backup_during_turns_and_tasks_is_everything_on_another_machine(new_appliance: NewAppliance,
                                                                          tmp_path: Path) -> None:
    """What was acknowledged before the backup began is in it: with the same cookies, passwords, files, mail, schedule
    and packages, though the key is kept elsewhere; and what was there before is moved aside.
    """
    first = new_appliance("first", environment={"APPLIANCE_PASSPHRASE": PASSPHRASE})
    (first.data / "config.yml").write_text("schedule:\n  daily: '03:21'\n", encoding="utf-8")
    first.command("install", str(make_package(tmp_path, "backuptest", {"counting.yml": COUNTING})))
    first.start()
    subprocess.run([sys.executable, "-m", "appliance", "user", "add", EMAIL, "--password", "--data", str(first.data)],
                   env=first.environment(), input=f"{PASSWORD}\n{PASSWORD}\n", text=True, check=True,
                   capture_output=True, timeout=60)
    people = [Person(first, number) for number in range(4)]
    for person in people:
        person.write()
    first.wait_for_workers()
    before = [len(person.written) for person in people]
    made = threading.Event()

    def work(person: Person) -> None:
        while not made.is_set() or len(person.written) < 6:
            person.write()

    with ThreadPoolExecutor(len(people)) as threads:
        working = [threads.submit(work, person) for person in people]
        told = first.command("backup", str(tmp_path / "all.backup"))
        made.set()
        for one in working:
            one.result()
    assert told.stdout.startswith("The backup is complete: "), told
    assert sum(len(person.written) for person in people) >= 24
    refused = first.command("restore", str(tmp_path / "all.backup"), check=False)
    assert "Please stop it first" in refused.stderr
    first.stop()

    second = new_appliance("second", environment={"APPLIANCE_PASSPHRASE": PASSPHRASE})
    second.start()
    second.stop()
    told = second.command("restore", str(tmp_path / "all.backup"))
    assert "is restored to" in told.stdout
    assert "What was there before is in" in told.stdout
    for person in people:
        person.client.http.close()
    second.start()
    for person, count in zip(people, before, strict=True):
        with at(second, person.client) as client:
            page = client.resume(INTERVIEW)
            there = noted(page)
            assert count <= len(there) <= len(person.written)
            assert there == person.written[:len(there)]
            assert client.http.get(page.link("Paper") or "").text == "This is on paper"
            page = client.submit(page, {"Note": "afterwards"})
            assert done(client, page, len(there) + 1) == sorted([*there, "afterwards"])
    with Client(second.url) as stranger:
        assert "Note 1?" in stranger.start(INTERVIEW).text
        assert "Sign out" not in sign_in(stranger, "another password").text
        assert "Sign out" in sign_in(stranger).text
        assert stranger.resume(INTERVIEW).status == 200
    found = re.search(r"http\S+token=\S+", second.printed_text().rpartition("is running at")[2])
    assert found is not None
    with Client(second.url) as owner:
        owner.http.get(found[0])
        assert owner.get("/outbox").text.count("court@example.org") >= len(people)
        assert "03:21" in owner.get("/schedule").text
        assert EMAIL in owner.get("/userlist").text or owner.get("/userlist").status == 404
        page = owner.get("/backup")
        assert "before-restore-" in page.text
        assert "Show the recovery code" in page.text


def test_the_page_makes_a_backup_that_restores(new_appliance: NewAppliance, tmp_path: Path) -> None:
    """Administrators only; saved as a file; the recovery code on the page opens it when the passphrase is forgotten."""
    appliance = new_appliance()
    appliance.start()
    with Client(appliance.url) as stranger:
        for path in ("/backup", "/backup/interview-appliance-20260101-000000.backup"):
            assert "/user/sign-in" in stranger.get(path).url
    found = re.search(r"http\S+token=\S+", appliance.printed_text())
    assert found is not None
    with Client(appliance.url) as owner:
        owner.http.get(found[0])

        def post(path: str, **fields: str) -> Page:
            token = re.search(r'name="_xsrf" value="([^"]*)"', owner.http.get("/backup").text)
            assert token is not None
            answer = owner.http.post(path, data=fields | {"_xsrf": token[1]})
            return Page(str(answer.url), answer.status_code, answer.text)

        assert "recovery code" in owner.get("/").text
        shown = post("/backup/code", do="show")
        code = re.search(r"\b(?:[0-9A-Z]{5}-){5}[0-9A-Z]{5}\b", shown.text)
        assert code is not None
        assert not re.search(r"\b(?:[0-9A-Z]{5}-){5}[0-9A-Z]{5}\b", post("/backup/code", do="written").text)
        assert not re.search(r"\b(?:[0-9A-Z]{5}-){5}[0-9A-Z]{5}\b", post("/backup/code", do="show").text)
        assert "recovery code" not in owner.get("/").text
        assert "at least 12" in post("/backup", passphrase="short", again="short").text
        assert "two different" in post("/backup", passphrase=PASSPHRASE, again="another passphrase").text
        page = post("/backup", passphrase=PASSPHRASE, again=PASSPHRASE)
        while "is being made" in page.text:
            page = owner.get("/backup")
        assert "The backup is complete" in page.text
        link = page.link("Save")
        assert link is not None
        (tmp_path / "saved.backup").write_bytes(owner.http.get(link).content)
        for name in ("../../appliance.db", "..%2f..%2fappliance.db", "appliance.db", "x.backup", "%00.backup"):
            assert owner.http.get(f"/backup/{name}").status_code in {400, 404}, name
        post("/backup/delete", name="../appliance.db")
        assert (appliance.data / "appliance.db").exists()
        name = link.rpartition("/")[2]
        assert name not in post("/backup/delete", name=name).text
    appliance.stop()
    other = new_appliance("other", environment={"APPLIANCE_PASSPHRASE": code[0].lower()})
    assert "is restored to" in other.command("restore", str(tmp_path / "saved.backup")).stdout
    assert "0600" in oct((other.data / "appliance.db").stat().st_mode).replace("o10", "")
    (next((other.folder / "home").rglob("*.key"))).unlink()
    lost = other.command("backup", str(tmp_path / "no.backup"), check=False)
    assert lost.returncode == 1
    assert "recovery code" in lost.stderr
    assert "is here again" in other.command("restore").stdout
    assert other.command("backup", str(tmp_path / "another.backup")).returncode == 0
