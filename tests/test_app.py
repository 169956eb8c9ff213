"""The appliance as a process of its own: it starts, answers, refuses what it must, and stops."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from appliance.app import AlreadyRunning, CannotStart, Options, _only_one, do
from tests.support.process import DEMO, Appliance, free_port

New = Callable[..., Appliance]
LIMIT = 20.0


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def sign_in_address(printed: Callable[[], str]) -> str:
    """The last address of the kind that is printed when the appliance is ready."""
    def found() -> list[str]:
        return re.findall(r"(http://\S+/user/sign-in\?\S+)\n", printed())

    until(found)
    return found()[-1]


class TestServing:
    def test_it_starts_answers_and_stops(self, new_appliance: New) -> None:
        """The printed address signs the owner in and leads to the demo; being asked to end, it ends in order."""
        appliance = new_appliance().start()
        with httpx.Client(follow_redirects=True) as client:
            page = client.get(sign_in_address(appliance.printed_text))
            assert page.status_code == 200
            assert "/interview?i=appliance.interviews" in str(page.url)
            assert 'id="daform"' in page.text
        process = appliance.process
        if sys.platform == "win32":
            process.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            process.terminate()
        assert process.wait(LIMIT) == 0
        assert "stopping" in (appliance.data / "logs" / "appliance.log").read_text()

    def test_it_is_shared_from_the_start_where_that_is_configured(self, new_appliance: New) -> None:
        """The address for others is printed, is encrypted, and asks who they are; a port that is taken is told."""
        appliance, port = new_appliance(), free_port()
        (appliance.data / "config.yml").write_text(
            f"network:\n  share: True\n  host: 127.0.0.1\n  port: {port}\n  name: appliance-test\n")
        appliance.start()
        until(lambda: f"Other computers on the network reach it at\n\n    https://127.0.0.1:{port}\n"
              in appliance.printed_text())
        answer = httpx.get(f"https://127.0.0.1:{port}/tasks", verify=False)
        assert answer.headers["location"] == "/user/sign-in?next=/tasks"
        appliance.stop()
        with socket.create_server(("127.0.0.1", port)):
            appliance.start()
            words = f"It could not be shared on the network. Port {port} cannot be used"
            until(lambda: words in appliance.printed_text())

    def test_the_printed_address_works_once(self, appliance: Appliance) -> None:
        address = sign_in_address(appliance.printed_text)
        assert httpx.get(address).status_code == 302
        assert httpx.get(address).status_code == 403

    def test_workers_come_up_in_the_background(self, appliance: Appliance) -> None:
        until(lambda: (appliance.health() or {})["workers"])

    def test_a_session_is_there_after_a_kill(self, new_appliance: New) -> None:
        appliance = new_appliance().start()
        with httpx.Client(follow_redirects=True) as client:
            first = client.get(sign_in_address(appliance.printed_text))
            appliance.kill()
            appliance.start()
            again = client.get(first.url)
        assert again.status_code == 200
        assert 'id="daform"' in again.text

    def test_a_package_installed_while_it_runs_can_be_used_at_once(self, appliance: Appliance, tmp_path: Path) -> None:
        source = tmp_path / "source" / "docassemble" / "late" / "data" / "questions" / "a.yml"
        source.parent.mkdir(parents=True)
        source.write_text("mandatory: True\nquestion: Better late than never\n")
        interview = f"{appliance.url}/interview?i=docassemble.late:data/questions/a.yml"
        appliance.logs.allow("there is no such interview")
        with httpx.Client(follow_redirects=True) as client:
            assert client.get(interview).status_code == 404
            appliance.command("install", str(tmp_path / "source"))
            assert "Better late than never" in client.get(interview).text

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permissions for this")
    def test_what_it_writes_is_for_its_owner_only(self, new_appliance: New) -> None:
        appliance = new_appliance()
        appliance.data.rmdir()
        appliance.start()
        assert appliance.data.stat().st_mode & 0o077 == 0


@pytest.mark.slow
def test_after_too_many_stuck_turns_a_fresh_process_takes_over(new_appliance: New, tmp_path: Path) -> None:
    """Eight turns that even the time limit cannot end: the address stays, the threads are gone, others can go on."""
    appliance = new_appliance()
    appliance.logs.allow("TooSlow|TimeOver|given up|CancelledError|distributed|Traceback|never retrieved")
    (appliance.data / "config.yml").write_text("turn time limit: 2\n")
    source = tmp_path / "source" / "docassemble" / "stuck" / "data" / "questions" / "a.yml"
    source.parent.mkdir(parents=True)
    source.write_text("""
mandatory: True
code: |
  import time
  while True:
    try:
      time.sleep(600)
    except BaseException:
      pass
""")
    appliance.command("install", str(tmp_path / "source"))
    appliance.start()
    address = f"{appliance.url}/interview?i=docassemble.stuck:data/questions/a.yml"

    def visit(_: int) -> int:
        return httpx.get(address, timeout=60).status_code

    httpx.get(f"{appliance.url}/interview?i={DEMO}", timeout=60)   # so that all is imported
    with ThreadPoolExecutor(10) as people:
        assert all(status >= 500 for status in people.map(visit, range(10)))
    until(lambda: appliance.printed_text().count("/user/sign-in?") == 2)
    until(appliance.health)


class TestRefusing:
    """One sentence on the standard error output, exit status 1, and no traceback."""

    def refusal(self, appliance: Appliance, *arguments: str) -> str:
        done = appliance.command(*(arguments or ("serve", "--port", "0")), check=False)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert len(done.stderr.splitlines()) == 1
        return done.stderr

    def test_one_that_only_starts_is_not_said_to_be_where_the_last_one_was(self, tmp_path: Path) -> None:
        """Its port may be another one, and the last one's may be another program's by now."""
        (tmp_path / "running.lock").write_text("http://127.0.0.1:8080")
        options = Options(data=tmp_path)

        async def start_twice() -> str:
            async with AsyncExitStack() as stack:
                _only_one(options.data, stack)
                with pytest.raises(AlreadyRunning) as refused:
                    _only_one(options.data, stack)
            return refused.value.address

        assert asyncio.run(start_twice()) == ""

    def test_a_second_one_on_the_same_folder_is_told_where_the_first_is(self, appliance: Appliance) -> None:
        words = self.refusal(appliance)
        assert f"is already running on {appliance.data}. It can be reached at {appliance.url}" in words

    @pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.com", "127.0.0.1.evil.example"])
    def test_an_address_that_others_can_reach_is_refused(self, new_appliance: New, host: str) -> None:
        assert "can be reached by other computers" in self.refusal(new_appliance(), "serve", "--host", host)

    def test_a_port_that_is_taken_is_named(self, new_appliance: New) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            assert f"Port {port} of 127.0.0.1 cannot be used" in self.refusal(new_appliance(), "serve", "--port", port)

    def test_a_mistake_in_the_configuration_is_named(self, new_appliance: New) -> None:
        appliance = new_appliance()
        file = appliance.data / "config.yml"
        file.write_text("timezon: Europe/Paris\n")
        assert f"{file}, line 1: 'timezon' is not a directive; did you mean 'timezone'?" in self.refusal(appliance)

    def test_the_data_folder_may_not_be_a_file(self, new_appliance: New) -> None:
        appliance = new_appliance()
        appliance.data.rmdir()
        appliance.data.write_text("hello")
        assert f"The data folder {appliance.data} cannot be used" in self.refusal(appliance)

    def test_the_data_folder_of_another_machine_is_named(self, new_appliance: New) -> None:
        """Its answers are sealed under a key that is not here; they are not overwritten."""
        appliance = new_appliance().start()
        appliance.stop()
        moved = new_appliance("elsewhere")
        moved.data.rmdir()
        appliance.data.rename(moved.data)
        assert "made on another machine" in self.refusal(moved)


class TestDesktop:
    @contextmanager
    def desktop(self, appliance: Appliance) -> Iterator[subprocess.Popen[str]]:
        environment = appliance.environment()
        for name in ("DISPLAY", "WAYLAND_DISPLAY"):
            environment.pop(name, None)
        with appliance.printed.open("a") as printed:
            process = subprocess.Popen([sys.executable, "-m", "appliance", "--data", str(appliance.data)], text=True,
                                       env=environment, stdout=printed, stderr=subprocess.STDOUT)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(LIMIT)

    @pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="would open a browser")
    def test_a_taken_port_and_a_second_start_are_no_errors(self, new_appliance: New) -> None:
        """It takes any free port where 8080 is taken; started again, it says where it is."""
        appliance = new_appliance()
        with socket.socket() as other:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                other.bind(("127.0.0.1", 8080))
                other.listen()
            except OSError:
                pass   # then somebody has it already
            with self.desktop(appliance):
                base = sign_in_address(appliance.printed_text).partition("/user/")[0]
                assert not base.endswith(":8080")
                with self.desktop(appliance) as second:
                    assert second.wait(LIMIT) == 0
                words = f"is already running on {appliance.data}. It can be reached at {base}"
                assert words in appliance.printed_text()


def test_a_folder_that_takes_no_lock_is_told_in_words_also_where_a_restore_was_interrupted(tmp_path: Path) -> None:
    (tmp_path / "backups" / ".restoring-0").mkdir(parents=True)
    (tmp_path / "running.lock").mkdir()   # as a disk that became read-only refuses it
    with pytest.raises(CannotStart, match="cannot be written to"):
        do(tmp_path, "cron", {}, print)
