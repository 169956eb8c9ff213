"""Mail as evidence, from the demo's last screen over the Mail page and back; and what attackers write into mails."""

from __future__ import annotations

import email.message
import email.policy
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from playwright.sync_api import FilePayload, Locator, expect

from tests.support.browser import Person
from tests.support.client import Client
from tests.support.evidence import Case, make_case
from tests.support.hostile import MARK, NAMES, SCRIPTS, hostile_mail
from tests.support.process import Appliance

NewPerson = Callable[..., Person]
NOTICE = b"%PDF-1.4 notice to quit"
EACH = 4
"""Scripts in one mail; all of them in its subject, names, bodies and file names."""

MAILS = 1 + len(SCRIPTS) // EACH

_HOOK = """
for (const name of ['alert', 'confirm', 'prompt', 'print']) {
  window[name] = (what) => console.error(`A SCRIPT RAN: ${name}(${what})`);
}
document.addEventListener('securitypolicyviolation', (event) => {
  console.error(`A SCRIPT WAS ON THE PAGE: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All that the appliance of these tests may write, its temporary files too."""
    made = tmp_path_factory.mktemp("mail")
    (made / "temporary").mkdir()
    return made


@pytest.fixture(scope="module")
def shared_appliance(folder: Path) -> Iterator[Appliance]:
    """One of their own, as :func:`appliance` wants it."""
    one = Appliance(folder / "appliance", {"TMPDIR": str(folder / "temporary")})
    one.start()
    yield one
    one.stop()


@pytest.fixture(scope="module")
def case(shared_appliance: Appliance) -> Case:
    return make_case(shared_appliance.url)


def landlords_mail(address: str) -> bytes:
    mail = email.message.EmailMessage(policy=email.policy.SMTP)
    mail["From"], mail["To"], mail["Subject"] = "Hilltop Homes <office@hilltop.example>", address, "Notice to *quit*"
    mail["Date"], mail["Message-ID"] = "Mon, 02 Mar 2026 10:00:00 +0000", "<1@hilltop.example>"
    mail.set_content("Dear tenant,\nplease leave.\n")
    mail.add_attachment(NOTICE, maintype="application", subtype="pdf", filename="Kündigung [1].pdf")
    return bytes(mail)


def bring(person: Person, files: dict[str, bytes]) -> None:
    """Choose files on the Mail page and send them."""
    person.page.goto(f"{person.base}/mail")
    if not person.page.locator("#by-hand[open]").count():
        person.page.locator("#by-hand summary").click()
    chosen: list[FilePayload] = [
        {"name": name, "mimeType": "message/rfc822", "buffer": content} for name, content in files.items()]
    person.page.get_by_label("E-mail files", exact=True).set_input_files(chosen)
    person.page.get_by_role("button", name="Bring", exact=True).click()


def fits(person: Person) -> None:
    assert not person.scrolls_sideways()
    assert person.unlabelled() == []


def test_a_notice_by_mail_is_in_the_case(new_person: NewPerson, appliance: Appliance, case: Case) -> None:
    """A mail brought by hand, its task, the last screen with what came, and every byte of it; on a narrow screen."""
    person = new_person(appliance.url, viewport={"width": 320, "height": 640})
    case.is_of(person)
    mail = landlords_mail(case.address)
    bring(person, {"notice.eml": mail, "again.eml": mail, "lost.eml": b"From: a@example.org\r\n\r\nlost",
                   "cat.png": b"PNG"})
    results = person.page.locator("#da-by-hand-results")
    expect(results.get_by_role("listitem")).to_have_text([
        re.compile(f"notice.eml Delivered to {case.address}"), re.compile("again.eml Seen before"),
        re.compile("lost.eml It names no address"), re.compile("cat.png This is not an e-mail file")])
    results.get_by_label("For which interview is lost.eml").select_option(index=1)
    results.get_by_role("button", name="Bring").click()
    expect(results).to_contain_text(f"lost.eml Delivered to {case.address}")
    expect(person.page.locator(".da-badge-done")).to_have_count(2, timeout=20_000)
    fits(person)
    person.page.get_by_role("link", name="Read").last.click()
    expect(person.page.locator(".da-mail-text")).to_have_text("Dear tenant,\nplease leave.")
    person.sees("Hilltop Homes <office@hilltop.example>")
    fits(person)
    assert saved(person, person.page.get_by_role("link", name=re.compile("Save the original"))) == mail
    assert saved(person, person.page.get_by_role("link", name="Save Kündigung [1].pdf")) == NOTICE
    person.page.goto(case.url)
    person.sees("Notice to *quit*")
    person.sees("An email without a subject")
    fits(person)
    link = person.page.get_by_role("link", name="Kündigung [1].pdf")
    assert person.page.request.get(f"{person.base}{link.get_attribute('href')}").body() == NOTICE


def saved(person: Person, link: Locator) -> bytes:
    with person.page.expect_download() as download:
        link.click()
    return Path(download.value.path()).read_bytes()


def test_a_file_dropped_anywhere_is_brought(new_person: NewPerson, appliance: Appliance, case: Case) -> None:
    """The box is closed and the file falls beside it."""
    person = new_person(appliance.url)
    case.is_of(person)
    person.page.goto(f"{appliance.url}/mail")
    person.page.evaluate("""(text) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([text], 'dropped.eml'));
      for (const name of ['dragenter', 'dragover', 'drop']) {
        document.querySelector('h1').dispatchEvent(
          new DragEvent(name, { dataTransfer: transfer, bubbles: true, cancelable: true }));
      }
    }""", f"From: a@example.org\r\nCc: {case.address}\r\nSubject: Dropped\r\n\r\nx")
    expect(person.page.locator("#da-by-hand-results")).to_contain_text(f"dropped.eml Delivered to {case.address}")
    expect(person.page.get_by_role("heading", name="Dropped")).to_be_visible()


def test_somebody_else_sees_nothing_of_it(new_person: NewPerson, appliance: Appliance, case: Case) -> None:
    """Another browser has neither the addresses nor the mails of the first, and cannot add any to its case."""
    stranger = new_person(appliance.url)
    mail = landlords_mail(case.address)
    bring(stranger, {"mine.eml": mail})
    expect(stranger.page.locator("#da-by-hand-results")).to_contain_text("names no address of an interview")
    stranger.page.reload()
    stranger.sees("No mail has come in yet.")
    stranger.sees("No interview has asked for an address yet.")
    for number in range(1, 4):
        assert stranger.page.request.get(f"{appliance.url}/mail/{number}/original").status in (403, 404)


# -- attackers -----------------------------------------------------------------------------------------------


def mails(address: str) -> Iterator[bytes]:
    """Sixty names in one, then a hundred scripts."""
    yield hostile_mail(0, address, (), NAMES)
    for start in range(0, len(SCRIPTS), EACH):
        yield hostile_mail(1 + start // EACH, address, SCRIPTS[start:start + EACH], ())


def elsewhere() -> set[str]:
    """What has the mark in its name where the names lead to."""
    folders = [Path("/"), Path("/tmp"), Path.cwd(), Path.home(), Path(__file__).parent]
    return {str(path) for folder in folders for path in folder.glob(f"*{MARK}*")}


def test_nothing_gets_out_and_nothing_runs(new_person: NewPerson, appliance: Appliance, case: Case,
                                           folder: Path) -> None:
    """26 mails with 60 names and 100 scripts go in by hand; then every page that shows something of them is opened."""
    person = new_person(appliance.url)
    case.is_of(person)
    heard = listen(person)
    before, outside = set(folder.rglob("*")), elsewhere()
    with Client(appliance.url) as client:
        client.http.cookies.update(case.cookies)
        there = client.http.get("/mail?fragment=1").text.count("da-badge-done")
        assert send(client, list(mails(case.address))) == ["delivered"] * MAILS
        all_done(client, there + MAILS)
        files = open_all(person, case)
        assert len(files) >= 2 * (len(NAMES) + len(SCRIPTS))
        for link in files:
            safe_to_save(client, link)
    assert heard == []
    expected = re.compile(
        r"appliance/data/(files(/[\w-]+)*|appliance\.db(-wal|-shm)?|logs/\w+\.log)|temporary/[\w./-]*")
    new = {path.relative_to(folder).as_posix() for path in set(folder.rglob("*")) - before}
    assert [path for path in new if not expected.fullmatch(path) or MARK in path] == []
    assert elsewhere() == outside


def listen(person: Person) -> list[str]:
    """What scripts did, or tried, on the person's pages; that this is heard is tried first."""
    heard: list[str] = []
    person.page.on("console", lambda message: heard.append(message.text) if "SCRIPT" in message.text else None)
    person.page.on("dialog", lambda dialog: heard.append(f"A SCRIPT ASKED: {dialog.message}"))
    person.page.context.add_init_script(_HOOK)
    person.page.goto(f"{person.base}/mail")
    person.page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=alert(1)>'); alert(2)")
    person.page.wait_for_timeout(100)
    assert [one.partition(":")[0] for one in sorted(heard)] == ["A SCRIPT RAN", "A SCRIPT WAS ON THE PAGE"]
    heard.clear()
    return heard


def send(client: Client, found: list[bytes]) -> list[str]:
    """All in one form, as a person who chose many files."""
    token = re.search(r'name="_xsrf" value="([^"]+)"', client.http.get("/mail").text)
    assert token is not None
    answer = client.http.post(
        "/mail/by-hand", data={"_xsrf": token[1]}, headers={"X-Requested-With": "XMLHttpRequest"},
        files=[("mails", (f"{SCRIPTS[number]}.eml", mail, "message/rfc822")) for number, mail in enumerate(found)])
    return [one["outcome"] for one in answer.json()["results"]]


def all_done(client: Client, wanted: int) -> None:
    """Until each mail's action has kept it."""
    end = time.monotonic() + 60
    while (done := client.http.get("/mail?fragment=1").text.count("da-badge-done")) < wanted:
        assert time.monotonic() < end, f"{done} of {wanted} mails have been looked at"
        time.sleep(0.1)


def open_all(person: Person, case: Case) -> list[str]:
    """The Mail page, each mail, the tasks, and the demo's last screen; the addresses of all files."""
    page = person.page
    page.goto(f"{person.base}/mail")
    files = []
    for link in addresses(page.get_by_role("link", name="Read", exact=True)):
        page.goto(f"{person.base}{link}")
        files += addresses(page.locator("main a[download]"))
    for place in ("/tasks", "/"):
        page.goto(f"{person.base}{place}")
    page.goto(case.url)
    person.sees("Emails about your case")
    return files + addresses(page.locator("#dabody a[href*=uploadedfile]"))


def addresses(links: Locator) -> list[str]:
    return [str(one) for one in links.evaluate_all("(all) => all.map((one) => one.getAttribute('href'))")]


def safe_to_save(client: Client, link: str) -> None:
    """A name without a folder, and nothing that a browser would run."""
    answer = client.http.get(link)
    assert answer.status_code == 200
    said = answer.headers["Content-Disposition"]
    name = unquote(said.partition("filename*=UTF-8''")[2] or said.partition('filename="')[2].rstrip('"'))
    assert not re.search(r"[/\\\x00-\x1f\x7f\u202e]", name), link
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    policy, kind = answer.headers["Content-Security-Policy"], answer.headers["Content-Type"]
    assert "sandbox" in policy or kind == "application/pdf"
    assert said.startswith("attachment") or not re.search("html|svg|xml", kind)
    assert "set-cookie" not in answer.headers
