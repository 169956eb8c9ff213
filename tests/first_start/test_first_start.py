"""The first start of the app on a real server: what is asked, what becomes of the answers, and of being killed."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest

from appliance import cli, config, data_folder
from appliance.backup.restoring import told_restore
from appliance.first_start.moving import end_move, prepare_move
from appliance.first_start.places import judge
from appliance.first_start.state import FirstStart, begin, continue_from
from appliance.interviews import DEMO
from tests.backup.folder import PASSPHRASE, Folder
from tests.first_start.attendant import Attendant
from tests.hostile.house import token_in
from tests.support.process import Appliance, free_port

NewStart = Callable[[], Attendant]


def sent(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    """The form on a page, filled in and sent."""
    return client.post(path, data={"_xsrf": token_in(client.get(path).text), **fields})


def answered(client: httpx.Client, folder: Path | None = None, name: str = "Riverside Clinic") -> httpx.Response:
    """All three steps."""
    assert sent(client, "/welcome", name=name).headers["location"] == "/welcome/place"
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


def test_asked_until_it_is_answered(new_start: NewStart, tmp_path: Path) -> None:
    """The window begins with the questions. Whoever is killed after any answer is asked again, with what was answered
    filled in; what is answered counts at once, and is not asked any more.
    """
    start = new_start()
    assert start.ups[0].first_start
    with start.browser(start.ups[0]) as client:
        sent(client, "/welcome", name="Riverside Clinic")
        sent(client, "/welcome/place", where="other", folder=str(tmp_path / "there"))
    [server] = [one for one in psutil.Process().children() if "--attended" in one.cmdline()]
    server.kill()
    up = start.wait_for(2)
    assert up.first_start
    with start.browser(up) as client:
        assert client.get(start.ups[1].sign_in).headers["location"] == "/welcome"
        assert 'value="Riverside Clinic"' in client.get("/welcome").text
        assert str(tmp_path / "there") in client.get("/welcome/place").text
        assert not (tmp_path / "there").exists()
        assert answered(client).headers["location"] == f"/interview?i={DEMO}"
        assert "<title>Riverside Clinic</title>" in client.get("/").text
        assert client.get("/welcome").headers["location"] == "/"
    assert "first-start.json" not in names(start.data)
    begin(start.data)   # as the next start does
    assert not FirstStart(start.data).waits


def test_another_folder(new_start: NewStart, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The data lives there from then on, for every command; the folder of the first minutes goes with its key. A disk
    that is not plugged in later is told by every command, and nothing is made in its place, nor in the usual one.
    """
    start, folder = new_start(), tmp_path / "stick" / "Clinic's data ü"
    with start.browser(start.ups[0]) as client:
        assert "starts in its new folder" in answered(client, folder).text
    up = start.wait_for(2)
    assert up.sign_in.endswith("eviction_answer.yml")
    assert gone(start.data)
    assert gone(folder / "first-start.json")
    assert data_folder.find() == cli.default_data_folder() == folder
    assert len(list((home / "config" / "interview-appliance").glob("*.key"))) == 1
    with start.browser(up) as client:
        assert "Riverside Clinic" in client.get("/").text
        assert client.get("/welcome").headers["location"] == "/"
    start.stop()
    (tmp_path / "stick").rename(tmp_path / "drawer")
    for empty in (False, True):
        for arguments in (["serve"], ["backup", str(tmp_path / "x.backup")], ["cron", "cron_daily"]):
            assert cli.main(arguments) == 1
            assert str(folder) in capsys.readouterr().err
        assert not start.data.exists()
        assert folder.exists() is empty
        folder.mkdir(parents=True, exist_ok=True)   # where the disk would be
    assert not any(folder.iterdir())


def test_the_last_answers_count(new_start: NewStart, old: Folder) -> None:
    """Whoever is killed when the settings are written, and not yet that all is over, is asked again: who says No then
    is not shared any more, though Yes is written down. And a tab whose answer takes long (the settings of the folder
    that it names are a pipe here) begins nothing anew when another one has answered everything meanwhile.
    """
    if sys.platform == "win32":
        pytest.skip("Windows has no pipes in folders")
    old.store.close()
    settings = old.data / "config.yml"
    settings.unlink()
    os.mkfifo(settings)
    data = data_folder.find()
    data.mkdir(parents=True)
    begin(data)
    (data / "config.yml").write_text(f"appname: The other name\nnetwork:\n  share: true\n  port: {free_port()}\n")
    start = new_start()
    with start.browser(start.ups[0]) as client, ThreadPoolExecutor() as beside:
        assert "Stop sharing" in client.get("/network").text
        slow = beside.submit(sent, client, "/welcome/place", where="other", folder=str(old.data),
                             agreed=str(old.data), code=old.code)
        pipe = _opened_for_writing(settings)
        assert answered(client, name="").headers["location"] == f"/interview?i={DEMO}"
        assert "Stop sharing" not in client.get("/network").text
        os.close(pipe)
        assert slow.result(60).headers["location"] == "/"
    written = config.load(data / "config.yml")
    assert (written["appname"], written["network: share"]) == (config.PRODUCT, False)
    assert "first-start.json" not in names(data)
    assert data_folder.find() == data


def _opened_for_writing(pipe: Path) -> int:
    """When somebody reads from it."""
    if sys.platform == "win32":
        pytest.skip("Windows has no pipes in folders")
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with suppress(OSError):
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        time.sleep(0.02)
    raise TimeoutError


def test_killed_while_moving(home: Path, tmp_path: Path) -> None:
    """Until the choice is written down, what was made in the new folder counts for nothing, and the same folder can be
    chosen again; from then on every start goes there, asks nothing, and clears the old one away.
    """
    left, folder = data_folder.find(), tmp_path / "there"
    left.mkdir(parents=True)
    begin(left)
    folder.mkdir()
    continue_from(left, folder, taken_over=False)
    (folder / "config.yml").write_text("appname: Somebody else\n")
    assert data_folder.find() == left
    assert FirstStart(left).waits
    assert judge(str(folder), left).problem == ""
    asyncio.run(prepare_move(left, folder, None))
    assert data_folder.find() == folder
    begin(folder)
    first_start = FirstStart(folder)
    assert not first_start.waits
    end_move(first_start)
    assert not left.exists()
    assert first_start.answers is None


@pytest.fixture
def old(tmp_path: Path) -> Folder:
    """The data folder of an appliance on another computer: its key is not here."""
    folder = Folder(tmp_path / "old")
    (folder.data / "config.yml").write_text("appname: The old clinic\n")
    return folder


def test_the_data_of_another_appliance(new_start: NewStart, old: Folder) -> None:
    """A folder in which an appliance has its data is used as it is; where its key is not here, its recovery code opens
    it, and nothing else does.
    """
    old.store.close()
    start = new_start()
    with start.browser(start.ups[0]) as client:
        sent(client, "/welcome", name="Riverside Clinic")
        where = {"where": "other", "folder": str(old.data)}
        shown = sent(client, "/welcome/place", **where)
        assert "The old clinic" in shown.text
        assert "Recovery code" in shown.text
        wrong = sent(client, "/welcome/place", **where, agreed=str(old.data), code="ABCD-EFGH")
        assert wrong.status_code == 422
        right = sent(client, "/welcome/place", **where, agreed=str(old.data), code=old.code)
        assert "starts in its new folder" in right.text
    up = start.wait_for(2)
    with start.browser(up) as client:
        assert "<title>The old clinic</title>" in client.get("/").text
        assert (old.data / "author.db").exists()
    assert gone(start.data)


def test_a_backup_instead_of_answers(new_start: NewStart, old: Folder, tmp_path: Path) -> None:
    """On a new computer: a wrong passphrase changes nothing and says so; the right one brings everything back, the
    window is told to sign in anew, hears once what happened, and nothing is left of the first minutes.
    """
    file = old.backup(tmp_path / "kept.backup")
    old.store.close()
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
        assert "<title>The old clinic</title>" in client.get("/").text
        assert "is restored" in client.get("/backup").text
        assert "restore" in client.get("/audit").text
    assert told_restore(start.data) == ""
    assert gone(next((start.data / "backups").glob("before-restore-*"), start.data / "none"))


def test_a_server_alone_asks_nothing(appliance: Appliance) -> None:
    """`appliance serve` on an empty folder never asks and never redirects."""
    with httpx.Client(base_url=appliance.url, timeout=60) as client:
        assert client.get("/").status_code == 200
        assert "/user/sign-in" in client.get("/welcome").headers["location"]
    assert "first-start.json" not in names(appliance.data)
