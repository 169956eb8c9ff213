"""The shell's hold on its server, with real server processes: found or started, attended, started again, stopped."""

from __future__ import annotations

import asyncio
import json
import queue
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from appliance import attendance
from appliance.shell.server import Server, UnderWay, Up
from tests.support.packages import make_package
from tests.support.process import Appliance
from tests.window.driver import wait_until

LIMIT = 60.0


class Told:
    """A shell that writes down what it is told."""

    def __init__(self) -> None:
        self._heard: queue.Queue[tuple[str, Any]] = queue.Queue()

    def next(self, kind: str) -> Any:
        """What it was told next, which is of this kind."""
        found, what = self._heard.get(timeout=LIMIT)
        assert found == kind, (found, what)
        return what

    def up(self, up: Up) -> None:
        self._heard.put(("up", up))

    def down(self, *, wanted: bool) -> None:
        self._heard.put(("down", wanted))

    def failed(self, words: str) -> None:
        self._heard.put(("failed", words))

    def told(self, what: Mapping[str, Any]) -> None:
        self._heard.put(("told", what))

    def moved(self, data: Path) -> None:
        self._heard.put(("moved", data))

    def ended(self) -> None:
        self._heard.put(("ended", None))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Appliance]:
    """A data folder, and the environment of its owner for this process too; whatever runs on it is ended."""
    place = Appliance(tmp_path)
    for name, value in place.environment().items():
        monkeypatch.setenv(name, value)
    yield place
    for process in processes_on(place):
        process.kill()


def processes_on(place: Appliance) -> list[psutil.Process]:
    """Every process whose command line names the data folder, and its children."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        try:
            if "serve" in process.cmdline() and str(place.data) in process.cmdline():
                found += [process, *process.children(recursive=True)]
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def test_it_is_started_again_where_it_was_and_stops_without_a_trace(place: Appliance, tmp_path: Path) -> None:
    """Killed as a crash would: the next one has the same address, and after the stop no process is left."""
    told = Told()
    server = Server(place.data, told)
    server.start()
    up = told.next("up")
    assert up.follows
    assert up.sign_in.startswith(f"{up.address}/user/sign-in?")
    assert server.under_way() == UnderWay()
    [first] = [one for one in processes_on(place) if "serve" in one.cmdline()]
    first.kill()
    assert told.next("down") is False
    assert told.next("up").address == up.address
    for words in ("Hello", "Good day"):   # the second one replaces what may have been read
        package = make_package(tmp_path / words, "tried", {"one.yml": f"mandatory: True\nquestion: {words}\n"})
        assert server.ask("install", {"files": [str(package)], "anyway": False}, lambda _line: None) == 0
    assert told.next("down") is True
    assert told.next("up").address == up.address
    there = processes_on(place)
    assert first.pid not in {one.pid for one in there}
    server.stop()
    told.next("ended")
    server.wait()
    _, alive = psutil.wait_procs(there, timeout=LIMIT)
    assert not alive


def test_a_second_start_is_relayed_and_one_who_comes_later_takes_over(place: Appliance) -> None:
    """What a second double-click says reaches the newest window; each attends the same server."""
    first, second = Told(), Told()
    servers = [Server(place.data, first), Server(place.data, second)]
    servers[0].start()
    address = first.next("up").address
    servers[1].start()
    assert second.next("up").address == address
    assert servers[0].ask("show", {"files": ["/x.zip"]}, lambda _line: None) == 0
    assert second.next("told") == {"show": ["/x.zip"]}
    assert len([one for one in processes_on(place) if "serve" in one.cmdline()]) == 1
    for server in servers:
        server.stop()
    first.next("ended")
    second.next("ended")


def test_a_server_that_was_started_by_itself_is_attended_and_left_running(
        place: Appliance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also after it restarted, in the same process: nobody takes its place meanwhile."""
    place.start()
    told = Told()
    server = Server(place.data, told)
    server.start()
    up = told.next("up")
    assert (up.address, up.follows) == (place.url, False)
    def none_of_ours(*_: object, **__: object) -> None:
        raise OSError("none of ours is to take its place")
    monkeypatch.setattr("appliance.shell.server.start_apart", none_of_ours)
    for words in ("Hello", "Good day"):   # the second one restarts it
        package = make_package(tmp_path / words, "tried", {"one.yml": f"mandatory: True\nquestion: {words}\n"})
        assert server.ask("install", {"files": [str(package)], "anyway": False}, lambda _line: None) == 0
    assert told.next("down") is True
    up = told.next("up")
    assert (up.address, up.follows) == (place.url, False)
    server.stop()
    told.next("ended")
    assert place.health() is not None
    place.stop()


def test_one_that_hangs_keeps_nobody_from_closing(place: Appliance, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked what is under way and to stop, gives no answer, and is killed, for it is ours."""
    monkeypatch.setattr("appliance.shell.server.ANSWERS", 0.5)
    told = Told()
    server = Server(place.data, told)
    server.start()
    told.next("up")
    there = processes_on(place)
    [process] = [one for one in there if "serve" in one.cmdline()]
    process.suspend()
    assert server.under_way() == UnderWay()
    server.stop()
    server.wait(0.5)
    told.next("ended")
    _, alive = psutil.wait_procs(there, timeout=LIMIT)
    assert not alive


def test_one_that_is_being_started_ends_too(place: Appliance) -> None:
    """Told to stop before it listens: it is not left for itself, nor waited for until patience ends."""
    (place.data / "running.lock").write_bytes(b"\0" * 30)   # as a power cut may leave it
    told = Told()
    server = Server(place.data, told)
    server.start()
    wait_until(lambda: bool(processes_on(place)), "a child")
    there = processes_on(place)
    server.stop()
    server.wait()
    told.next("ended")
    assert not any(one.is_running() for one in there)


def test_where_no_process_can_be_started_the_reason_is_said(place: Appliance, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk leaves no place for what the server says, for one."""
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")
    told = Told()
    with monkeypatch.context() as patched:
        patched.setattr("tempfile.TemporaryFile", full)
        server = Server(place.data, told)
        server.start()
        assert "No space left on device" in told.next("failed")
    server.stop()
    told.next("ended")


def test_why_it_cannot_start_is_said_and_trying_again_helps(place: Appliance) -> None:
    """In the words that the command line has, without a trace."""
    (place.data / "config.yml").write_text("intervew delete days: 3\n", encoding="utf-8")
    told = Told()
    server = Server(place.data, told)
    server.start()
    words = told.next("failed")
    assert "intervew delete days" in words
    assert "Traceback" not in words
    (place.data / "config.yml").unlink()
    server.try_again()
    told.next("up")
    server.stop()
    told.next("ended")


def test_one_that_keeps_ending_is_not_started_for_ever(place: Appliance) -> None:
    told = Told()
    server = Server(place.data, told)
    server.start()
    for _ in range(3):
        told.next("up")
        for process in processes_on(place):
            process.kill()
        told.next("down")
    assert "3 times in a minute" in told.next("failed")
    server.try_again()
    told.next("up")
    server.stop()
    told.next("ended")


class House:
    """Somebody's tasks and visitors, and how long a server among them waits, shortened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(attendance, "_LOOK", 0.01)
        monkeypatch.setattr(attendance, "_PATIENCE", 0.05)
        self.now = attendance.UnderWay()
        self.said: list[dict[str, Any]] = []
        self.attendance = attendance.Attendance(self.under_way, lambda: {"address": "http://127.0.0.1:1"})

    async def under_way(self) -> attendance.UnderWay:
        return self.now

    async def do(self, command: str, **arguments: Any) -> int:
        return await self.attendance.commands[command](arguments, lambda line: self.said.append(json.loads(line)))

    async def is_over(self, seconds: float = 0.3) -> bool:
        """Whether the server ends within these seconds."""
        try:
            await asyncio.wait_for(self.attendance.over(), seconds)
        except TimeoutError:
            return False
        return True


def test_who_follows_ends_when_nobody_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window that was killed cannot say goodbye; tasks and people are waited for."""
    async def test() -> None:
        house = House(monkeypatch)
        assert not await house.is_over()   # it was started by itself
        house.attendance.follows = True
        for now in (attendance.UnderWay(tasks=1), attendance.UnderWay(people=1)):
            house.now = now
            assert not await house.is_over()
        house.now = attendance.UnderWay()
        window = asyncio.create_task(house.do("attend"))
        assert not await house.is_over()
        assert house.said == [{"address": "http://127.0.0.1:1", "follows": True}]
        window.cancel()
        assert await house.is_over(LIMIT)
    asyncio.run(test())


def test_a_stop_after_the_tasks_can_be_called_off_and_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    """By another window that opens, too."""
    async def test() -> None:
        house = House(monkeypatch)
        house.now = attendance.UnderWay(tasks=2, people=1)
        await house.do("stop", when="tasks")
        assert not await house.is_over()
        await house.do("stop", when="never")
        house.now = attendance.UnderWay(people=1)
        assert not await house.is_over()
        await house.do("stop", when="tasks")
        window = asyncio.create_task(house.do("attend"))
        assert not await house.is_over()
        await house.do("stop", when="tasks")
        assert await house.is_over(LIMIT)
        window.cancel()
    asyncio.run(test())


def test_stop_now_asks_nobody_and_show_needs_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        house = House(monkeypatch)
        house.now = attendance.UnderWay(tasks=2, people=1)
        assert await house.attendance.commands["show"]({}, lambda _line: None) == 1
        assert not house.attendance.tell({"move": "/x"})
        await house.do("status")
        assert house.said == [{"tasks": 2, "people": 1}]
        await house.do("stop", when="now")
        assert await house.is_over(LIMIT)
    asyncio.run(test())
