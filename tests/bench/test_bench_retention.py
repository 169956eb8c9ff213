"""Ten thousand old sessions are deleted while people answer: how long it takes, and whether they feel it."""

from __future__ import annotations

import secrets
import sqlite3
import threading
import time
from collections.abc import Callable

import pytest

from tests.bench.conftest import ONE_FIELD
from tests.bench.figures import Figure, median_and_p95, scaled
from tests.bench.quick import QuickClient
from tests.support.process import Appliance

pytestmark = pytest.mark.bench
Show = Callable[[Figure], None]

OLD, PEOPLE = 10_000, 4
PAUSE = 0.25   # a person's, between two screens
YEAR = 365 * 86400


def test_submits_while_old_sessions_go(measured: Appliance, show: Show) -> None:
    """Each old session has a step, a key and a file on the disk; the round of ``cron_daily`` takes all of them."""
    begin_old_sessions(measured, scaled(OLD))
    before, before_p95 = median_and_p95(submits(measured.url, until=_after(5)))
    over = threading.Event()
    began = time.monotonic()
    took: list[float] = []

    def delete() -> None:
        measured.command("cron", "cron_daily")
        took.append(time.monotonic() - began)
        over.set()
    deleting = threading.Thread(target=delete)
    deleting.start()
    ours, p95 = median_and_p95(submits(measured.url, until=over.is_set))
    deleting.join()
    figures = [Figure(f"submit while {scaled(OLD)} old sessions are deleted, p95", p95, "ms", before_p95, 100),
               Figure("the same, median", ours, "ms", before),
               Figure("deleting them", took[0], "s", took[0])]
    for figure in figures:
        show(figure)
    assert left(measured) == 0
    assert all(figure.met for figure in figures)


def begin_old_sessions(appliance: Appliance, count: int) -> None:
    """Copies of one session, a year old, straight into the tables."""
    with QuickClient(appliance.url) as client:
        client.begin(ONE_FIELD)
    database = sqlite3.connect(appliance.data / "appliance.db", timeout=30)
    database.execute("PRAGMA foreign_keys = ON")
    with database:
        [one] = database.execute("SELECT id FROM sessions ORDER BY number DESC LIMIT 1").fetchone()
        for number in range(count):
            old, blob = f"old{number}", secrets.token_hex(16)
            for table, column in (("sessions", "id"), ("session_keys", "session_id"), ("steps", "session_id")):
                names = [row[1] for row in database.execute(f"PRAGMA table_info({table})") if row[1] != column]
                names = [name for name in names if (table, name) != ("sessions", "number")]
                database.execute(f"INSERT INTO {table} ({column}, {', '.join(names)})"
                                 f" SELECT ?, {', '.join(names)} FROM {table} WHERE {column} = ?", [old, one])
            database.execute("UPDATE sessions SET person_active = person_active - ? WHERE id = ?", [YEAR, old])
            database.execute("INSERT INTO files (number, session_id, blob, size, created, sealed_info)"
                             " VALUES (?, ?, ?, 100, 0, x'00')", [10**12 + number, old, blob])
            path = appliance.data / "files" / blob[:2] / blob
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(bytes(100))
    database.close()


def left(appliance: Appliance) -> int:
    database = sqlite3.connect(appliance.data / "appliance.db", timeout=30)
    try:
        return int(database.execute("SELECT count(*) FROM sessions WHERE id LIKE 'old%'").fetchone()[0])
    finally:
        database.close()


def submits(base: str, until: Callable[[], bool]) -> list[float]:
    """The milliseconds of the submits of several people at once, for as long as it takes."""
    took: list[float] = []

    def person(number: int) -> None:
        with QuickClient(base) as client:
            while not until() or len(took) < 2 * PEOPLE:
                client.forget()
                form = client.begin(ONE_FIELD)
                time.sleep(PAUSE)
                took.append(client.submit(form, {"user_name": f"Visitor {number}"}))

    threads = [threading.Thread(target=person, args=(number,)) for number in range(PEOPLE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took


def _after(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end
