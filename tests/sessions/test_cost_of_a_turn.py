"""What a turn costs, counted: so that no feature that a turn does not use makes it dearer unseen."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from appliance.sessions import host, opened
from appliance.sessions.screens import Screens
from appliance.sessions.visitor import Visitor
from appliance.store.database import Store
from appliance.store.keys import receiver_of
from tests.sessions.house import ANN, House, run


class Counted:
    """What the database was asked for: how often, and by which statements."""

    def __init__(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        self.statements: list[str] = []
        self.writes = self.reads = 0
        house.store.read(lambda database: database.conn.set_trace_callback(self.statements.append)).result()
        for kind in ("read", "write"):
            monkeypatch.setattr(Store, kind, self._counting(kind, getattr(Store, kind)))

    def _counting(self, kind: str, function: Any) -> Any:
        def counted(store: Store, work: Any) -> Any:
            setattr(self, f"{kind}s", getattr(self, f"{kind}s") + 1)
            return function(store, work)
        return counted


@pytest.mark.parametrize("signed_in", [False, True], ids=["anonymous", "signed in"])
def test_a_submit_asks_the_database_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, signed_in: bool) -> None:
    """One transaction, of the session's row, its turn, the visit and the step; whoever it is, nothing is looked up."""
    async def test(house: House) -> None:
        visitor = Visitor("cat's browser secret, random and long", house.owner) if signed_in else ANN
        first = await house.begin(visitor)
        first = await house.submit(first, visitor, name="Ann")   # which may have more to note of an account
        counted = Counted(house, monkeypatch)
        await house.submit(first, visitor, age="40")
        assert (counted.reads, counted.writes) == (0, 1)
        assert len(counted.statements) <= 9, counted.statements
    run(tmp_path, test)


def test_a_submit_opens_what_was_shown_once_and_makes_no_keys(tmp_path: Path) -> None:
    """What gives somebody sessions is made by a turn that makes one. The screens of a step are opened once for each
    state of the session, that before the turn and that after it, and stay open for the next turn.
    """
    async def test(house: House) -> None:
        first = await house.begin()
        with (patch.object(opened, "Screens", wraps=Screens) as screens,
              patch.object(host, "receiver_of", wraps=receiver_of) as receiver):
            await house.submit(first, name="Ann")
        assert screens.call_count == 1
        assert receiver.call_count == 0
    run(tmp_path, test)
