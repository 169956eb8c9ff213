"""Who may use an interview, as its metadata say: asked at every turn, before any of the interview runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.interview.host import UserInfo
from appliance.sessions.errors import PrivilegeNeeded, SignInNeeded
from appliance.sessions.interview_access import admit, is_unique, may_list
from appliance.sessions.reply import Reply
from appliance.sessions.visitor import Visitor
from tests.sessions.house import INTERVIEW, House, run, screen_of

NOBODY = UserInfo()
USER = UserInfo(3, "u@example.com", privileges=("user",))
ADVOCATE = UserInfo(4, "a@example.com", privileges=("advocate", "user"))
ADMIN = UserInfo(5, "b@example.com", privileges=("admin",))


def came_to(metadata: dict[str, Any], user: UserInfo, *, begins: bool) -> str:
    try:
        admit(metadata, user, begins=begins)
    except (SignInNeeded, PrivilegeNeeded) as refused:
        return type(refused).__name__
    return "in"


@pytest.mark.parametrize(("metadata", "nobody", "user", "advocate"), [
    ({}, "in", "in", "in"),
    ({"require login": True}, "SignInNeeded", "in", "in"),
    ({"require login": False}, "in", "in", "in"),
    ({"required privileges": ["advocate", "admin"]}, "SignInNeeded", "PrivilegeNeeded", "in"),
    ({"required privileges": "advocate"}, "SignInNeeded", "PrivilegeNeeded", "in"),
    ({"required privileges": ["advocate", "anonymous"]}, "in", "PrivilegeNeeded", "in"),
    ({"required privileges": ["anonymous"]}, "in", "PrivilegeNeeded", "PrivilegeNeeded"),
    ({"required privileges": []}, "in", "in", "in"),
    ({"require login": True, "required privileges": ["anonymous", "user"]}, "SignInNeeded", "in", "in"),
])
def test_metadata_say_who_comes_in(metadata: dict[str, Any], nobody: str, user: str, advocate: str) -> None:
    """For beginning a session and for going on with one alike."""
    for begins in (True, False):
        assert [came_to(metadata, one, begins=begins) for one in (NOBODY, USER, ADVOCATE)] == [nobody, user, advocate]


def test_beginning_may_ask_for_more() -> None:
    """'required privileges for initiating' and 'sessions are unique' are about beginning a session alone."""
    initiating = {"required privileges for initiating": ["advocate"]}
    assert came_to(initiating, USER, begins=True) == "PrivilegeNeeded"
    assert came_to(initiating, NOBODY, begins=True) == "SignInNeeded"
    assert came_to(initiating, ADVOCATE, begins=True) == "in"
    assert came_to(initiating, USER, begins=False) == "in"
    unique = {"sessions are unique": True}
    assert came_to(unique, NOBODY, begins=True) == "SignInNeeded"
    assert came_to(unique, NOBODY, begins=False) == "in"
    assert [is_unique({"sessions are unique": ["advocate"]}, one) for one in (NOBODY, USER, ADVOCATE)] == [
        False, False, True]


def test_lists_show_what_is_for_the_user() -> None:
    """'required privileges for listing' hides an interview from lists, and from nothing else."""
    assert may_list((), NOBODY)
    assert not may_list(("advocate",), NOBODY)
    assert not may_list(("advocate",), ADMIN)
    assert may_list(("advocate", "anonymous"), NOBODY)
    assert may_list(("advocate",), ADVOCATE)


TEXT = """
metadata:
  required privileges:
    - advocate
---
question: Name?
fields:
  - Name: name
---
mandatory: True
question: Hello ${ name }
"""


def test_every_turn_asks_and_a_refusal_runs_nothing(tmp_path: Path) -> None:
    """Whoever loses the privilege is out at the next turn, of whatever kind; nothing of the refused ones is stored."""
    async def story(house: House) -> None:
        user = house.users.add("adam@example.com", ["advocate"])
        adam = Visitor("a browser", user, user_key=b"k" * 32)
        demoted = replace(adam, user=replace(user, privileges=("user",)))
        with pytest.raises(SignInNeeded):
            await house.turns.begin(INTERVIEW, Visitor("a browser"))
        with pytest.raises(PrivilegeNeeded):
            await house.turns.begin(INTERVIEW, demoted)
        assert house.rows("SELECT count(*) FROM sessions") == [(0,)]
        first = await house.turns.begin(INTERVIEW, adam)
        session = first.session_id
        turns: list[Callable[[], Awaitable[Reply]]] = [
            lambda: house.turns.refresh(session, demoted), lambda: house.submit(first, demoted, name="Eve"),
            lambda: house.turns.action(session, demoted, "x", {}), lambda: house.back(first, demoted)]
        for turn in turns:
            with pytest.raises(PrivilegeNeeded):
                await turn()
        reply = await house.submit(first, adam, name="Ann")
        assert screen_of(reply).question_text == "Hello Ann"
        with pytest.raises(PrivilegeNeeded):   # a form that is too late is answered with the screen as it is stored
            await house.submit(first, demoted, name="Eve")

    run(tmp_path, story, TEXT)


def test_the_menu_offers_signing_in_unless_the_interview_hides_it(tmp_path: Path) -> None:
    """'show login: False' of the metadata, or of the configuration where the metadata do not say."""
    async def story(house: House) -> bool:
        return screen_of(await house.begin()).show_login

    plain = "mandatory: True\nquestion: Hi\n"
    hidden = f"metadata:\n  show login: False\n---\n{plain}"
    shown = hidden.replace("False", "True")
    assert run(tmp_path / "1", story, plain)
    assert not run(tmp_path / "2", story, hidden)
    assert not run(tmp_path / "3", story, plain, settings={"show login": False})
    assert run(tmp_path / "4", story, shown, settings={"show login": False})
