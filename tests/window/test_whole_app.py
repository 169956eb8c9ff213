"""The app as staff meet it: the real window on its own server, from the first start to the last document."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import psutil

from tests.support.demo import FACTS_OF_THE_ANSWER, FINAL_QUESTION, LAST_STEP, STEPS
from tests.support.packages import make_package
from tests.window.driver import LIMIT, Screen, wait_until
from tests.window.person import WELCOME, WindowPerson
from tests.window.processes import of_window, on_screen, servers

WINDOW = "Interview Appliance"


def shots(name: str) -> Path | None:
    """Where pictures for people are wanted; None if nobody looks."""
    folder = os.environ.get("WINDOW_SHOTS")
    return Path(folder) / f"{name}.png" if folder else None


def test_from_the_first_start_to_the_document(screen: Screen, toolkit: str) -> None:
    """Three questions, the demo interview with its background task and its document; closed, no process is left."""
    with screen.start("appliance") as program:
        person = WindowPerson(program)
        taken = 0

        def look() -> None:
            nonlocal taken
            taken += 1
            if (file := shots(f"{toolkit}-{taken:02}")) is not None:
                time.sleep(0.5)   # what is there for scripts is not painted yet
                screen.shot(file)

        for question, button in WELCOME:
            person.sees_question(question)
            look()
            if "your office" in question:
                person.fill({"Name of the office": "Riverside Housing Clinic"})
            person.press(button)
        for step in STEPS:
            person.sees_question(step.question)
            look()
            person.take(step)
        person.sees_question(LAST_STEP.question)   # when the background task has ended
        look()
        person.take(LAST_STEP)
        person.sees_question(FINAL_QUESTION)
        look()
        for fact in FACTS_OF_THE_ANSWER:
            person.sees(fact)
        there = of_window(program)
        assert {"appliance", "serve"} <= {word for one in there for word in one.cmdline()}
        screen.key("ctrl+w")
        _, alive = psutil.wait_procs(there, timeout=LIMIT)
        assert not alive
        assert program.process.wait(LIMIT) == 0


SLOW = """
modules:
  - docassemble.base.util
---
mandatory: True
code: |
  task = background_action('look_up')
  finish
---
event: look_up
code: |
  import time
  time.sleep(6)
  background_response_action('keep', found='yes')
---
event: keep
code: |
  found = action_argument('found')
  background_response()
---
event: finish
question: The court is being asked
"""


def test_what_dies_what_is_opened_and_how_it_is_closed(screen: Screen, toolkit: str, tmp_path: Path) -> None:
    """The server is killed in the middle of a screen; a package is opened by a second start; a window is closed while
    a task runs, comes back, and at last the appliance ends when the task has.
    """
    package = make_package(tmp_path, "slow", {"slow.yml": SLOW})
    with screen.start("appliance") as program:
        person = WindowPerson(program)
        person.answers_the_welcome()
        person.take(STEPS[0])
        person.sees_question(STEPS[1].question)
        person.fill(STEPS[1].answers)
        [server] = servers(screen)
        server.kill()
        wait_until(lambda: [one for one in servers(screen) if one.pid != server.pid], "another server")
        person.press("Continue")
        person.sees_question(STEPS[2].question)   # with what was typed before, and without signing in

        with screen.start("appliance", "open", str(package)) as second:
            assert second.process.wait(LIMIT) == 0
        screen.wait_for_window("Install a package")
        screen.key("Tab", "Return")   # who presses Return alone installs nothing
        wait_until(lambda: screen.windows() == [WINDOW], "no question any more")
        person.finds("/packages", "docassemble.slow")
        program.js("location.href = '/interview?i=docassemble.slow:data/questions/slow.yml'")
        person.sees_question("The court is being asked")

        screen.key("ctrl+w")
        screen.wait_for_window("The appliance is in use")
        screen.key("Tab", "Return")   # close the window, keep it running
        assert program.process.wait(LIMIT) == 0   # a small program has taken its place
        with screen.start("appliance", "open", str(package)) as third:
            assert third.process.wait(LIMIT) == 0
        screen.wait_for_window("Install a package")   # also of what is opened while there is no window
        screen.key("Escape")
        wait_until(lambda: screen.windows() == [WINDOW], "no question any more")
        there = on_screen(screen)
        screen.key("ctrl+w")
        screen.wait_for_window("The appliance is in use")
        screen.key("Tab", "Tab", "Return")   # stop when the tasks are done
        wait_until(lambda: not on_screen(screen), "the end of all processes")
        assert there
    [data] = (screen.folder / "home").rglob("appliance.db")
    with closing(sqlite3.connect(data)) as database:
        assert database.execute("SELECT count(*) FROM tasks WHERE state = 'done'").fetchall() == [(1,)]
