"""`kill -9` while one session changes another: what was asked for is done once, or the turn that asked never was."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
import psutil

from tests.support.client import Client
from tests.support.packages import make_package
from tests.support.process import Appliance

ASKING = "docassemble.appliancekill:data/questions/asking.yml"
ASKED = "docassemble.appliancekill:data/questions/asked.yml"
QUESTIONS = {
    "asking.yml": """\
question: Which session?
fields:
  - Session: session_id
---
mandatory: True
code: |
  session_id
  run_action_in_session('docassemble.appliancekill:data/questions/asked.yml', session_id, 'add')
  made = create_session('docassemble.appliancekill:data/questions/asked.yml')
  asked_for = True
---
mandatory: True
question: Asked for
""",
    "asked.yml": """\
modules:
  - .powercut
---
event: add
code: |
  count = (count if defined('count') else 0) + 1
  powercut()
---
mandatory: True
question: Count ${ count if defined('count') else 0 }
""",
}
POWERCUT = """\
import os
import pathlib

__all__ = ['powercut']


def powercut():
    folder = pathlib.Path(os.environ['POWERCUT'])
    with (folder / 'runs').open('ab', buffering=0) as runs:
        runs.write(b'.')
        if runs.tell() == int((folder / 'at').read_text()):
            os.kill(os.getpid(), 9)
"""


def test_a_change_of_another_session_is_done_once_whenever_the_power_fails(
        new_appliance: Callable[..., Appliance], tmp_path: Path) -> None:
    """The power fails in the action as the asking turn looks ahead: nothing has been. It fails where the action is
    carried out after the commit: at the next start it is done, though nobody comes to its session; and once.
    """
    appliance = new_appliance(environment={"POWERCUT": str(tmp_path)})
    appliance.command("install", str(make_package(tmp_path, "appliancekill", QUESTIONS, {"powercut.py": POWERCUT})))
    appliance.start()
    with Client(appliance.url) as client:
        session_id = client.start(ASKED).hidden("_session")
        client.start(ASKING)

        def ask(power_fails_in_run: int) -> None:
            """Submit, and start anew after the power has failed."""
            (tmp_path / "at").write_text(str(power_fails_in_run))
            processes = [appliance.process, *appliance.process.children(recursive=True)]
            page = client.resume(ASKING)
            with suppress(httpx.TransportError):   # the answer may be there before the change is carried out
                client.submit(page, {"Session": session_id})
            _, alive = psutil.wait_procs(processes, timeout=15)
            assert not alive, "the power has not failed"
            appliance.stop()
            appliance.start()
        ask(power_fails_in_run=1)
        assert client.resume(ASKING).question == "Which session?"
        ask(power_fails_in_run=3)   # the second is the look ahead
        end = time.monotonic() + 15
        while (tmp_path / "runs").stat().st_size < 4:
            assert time.monotonic() < end, "nobody has carried out what was asked for"
            time.sleep(0.02)
        assert client.resume(ASKED, session=session_id).question == "Count 1"
        assert client.resume(ASKING).question == "Asked for"
    assert (tmp_path / "runs").stat().st_size == 4
