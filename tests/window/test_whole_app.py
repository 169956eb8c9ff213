"""The app as staff meet it: the real window on its own server, from the first start to the last document."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.demo import FACTS_OF_THE_ANSWER, FINAL_QUESTION, LAST_STEP, STEPS
from tests.window.driver import LIMIT, Program, Screen, missing
from tests.window.person import WindowPerson

WINDOW = "Interview Appliance"


@pytest.fixture(params=["gtk", pytest.param("qt", marks=pytest.mark.window_qt)])
def toolkit(request: pytest.FixtureRequest) -> str:
    """What draws the windows."""
    name = str(request.param)
    if reason := missing(name):
        pytest.skip(reason)
    return name


@pytest.fixture
def screen(toolkit: str) -> Iterator[Screen]:
    with Screen(toolkit=toolkit) as one:
        yield one


def all_processes(program: Program) -> list[psutil.Process]:
    """The window, its web engine, the server, the scheduler's workers."""
    window = psutil.Process(program.process.pid)
    return [window, *window.children(recursive=True)]


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

        person.sees_question("Welcome. What is your office called?")
        look()
        person.fill({"Name of the office": "Riverside Housing Clinic"})
        person.press("Continue")
        person.sees_question("Where shall the data live?")
        look()
        person.press("Continue")
        person.sees_question("Shall others on your network use it too?")
        look()
        person.press("Finish, and try an interview")
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
        there = all_processes(program)
        assert {"appliance", "serve"} <= {word for one in there for word in one.cmdline()}
        screen.key("ctrl+w")
        _, alive = psutil.wait_procs(there, timeout=LIMIT)
        assert not alive
        assert program.process.wait(LIMIT) == 0


