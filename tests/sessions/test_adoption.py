"""A session begun before signing in belongs to the person after: whose keys open it then, and what a crash leaves."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.interview.evaluate import evaluate
from appliance.interview.turn import Answers, Outcome, Turn
from appliance.sessions.errors import NotYours
from appliance.sessions.visitor import Visitor
from appliance.store.errors import StoreFull
from appliance.store.keys import wrap
from appliance.store.sealing import new_key
from appliance.store.sessions import add_key
from tests.sessions.house import ANN, BOB, House, run

SHARED = """
mandatory: True
code: multi_user = True
---
mandatory: True
question: Hello
"""
TAGGED = """
metadata:
  title: Tags
  tags:
    - housing
    - court
---
question: Name?
fields:
  - Name: name
---
mandatory: True
code: session_tags().add('of ' + name)
---
mandatory: True
question: Done
"""


def signed_in(house: House, email: str = "paula@client.example", secret: str = ANN.browser_secret) -> Visitor:
    """Somebody with an account of their own; the key is one that only a password opens."""
    user = house.users.by_email(email) or house.users.add(email)
    return Visitor(secret, user, user_key=_KEYS.setdefault(email, new_key()))


_KEYS: dict[str, bytes] = {}


async def until(condition: Callable[[], bool]) -> None:
    """Let the others on the loop go on until `condition` holds."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it does not come")


def holders(house: House) -> list[str]:
    return [str(row[0]).partition(":")[0] for row in house.rows("SELECT holder FROM session_keys ORDER BY holder")]


def test_what_a_browser_began_belongs_to_whoever_signs_in(tmp_path: Path) -> None:
    """On any browser, and no longer to this one; answers, steps and the open tab are as they were, and after a
    restart too.
    """
    async def test(house: House) -> None:
        reply = await house.begin(ANN)
        reply = await house.submit(reply, ANN, name="Paula")
        paula = signed_in(house)
        assert await house.turns.adopt(ANN, paula) == 1
        assert holders(house) == ["user"]
        assert house.rows("SELECT user_id FROM sessions") == [(paula.user.user_id,)]
        house.turns.parted(paula)
        with pytest.raises(NotYours):   # the browser alone opens nothing any more
            await house.turns.refresh(reply.session_id, ANN)
        reply = await house.submit(reply, paula, age=30)   # the tab that was open all the while
        elsewhere = replace(paula, browser_secret=BOB.browser_secret)
        again = await house.turns.refresh(reply.session_id, elsewhere)
        assert "Goodbye Paula, 30" in str(again.ending)
        assert [one.title for one in await house.turns.sessions_of(elsewhere)] == ["Three steps"]
        assert await house.turns.sessions_of(BOB) == []
    run(tmp_path, test)

    async def restarted(house: House) -> None:
        assert len(await house.turns.sessions_of(signed_in(house, secret=BOB.browser_secret))) == 1
        assert await house.turns.sessions_of(ANN) == []
    run(tmp_path, restarted)


def test_the_owner_whose_key_the_appliance_opens_adopts_too(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        reply = await house.begin(ANN)
        assert await house.turns.adopt(ANN, Visitor(ANN.browser_secret, house.owner)) == 1
        await house.turns.refresh(reply.session_id, Visitor(BOB.browser_secret, house.owner))
    run(tmp_path, test)


def test_nobody_adopts_without_a_key(tmp_path: Path) -> None:
    """Of a person whose key is not there nothing is taken away."""
    async def test(house: House) -> None:
        reply = await house.begin(ANN)
        stranger = replace(house.owner, user_id=4711)
        assert await house.turns.adopt(ANN, Visitor(ANN.browser_secret, stranger)) == 0
        assert await house.turns.adopt(ANN, ANN) == 0
        await house.turns.refresh(reply.session_id, ANN)
    run(tmp_path, test)


def test_others_lose_and_gain_nothing(tmp_path: Path) -> None:
    """What another browser began, and what another person has, stays theirs."""
    async def test(house: House) -> None:
        bobs = await house.begin(BOB)
        quentin = signed_in(house, "quentin@client.example")
        quentins = await house.begin(quentin)
        await house.begin(ANN)
        assert await house.turns.adopt(ANN, signed_in(house)) == 1
        await house.turns.refresh(bobs.session_id, BOB)
        await house.turns.refresh(quentins.session_id, quentin)
        for session_id in (bobs.session_id, quentins.session_id):
            with pytest.raises(NotYours):
                await house.turns.refresh(session_id, signed_in(house))
    run(tmp_path, test)


def test_shared_sessions_of_nobody_get_their_owner_and_joined_ones_do_not(tmp_path: Path) -> None:
    """Who came through a session's link keeps it on the list; who began it is its owner, whoever signs in first."""
    async def test(house: House) -> None:
        reply = await house.begin(ANN)
        key = await house.turns._runner.vault.key_for(reply.session_id, await house.turns._holders.of(ANN))
        [holder] = await house.turns._holders.of(BOB)
        house.store.write(lambda database: add_key(
            database, reply.session_id, holder.name, wrap(holder, reply.session_id, key), joined=True)).result()
        house.turns._runner.vault.shelf.forget(reply.session_id)
        quentin = signed_in(house, "quentin@client.example", BOB.browser_secret)
        assert await house.turns.adopt(BOB, quentin) == 1
        assert house.rows("SELECT user_id FROM sessions") == [(None,)]
        paula = signed_in(house)
        assert await house.turns.adopt(ANN, paula) == 1
        assert house.rows("SELECT user_id FROM sessions") == [(paula.user.user_id,)]
        assert [one.joined for one in await house.turns.sessions_of(quentin)] == [True]
        assert [one.joined for one in await house.turns.sessions_of(paula)] == [False]
        with pytest.raises(NotYours):
            await house.turns.leave_session(reply.session_id, paula)
        await house.turns.leave_session(reply.session_id, quentin)
        assert await house.turns.sessions_of(quentin) == []
        assert len(await house.turns.sessions_of(paula)) == 1
        assert holders(house) == ["appliance", "user"]
    run(tmp_path, test, SHARED)


def test_adoption_waits_for_the_turn_that_runs_and_the_next_one_for_the_adoption(tmp_path: Path) -> None:
    """A form that another tab sent before the sign-in was answered, and that stands in line behind the adoption, is
    taken all the same; what it said is there.
    """
    entered, go = threading.Event(), threading.Event()

    def slow(interview: object, answers: Answers, turn: Turn, host: object, prior: object = None) -> Outcome:
        outcome = evaluate(interview, answers, turn, host, prior=prior)  # type: ignore[arg-type]
        if "name" in outcome.answers and "age" not in outcome.answers:
            entered.set()
            assert go.wait(10)
        return outcome

    async def test(house: House) -> None:
        first = await house.begin(ANN)
        submit = asyncio.create_task(house.submit(first, ANN, name="Paula"))
        await asyncio.to_thread(entered.wait, 10)
        adoption = asyncio.create_task(house.turns.adopt(ANN, signed_in(house)))
        await until(lambda: bool(house.turns.adoption.lately(ANN)))
        behind = asyncio.create_task(house.turns.refresh(first.session_id, ANN))
        await asyncio.sleep(0)
        assert not adoption.done()
        go.set()
        await submit
        assert await adoption == 1
        assert "How old are you, Paula" in str((await behind).ending)
        assert holders(house) == ["user"]
    run(tmp_path, test, evaluate=slow)


def test_what_is_begun_while_somebody_signs_in_is_adopted_the_next_time(tmp_path: Path) -> None:
    async def test(house: House) -> None:
        paula = signed_in(house)
        assert not house.turns.has_adopted(paula)
        await house.turns.adopt(ANN, paula)
        assert house.turns.has_adopted(paula)
        assert not house.turns.has_adopted(signed_in(house, "quentin@client.example"))
        await house.begin(ANN)   # in another tab, which does not know yet
        assert not house.turns.has_adopted(paula)
        assert await house.turns.adopt(paula, paula) == 1
        assert house.turns.has_adopted(paula)
    run(tmp_path, test)


def test_adoption_that_is_cut_off_goes_on(tmp_path: Path) -> None:
    """Each session is moved whole or not at all; what is left is open to its browser, and moved the next time."""
    async def cut_off(house: House) -> None:
        for _ in range(3):
            await house.begin(ANN)
        paula, write, count = signed_in(house), house.turns._runner.write, 0

        async def dies(function: object) -> object:
            nonlocal count
            count += 1
            if count == 2:
                raise StoreFull("no room")
            return await write(function)  # type: ignore[arg-type]
        house.turns._runner.write = dies  # type: ignore[assignment]
        with pytest.raises(StoreFull):
            await house.turns.adopt(ANN, paula)
        assert not house.turns.has_adopted(paula)
    run(tmp_path, cut_off)

    async def again(house: House) -> None:
        paula = signed_in(house)
        assert holders(house) == ["browser", "user", "user"]
        assert len(await house.turns.sessions_of(paula)) == 3
        assert await house.turns.adopt(ANN, paula) == 1
        assert holders(house) == ["user", "user", "user"]
    run(tmp_path, again)


def test_names_and_tags_are_sealed_and_go_along(tmp_path: Path) -> None:
    """What somebody calls a session, and its tags, are nowhere in the clear; both stay when it is adopted."""
    async def test(house: House) -> None:
        reply = await house.begin(ANN)
        [one] = await house.turns.sessions_of(ANN)
        assert (one.tags, one.name) == (("court", "housing"), "")
        await house.submit(reply, ANN, name="Paula")
        await house.turns.name_session(reply.session_id, ANN, "  Paula's   canary ")
        paula = signed_in(house)
        await house.turns.adopt(ANN, paula)
        [one] = await house.turns.sessions_of(paula)
        assert (one.tags, one.name) == (("court", "housing", "of Paula"), "Paula's canary")
        await house.turns.name_session(reply.session_id, paula, "")
        [one] = await house.turns.sessions_of(paula)
        assert one.name == ""
        with pytest.raises(NotYours):
            await house.turns.name_session(reply.session_id, BOB, "mine")
    run(tmp_path, test, TAGGED)
    kept = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
    for clear in (b"canary", b"housing", b"court"):
        assert clear not in kept
