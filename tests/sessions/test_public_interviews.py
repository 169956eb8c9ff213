"""What somebody on the network may open without signing in, through each of the doors to a session."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.interview.turn import CheckIn
from appliance.sessions.errors import NotYours, SignInNeeded
from appliance.sessions.public_interviews import PublicInterviews
from appliance.sessions.turns import Turns
from appliance.sessions.visitor import Visitor
from tests.sessions.house import ANN, BOB, INTERVIEW, House, run, submission

AWAY = replace(ANN, from_network=True)
ALONE = "mandatory: True\nquestion: Hello\nfields:\n  - Name: name\n"
SHARED = f"mandatory: True\ncode: |\n  multi_user = True\n---\n{ALONE}"

DOORS: dict[str, Callable[[Turns, str, Visitor], Awaitable[object]]] = {
    "refresh": lambda turns, session, visitor: turns.refresh(session, visitor),
    "back": lambda turns, session, visitor: turns.back(session, visitor, "turn", 1),
    "action": lambda turns, session, visitor: turns.action(session, visitor, "something", {}),
    "check_in": lambda turns, session, visitor: turns.check_in(session, visitor, CheckIn("something", {}), 1),
    "delete": lambda turns, session, visitor: turns.delete(session, visitor),
    "undelivered": lambda turns, session, visitor: turns.undelivered(session, visitor),
    "variables": lambda turns, session, visitor: turns.variables(session, visitor)}


@pytest.mark.parametrize(("public", "interview", "expected"), [
    (None, INTERVIEW, False), ([], INTERVIEW, False), ("*", INTERVIEW, True), ([INTERVIEW], INTERVIEW, True),
    ("tests:test.yml", INTERVIEW, True), ("tests:*", INTERVIEW, True), ("tests:data/questions/t*.yml", INTERVIEW, True),
    ("tests:data/questions/other.yml", INTERVIEW, False), ("tests", INTERVIEW, False), ("test.yml", INTERVIEW, False),
    ("TESTS:test.yml", INTERVIEW, False), ("tests:data/questions/[t]est.yml", INTERVIEW, False),
    (["other:*", "tests:test.yml"], INTERVIEW, True), ("*:test.yml", INTERVIEW, True),
    (INTERVIEW, "tests:test.yml", True),   # as links may have it
    ("tests:test.yml", " tests:test.yml", True), ("tests:sub/*", "tests:data/questions/sub/a.yml", True),
    ("tests:*.yml", "other:test.yml", False), ("a:data/questions/x.yml", "a:data/questions/x.yml2", False)])
def test_which_interviews_are_public(public: object, interview: str, expected: bool) -> None:
    assert (interview in PublicInterviews(lambda _name, _default: public)) is expected


def test_from_the_network_only_public_ones_are_begun(tmp_path: Path) -> None:
    """At the laptop anybody begins any; whoever is signed in does so from everywhere."""
    async def work(closed: House) -> None:
        with pytest.raises(SignInNeeded):
            await closed.turns.begin(INTERVIEW, AWAY)
        await closed.turns.begin(INTERVIEW, ANN)
        await closed.turns.begin(INTERVIEW, replace(AWAY, user=closed.owner))
        assert await closed.turns.find(INTERVIEW, AWAY) is not None   # Ann's at the laptop: her browser's secret
    run(tmp_path, work, SHARED)


@pytest.mark.parametrize("door", DOORS)
def test_each_door_is_shut(tmp_path: Path, door: str) -> None:
    """Also where the browser holds the session's key: the interview was public once, or begun at the laptop."""
    async def work(closed: House) -> None:
        session = (await closed.turns.begin(INTERVIEW, ANN)).session_id
        with pytest.raises(SignInNeeded):
            await DOORS[door](closed.turns, session, AWAY)
        assert await closed.turns.find(INTERVIEW, ANN) == session
    run(tmp_path, work, SHARED)


def test_a_submit_is_refused_too(tmp_path: Path) -> None:
    async def work(closed: House) -> None:
        reply = await closed.turns.begin(INTERVIEW, ANN)
        with pytest.raises(SignInNeeded):
            await closed.turns.submit(reply.session_id, AWAY, submission(reply, name="Ann"))
    run(tmp_path, work, SHARED)


def test_a_link_to_a_shared_session(tmp_path: Path) -> None:
    """Of a public interview it opens the session; of another one it asks to sign in; of one's own it opens nothing."""
    link = replace(BOB, from_network=True)

    async def public(open_house: House) -> None:
        session = (await open_house.turns.begin(INTERVIEW, ANN)).session_id
        assert (await open_house.turns.refresh(session, link)).session_id == session
    run(tmp_path / "public", public, SHARED, settings={"public interviews": "*"})

    async def other(closed: House) -> None:
        session = (await closed.turns.begin(INTERVIEW, ANN)).session_id
        with pytest.raises(SignInNeeded):
            await closed.turns.refresh(session, link)
    run(tmp_path / "other", other, SHARED)

    async def own(closed: House) -> None:
        session = (await closed.turns.begin(INTERVIEW, ANN)).session_id
        for visitor in (BOB, link):
            with pytest.raises(NotYours):
                await closed.turns.refresh(session, visitor)
            with pytest.raises(NotYours):
                await closed.turns.undelivered(session, visitor)
    run(tmp_path / "own", own, ALONE, settings={"public interviews": "*"})
