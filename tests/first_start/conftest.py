"""A user's home in a temporary folder, and the app in it without a window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance import data_folder
from tests.first_start.attendant import Attendant


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this process, and those that it starts, find their data and configuration."""
    folder = tmp_path / "home"
    for name, place in (("HOME", "."), ("XDG_CONFIG_HOME", "config"), ("XDG_DATA_HOME", "data"),
                        ("XDG_STATE_HOME", "state"), ("XDG_CACHE_HOME", "cache"), ("APPDATA", "roaming"),
                        ("LOCALAPPDATA", "local")):
        (folder / place).mkdir(parents=True, exist_ok=True)
        monkeypatch.setenv(name, str(folder / place))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    return folder


@pytest.fixture
def new_start(home: Path) -> Iterator[Callable[[], Attendant]]:
    """Starts the app as a double-click does: on the folder that is found."""
    started: list[Attendant] = []

    def start() -> Attendant:
        started.append(Attendant(data_folder.find()))
        started[-1].start()
        return started[-1]

    yield start
    for one in started:
        one.stop()
