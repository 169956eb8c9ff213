"""The first start of the app on a real server: what is asked, what becomes of the answers, and of being killed."""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest

from appliance import cli, data_folder
from appliance.first_start.moving import prepare_move
from appliance.interviews import DEMO
from tests.first_start.attendant import Attendant
from tests.hostile.house import token_in
from tests.support.process import Appliance

NewStart = Callable[[], Attendant]
PASSPHRASE = "four words are enough"


def sent(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    """The form on a page, filled in and sent."""
    return client.post(path, data={"_xsrf": token_in(client.get(path).text), **fields})


def answered(client: httpx.Client, folder: Path | None = None) -> httpx.Response:
    """All three steps."""
    assert sent(client, "/welcome", name="Riverside Clinic").headers["location"] == "/welcome/place"
    where = {"where": "usual"} if folder is None else {"where": "other", "folder": str(folder)}
    assert sent(client, "/welcome/place", **where).headers["location"] == "/welcome/share"
    return sent(client, "/welcome/share", share="no")


def gone(path: Path) -> bool:
    """Whether something is removed in time."""
    end = time.monotonic() + 60
    while path.exists() and time.monotonic() < end:
        time.sleep(0.05)
    return not path.exists()


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_asked_once(new_start: NewStart) -> None:
    """The window begins with the questions; what is answered counts at once and at every later start, which asks no
    more and shows the start page.
    """
    first = new_start()
    assert first.ups[0].first_start
    with first.browser(first.ups[0]) as client:
        assert client.get(first.ups[0].sign_in).headers["location"] == "/welcome"
        assert answered(client).headers["location"] == f"/interview?i={DEMO}"
        assert "Riverside Clinic" in client.get("/").text
        assert client.get("/welcome").headers["location"] == "/"
    assert "first-start.json" not in names(first.data)
    first.stop()
    again = new_start()
    assert not again.ups[0].first_start
    with again.browser(again.ups[0]) as client:
        assert "<title>Riverside Clinic</title>" in client.get("/").text


def test_another_folder(new_start: NewStart, home: Path, tmp_path: Path) -> None:
    """The data lives there from then on, for every command; the folder of the first minutes is gone with its key."""
    start, folder = new_start(), tmp_path / "Clinic's data" / "ü"
    with start.browser(start.ups[0]) as client:
        told = answered(client, folder)
        assert "starts in its new folder" in told.text
    up = start.wait_for(2)
    assert up.sign_in.endswith("eviction_answer.yml")
    assert gone(start.data)
    assert gone(folder / "first-start.json")
    assert data_folder.find() == cli.default_data_folder() == folder
    assert len(list((home / "config" / "interview-appliance").glob("*.key"))) == 1
    with start.browser(up) as client:
        assert "Riverside Clinic" in client.get("/").text
        assert client.get("/welcome").headers["location"] == "/"


def test_a_folder_that_is_away(new_start: NewStart, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A disk that is not plugged in is told by every command, and nothing is made in its place, nor in the usual one;
    when it is back, all is there.
    """
    start, folder = new_start(), tmp_path / "stick" / "data"
    with start.browser(start.ups[0]) as client:
        answered(client, folder)
    start.wait_for(2)
    assert gone(start.data)
    assert gone(folder / "first-start.json")
    start.stop()
    away = tmp_path / "drawer"
    (tmp_path / "stick").rename(away)
    for arguments in (["serve"], ["backup", str(tmp_path / "x.backup")], ["cron", "cron_daily"], []):
        assert cli.main(arguments) == 1
        assert str(folder) in capsys.readouterr().err
    folder.mkdir(parents=True)   # an empty folder where the disk would be
    assert cli.main(["cron", "cron_daily"]) == 1
    assert not any(folder.iterdir())
    assert not start.data.exists()
    shutil.rmtree(tmp_path / "stick")
    away.rename(tmp_path / "stick")
    with (again := new_start()).browser(again.ups[0]) as client:
        assert "Riverside Clinic" in client.get("/").text


def test_killed_between_the_steps(new_start: NewStart, tmp_path: Path) -> None:
    """Whoever is killed after any answer is asked again, with what was answered filled in."""
    first = new_start()
    with first.browser(first.ups[0]) as client:
        sent(client, "/welcome", name="Riverside Clinic")
        sent(client, "/welcome/place", where="other", folder=str(tmp_path / "there"))
    [server] = [one for one in psutil.Process().children() if "--attended" in one.cmdline()]
    server.kill()
    up = first.wait_for(2)
    assert up.first_start
    with first.browser(up) as client:
        assert 'value="Riverside Clinic"' in client.get("/welcome").text
        assert str(tmp_path / "there") in client.get("/welcome/place").text
    assert not (tmp_path / "there").exists()


@pytest.mark.parametrize("before", ["settings", "pointer"])
def test_killed_while_moving(new_start: NewStart, tmp_path: Path, before: str) -> None:
    """What a killed server left half done in the new folder counts for nothing: it is asked again, and the same folder
    can be chosen again.
    """
    folder = tmp_path / "there"
    folder.mkdir()
    (folder / "first-start.json").write_text('{"name": "", "folder": "", "share": false, "over": true, "came_from": '
                                             f'"{data_folder.find()}", "taken_over": false}}')
    if before == "pointer":
        (folder / "config.yml").write_text("appname: Somebody else\n")
    start = new_start()
    assert start.ups[0].first_start
    with start.browser(start.ups[0]) as client:
        assert "starts in its new folder" in answered(client, folder).text
    with start.browser(start.wait_for(2)) as client:
        assert "Riverside Clinic" in client.get("/").text
    assert gone(start.data)


def test_killed_after_moving(new_start: NewStart, tmp_path: Path) -> None:
    """If nobody was told to go to the new folder any more, the next start goes there, and clears the old one away."""
    first, folder = new_start(), tmp_path / "there"
    first.stop()
    asyncio.run(prepare_move(first.data, folder, None))   # and everything is killed
    assert first.data.exists()
    again = new_start()
    assert again.data == folder
    assert not again.ups[0].first_start
    assert gone(first.data)


def test_the_data_of_another_appliance(new_start: NewStart, tmp_path: Path, home: Path) -> None:
    """A folder in which an appliance has its data is used as it is; where its key is not here, its recovery code opens
    it, and nothing else does.
    """
    other = Appliance(tmp_path / "other")
    (other.data / "config.yml").write_text("appname: The old clinic\n")
    made = other.command("user", "add", "ann@example.org")
    assert made.returncode == 0
    other.start()
    with httpx.Client(base_url=other.url, timeout=60) as client:
        client.get(re.findall(r"http://\S+token=\S+", other.printed_text())[-1])
        code = client.post("/backup/code", data={"_xsrf": token_in(client.get("/backup").text), "do": "show"}).text
    other.stop()
    found = re.search(r'id="code"[^>]*>([^<]+)<', code)
    assert found is not None
    start = new_start()
    with start.browser(start.ups[0]) as client:
        sent(client, "/welcome", name="")
        where = {"where": "other", "folder": str(other.data)}
        shown = sent(client, "/welcome/place", **where)
        assert "The old clinic" in shown.text
        assert "Recovery code" in shown.text
        wrong = sent(client, "/welcome/place", **where, agreed=str(other.data), code="ABCD-EFGH")
        assert wrong.status_code == 422
        right = sent(client, "/welcome/place", **where, agreed=str(other.data), code=found[1].strip())
        assert "starts in its new folder" in right.text
    up = start.wait_for(2)
    with start.browser(up) as client:
        assert "The old clinic" in client.get("/").text
        assert "ann@example.org" in client.get("/userlist").text
    assert gone(start.data)


def test_a_backup_instead_of_answers(new_start: NewStart, tmp_path: Path) -> None:
    """On a new computer: a wrong passphrase changes nothing and says so; the right one brings everything back, the
    window is told to sign in anew, hears what happened once, and nothing is left of the first minutes.
    """
    other, file = Appliance(tmp_path / "other", {"APPLIANCE_PASSPHRASE": PASSPHRASE}), tmp_path / "kept.backup"
    other.command("user", "add", "ann@example.org")
    (other.data / "config.yml").write_text("appname: The old clinic\n")
    other.command("backup", str(file))
    start = new_start()
    with start.browser(start.ups[0]) as client:
        assert "/backup/restore" in client.get("/welcome").text
        for fields, words in (({"file": str(file), "secret": "another passphrase"}, "neither as its passphrase"),
                              ({"file": str(tmp_path / "none.backup"), "secret": PASSPHRASE}, "There is no file"),
                              ({"file": "kept.backup", "secret": PASSPHRASE}, "the whole name")):
            refused = sent(client, "/backup/restore", **fields)
            assert refused.status_code == 422
            assert words in refused.text
        told = sent(client, "/backup/restore", file=str(file), secret=PASSPHRASE)
        assert "The backup is complete" in told.text
    up = start.wait_for(2)
    assert (up.anew, up.first_start) == (True, False)
    with start.browser(up) as client:
        assert client.get("/userlist").text.count("ann@example.org")
        assert "is restored" in client.get("/backup").text
        assert "restore" in client.get("/audit").text
    assert not (start.data / "restored.json").exists()
    assert gone(next((start.data / "backups").glob("before-restore-*"), start.data / "none"))
    start.stop()
    again = new_start()
    assert not again.ups[0].anew
    with again.browser(again.ups[0]) as client:
        assert "is restored" not in client.get("/backup").text


def test_a_server_alone_asks_nothing(tmp_path: Path) -> None:
    """`appliance serve` on an empty folder never asks and never redirects, and a window on it later does not either."""
    one = Appliance(tmp_path / "one").start()
    with httpx.Client(base_url=one.url, timeout=60) as client:
        signed_in = client.get(re.findall(r"http://\S+token=\S+", one.printed_text())[-1])
        assert signed_in.headers["location"].startswith("/interview?")
        assert client.get("/").status_code == 200
        assert client.get("/welcome").headers["location"] == "/"
    assert "first-start.json" not in names(one.data)
    one.stop()
