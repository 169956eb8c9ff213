"""Each process of the app is killed in turn, and then all at once: what was acknowledged is there, and work goes on."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.support.packages import make_package
from tests.window.driver import LIMIT, Screen, missing, python_for_windows, wait_until
from tests.window.person import WindowPerson
from tests.window.processes import of_window, on_screen, servers

SLOW = """
objects:
  - someone: Individual
---
mandatory: True
code: |
  name
  task
  if task.ready():
    answered
  waiting
---
question: What is your name?
fields:
  - Name: name
---
code: |
  task = background_action('look_up', 'refresh')
---
event: look_up
code: |
  import time
  time.sleep(5)
  background_response('found')
---
event: waiting
question: The court is being asked, ${ name }
---
event: answered
question: The court has answered
subquestion: It says ${ task.get() } to ${ name }.
"""
NAME = "docassemble.killed:data/questions/slow.yml"


@pytest.mark.skipif(bool(missing()), reason=missing())
def test_each_process_and_all_at_once(tmp_path: Path) -> None:
    """The web engine, each of the server's own, the server, the window; then everything, while a task runs."""
    package = make_package(tmp_path, "killed", {"slow.yml": SLOW})
    with Screen() as screen:
        subprocess.run([python_for_windows(), "-m", "appliance", "install", str(package)], env=screen.environment(),
                       check=True, capture_output=True)
        with screen.start("appliance") as program:
            person = WindowPerson(program)
            person.answers_the_welcome()
            person.finds(f"/interview?i={NAME}", "What is your name?")
            person.fill({"Name": "Robin"})

            [engine] = [one for one in of_window(program) if one.name().startswith("WebKitWebProces")]
            engine.kill()
            person.sees_question("What is your name?")
            person.fill({"Name": "Robin"})
            person.press("Continue")
            person.sees_question("The court is being asked, Robin")

            [server] = servers(screen)
            for one in server.children(recursive=True):   # the workers, those who watch them, and Python's own helpers
                with suppress(psutil.NoSuchProcess):
                    one.kill()
            person.sees_question("The court has answered")
            person.sees("It says found to Robin.")
            assert servers(screen) == [server]

            program.process.kill()
        assert servers(screen) == [server]   # it waits for the next window
        with screen.start("appliance") as program:
            person = WindowPerson(program)
            person.finds(f"/interview?i={NAME}&new_session=1", "What is your name?")
            assert servers(screen) == [server]
            person.fill({"Name": "Ann"})
            person.press("Continue")
            person.sees_question("The court is being asked, Ann")
            for one in on_screen(screen):
                with suppress(psutil.NoSuchProcess):
                    one.kill()
        wait_until(lambda: not on_screen(screen), "the end of all")
        with screen.start("appliance") as program:
            person = WindowPerson(program)
            person.finds(f"/interview?i={NAME}", "Ann")   # asked, or answered already
            person.sees_question("The court has answered")
            person.sees("It says found to Ann.")
            there = on_screen(screen)
            program.process.terminate()   # as when the person logs off
            assert program.process.wait(LIMIT) == 0
        psutil.wait_procs(there, timeout=LIMIT)
        assert on_screen(screen) == []
