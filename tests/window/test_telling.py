"""What somebody sees who double-clicks the icon while the data is on a disk that is not plugged in."""

from __future__ import annotations

import pytest

from tests.window.driver import LIMIT, Screen, missing


def test_a_disk_that_is_not_plugged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """A window says where the data is looked for; closed, nothing is left, and nothing was made in its place."""
    if reason := missing():
        pytest.skip(reason)
    with Screen() as screen:
        config = screen.folder / "home" / ".config" / "interview-appliance"
        config.mkdir(parents=True, exist_ok=True)
        (config / "data-folder.txt").write_text("/nowhere/at all\n")
        with screen.start("appliance") as program:
            program.wait_for("document.body.innerText.includes('/nowhere/at all')")
            program.python("webview.windows[0].destroy()")
            assert program.process.wait(LIMIT) == 1
