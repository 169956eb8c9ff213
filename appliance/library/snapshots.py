"""Snapshots of the answers as JSON in ``author.db``, for SQL over many sessions.

``author.db`` is not sealed: who calls ``store_variables_snapshot()`` asks for a copy in the clear, as docassemble's
documentation says of it too.
"""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

from appliance import author_db
from appliance.interview.host import current, running_evaluation
from appliance.interview.stored import StoreSnapshot
from appliance.library import overlay
from appliance.library.plain import plain, plain_answers

__all__ = [
    "SnapshotConnection",
    "store_variables_snapshot",
    "variables_snapshot_connect",
    "variables_snapshot_connection",
]


def store_variables_snapshot(data: Any = None, include_internal: bool = False, key: str | None = None,
                             persistent: bool = False) -> None:
    """Put a copy of the answers into the table ``jsonstorage`` of ``author.db``, in place of the session's last one.

    :param data: something else than the answers.
    :param key: keeps this snapshot apart from others of the session; it is in the column ``tags``.
    :param persistent: it stays when the session is deleted.
    """
    evaluation = current()
    found = plain_answers(evaluation.answers, include_internal) if data is None else plain(data)
    overlay.ask_for(StoreSnapshot(str(evaluation.interview.reference), json.dumps(found),
                                  None if key is None else str(key).encode("utf-8", "replace").decode(),
                                  bool(persistent)))


class SnapshotCursor(sqlite3.Cursor):
    """Takes parameters in the manner of PostgreSQL's library too, which authors' modules are written for."""

    def execute(self, sql: str, parameters: Any = (), /) -> Self:
        return super().execute(*_as_sqlite(sql, parameters))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()


class SnapshotConnection(sqlite3.Connection):
    """A connection to ``author.db``."""

    def cursor(self, factory: Any = SnapshotCursor) -> Any:
        return super().cursor(factory)

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        return super().execute(*_as_sqlite(sql, parameters))


def variables_snapshot_connection() -> SnapshotConnection:
    """A connection for SQL over the table ``jsonstorage``: ``data->>'favorite_fruit'`` and the like.

    What this turn has stored itself is there too, though it is committed with the turn only.

    :raises NoAuthorDatabase: in a task on another machine.
    """
    evaluation = running_evaluation()
    connection: SnapshotConnection = author_db.connect(author_db.where(), SnapshotConnection)
    if evaluation is not None:
        evaluation.host.stores.write_snapshots()
        new = overlay.overlay().snapshots
        if new:
            _lay_over(connection, evaluation.host.session_id, list(new.values()), evaluation.host.now().isoformat(
                " ", "seconds")[:19])
    return connection


@contextlib.contextmanager
def variables_snapshot_connect() -> Iterator[Any]:
    """For ``with``: the same as a connection of SQLAlchemy's, whose ``connection`` is that of Python's own library.

    :raises NoAuthorDatabase: in a task on another machine.
    """
    from sqlalchemy import create_engine  # imported late: few interviews use SQL, and it takes its time
    from sqlalchemy.pool import NullPool

    engine = create_engine("sqlite://", creator=variables_snapshot_connection, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def _lay_over(connection: sqlite3.Connection, session_id: str, new: Sequence[StoreSnapshot], when: str) -> None:
    """Let this connection, and no other, see the table as it will be; nothing of it is on the disk."""
    connection.execute("CREATE TEMP TABLE new_snapshots AS SELECT * FROM main.jsonstorage WHERE 0")
    connection.executemany(
        'INSERT INTO new_snapshots (id, filename, "key", data, tags, modtime, persistent)'
        ' VALUES (COALESCE((SELECT id FROM main.jsonstorage WHERE filename = ?1 AND "key" = ?2 AND tags IS ?4),'
        ' 1000000000 + ?7), ?1, ?2, ?3, ?4, ?5, ?6)',
        [(one.filename, session_id, one.data, one.tags, when, one.persistent, number)
         for number, one in enumerate(new)])
    connection.execute(
        "CREATE TEMP VIEW jsonstorage AS SELECT * FROM main.jsonstorage WHERE id NOT IN (SELECT id FROM new_snapshots)"
        " UNION ALL SELECT * FROM new_snapshots")


_MARK = re.compile(r"%%|%s|%\((\w+)\)s")


def _as_sqlite(sql: str, parameters: Any) -> tuple[str, Any]:
    """``%s`` and ``%(name)s`` as SQLite writes them, where there are parameters and it would not understand them."""
    if not parameters or not _MARK.search(sql):
        return sql, parameters

    def mark(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        return f":{found[1]}" if found[1] else "?"
    return _MARK.sub(mark, sql), parameters if isinstance(parameters, Mapping) else tuple(parameters)
