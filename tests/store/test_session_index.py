"""Lists of sessions page by page: each session once, however many keys its person has."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlite_utils import Database

from appliance.store.database import Store
from appliance.store.session_index import find_sessions
from appliance.store.sessions import SessionRow, add_key, insert_session

BOTH = ("browser:a", "user:1")


@pytest.mark.parametrize(("holders", "expected"), [
    (BOTH, ["s2", "s1", "s0"]),
    (("user:1",), ["s2", "s1", "s0"]),
    (None, ["s2", "s2", "s1", "s1", "s0", "s0"]),
])
@pytest.mark.parametrize("most", [1, 2, 5])
def test_pages_go_on_where_the_last_one_ended(
        tmp_path: Path, holders: tuple[str, ...] | None, expected: list[str], most: int) -> None:
    """Of a person each session once, wherever a page ends; of all people once for each of them."""
    def fill(database: Database) -> None:
        for number in range(3):
            insert_session(database, SessionRow(f"s{number}", "tests:x.yml", None, 0, 0, 0, step=1))
            for holder in BOTH:
                add_key(database, f"s{number}", holder, b"sealed")
    store = Store(tmp_path)
    try:
        store.write(fill).result()
        found: list[str] = []
        after: tuple[int, str] | None = None
        while rows := store.read(lambda database, after=after: find_sessions(   # type: ignore[misc]
                database, holders, "", "", after, most)).result():
            found += [one.row.id for one in rows]
            after = (rows[-1].number, rows[-1].holder)
        assert found == expected
    finally:
        store.close()
