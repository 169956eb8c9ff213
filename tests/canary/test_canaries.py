"""A thousand canaries, brought in by every door: none is in the clear in any file but the authors' own database."""

from __future__ import annotations

import json
import re
import smtplib
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from appliance.interview.screen import html_name
from tests.bench.quick import Form
from tests.canary import interviews
from tests.canary.birds import Flock, Sighting, search
from tests.mail.peers.folders import wait_until
from tests.support.packages import make_package
from tests.support.process import Appliance, free_port

NewAppliance = Callable[..., Appliance]

ROUNDS = 15
LEFT_OUT = frozenset({"author.db", "author.db-wal", "author.db-shm", "author.db-journal"})
PACKAGE = "docassemble.canaries:data/questions/"
FILES = {"form.yml": interviews.FORM, "errors.yml": interviews.ERRORS, "tasks.yml": interviews.TASKS,
         "papers.yml": interviews.PAPERS}


class Visitor:
    """A browser without script, which sends what a test wants."""

    def __init__(self, base: str) -> None:
        self.http = httpx.Client(base_url=base, timeout=60, trust_env=False, follow_redirects=True)

    def begin(self, interview: str, **parameters: str) -> str:
        answer = self.http.get("/interview", params={"i": PACKAGE + interview, "new_session": "1"} | parameters)
        assert answer.status_code == 200, answer.text
        return answer.text

    def submit(self, html: str, answers: dict[str, str], files: list[tuple[str, tuple[str, bytes]]] | None = None,
               ) -> httpx.Response:
        form = Form(html)
        form.hidden.pop("_back_one", None)
        data = form.hidden | {html_name(name): value for name, value in answers.items()}
        answer = self.http.post(form.target, data=data, files=files, follow_redirects=False)
        return self.http.get(answer.headers["Location"]) if answer.is_redirect else answer

    def post(self, path: str, **fields: str) -> httpx.Response:
        token = re.search(r'name="_xsrf" value="([^"]*)"', self.http.get("/user/sign-in").text)
        assert token is not None
        return self.http.post(path, data=fields | {"_xsrf": token[1]})


class House:
    """The appliance, its folders, and the canaries that were let in."""

    def __init__(self, appliance: Appliance, folder: Path, mail_port: int) -> None:
        self.appliance, self.flock, self.mail_port = appliance, Flock(), mail_port
        self.temporary = folder / "temporary"
        self.client = Visitor(appliance.url)
        self.password = self.flock("password of the account")
        self.email = f"{self.flock('address of the account')}@example.org"

    def seen(self, when: str) -> list[Sighting]:
        """Canaries in the clear in the data folder, and where the appliance's key lies."""
        found = search(self.appliance.data, self.flock, LEFT_OUT) + search(self.appliance.folder / "home", self.flock)
        assert len(list(self.appliance.data.rglob("*"))) > 50, when
        return found

    def assert_unseen(self, when: str) -> None:
        told = sorted({f"{when}: {one.file}: {one.how}: {one.around}" for one in self.seen(when)})
        assert not told, f"{len(told)} in the clear\n" + "\n".join(told[:60])


@pytest.fixture
def house(new_appliance: NewAppliance, tmp_path: Path) -> Iterator[House]:
    """The real appliance with mail, registration, mails about errors, and a folder of its own for temporary files."""
    (tmp_path / "temporary").mkdir()
    port = free_port()
    appliance = new_appliance(environment=dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(tmp_path / "temporary")))
    (appliance.data / "config.yml").write_text(
        f"incoming mail domain: mail.example.org\nmail in:\n  smtp:\n    port: {port}\nallow registration: True\n"
        "error notification email: somebody@example.org\nerror notification variables: True\n", encoding="utf-8")
    appliance.command("install", str(make_package(tmp_path, "canaries", FILES, {"noisy.py": interviews.MODULE})))
    appliance.logs.allow("")   # errors are what is wanted here
    appliance.start()
    appliance.wait_for_workers()
    one = House(appliance, tmp_path, port)
    yield one
    one.client.http.close()


def test_no_canary_is_in_the_clear(house: House) -> None:
    """While the appliance runs, when it was killed, when it runs again, and when it has stopped; and nothing is left of
    opened files.
    """
    accounts(house)
    page = answers(house)
    errors(house)
    failing_tasks(house)
    papers_and_mail(house)
    names_and_addresses(house, page)
    assert len(house.flock.made) >= 1000, len(house.flock.made)
    tasks_are_done(house)
    house.assert_unseen("while it runs")

    lingering(house)
    house.appliance.kill()
    house.assert_unseen("when it was killed")
    left = {one.file for one in search(house.temporary, house.flock)}
    assert left, "no file was open when it was killed: there is nothing to remove"
    house.appliance.start()
    # What the killed ones had open is gone; the task itself may be at work again, in a folder of its own.
    # Its workers lived for a second longer than it, so the start looks a second time.
    wait_until(lambda: not left & {one.file for one in search(house.temporary, house.flock)}, "the second look")
    house.assert_unseen("when it runs again")
    house.client.http.get("/interview", params={"i": f"{PACKAGE}form.yml"})
    house.appliance.command("cron", "cron_daily", check=False)
    house.appliance.command("cron", "cron_weekly", check=False)
    house.client.post("/sessions/delete", session=page.partition("session=")[2].partition("&")[0])
    house.appliance.stop()
    house.assert_unseen("when it has stopped")
    assert not search(house.temporary, house.flock)


def accounts(house: House) -> None:
    """Registered, signed in, wrong passwords and addresses, the profile, forgotten and changed passwords."""
    bird, client = house.flock, house.client
    answer = client.post("/user/register", email=house.email, first_name=bird("first name"),
                         last_name=bird("last name"), password=house.password, again=house.password)
    assert "recovery code" in answer.text, answer.text
    other = Visitor(house.appliance.url)
    for _ in range(4):
        unknown = f"{bird('unknown address')}@example.org"
        other.post("/user/sign-in", email=house.email, password=bird("wrong password"))
        other.post("/user/sign-in", email=unknown, password=bird("wrong password"))
        other.post("/user/forgot", email=unknown)
        other.post("/user/register", email=bird("no address"), password=bird("password"), again=bird("another one"))
    other.http.close()
    for name in ("first_name", "last_name", "organization", "subdivisionfirst", "subdivisionsecond"):
        canary = bird(f"profile: {name}")
        client.post("/user/profile", **{name: canary})
        assert canary in client.http.get("/user/profile").text
    client.post("/user/forgot", email=house.email)
    new = bird("changed password")
    client.post("/user/change-password", old_password=house.password, password=new, again=new)
    house.password = new


def answers(house: House) -> str:
    """Round after round of the form; each screen shows what was typed on the one before."""
    bird, client = house.flock, house.client
    html = client.begin("form.yml", come_from=bird("url argument"))
    for number in range(ROUNDS):
        typed = {name: bird(name, digits=name in interviews.NUMBERS)
                 for name in (*interviews.LETTERS, *interviews.NUMBERS, *interviews.TYPED)}
        sent = typed | {"an_email": f"{typed['an_email']}@example.org", "a_url": f"https://{typed['a_url']}.example"}
        answer = client.submit(html, sent)
        assert answer.status_code == 200, answer.text
        html = answer.text
        assert f"Round {number + 1}," in html, re.findall(r".{20}Round.{200}", html)
        missing = [name for name, canary in typed.items() if canary not in html]
        assert not missing, missing
    return html


def errors(house: House) -> None:
    """Errors that quote what was typed, as the person sees them, and in mails about them."""
    for how in interviews.HOW:
        canary = house.flock(f"error: {how}")
        answer = house.client.submit(house.client.begin("errors.yml"), {"it": canary, "how": how})
        assert answer.status_code in {200, 500}, answer.text


def failing_tasks(house: House) -> None:
    for how in interviews.HOW_TASKS:
        canary = house.flock(f"failing task: {how}")
        answer = house.client.submit(house.client.begin("tasks.yml"), {"it": canary, "how": how})
        assert "It is working" in answer.text, answer.text


def papers_and_mail(house: House) -> None:
    """Uploads and incoming mail, their names and contents; texts that are long, so that they are compressed."""
    bird, client = house.flock, house.client
    html = client.begin("papers.yml")
    address = re.search(r"[a-z]{6}@mail\.example\.org", html)
    assert address is not None
    for number in range(4):
        encoding = "utf-16" if number == 3 else "utf-8"
        files = [(html_name("paper"), (f"{bird('name of an upload')}.txt", content.encode(encoding)))
                 for content in (bird("upload"), f"{bird('upload')}\n" * 3, f"{bird('long upload')} " * 5000)]
        answer = client.submit(html, {}, files)
        assert f"Papers {number + 1}" in answer.text, answer.text
        html = answer.text
    with smtplib.SMTP("127.0.0.1", house.mail_port) as peer:
        for _ in range(4):
            peer.send_message(letter(bird, address[0]))
        with pytest.raises(smtplib.SMTPException):
            peer.send_message(letter(bird, f"{bird('unknown recipient')}@mail.example.org"))
        with pytest.raises(smtplib.SMTPException):
            peer.sendmail(f"<{bird('broken sender')}", [f"{bird('unknown recipient')}@elsewhere.example"], b"x")
    end = time.monotonic() + 60
    while "mails 4" not in html:
        assert time.monotonic() < end, html
        time.sleep(0.1)
        html = client.http.get("/interview", params={"i": f"{PACKAGE}papers.yml"}).text


def letter(bird: Flock, address: str) -> EmailMessage:
    made = EmailMessage()
    made["From"] = f'"{bird("name of a sender")}" <{bird("address of a sender")}@example.com>'
    made["To"] = f'"{bird("name of a recipient")}" <{address}>'
    made["Cc"] = f"{bird('copy')}@example.com"
    made["Subject"] = bird("subject of a mail")
    made["X-Note"] = bird("header of a mail")
    made["Message-ID"] = f"<{bird('message id')}@example.com>"
    made.set_content(f"{bird('body of a mail')}\n")
    made.add_alternative(f"<p>{bird('html of a mail')}</p>", subtype="html")
    made.add_attachment(bird("attachment"), filename=f"{bird('name of an attachment')}.txt")
    made.add_attachment(bird("binary attachment").encode() * 50, maintype="application", subtype="pdf",
                        filename=f"{bird('name of an attachment')}.pdf")
    return made


def names_and_addresses(house: House, html: str) -> None:
    """Names and tags in My interviews, words that are looked for, drafts and arguments that pages send by themselves,
    and nonsense in addresses, names of files, headers and cookies.
    """
    bird, client = house.flock, house.client
    session = Form(html).hidden["_session"]
    for _ in range(5):
        name, tag = bird("name of a session"), bird("tag of a session")
        assert name in client.post("/interviews/name", session=session, name=name).text
        client.post("/interviews/tags", session=session, tags=tag)
        client.http.get("/interviews", params={"search": bird("search"), "q": bird("search"), "tag": bird("search")})
        form = Form(html)
        target, body = form.check_in("heard", {"a_text": bird("draft"), "it": bird("argument of a check-in")})
        answer = client.http.post(target, content=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
        assert answer.status_code == 200, answer.text
        action = json.dumps({"action": "heard", "arguments": {"it": bird("argument of an action")}})
        client.http.get("/interview", params={"i": f"{PACKAGE}form.yml", "action": action})
        for path in (f"/{bird('path')}", f"/interview?i=docassemble.{bird('interview')}:data/questions/x.yml",
                     f"/uploadedfile/5/{bird('name of a file in an address')}.txt",
                     f"/packagestatic/docassemble.canaries/{bird('static file')}.png", f"/static/{bird('static file')}",
                     f"/user/sign-in?next=/{bird('next')}", f"/user/sign-in?token={bird('token')}",
                     f"/user/reset?token={bird('token')}", f"/backup/{bird('backup')}.backup",
                     f"/interview?i={PACKAGE}form.yml&session={bird('session')}", f"/mail?show={bird('mail')}",
                     f"/tasks?state={bird('state')}", f"/logs?search={bird('search')}",
                     f"/audit?search={bird('search')}"):
            client.http.get(path, headers={"User-Agent": bird("browser"), "Referer": f"http://x/{bird('referer')}",
                                           "Accept-Language": bird("language"), "X-Note": bird("header")})
        for cookie in ("browser", "user", "color_scheme", "_xsrf"):
            httpx.get(f"{house.appliance.url}/", headers={"Cookie": f"{cookie}={bird('cookie')}"})
        httpx.get(f"{house.appliance.url}/", headers={"Host": f"{bird('host')}.example"})
        httpx.post(f"{house.appliance.url}/interview", content=bird("body").encode(),
                   headers={"Content-Type": f"multipart/form-data; boundary={bird('boundary')}"})
        httpx.post(f"{house.appliance.url}/command", content=bird("command").encode(),
                   headers={"X-Appliance-Command": f"1 2 {bird('signature')}"})
        html = client.http.get("/interview", params={"i": f"{PACKAGE}form.yml"}).text


def tasks_are_done(house: House) -> None:
    """Until nothing is queued or runs any more."""
    end = time.monotonic() + 120
    while True:
        health = house.appliance.health()
        assert health is not None
        if not health["queue"]["queued"] and not health["queue"]["running"]:
            break
        assert time.monotonic() < end, health
        time.sleep(0.2)
    html = house.client.http.get("/interview", params={"i": f"{PACKAGE}form.yml"}).text
    assert f"{ROUNDS} results" in html, html


def lingering(house: House) -> None:
    """A task that has a file open when the power goes."""
    action = json.dumps({"action": "linger", "arguments": {"it": house.flock("lingering")}})
    house.client.http.get("/interview", params={"i": f"{PACKAGE}form.yml", "action": action})
    end = time.monotonic() + 60
    while not search(house.temporary, house.flock):
        assert time.monotonic() < end
        time.sleep(0.1)
