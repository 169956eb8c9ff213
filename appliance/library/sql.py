"""``docassemble.base.sql``: tables that authors keep themselves, with SQLAlchemy, in ``author.db``.

Whatever database an author names, it is the one file ``author.db`` of the data folder. It is not sealed, what is
written to it acts at once (it is no part of the turn), and a task on another machine cannot reach it.
"""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Engine
from sqlalchemy.orm import DeclarativeBase, sessionmaker
from sqlalchemy.pool import NullPool

from appliance import author_db
from appliance.library.sql_lists import SQLObjectList, SQLRelationshipList, StandardRelationshipList
from appliance.library.sql_objects import SQLObject
from appliance.library.sql_relationships import SQLObjectRelationship
from appliance.library.sql_sessions import for_each_turn

__all__ = [
    "Database",
    "SQLObject",
    "SQLObjectList",
    "SQLObjectRelationship",
    "SQLRelationshipList",
    "StandardRelationshipList",
    "alchemy_url",
    "connect_args",
    "create_objects",
    "register_db",
    "upgrade_db",
]

_IN_MEMORY = "sqlite://"

_registered: dict[str, Database] = {}   # by the file of the module


def alchemy_url(db_config: str, **kwargs: Any) -> str:
    """The address of ``author.db`` for ``create_engine()``.

    Where no appliance runs (``appliance check`` reads an interview), it is that of an empty database in memory.

    :param db_config: the name that the database has in docassemble's configuration.
    :raises NoAuthorDatabase: in a task on another machine.
    """
    if not author_db.is_told():
        return _IN_MEMORY
    return URL.create("sqlite", database=str(author_db.where())).render_as_string(hide_password=False)


def connect_args(db_config: str, **kwargs: Any) -> dict[str, Any]:
    """What ``create_engine(…, connect_args=…)`` is given: how long to wait for others who write."""
    return {"timeout": author_db.BUSY}


class Database:
    """What ``register_db()`` gives: ``Model``, the base of tables, ``session`` and ``engine``.

    The file is looked for when it is first needed, so that a module can be imported where it is not there.
    """

    def __init__(self) -> None:
        self.engine = create_engine("sqlite://", creator=_connection, poolclass=NullPool)
        self.session = for_each_turn(sessionmaker(bind=self.engine))
        base: Any = type("Model", (DeclarativeBase,), {})
        self.Model, self.metadata = base, base.metadata


def register_db(db_config: str) -> Database:
    """A database for the tables of the module that calls this: ``class CustomerModel(db.Model): …``."""
    caller = sys._getframe(1)  # noqa: SLF001 - create_objects() is told the module's file, and finds it by that
    database = _registered[str(caller.f_globals.get("__file__"))] = Database()
    return database


def create_objects(py_file: str, db_config: str) -> None:
    """Make the tables that are not there yet, of the module that called ``register_db()``, and upgrade those that are.

    Nothing happens where there is no ``author.db``: the error comes when a table is used.

    :param py_file: the module's ``__file__``.
    """
    database = _registered.get(py_file)
    if database is None:
        raise RuntimeError("create_objects(__file__, …) is called in the module that has called register_db().")
    try:
        author_db.where()
    except author_db.NoAuthorDatabase:
        return
    database.metadata.create_all(database.engine)
    upgrade_db(alchemy_url(db_config), py_file, database.engine, name=db_config)


def upgrade_db(url: Any, py_file: str, engine: Engine, version_table: str | None = None, name: str | None = None,
               conn_args: dict[str, Any] | None = None) -> None:
    """Bring tables to their newest form with the Alembic scripts of the module's package, if it has any.

    :param py_file: the module's ``__file__``; beside it lie ``alembic.ini`` and the folder ``alembic``.
    :param version_table: where Alembic notes what it has done; one of its own for each package unless it is told.
    """
    del url, conn_args, name   # the engine knows
    folder = Path(py_file).resolve().parent
    scripts = folder / "alembic"
    if (folder / "alembic.ini").is_file() and any((scripts / "versions").glob("*.py")):
        from appliance.library.sql_upgrades import upgrade  # imported late: few packages have any

        upgrade(scripts, engine, version_table or f"alembic_version_{folder.name}")


def _connection() -> sqlite3.Connection:
    return sqlite3.connect(author_db.where(), timeout=author_db.BUSY, check_same_thread=False)


@event.listens_for(Engine, "connect")
def _as_authors_expect(connection: Any, _record: Any) -> None:
    """References between tables hold, as in other databases, and nothing that is set aside comes to lie on the disk."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA temp_store=MEMORY")
        connection.execute(f"PRAGMA busy_timeout={round(author_db.BUSY * 1000)}")
