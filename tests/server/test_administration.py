"""The administrator's pages over the whole appliance in one process: what they show, change, refuse and note."""

from __future__ import annotations

import doctest
import html
import io
import re
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from appliance.administration import log_files, settings_form, uploads
from appliance.administration.licences import front_end, ingredients
from appliance.config import DIRECTIVES
from appliance.server import about_views, administration, package_views
from appliance.server.about_views import health_lines
from appliance.server.navigation import navigation
from appliance.server.security import OWN_WINDOW
from appliance.shell.bridge import MISSING as BRIDGE_MISSING
from tests.hostile.house import ADMIN, DEVELOPER, OWNER, USER, House, opened_house, token_in
from tests.support.packages import make_package

HELLO = "metadata:\n  title: Say hello\n---\nmandatory: True\nquestion: Hello there\n"
WRONG = "metadata:\n  title: Broken\n---\nmandatory: True\nquestin: Hello\n"
BOLD = "<b onclick=alert(1)>bold</b>"


class Place:
    """The house, an administrator's browser, and how often it was to start anew."""

    def __init__(self, house: House, client: httpx.Client, folder: Path) -> None:
        self.house, self.client, self.folder = house, client, folder
        self.restarts = 0
        self.token = house.token(client)

    def text(self, path: str) -> str:
        """A page's text, with one blank between words."""
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        assert "<b onclick" not in answer.text, path
        return " ".join(html.unescape(answer.text).split())

    def send(self, path: str, **fields: str | list[str]) -> httpx.Response:
        return self.client.post(path, data={"_xsrf": self.token, **fields})

    def zipped(self, name: str, questions: dict[str, str], needs: str = "[]") -> tuple[str, bytes]:
        """A package as a file that is sent."""
        root = make_package(self.folder / f"{name}{time.monotonic_ns()}", name, questions)
        setup = root / "setup.py"
        setup.write_text(setup.read_text().replace("zip_safe", f"install_requires={needs}, zip_safe"))
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w") as archive:
            for file in sorted(root.rglob("*")):
                if file.is_file():
                    archive.write(file, file.relative_to(root.parent).as_posix())
        return f"{name}.zip", held.getvalue()

    def install(self, *files: tuple[str, bytes]) -> httpx.Response:
        return self.client.post("/packages/install", data={"_xsrf": self.token},
                                files=[("packages", file) for file in files])

    def noted(self, search: str) -> list[dict[str, str]]:
        """What the audit log says."""
        return [one.what for one in self.house.run(self.house.accounts.audit.entries(search))]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with opened_house(tmp_path_factory.mktemp("administered"), {"public.yml": HELLO}) as opened:
        yield opened


@pytest.fixture
def place(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """An administrator at the laptop; nothing really starts anew."""
    monkeypatch.setattr(administration, "_PAUSE", 0.01)
    with house.browser(ADMIN) as client:
        place = Place(house, client, tmp_path)
        parts = house.application.parts
        assert parts.administration is not None

        def restart() -> None:
            place.restarts += 1
        before = parts.administration
        parts.administration = replace(before, restart=restart)
        yield place
        parts.administration = before


def until_restarted(place: Place) -> None:
    end = time.monotonic() + 60
    while not place.restarts:
        assert time.monotonic() < end
        time.sleep(0.02)


def test_the_words() -> None:
    for module in (administration, package_views, settings_form, uploads, log_files, about_views):
        assert doctest.testmod(module).failed == 0


# -- packages ------------------------------------------------------------------------------------


def test_packages_are_installed_updated_and_removed(place: Place) -> None:
    """Two at once; mistakes are shown with file and line; only what replaces or takes away needs a fresh process."""
    answer = place.install(place.zipped("first", {"a.yml": HELLO, "b.yml": WRONG}),
                           place.zipped("second", {"c.yml": HELLO}))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/packages?done=installed")
    page = place.text("/packages?done=installed")
    for words in ("The packages are installed.", "docassemble.first", "docassemble.second", "version 1.0.0"):
        assert words in page, words
    page = place.text("/packages/docassemble.first")
    for words in ("Say hello", "1 file has a mistake", "did you mean 'question'?",
                  "docassemble.first:data/questions/b.yml, line "):
        assert words in page, words
    assert place.restarts == 0
    interview = "docassemble.first:data/questions/a.yml"
    assert "Hello there" in place.client.get(f"/interview?i={interview}", follow_redirects=True).text

    answer = place.install(place.zipped("first", {"a.yml": HELLO.replace("there", "again")}))
    assert "The appliance starts anew" in answer.text
    assert 'data-da-restarting="/restarting?run=' in answer.text
    assert "is installed. So that everybody gets the new version" in answer.text
    until_restarted(place)

    page = place.text("/packages/docassemble.first/remove")
    assert "1 session uses its interviews. Nobody can go on with it until" in page
    assert "Say hello: 1 session" in page
    assert "docassemble.first" in place.text("/packages")
    assert "was removed." in place.send("/packages/docassemble.first/remove").text
    assert "docassemble.first" not in place.text("/packages")
    assert [one["done"] for one in place.noted("docassemble.first")] == ["removed", "updated", "installed"]
    assert place.client.get("/updatepackage").headers["Location"] == "/packages"


def test_what_cannot_be_installed(place: Place) -> None:
    """In words, with the name that the file came with, and nothing of our folders."""
    for file, words in [(("../../x<b>.zip", b"no zip"), "x-b-.zip is neither a folder, a zip file nor a wheel"),
                        (("y.zip", zip_of({"a/../../evil": "x"})), "y.zip holds a file with the unsafe name"),
                        (("z.zip", zip_of({"a.txt": "x"})), "z.zip holds no docassemble package")]:
        page = " ".join(html.unescape(place.install(file).text).split())
        assert f"Nothing was installed. {words}" in page.replace("</strong>", "").replace("<strong>", ""), page[:2000]
        assert str(place.house.data) not in page
    assert "Choose a file first." in place.install(("", b"")).text
    assert not list((place.house.data / "packages").glob(".upload-*"))


def zip_of(files: dict[str, str]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return held.getvalue()


def test_missing_python_packages_are_named_and_may_be_overruled(place: Place) -> None:
    answer = place.install(place.zipped("lacking", {"a.yml": HELLO}, needs="['no-such-thing>=2', 'pyyaml']"))
    page = " ".join(answer.text.split())
    assert "<strong>docassemble.lacking</strong> needs <code>no-such-thing</code>" in page
    assert "docassemble.lacking" not in place.text("/packages")
    token = re.search(r'name="token" value="([^"]+)"', page)
    assert token is not None
    assert place.send("/packages/install", token=token[1], anyway="1").status_code == 303
    assert "docassemble.lacking" in place.text("/packages")
    assert "are not there any more" in place.send("/packages/install", token=token[1], anyway="1").text


def test_in_the_window_its_own_dialogs_are_offered(place: Place) -> None:
    """A browser gets a form, the window a link to its dialog; where backups go, the window asks."""
    assert "/window/" not in place.text("/packages")
    window = {"User-Agent": f"Any/1.0 {OWN_WINDOW}/0.1.0"}
    page = place.client.get("/packages", headers=window).text
    assert 'href="/window/install"' in page
    assert 'type="file"' not in page
    assert place.client.get("/window/install").status_code == 404


def test_the_window_is_told_what_is_missing(place: Place, tmp_path: Path) -> None:
    """Who can ask the person gets an exit status of its own for it, and may then install all the same."""
    name, content = place.zipped("wanting", {"a.yml": HELLO}, needs="['no-such-thing']")
    file = tmp_path / name
    file.write_bytes(content)
    for arguments, status, words in (({"anyway": False}, 1, "no-such-thing"),
                                     ({"anyway": False, "ask": True}, BRIDGE_MISSING, "no-such-thing"),
                                     ({"anyway": True, "ask": True}, 0, "docassemble.wanting 1.0.0 is installed.")):
        said: list[str] = []
        sent = {"files": [str(file)], **arguments}
        assert place.house.run(place.house.assembly.commands.run("install", sent, said.append)) == status
        assert words in " ".join(said)


def test_who_may_install(place: Place) -> None:
    """The form's token is needed though the form is read late; nobody else's bytes are taken."""
    sent = {"packages": place.zipped("stranger", {"a.yml": HELLO})}
    assert place.client.post("/packages/install", files=sent).status_code == 403
    assert place.client.post("/packages/install", files=sent, data={"_xsrf": "no"}).status_code == 403
    for who in (DEVELOPER, USER, ""):
        with place.house.browser(who) as other:
            token = place.house.token(other)
            answer = other.post("/packages/install", files=sent, data={"_xsrf": token})
            assert answer.status_code == 403 or answer.headers["Location"].startswith("/user/sign-in"), who
    assert "stranger" not in place.text("/packages")


def test_the_shipped_package_stays(place: Place) -> None:
    assert place.client.get("/packages/appliance.interviews/remove").status_code == 400
    assert place.send("/packages/appliance.interviews/remove").status_code == 400
    assert place.client.get("/packages/docassemble.unheard").status_code == 404


def test_an_interview_is_opened_to_the_network(place: Place) -> None:
    """Written into the configuration, and so at once; one that is there by a name without its folder is closed too."""
    interview = "docassemble.hostile:data/questions/public.yml"
    file = place.house.data / "config.yml"
    before = file.read_text()
    assert "docassemble.hostile:public.yml" in before
    assert f'name="close" value="{interview}"' in place.text("/packages/docassemble.hostile")
    place.install(place.zipped("doors", {"a.yml": HELLO}))
    interview = "docassemble.doors:data/questions/a.yml"
    assert place.send("/packages/public", open=interview).status_code == 303
    assert f"- {interview}" in file.read_text()
    settings = place.house.application.parts.settings
    assert interview in settings.get("public interviews")
    assert "Close" in place.text("/packages/docassemble.doors?done=public")
    file.write_text(file.read_text().replace(interview, "docassemble.doors:a.yml"))
    place.send("/packages/public", close=interview)
    assert file.read_text() == before
    assert interview not in settings.get("public interviews")
    assert place.send("/packages/public", open="docassemble.unheard:x.yml").status_code == 404
    assert [one["value"] for one in place.noted(interview)] == ["not open any more", "open to anybody on the network"]


def test_a_command_installs_through_the_server(place: Place) -> None:
    """What it says, what it refuses, and when it lets the appliance start anew."""
    said: list[str] = []
    commands = place.house.assembly.commands

    def install(*files: Path) -> int:
        return place.house.run(commands.run("install", {"files": [str(file) for file in files], "anyway": False},
                                            said.append))
    assert install(make_package(place.folder / "a", "told", {"a.yml": HELLO})) == 0
    assert said == ["docassemble.told 1.0.0 is installed."]
    assert install(place.folder / "nothing.zip") == 1
    assert "does not exist" in said[-1]
    assert install(make_package(place.folder / "b", "told", {"a.yml": HELLO + "subquestion: x\n"})) == 0
    assert "starts anew" in said[-1]


# -- settings ------------------------------------------------------------------------------------


@pytest.fixture
def config(place: Place) -> Iterator[Path]:
    file = place.house.data / "config.yml"
    before = file.read_text()
    file.write_text(before + "# ours\nmail:\n  server: smtp.example.com\n  password: hush hush\n")
    yield file
    file.write_text(before)


def form_of(page: str) -> dict[str, str]:
    """The fields of the settings as a browser would send them."""
    form = page[page.index('action="/config"'):page.index('id="as-text"')]
    fields = {html.unescape(name): html.unescape(value) for name, value in re.findall(
        r'<input class="[^"]*" id="[^"]*" name="([^"]*)" type="\w+"[^>]* value="([^"]*)"', form)}
    fields |= {html.unescape(name): html.unescape(value) for name, value in re.findall(
        r'<textarea [^>]*name="([^"]*)"[^>]*>\n?(.*?)</textarea>', form, re.DOTALL)}
    for name, options in re.findall(r'<select [^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        fields[name] = chosen[1] if chosen else ""
    fingerprint = re.search(r'name="fingerprint" value="(\w*)"', form)
    assert fingerprint is not None
    return fields | {"fingerprint": fingerprint[1], "_xsrf": token_in(form)}


def test_settings_are_changed_by_the_form(place: Place, config: Path) -> None:
    """Every directive has a field; only what was changed is written; secrets are never shown, and stay."""
    page = place.client.get("/config").text
    assert "hush" not in page
    fields = form_of(page)
    assert set(DIRECTIVES) <= set(fields)
    assert place.client.post("/config", data=fields).headers["Location"] == "/config?done=same"
    fields |= {"turn time limit": "90", "mail: use tls": "no",
               "error notification email": "a@example.com\r\nb@example.com",
               "interview delete days by filename": "docassemble.x:data/questions/a.yml: 5"}
    assert "The settings are saved" in place.client.post("/config", data=fields).text
    until_restarted(place)
    text = config.read_text()
    for line in ("turn time limit: 90\n", "  use tls: false\n", "# ours\n", "  password: hush hush\n",
                 "error notification email:\n- a@example.com\n- b@example.com\n", "- docassemble.hostile:public.yml\n"):
        assert line in text, line
    assert {"name": "turn time limit", "value": "90"} in place.noted("turn time limit")
    fields = form_of(place.client.get("/config").text) | {"mail: password": "new one"}
    place.client.post("/config", data=fields)
    assert "  password: new one\n" in config.read_text()
    assert not place.noted("new one")
    assert {"name": "mail: password", "value": "(a new secret)"} in place.noted("mail: password")
    fields = form_of(place.client.get("/config").text) | {"clear mail: password": "1"}
    place.client.post("/config", data=fields)
    assert "password" not in config.read_text()


def test_mistakes_in_settings_are_told_at_the_field(place: Place, config: Path) -> None:
    """What was typed is still there; nothing was written; a form that is too old changes nothing either."""
    before = config.read_text()
    fields = form_of(place.client.get("/config").text)
    wrong = {"timezone": BOLD, "compute: workers": "many", "mail: default sender": "nobody", "schedule: daily": "25:00",
             "interview delete days": "-3", "interview delete days by filename": "x.yml", "external hostname": "kept"}
    page = place.client.post("/config", data=fields | wrong).text
    plain = " ".join(html.unescape(page).split())
    for words in ("Nothing was saved yet", "This is not a time zone like", "This must be a whole number, like 5.",
                  "This has something in it that is not an e-mail address", "This must be at least 1, or 0, not -3.",
                  "This must be made of lines like 'name: value', and one is 'x.yml'.", 'value="kept"'):
        assert words in plain, words
    assert "<b onclick" not in page
    assert page.count("is-invalid") == 6
    assert "changed by somebody else" in place.client.post(
        "/config", data=fields | {"fingerprint": "old", "turn time limit": "80"}).text
    assert config.read_text() == before
    assert place.restarts == 0


def test_settings_as_text(place: Place, config: Path) -> None:
    """Nothing that would not start is written, and it says where the mistake is; the password comes back hidden."""
    page = html.unescape(place.client.get("/config").text)
    text = page[page.index('name="text"'):].partition(">")[2].partition("</textarea>")[0].lstrip("\n")
    assert 'password: "(not shown)"\n' in text
    fingerprint = form_of(place.client.get("/config").text)["fingerprint"]
    answer = place.send("/config/text", fingerprint=fingerprint, text=text + "tmezone: UTC\n")
    assert "'tmezone' is not a directive; did you mean 'timezone'?" in html.unescape(answer.text)
    assert "tmezone" not in config.read_text()
    place.send("/config/text", fingerprint=fingerprint, text=text + "timezone: UTC\n")
    until_restarted(place)
    assert config.read_text().endswith('  password: "hush hush"\ntimezone: UTC\n')
    assert {"name": "timezone", "value": "UTC"} in place.noted("timezone")


def test_a_broken_file_is_told(place: Place, config: Path) -> None:
    config.write_text("redis: somewhere\nlanguage: fr\n")
    page = place.text("/config")
    assert "'redis' is not a directive" in page
    assert "names that the appliance does not know: redis" in page
    config.write_text("mail: {password: hush\n")
    page = place.text("/config")
    assert "not YAML" in page
    assert "hush" not in page


# -- logs, audit, about --------------------------------------------------------------------------


def log_line(age: float, level: str, text: str) -> str:
    return f"{time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(time.time() - age))},123 {level} {text}\n"


@pytest.fixture
def log(place: Place) -> Iterator[str]:
    folder = place.house.data / "logs"
    folder.mkdir(exist_ok=True)
    (folder / "probe.log.1").write_text(
        log_line(9 * 86400, "INFO", "long ago") + log_line(7300, "INFO", "two hours ago"))
    (folder / "probe.log").write_text(
        log_line(60, "WARNING", f"mail {BOLD}") + log_line(50, "ERROR", "it failed") + "  builtins.ValueError\n"
        + "    x.py:3 in \u202egnp\n" + log_line(40, "INFO", "went well"))
    (folder / "secret.txt").write_text("no log")
    yield "/logs?log=probe.log"
    for file in ("probe.log", "probe.log.1", "secret.txt"):
        (folder / file).unlink()


def test_logs_are_searched(place: Place, log: str) -> None:
    """The newest first, over the older files too; by words, level and time; whatever stands there is text."""
    page = place.text(log)
    order = [page.index(words) for words in ("went well", "it failed", "mail <b", "two hours ago", "long ago")]
    assert order == sorted(order)
    assert "builtins.ValueError" in page
    assert "\u202e" not in page

    def found(query: str) -> list[str]:
        page = place.text(f"{log}&fragment=1&{query}")
        assert "<html" not in page
        return [words for words in ("went well", "it failed", "mail <b", "two hours ago", "long ago") if words in page]
    assert found("level=ERROR") == ["it failed"]
    assert found("level=WARNING") == ["it failed", "mail <b"]
    assert found("q=VALUEERROR+failed") == ["it failed"]
    assert found("when=hour") == ["went well", "it failed", "mail <b"]
    assert found("when=week&level=INFO") == ["went well", "it failed", "mail <b", "two hours ago"]
    assert found("q=unheard-of") == []
    assert found("show=2") == ["went well", "it failed"]
    assert "Show more" in place.text(f"{log}&show=2")


def test_logs_are_taken_along(place: Place, log: str) -> None:
    answer = place.client.get("/logs/download?file=probe.log")
    assert "it failed" in answer.text
    assert 'filename="probe.log"' in answer.headers["Content-Disposition"]
    assert "two hours ago" in place.client.get("/logs/download?file=probe.log.1").text
    for name in ("secret.txt", "../config.yml", "", "nothing.log"):
        assert place.client.get("/logs/download", params={"file": name}).status_code == 404, name
    with zipfile.ZipFile(io.BytesIO(place.client.get("/logs/all.zip").content)) as archive:
        assert {"probe.log", "probe.log.1"} <= set(archive.namelist())
        assert "secret.txt" not in archive.namelist()


def test_who_did_what(place: Place) -> None:
    audit = place.house.accounts.audit
    user = place.house.people[USER].user
    for number in range(101):
        place.house.run(audit.note("setting", user, name=f"needle {number}", value=BOLD))
    page = place.text("/audit?q=needle")
    assert "user@example.org" in page
    assert "changed a setting" in page
    assert "needle 100" in page
    assert "needle 0 " not in page.replace("<", " ")
    older = re.search(r'href="(/audit\?q=needle&before=\d+)"', page)
    assert older is not None
    assert "needle 0" in place.text(older[1])
    assert "Nothing like that is noted." in place.text("/audit?q=unheard-of")


def test_about(place: Place) -> None:
    page = place.text("/about")
    for words in (str(place.house.data), "Everything that people enter is being saved", "No mail server is set up",
                  "tornado", "Bootstrap".lower(), "OFL-1.1"):
        assert words in page, words
    assert "Apache License" in place.text("/about/licence?name=tornado")
    assert place.client.get("/about/licence?name=..%2F..%2Fetc").status_code == 404
    assert len(ingredients()) > 40
    assert [one.name for one in ingredients() if not one.version] == []
    assert all(one.version for one in front_end())


def test_health_says_what_to_do(tmp_path: Path) -> None:
    """Whatever is wrong has words for what to do; what is switched off is no trouble."""
    fine = {"database": {"status": "ok"}, "workers": 2, "queue": {"queued": 1}, "compute": {"state": "running"},
            "schedule": {"status": "ok"}, "mail": {"status": "ok"}, "mail in": {"smtp": {"status": "ok"}}}
    assert [line.light for line in health_lines(fine, tmp_path)] == ["on"] * 6
    wrong = {"database": {"status": "failed", "error": "StoreError"}, "workers": 0, "compute": {"state": "broken"},
             "schedule": {"failed": 2}, "mail": {"failed": 1}, "mail in": {"imap": {"error": "no network."}}}
    lines = health_lines(wrong, tmp_path / "gone")
    assert [line.light for line in lines] == ["bad"] * 6
    assert all(line.do for line in lines)
    off = health_lines({"compute": {"state": "starting"}}, tmp_path)
    assert {line.light for line in off[2:]} == {"off"}
    assert not any(line.do for line in off)
    retrying = health_lines({"mail": {"status": "retrying", "waiting": 2}}, tmp_path)[4]
    assert "2 mails wait" in retrying.words


# -- people --------------------------------------------------------------------------------------


def test_somebody_is_invited(place: Place) -> None:
    """By a link that is shown once and works; what was typed wrong is told, and still there."""
    assert "Invite somebody" in place.text("/userlist")
    wrong = place.send("/userlist/invite", email="no address", first_name=BOLD)
    assert wrong.status_code == 400
    assert "<b onclick" not in wrong.text
    page = place.send("/userlist/invite", email="ann@clinic.example", first_name="Ann", last_name="Doe",
                      privilege=["advocate", "user"]).text
    link = re.search(r'value="(http://127[^"]*/user/invitation\?token=[^"]+)"', page)
    assert link is not None
    assert "It leads to this computer itself." in page
    assert "ann@clinic.example" in place.client.get(html.unescape(link[1])).text
    listed = place.text("/userlist?q=ann+advocate")
    assert "Ann Doe" in listed
    assert "invited, has no password yet" in listed
    assert "Nobody is like that." in place.text("/userlist?q=unheard-of")
    number = re.search(r'href="/userlist/(\d+)" aria', listed)
    assert number is not None
    assert "Another invitation" in place.text(f"/userlist/{number[1]}")
    again = place.send(f"/userlist/{number[1]}/reset").text
    assert "/user/invitation?token=" in again
    assert place.client.get(html.unescape(link[1])).status_code == 404
    assert "already an account" in place.send("/userlist/invite", email="user@example.org").text


def test_privileges_are_changed(place: Place) -> None:
    """Other people's and one's own; the owner stays an administrator; own kinds of privileges come and go."""
    user = place.house.people[USER].user.user_id
    assert place.send("/userlist/privileges", add="paralegal").status_code == 303
    assert "already a privilege" in html.unescape(place.send("/userlist/privileges", add="Paralegal").text)
    place.send(f"/userlist/{user}", do="privileges", privilege=["paralegal", "developer"])
    page = place.text(f"/userlist/{user}?done=privileges")
    assert 'value="paralegal" checked' in page
    assert 'value="user" checked' not in page
    assert place.send("/userlist/privileges", remove="user").status_code == 400
    place.send("/userlist/privileges", remove="paralegal")
    assert "paralegal" not in place.text(f"/userlist/{user}")
    place.send(f"/userlist/{user}", do="privileges", privilege="user")
    owner = place.house.people[OWNER].user.user_id
    answer = place.send(f"/userlist/{owner}", do="privileges", privilege="user")
    assert answer.status_code == 400
    assert "always an administrator" in answer.text
    own = place.house.people[ADMIN].user.user_id
    assert "you cannot come back" in place.text(f"/userlist/{own}")
    assert place.send(f"/userlist/{own}", do="privileges", privilege="user").headers["Location"] == "/"
    refused = place.client.get("/userlist")
    assert refused.status_code == 403
    assert "Only an administrator may open it." in refused.text
    assert "Traceback" not in refused.text
    place.house.run(place.house.accounts.set_privileges(place.house.people[OWNER].user, own or 0, ["admin"]))


def test_accounts_are_switched_off_reset_and_deleted(place: Place) -> None:
    """Each with what it takes, said before; and what may not be is told in words."""
    accounts, owner = place.house.accounts, place.house.people[OWNER].user
    made, _ = place.house.run(accounts.add(owner, "gone@clinic.example", "seven green owls", ["user"]))
    number = made.user_id
    assert place.send(f"/userlist/{number}", do="off").status_code == 303
    assert "The account is switched off." in place.text(f"/userlist/{number}")
    assert "switched off" in place.send(f"/userlist/{number}/reset").text
    place.send(f"/userlist/{number}", do="on")
    assert "No interview of theirs is lost" in place.text(f"/userlist/{number}/reset")
    page = place.send(f"/userlist/{number}/reset").text
    link = re.search(r'value="(http://[^"]*/user/reset\?token=[^"]+)"', page)
    assert link is not None
    assert place.client.get(html.unescape(link[1])).status_code == 200
    assert "No interview goes with it." in place.text(f"/userlist/{number}/delete")
    assert place.send(f"/userlist/{number}/delete").headers["Location"] == "/userlist?done=deleted"
    assert place.client.get(f"/userlist/{number}").status_code == 404
    assert place.send(f"/userlist/{owner.user_id}/delete").status_code == 400
    assert place.send(f"/userlist/{owner.user_id}", do="off").status_code == 400
    own = place.house.people[ADMIN].user.user_id
    assert place.send(f"/userlist/{own}", do="off").status_code == 400
    assert place.send(f"/userlist/{own}", do="explode").status_code == 400


# -- navigation ----------------------------------------------------------------------------------


def test_everybody_sees_their_own_links(place: Place) -> None:
    """What is closed to somebody is not shown, and every link that is shown leads somewhere they may go."""
    closed = ("/userlist", "/packages", "/config", "/network", "/backup", "/logs", "/audit", "/about")
    for who in ("", USER, DEVELOPER, ADMIN, OWNER):
        with place.house.browser(who) as client:
            page = client.get("/").text
            bar = page[page.index("<nav"):page.index("</nav>")]
            shown = re.findall(r'href="([^"]+)"', bar)
            assert [one for one in closed if one in shown] == (list(closed) if who in (ADMIN, OWNER) else []), who
            for address in shown:
                if address not in {"/user/sign-out", "/dark_mode"}:
                    assert client.get(address).status_code == 200, (who, address)
    here = navigation(place.house.people[ADMIN].user, "/packages/docassemble.x")
    shown_links = [link for menu in here.menus for _, links in menu.groups for link in links]
    assert [link.words for link in shown_links if link.here] == ["Packages"]


def test_the_page_that_waits(place: Place) -> None:
    """It leads on when another process answers, and never off the site."""
    place.install(place.zipped("waits", {"a.yml": HELLO}))
    page = place.install(place.zipped("waits", {"b.yml": HELLO})).text
    waiting = re.search(r'data-da-restarting="([^"]+)"', page)
    assert waiting is not None
    address = html.unescape(waiting[1])
    script = {"X-Requested-With": "XMLHttpRequest"}
    assert place.client.get(address, headers=script).json() == {
        "again": False, "next": "/packages/docassemble.waits?done=installed"}
    assert "The appliance starts anew" in place.client.get(address).text
    other = address.replace("run=", "run=x")
    assert place.client.get(other, headers=script).json()["again"] is True
    assert place.client.get(other).headers["Location"] == "/packages/docassemble.waits?done=installed"
    assert place.client.get("/restarting?run=x&next=//evil.example").headers["Location"] == "/"
    until_restarted(place)
