"""The answers of a session as data, for scripts."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.sessions.errors import NoSuchSession, NotYours
from tests.sessions.house import ANN, BOB, House, run

TEXT = """
objects:
  - user: Individual
---
code: |
  import datetime
  since = datetime.date(2026, 11, 23)
  share = float('nan')
  set_status(variable_access=hidden != 'yes')
---
question: Name?
fields:
  - Name: user.name.first
  - Hidden: hidden
---
question: More?
fields:
  - More: more
---
mandatory: True
code: |
  user.name.first
  since
  more
"""


def test_objects_dates_and_numbers_are_given_as_json_can_hold_them(tmp_path: Path) -> None:
    """Those of the step that is shown; ours stay out, and asking changes nothing."""
    async def test(house: House) -> None:
        reply = await house.begin()
        reply = await house.submit(reply, user__name__first="Ford", hidden="no")
        known = await house.turns.variables(reply.session_id, ANN)
        assert (known.steps, known.encrypted, known.private) == (2, True, False)
        given = known.variables
        assert given["since"] == "2026-11-23"
        assert given["share"] == "nan"
        assert given["user"]["name"]["first"] == "Ford"
        assert given["user"]["_class"] == "docassemble.base.util.Individual"
        assert given["user"]["instanceName"] == "user"
        assert "_internal" not in given
        assert "datetime" not in given
        again = await house.turns.refresh(reply.session_id, ANN)
        assert again.revision == reply.revision
    run(tmp_path, test, TEXT)


def test_only_who_may_open_the_session_gets_them(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        reply = await house.begin()
        with pytest.raises(NotYours):
            await house.turns.variables(reply.session_id, BOB)
        with pytest.raises(NoSuchSession):
            await house.turns.variables("nowhere", ANN)
    run(tmp_path, test, TEXT)


def test_an_interview_can_say_that_scripts_may_not_see_them(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        reply = await house.begin()
        reply = await house.submit(reply, user__name__first="Ford", hidden="yes")
        assert (await house.turns.variables(reply.session_id, ANN)).private is True
    run(tmp_path, test, TEXT)
