"""The search for canaries finds them, however they are written: else that nothing is found would say nothing."""

from __future__ import annotations

import base64
import gzip
import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

import zstandard

from tests.canary.birds import Flock, search


def test_every_way_of_writing_is_found(tmp_path: Path) -> None:
    """Letters and digits, each encoded and compressed in turn, in the middle of other bytes."""
    flock = Flock()
    ways = 0
    for canary in (flock("one"), flock("two", digits=True)):
        text = f'{{"name": "xy{canary}z"}}'.encode()
        for place, body in enumerate([
            text, text.upper(), text.decode().encode("utf-16-le"), text.decode().encode("utf-16"), text.hex().encode(),
            *(base64.b64encode(b"a" * shift + text) for shift in range(3)),
            *(base64.urlsafe_b64encode(b"a" * shift + text) for shift in range(3)),
            zlib.compress(text), gzip.compress(text), zstandard.compress(text),
            b"junk" + zlib.compress(text, 1) + b"more",
        ]):
            folder = tmp_path / f"{canary[:4]}{place}"
            folder.mkdir()
            (folder / "file.bin").write_bytes(b"\x00\xff" * 50 + body + b"\x80" * 10)
            assert search(folder, flock), (place, canary)
            ways += 1
    assert ways == 30


def test_it_is_told_where_and_which(tmp_path: Path) -> None:
    """In names, in a database and in what its log still has; files that are left out are not looked into."""
    flock = Flock()
    canary = flock("answers")
    (tmp_path / f"{canary}.txt").touch()
    with closing(sqlite3.connect(tmp_path / "a.db")) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE t (x)")
        database.execute("INSERT INTO t VALUES (?)", [canary])
        database.commit()
        database.execute("UPDATE t SET x = 'nothing' || hex(x)")
        database.commit()
        found = {(one.file, one.how) for one in search(tmp_path, flock)}
    assert found == {(f"{canary}.txt", "its name"), ("a.db-wal", "plain"), ("a.db-wal", "hexadecimal")}
    assert any(one.around == f"answers: {canary}" for one in search(tmp_path, flock))
    (tmp_path / f"{canary}.txt").unlink()
    assert search(tmp_path, flock)
    assert not search(tmp_path, flock, frozenset({"a.db"}))
