"""A backup of a real appliance while people and tasks work, and its restore on another machine."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from appliance import cli, clock
from appliance.store.database import Store
from tests.backup.victim import dies_before_move
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


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    """The appliance that backups are made of; it is a laptop that is lost in the end."""
    folder = tmp_path_factory.mktemp("first")
    one = Appliance(folder, {"APPLIANCE_PASSPHRASE": PASSPHRASE})
    (one.data / "config.yml").write_text("schedule:\n  daily: '03:21'\nallow registration: True\n", encoding="utf-8")
    one.command("install", str(make_package(folder, "backuptest", {"counting.yml": COUNTING})))
    one.start()
    yield one
    one.kill()
    assert not one.logs.unexpected()


def command(appliance: Appliance, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """A command on its data folder, in this process: what it does is the same, and Python need not start anew."""
    with monkeypatch.context() as patched:
        for variable, value in appliance.environment().items():
            patched.setenv(variable, value)
        return cli.main([*arguments, "--data", str(appliance.data)])


def post(client: Client, path: str, **fields: str) -> Page:
    """A form of one of our own pages."""
    token = re.search(r'name="_xsrf" value="([^"]*)"', client.http.get("/user/sign-in").text)
    assert token is not None
    answer = client.http.post(path, data=fields | {"_xsrf": token[1]})
    return Page(str(answer.url), answer.status_code, answer.text)


def owner_of(appliance: Appliance) -> Client:
    """The owner's browser, signed in by the address that was printed at the last start."""
    found = re.search(r"http\S+token=\S+", appliance.printed_text().rpartition("is running at")[2])
    assert found is not None
    owner = Client(appliance.url)
    owner.http.get(found[0])
    return owner


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
            told = post(self.client, "/user/register", email=EMAIL, first_name="Ann", last_name="B",
                        password=PASSWORD, again=PASSWORD)
            assert "recovery code" in told.text
        self.page = self.client.start(INTERVIEW)

    def write(self) -> None:
        note = f"p{self.number}n{len(self.written)}"
        self.page = self.client.submit(self.page, {"Note": note})
        assert self.page.status == 200, self.page.text
        self.written.append(note)


def test_a_backup_during_turns_and_tasks_is_everything_on_another_machine(
        first: Appliance, new_appliance: NewAppliance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str]) -> None:
    """What was acknowledged before the backup began is in it: with the same cookies, passwords, files, mail, schedule
    and packages, though the key is kept elsewhere; and what was there before is moved aside. All of that although the
    restore is killed in the middle of its moves: the next start ends it.
    """
    people = [Person(first, number) for number in range(3)]
    for person in people:
        person.write()
    first.wait_for_workers()
    before = [len(person.written) for person in people]
    made = threading.Event()

    def work(person: Person) -> None:
        while not made.wait(0.1) or len(person.written) < 3:   # at the pace of people who type fast
            person.write()

    with ThreadPoolExecutor(len(people)) as threads:
        working = [threads.submit(work, person) for person in people]
        try:
            assert command(first, monkeypatch, "backup", str(tmp_path / "all.backup")) == 0
        finally:
            made.set()
        for one in working:
            one.result()
    assert capsys.readouterr().out.startswith("The backup is complete: ")

    second = new_appliance("second", environment={"APPLIANCE_PASSPHRASE": PASSPHRASE})
    Store(second.data).close()   # another appliance was there before
    (second.data / "config.yml").write_text("language: fr\n", encoding="utf-8")
    killed = subprocess.run(
        [sys.executable, "-c", dies_before_move("packages"), "restore", str(tmp_path / "all.backup"), "--data",
         str(second.data)], env=second.environment(), capture_output=True, text=True, timeout=60, check=False)
    assert killed.returncode not in {0, 1}, killed
    assert {path.name for path in second.data.iterdir()} >= {"restoring.json", "appliance.db"}
    second.start()
    for person in people:
        person.client.http.close()
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
        assert "Sign out" not in post(stranger, "/user/sign-in", email=EMAIL, password="another password").text
        assert "Sign out" in post(stranger, "/user/sign-in", email=EMAIL, password=PASSWORD).text
        assert stranger.resume(INTERVIEW).status == 200
    with owner_of(second) as owner:
        assert owner.get("/outbox").text.count("court@example.org") >= len(people)
        assert "03:21" in owner.get("/schedule").text
        assert EMAIL in owner.get("/userlist").text
        assert "before-restore-" in owner.get("/backup").text
    second.kill()
    [replaced] = (second.data / "backups").glob("before-restore-*")
    assert (replaced / "config.yml").read_text(encoding="utf-8") == "language: fr\n"


def test_the_page_makes_a_backup_that_restores(first: Appliance, new_appliance: NewAppliance, tmp_path: Path,
                                               monkeypatch: pytest.MonkeyPatch,
                                               capsys: pytest.CaptureFixture[str]) -> None:
    """Administrators only; saved as a file; the recovery code on the page opens it when the passphrase is forgotten."""
    with Client(first.url) as stranger:
        for path in ("/backup", "/backup/interview-appliance-20260101-000000.backup"):
            assert "/user/sign-in" in stranger.get(path).url
    with owner_of(first) as owner:
        assert "recovery code" in owner.get("/").text
        shown = post(owner, "/backup/code", do="show")
        code = re.search(r"\b(?:[0-9A-Z]{5}-){5}[0-9A-Z]{5}\b", shown.text)
        assert code is not None
        assert code[0] not in post(owner, "/backup/code", do="written").text
        assert not re.search(r"\b(?:[0-9A-Z]{5}-){5}[0-9A-Z]{5}\b", post(owner, "/backup/code", do="show").text)
        assert "recovery code" not in owner.get("/").text
        assert "at least 12" in post(owner, "/backup", passphrase="short", again="short").text
        assert "two different" in post(owner, "/backup", passphrase=PASSPHRASE, again="another passphrase").text
        page = post(owner, "/backup", passphrase=PASSPHRASE, again=PASSPHRASE)
        while "is being made" in page.text:
            page = owner.get("/backup")
        assert "The backup is complete" in page.text
        link = page.link("Save")
        assert link is not None
        (tmp_path / "saved.backup").write_bytes(owner.http.get(link).content)
        for name in ("../../appliance.db", "..%2f..%2fappliance.db", "appliance.db", "x.backup", "%00.backup"):
            assert owner.http.get(f"/backup/{name}").status_code in {400, 404}, name
        post(owner, "/backup/delete", name="../appliance.db")
        assert (first.data / "appliance.db").exists()
        name = link.rpartition("/")[2]
        assert name not in post(owner, "/backup/delete", name=name).text
        copy = first.data / "backups" / f"before-upgrade-to-99.0.0-{clock.utc_now():%Y%m%d-%H%M%S}-abcd"
        copy.mkdir()
        (copy / "appliance.db").write_bytes(b"x" * 2_000_000)
        page = owner.get("/backup")
        assert "Before the upgrade to 99.0.0" in page.text
        assert "removed by itself after 14 days" in page.text
        assert "2.0 MB" in page.text
        assert copy.name not in post(owner, "/backup/delete", name=copy.name).text
        assert not copy.exists()
    other = new_appliance("other", environment={"APPLIANCE_PASSPHRASE": code[0].lower()})
    assert command(other, monkeypatch, "restore", str(tmp_path / "saved.backup")) == 0
    assert "is restored to" in capsys.readouterr().out
    assert (other.data / "appliance.db").stat().st_mode & 0o077 == 0
    [key] = (other.folder / "home").rglob("*.key")
    before = key.read_bytes()
    key.unlink()
    assert command(other, monkeypatch, "cron", "cron_daily") == 1
    assert "recovery code" in capsys.readouterr().err
    assert command(other, monkeypatch, "restore") == 0
    assert "is here again" in capsys.readouterr().out
    assert key.read_bytes() == before
