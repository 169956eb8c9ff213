"""What a person waits for, and what the laptop pays, each with its goal."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, Page

from tests.bench.conftest import MANY, NEWS, ONE_FIELD, ROOT, TASK, Baseline, wait_for
from tests.bench.figures import Figure, median_and_p95, scaled
from tests.bench.quick import QuickClient
from tests.support.process import DEMO, Appliance

pytestmark = pytest.mark.bench
Show = Callable[[Figure], None]

CLICK_TO_TEXT = """([selector, text]) => new Promise((resolve) => {
    const start = performance.now();
    const look = () => {
        if (!document.body.textContent.includes(text)) return;
        seen.disconnect();
        resolve(performance.now() - start);
    };
    const seen = new MutationObserver(look);
    seen.observe(document.documentElement, {childList: true, subtree: true, characterData: true});
    document.querySelector(selector).click();
})"""


def test_background_result_reaches_the_page(measured: Appliance, baseline: Baseline, browser: Browser,
                                            show: Show) -> None:
    """From the click that asks for a task to its result on the page, in Chromium, through the socket: 30 times."""
    page = browser.new_page()
    times = scaled(30)
    ours, p95 = median_and_p95([_task_on_page(page, measured) for _ in range(times)])
    page.goto(f"{baseline.url}/page")
    page.wait_for_timeout(300)
    bare = []
    for _ in range(times):
        page.evaluate("document.getElementById('result').textContent = ''")
        bare.append(float(page.evaluate(CLICK_TO_TEXT, ["#go", "It is done."])))
    page.close()
    bare_median, bare_p95 = median_and_p95(bare)
    figure = Figure(f"background action to its result on the page, median of {times}", ours, "ms", bare_median, 100)
    show(figure)
    show(Figure("background action to its result on the page, p95", p95, "ms", bare_p95))
    assert figure.met


def _task_on_page(page: Page, appliance: Appliance) -> float:
    with page.expect_websocket() as opening:
        page.goto(f"{appliance.url}/interview?i={TASK}&new_session=1")
    assert not opening.value.is_closed()
    page.wait_for_timeout(100)   # the socket's handshake
    return float(page.evaluate(CLICK_TO_TEXT, ["#daform button[type=submit]:not([name=_back_one])", "It is done."]))


def test_notice_reaches_the_page(measured: Appliance, baseline: Baseline, browser: Browser, show: Show) -> None:
    """From the end of the task's code, on its worker, to the notice being acted upon in Chromium: 100 times."""
    page = browser.new_page()
    with page.expect_websocket():
        page.goto(f"{measured.url}/interview?i={NEWS}&new_session=1")
    ours, p95 = median_and_p95(_news(page, "action_call('ask', {})"))
    page.goto(f"{baseline.url}/page")
    bare, bare_p95 = median_and_p95(_news(page, "fetch('/stamp', {method: 'POST'})"))
    page.close()
    figures = [Figure("notice from a task to the browser, median", ours, "ms", bare, 100),
               Figure("notice from a task to the browser, p95", p95, "ms", bare_p95, 100)]
    for figure in figures:
        show(figure)
    assert all(figure.met for figure in figures)


def _news(page: Page, ask: str) -> list[float]:
    """The milliseconds that each of several notices took to the page."""
    page.wait_for_timeout(300)   # the socket's handshake
    return [float(page.evaluate(f"""() => new Promise((resolve) => {{
        window.arrived = (sent) => resolve(performance.timeOrigin + performance.now() - sent);
        {ask};
    }})""")) for _ in range(scaled(100))]


def test_submit_of_one_field(measured: Appliance, baseline: Baseline, show: Show) -> None:
    """The submit of a one-field screen as its client sees it, 200 times, each in a session of its own."""
    ours, p95 = median_and_p95(_submits(measured.url, 200))
    bare, bare_p95 = median_and_p95(_submits(baseline.url, 200))
    figures = [Figure("submit of a one-field screen, median of 200", ours, "ms", bare, 5),
               Figure("submit of a one-field screen, p95", p95, "ms", bare_p95)]
    for figure in figures:
        show(figure)
    assert all(figure.met for figure in figures)


def _submits(base: str, count: int) -> list[float]:
    with QuickClient(base) as client:
        for _ in range(10):
            client.submit(client.begin(ONE_FIELD), {"user_name": "Visitor"})
        return [client.submit(client.begin(ONE_FIELD), {"user_name": "Visitor"}) for _ in range(count)]


def test_eight_people_at_once(measured: Appliance, baseline: Baseline, show: Show) -> None:
    """Eight clients in another process, each opening sessions and submitting once, for ten seconds."""
    figure = Figure("8 people at once, new session and one submit", _load(measured.url), "sessions/s",
                    _load(baseline.url), 120, "more")
    show(figure)
    assert figure.met


def _load(base: str, seconds: float = 10) -> float:
    done = subprocess.run([sys.executable, "-m", "tests.bench.load", base, ONE_FIELD, "8", str(seconds)],
                          cwd=ROOT, capture_output=True, text=True, check=True, timeout=seconds + 60)
    return float(done.stdout)


def test_memory_when_idle(measured: Appliance, baseline: Baseline, show: Show) -> None:
    """Server, scheduler and workers together, each page of memory counted once."""
    time.sleep(3)
    figure = Figure("memory of all processes when idle", _megabytes(measured.process), "MB",
                    _megabytes(baseline.process), 320)
    show(figure)
    assert figure.met


def test_memory_after_a_thousand_tasks(measured: Appliance, show: Show) -> None:
    """What all processes hold after 1,000 tasks against before: what is kept of a task is on the disk."""
    with QuickClient(measured.url) as client:
        client.begin(MANY)
        _run_tasks(measured, client, 50)   # all workers have the interview, and caches are filled
        before = _megabytes(measured.process)
        _run_tasks(measured, client, scaled(1000))
    figure = Figure("memory of all processes after 1,000 tasks", _megabytes(measured.process), "MB", before,
                    1.15 * before)
    show(figure)
    assert figure.met


def _run_tasks(appliance: Appliance, client: QuickClient, count: int) -> None:
    client.act(MANY, "many", count=count)
    end = time.monotonic() + 300
    while any((appliance.health() or {})["queue"].values()):
        assert time.monotonic() < end
        time.sleep(0.2)
    time.sleep(2)


def _megabytes(process: psutil.Process) -> float:
    total = 0
    for one in (process, *process.children(recursive=True)):
        memory = one.memory_full_info()
        total += getattr(memory, "pss", 0) or memory.uss
    return total / 1024 / 1024


def test_first_screen_after_the_command(tmp_path: Path, baseline: Baseline, show: Show) -> None:
    """From the command to the first screen of the demo, on an empty data folder."""
    appliance = Appliance(tmp_path / "fresh")
    start = time.monotonic()
    try:
        appliance.start(wait=False)
        wait_for(appliance.port, f"/interview?i={DEMO}&new_session=1")
        took = time.monotonic() - start
    finally:
        appliance.stop()
    start = time.monotonic()
    bare = Baseline(tmp_path)
    bare_took = time.monotonic() - start
    bare.stop()
    figure = Figure("first screen after the command", took, "s", bare_took, 3)
    show(figure)
    assert figure.met
