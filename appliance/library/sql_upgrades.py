"""Runs the Alembic scripts that a package brings for its tables."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Engine

__all__ = ["upgrade"]


def upgrade(scripts: Path, engine: Engine, version_table: str) -> None:
    """Run the upgrades that have not run yet, each once, in their order, all in one transaction.

    The package's own ``env.py`` is passed over: it would look for a configuration of docassemble.

    :param scripts: the folder ``alembic``.
    :param version_table: where it is noted what has run.
    """
    directory = ScriptDirectory(str(scripts))

    def to_newest(revision: Any, context: MigrationContext) -> Any:
        return directory._upgrade_revs("heads", revision)  # noqa: SLF001 - as Alembic's own env.py templates do
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": version_table, "fn": to_newest,
                                                               "render_as_batch": True})
        with context.begin_transaction(), _operations(context):
            context.run_migrations()


@contextlib.contextmanager
def _operations(context: MigrationContext) -> Iterator[None]:
    """While this lasts, ``from alembic import op`` in the scripts works on this connection."""
    with Operations.context(context):
        yield
