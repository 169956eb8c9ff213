"""Screens that answer while a person types: what a check-in costs, and whether those who submit feel it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.bench.conftest import ONE_FIELD, ROOT, TEN_FIELDS, Baseline
from tests.bench.crowd import TEN
from tests.bench.figures import Figure, median_and_p95, scaled
from tests.bench.quick import QuickClient
from tests.support.process import Appliance

pytestmark = pytest.mark.bench
Show = Callable[[Figure], None]

BROWSERS, PEOPLE, SUBMITS = 200, 10, 30
PAUSE = 0.5   # a person's, between two screens: short ones, so that much is sent


@pytest.mark.parametrize(("action", "what"), [("look", "that changes answers"), ("read", "that changes nothing")])
def test_check_in_of_ten_fields(measured: Appliance, baseline: Baseline, show: Show, action: str, what: str) -> None:
    """A check-in of a ten-field screen as its client sees it, 200 times, each with another text; a template answers."""
    ours, p95 = median_and_p95(_check_ins(measured.url, action))
    bare, bare_p95 = median_and_p95(_check_ins(baseline.url, action))
    figure = Figure(f"check-in of ten fields {what}, median of {scaled(200)}", ours, "ms", bare, 6)
    show(figure)
    show(Figure(f"check-in of ten fields {what}, p95", p95, "ms", bare_p95))
    assert figure.met


def _check_ins(base: str, action: str) -> list[float]:
    with QuickClient(base) as client:
        form = client.begin(TEN_FIELDS)
        drafts = [{**TEN, "field0": f"draft {number}"} for number in range(20 + scaled(200))]
        return [client.check_in(form, action, draft) for draft in drafts][20:]


def test_submits_while_many_check_in(measured: Appliance, baseline: Baseline, show: Show) -> None:
    """Ten people submit one-field screens while 200 browsers are on a ten-field screen that checks in every 6 s."""
    with crowd(measured.url, "/interview/notices"):
        ours, p95 = median_and_p95(_submits(measured.url))
    with crowd(baseline.url, "/socket"):
        bare, bare_p95 = median_and_p95(_submits(baseline.url))
    figures = [Figure(f"submit while {scaled(BROWSERS)} browsers check in, p95", p95, "ms", bare_p95, 100),
               Figure(f"submit while {scaled(BROWSERS)} browsers check in, median", ours, "ms", bare)]
    for figure in figures:
        show(figure)
    assert all(figure.met for figure in figures)


@contextmanager
def crowd(base: str, socket: str) -> Iterator[None]:
    """The browsers, in a process of their own; that all of them were answered is part of it."""
    began = time.monotonic()
    with subprocess.Popen([sys.executable, "-m", "tests.bench.crowd", base, TEN_FIELDS, "look", socket,
                           str(scaled(BROWSERS))], cwd=ROOT, text=True, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        began = time.monotonic()
        yield
        time.sleep(max(0.0, 7 - (time.monotonic() - began)))   # each browser has checked in at least once
        process.stdin.close()
        count, middle = process.stdout.read().split()
    assert process.returncode == 0
    expected = scaled(BROWSERS) * (time.monotonic() - began) / 6
    print(f"\n  {count} check-ins of the crowd meanwhile, {float(middle):.4g} ms the middle one", flush=True)
    assert int(count) > 0.7 * expected, "the crowd was not answered in time"


def _submits(base: str) -> list[float]:
    """The milliseconds of the submits of several people at once."""
    took: list[float] = []
    count = scaled(SUBMITS)

    def person(number: int) -> None:
        with QuickClient(base) as client:
            time.sleep(PAUSE * number / PEOPLE)
            for _ in range(count):
                client.forget()
                form = client.begin(ONE_FIELD)
                time.sleep(PAUSE)
                took.append(client.submit(form, {"user_name": f"Visitor {number}"}))

    threads = [threading.Thread(target=person, args=(number,)) for number in range(PEOPLE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(took) == PEOPLE * count, "a person's submit failed"
    return took
