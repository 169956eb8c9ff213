"""Data folders as older appliances left them: the tables of a version, with rows in each, and files beside them."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from appliance.store.migrations import APPLICATION_ID, MIGRATIONS

__all__ = ["DATABASE", "files_of", "old_folder", "opened", "rows_of", "schema_of"]

DATABASE = "appliance.db"
ROWS = 3
_CHOICES = re.compile(r"(\w+) TEXT NOT NULL(?: DEFAULT '[^']*')?\s+CHECK \(\1 IN \(([^)]*)\)\)")


def old_folder(folder: Path, version: int) -> Path:
    """Make a data folder as an appliance of data version `version` did, with rows in every table of it."""
    folder.mkdir(parents=True)
    with opened(folder / DATABASE) as connection:
        database = Database(connection, execute_plugins=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA foreign_keys=ON")
        with database.atomic():
            for step in MIGRATIONS[:version]:
                step(database)
            database.execute(f"PRAGMA user_version = {version}")
            database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            for table in _in_order(database):
                for number in range(1, ROWS + 1):
                    _add_row(database, table, number)
    for name, text in {"config.yml": "language: fr\n", "packages/index.json": '{"packages": {}}',
                       "packages/x/docassemble/x/a.yml": "question: Hi\n", "logs/appliance.log": "a line\n",
                       "files/ab/abcdef": "sealed", "network/authority.pem": "x", "author.db": ""}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def rows_of(path: Path) -> dict[str, list[dict[str, Any]]]:
    """All rows of a database, by table, in one order; a column without a value is left out."""
    with opened(path) as connection:
        connection.row_factory = sqlite3.Row
        tables = [str(name) for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
        return {table: sorted(({key: row[key] for key in row.keys()}  # noqa: SIM118 - a Row iterates over values
                               for row in connection.execute(f'SELECT * FROM "{table}"')), key=repr)
                for table in tables}


def schema_of(path: Path) -> set[tuple[str, ...]]:
    """What a database is made of: its columns with what holds for them, and everything that has a name."""
    with opened(path) as connection:
        names = connection.execute("SELECT type, name, tbl_name FROM sqlite_master").fetchall()
        tables = [name for kind, name, _ in names if kind == "table"]
        columns = [("column", table, *map(repr, row[1:])) for table in tables
                   for row in connection.execute(f"PRAGMA table_info('{table}')")]
        keys = [("foreign key", table, *map(repr, row[2:])) for table in tables
                for row in connection.execute(f"PRAGMA foreign_key_list('{table}')")]
        return {tuple(map(str, row)) for row in [*names, *columns, *keys]}


def files_of(folder: Path) -> dict[str, str]:
    """Every file of a folder but its database, locks and copies, with the digest of what is in it."""
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.name.startswith((DATABASE, "appliance.lock"))
            and path.relative_to(folder).parts[0] != "backups"}


def _in_order(database: Database) -> list[str]:
    """The tables, those that others point to first."""
    tables = [name for name in database.table_names() if not name.startswith("sqlite_")]
    pointed = {name: {str(row[2]) for row in database.execute(f"PRAGMA foreign_key_list('{name}')").fetchall()} - {name}
               for name in tables}
    order: list[str] = []
    while len(order) < len(tables):
        order += sorted(name for name in tables if name not in order and pointed[name] <= set(order))
    return order


def _add_row(database: Database, table: str, number: int) -> None:
    """A row whose every column has a value that says which it is, or that it may have."""
    sql = database.execute("SELECT sql FROM sqlite_master WHERE name = ?", [table]).fetchone()[0]
    choices = {name: [one.strip().strip("'") for one in many.split(",")] for name, many in _CHOICES.findall(sql)}
    points = {str(row[3]): (str(row[2]), str(row[4])) for row in
              database.execute(f"PRAGMA foreign_key_list('{table}')").fetchall()}
    values: dict[str, Any] = {}
    for _, name, kind, *_ in database.execute(f"PRAGMA table_info('{table}')").fetchall():
        if name in points:
            other, column = points[name]
            values[name] = database.execute(f'SELECT "{column}" FROM "{other}" ORDER BY 1 LIMIT 1 OFFSET ?',
                                            [number - 1]).fetchone()[0]
        elif name in choices:
            values[name] = choices[name][number % len(choices[name])]
        else:
            values[name] = {"TEXT": f"{table}.{name} {number}", "INTEGER": number, "REAL": number + 0.5,
                            "BLOB": f"{name}{number}".encode()}[kind]
    names = ", ".join(f'"{name}"' for name in values)
    database.execute(f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(values))})', list(values.values()))
