"""The database thread: writes that share a flush, errors that stay with their caller, files that cannot be used."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from pathlib import Path

import pytest
from sqlite_utils import Database

from appliance.store.database import FILE_NAME, Store
from appliance.store.errors import StoreBroken, StoreClosed, StoreError, StoreFull, StoreLocked


def _insert(name: str) -> Callable[[Database], None]:
    def insert(database: Database) -> None:
        database.execute("INSERT INTO meta (name, value) VALUES (?, 'x')", [name])
    return insert


def _names(store: Store) -> set[str]:
    return {name for (name,) in store.read(lambda database: database.execute(
        "SELECT name FROM meta WHERE value = 'x'").fetchall()).result()}


def _hold(store: Store) -> threading.Event:
    """Keep the database thread busy until the event is set, so that what is written meanwhile waits together."""
    release, entered = threading.Event(), threading.Event()

    def hold(database: Database) -> None:
        entered.set()
        release.wait()
    store.read(hold)
    entered.wait()
    return release


def test_writes_that_wait_together_are_one_transaction(store: Store) -> None:
    """A hundred waiting writes are one commit: SQLite counts the changes of its log."""
    release = _hold(store)
    before = store.path.with_name(FILE_NAME + "-wal").stat().st_size
    futures = [store.write(_insert(f"n{number}")) for number in range(100)]
    release.set()
    wait(futures)
    pages = (store.path.with_name(FILE_NAME + "-wal").stat().st_size - before) / 4096
    assert len(_names(store)) == 100
    assert pages < 10


def test_a_failing_write_undoes_only_itself(store: Store) -> None:
    """What it wrote before its error is gone, what others wrote in the same transaction stays."""
    def fails(database: Database) -> None:
        _insert("half")(database)
        raise KeyError("no")
    release = _hold(store)
    first, bad, last = store.write(_insert("first")), store.write(fails), store.write(_insert("last"))
    release.set()
    first.result()
    last.result()
    assert isinstance(bad.exception(), KeyError)
    assert _names(store) == {"first", "last"}


def test_a_write_that_ends_the_transaction_takes_no_other_with_it(store: Store) -> None:
    """Some errors (a full disk) roll back everything: the others are tried again, each alone."""
    def rolls_back(database: Database) -> None:
        database.conn.execute("ROLLBACK")
        raise ValueError("all is gone")
    release = _hold(store)
    first, bad, last = store.write(_insert("first")), store.write(rolls_back), store.write(_insert("last"))
    release.set()
    first.result()
    last.result()
    assert bad.exception() is not None
    assert _names(store) == {"first", "last"}


def test_many_threads_write_at_once(store: Store) -> None:
    """Nothing is lost and nothing is mixed up."""
    futures: list[Future[None]] = []

    def many(start: int) -> None:
        futures.extend(store.write(_insert(f"n{number}")) for number in range(start, start + 50))
    threads = [threading.Thread(target=many, args=(start,)) for start in range(0, 400, 50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for future in futures:
        future.result()
    assert len(_names(store)) == 400


def test_a_read_tells_only_of_what_is_on_disk(store: Store) -> None:
    """A read queued behind a write runs after that write's commit."""
    release = _hold(store)
    store.write(_insert("a"))
    found = store.read(lambda database: (database.conn.in_transaction, database.execute(
        "SELECT count(*) FROM meta WHERE name = 'a'").fetchone()[0]))
    release.set()
    assert found.result() == (False, 1)


def test_a_full_disk_says_so_and_keeps_what_was_there(store: Store) -> None:
    """SQLite's own limit stands for the disk's."""
    store.write(_insert("before")).result()

    def limit(database: Database) -> None:
        pages = database.execute("PRAGMA page_count").fetchone()[0]
        database.execute(f"PRAGMA max_page_count = {pages}")
    store.read(limit).result()
    big = store.write(lambda database: database.execute(
        "INSERT INTO meta (name, value) VALUES ('big', ?)", ["y" * 1_000_000]))
    with pytest.raises(StoreFull, match="full"):
        big.result()
    assert _names(store) == {"before"}


def test_a_second_appliance_is_refused(store: Store) -> None:
    """One process writes; a second store on the folder gets a clear error, and the first goes on."""
    with pytest.raises(StoreLocked, match="already using"):
        Store(store.folder)
    store.write(_insert("still here")).result()


@pytest.mark.parametrize(("free", "kind", "words"), [
    (0, StoreFull, "is full"), (9 << 20, StoreBroken, "cannot be read")])
def test_a_lock_that_cannot_be_made_is_no_other_appliance(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, kind: type[StoreError], words: str) -> None:
    """A full disk, for which SQLite has other words at times, and anything else: a folder is in the way here."""
    (tmp_path / "appliance.lock").mkdir()
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=free))
    with pytest.raises(kind, match=words):
        Store(tmp_path)


def test_another_programs_file_is_refused(tmp_path: Path) -> None:
    """A text, and a database of somebody else's."""
    (tmp_path / FILE_NAME).write_text("this is not a database, but long enough to look at it " * 100)
    with pytest.raises(StoreBroken, match="damaged"):
        Store(tmp_path)
    (tmp_path / FILE_NAME).unlink()
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()
    with pytest.raises(StoreBroken, match="not made by an appliance"):
        Store(tmp_path)


def test_closing_finishes_what_waits_and_refuses_more(tmp_path: Path) -> None:
    store = Store(tmp_path)
    release = _hold(store)
    waiting = store.write(_insert("waiting"))
    closing = threading.Thread(target=store.close)
    closing.start()
    release.set()
    closing.join()
    waiting.result()
    with pytest.raises(StoreClosed):
        store.write(_insert("late"))
    again = Store(tmp_path)
    assert _names(again) == {"waiting"}
    again.close()


_WRITER = """
import sys
from pathlib import Path
from concurrent.futures import wait
from appliance.store.database import Store
store = Store(Path(sys.argv[1]))
def insert(number):
    def function(database):
        database.execute("INSERT INTO meta (name, value) VALUES (?, 'x')", [f"n{number}"])
        return number
    return function
number = 0
while True:
    futures = [store.write(insert(number + offset)) for offset in range(5)]
    number += 5
    for future in futures:
        print(future.result(), flush=True)
"""


def test_a_kill_in_the_middle_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """The process is killed while it writes; every number it had printed is in the file afterwards."""
    for _ in range(3):
        process = subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(40)]
        process.kill()
        told += [int(line) for line in process.stdout.read().split("\n")[:-1]]
        process.wait()
        process.stdout.close()
        store = Store(tmp_path)
        names = _names(store)
        store.write(lambda database: database.execute("DELETE FROM meta WHERE value = 'x'")).result()
        store.close()
        assert {f"n{number}" for number in told} <= names
