"""A window that cannot show anything at first, and what is not lost while one is closed."""

from __future__ import annotations

import pytest

from tests.window.driver import LIMIT, Screen, missing, wait_until
from tests.window.person import WELCOME, WindowPerson
from tests.window.processes import on_screen, servers

FIND_OURS = """
import gc
from appliance.shell.window import Ending, Window
[ours] = [one for one in gc.get_objects() if isinstance(one, Window)]
"""

PRESS = """
def press():
    ours._guard.bridge.surface._notice_bar._buttons.get_children()[0].clicked()
ours._guard.bridge.surface.later(press)
"""


@pytest.mark.skipif(bool(missing()), reason=missing())
def test_trying_again_and_closing() -> None:
    """A setting is mended, and the button starts what could not be started. A server of somebody else's is no reason to
    ask when the window is closed, for it is left running. A second start while a window is being closed gets a new one.
    """
    with Screen() as screen:
        data = screen.folder / "my data"
        data.mkdir()
        (data / "config.yml").write_text("intervew delete days: 3\n", encoding="utf-8")
        with screen.start("appliance", "--data", str(data)) as program:
            program.wait_for("document.body.innerText.includes('intervew delete days')")
            (data / "config.yml").unlink()
            program.python(FIND_OURS)
            program.wait_for_python("result = bool(ours._guard.bridge.surface._notice_bar._buttons.get_children())")
            program.python(PRESS)
            WindowPerson(program).sees_question(WELCOME[0][0])
            program.python("from dataclasses import replace\n"
                           "from appliance.shell.server import UnderWay\n"
                           "ours._server.under_way = lambda: UnderWay(tasks=1)\n"
                           "ours._up = replace(ours._up, follows=False)")
            screen.key("ctrl+w")
            assert program.process.wait(LIMIT) == 0
        wait_until(lambda: not servers(screen), "the end of the server")
        with screen.start("appliance", "--data", str(data)) as program:
            WindowPerson(program).sees_question(WELCOME[0][0])
            program.python(FIND_OURS)
            program.python("ours._ending = Ending.STOP")   # as between the click and the end
            with screen.start("appliance", "--data", str(data)) as second:
                assert second.process.wait(LIMIT) == 0
            program.python("webview.windows[0].destroy()")
            assert program.process.wait(LIMIT) == 0
        screen.wait_for_window("Interview Appliance")
        wait_until(lambda: servers(screen), "a server")
        screen.key("ctrl+w")
        wait_until(lambda: not on_screen(screen), "the end of all processes")
