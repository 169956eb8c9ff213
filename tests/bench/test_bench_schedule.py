"""A round of an hourly event among ten thousand sessions, and people who notice nothing of it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bench.conftest import ONE_FIELD, QUESTIONS, ROOT
from tests.bench.figures import Figure, median_and_p95, scaled
from tests.bench.many_sessions import QUESTIONS as MANY_SESSIONS
from tests.bench.quick import QuickClient
from tests.support.packages import make_package
from tests.support.process import Appliance

pytestmark = pytest.mark.bench
Show = Callable[[Figure], None]

HOURLY, DULL, PLAIN = 500, 500, 9000


def test_round_among_many_sessions(tmp_path: Path, show: Show) -> None:
    """10,000 sessions, 500 with an hourly event: one round, and submits meanwhile; the baseline is a quiet appliance.

    The sessions without the event cannot be opened, so a round without failures shows that nobody tried.
    """
    appliance = Appliance(tmp_path / "appliance")
    for name, questions in (("manysessions", MANY_SESSIONS), ("appliancebench", QUESTIONS)):
        appliance.command("install", str(make_package(tmp_path, name, questions)))
    counts = [scaled(HOURLY), scaled(DULL), scaled(PLAIN)]
    subprocess.run([sys.executable, "-m", "tests.bench.many_sessions", str(appliance.data), *map(str, counts)],
                   cwd=ROOT, env=appliance.environment(), check=True)
    appliance.start()
    try:
        appliance.wait_for_workers()
        quiet = submits(appliance.url, until=lambda times: len(times) >= scaled(200))
        took, told = [0.0], [""]

        def run() -> None:
            start = time.perf_counter()
            told[0] = appliance.command("cron", "cron_hourly").stdout
            took[0] = time.perf_counter() - start
        thread = threading.Thread(target=run)
        thread.start()
        busy = submits(appliance.url, until=lambda times: not thread.is_alive())
        thread.join()
    finally:
        appliance.stop()
    assert told[0].splitlines()[-1] == f"cron_hourly: {counts[0]} sessions, none failed"
    assert told[0].splitlines().count("counted") == counts[0]
    figures = [Figure(f"round of an event in {counts[0]} of {sum(counts)} sessions", took[0], "s", 30, 30),
               Figure("submit during a round of events, p95", median_and_p95(busy)[1], "ms",
                      median_and_p95(quiet)[1], 100)]
    for figure in figures:
        show(figure)
    assert all(figure.met for figure in figures)


def submits(url: str, until: Callable[[list[float]], bool]) -> list[float]:
    """The milliseconds of one submit after the other, each in a session of its own."""
    times: list[float] = []
    with QuickClient(url) as client:
        while len(times) < 20 or not until(times):
            client.forget()
            times.append(client.submit(client.begin(ONE_FIELD), {"user_name": "Visitor"}))
    return times
