"""What author code does to accounts: with its turn or not at all, asked again when it is written, sealed on disk."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.accounts.accounts import Accounts
from appliance.accounts.errors import WrongPassword
from appliance.accounts.signed_in import Device, SignedIn
from appliance.interview.accounts import AccountsRefused
from appliance.interview.errors import InterviewError
from appliance.interview.turn import Goodbye
from appliance.sessions.visitor import Visitor
from appliance.store.users import write_privileges
from tests.sessions.house import INTERVIEW, House, run, screen_of
from tests.support.people import CHEAP

ADDRESS = "Wanda.Quux@example.com"
PASSWORD = "seven green umbrellas"
HERE = Device("127.0.0.1")


def olive(house: House) -> Visitor:
    """The owner, who is an administrator."""
    return Visitor("olive's browser secret, random and long", house.owner)


def accounts_of(house: House) -> Accounts:
    return Accounts(house.store, house.key, cost=CHEAP)


def as_visitor(signed_in: SignedIn) -> Visitor:
    return Visitor(f"browser of {signed_in.user.email}", signed_in.user, user_key=signed_in.user_key)


def give(house: House, **names: Any) -> None:
    """Functions of the test, for the code of its interview."""
    house.turns._runner.language.interviews.get(INTERVIEW).namespace.update(names)


MAKING = f"""
question: Go?
field: go
---
mandatory: True
code: |
  go
  number = create_user('{ADDRESS}', '{PASSWORD}', ['user', 'advocate'], dict(first_name='Wanda'))
  told = get_user_info(number)['first_name']
---
mandatory: True
question: ${{ told }} is ${{ number }}
"""


def test_an_account_is_made_with_the_turn_and_signs_in(tmp_path: Path) -> None:
    """The number that the code got is the account's; its password opens a key; none of it is on disk in the clear."""
    async def story(house: House) -> str:
        reply = await house.begin(olive(house))
        assert house.rows("SELECT count(*) FROM users") == [(2,)]
        reply = await house.submit(reply, olive(house))
        words = screen_of(reply).question_text
        accounts = accounts_of(house)
        signed_in = await accounts.sign_in("wanda.quux@EXAMPLE.com", PASSWORD, HERE)
        assert words == f"Wanda is {signed_in.user_id}"
        assert house.changed_accounts == [signed_in.user_id]
        assert signed_in.user.privileges == ("advocate", "user")
        assert signed_in.user_key is not None
        own = await house.turns.begin(INTERVIEW, as_visitor(signed_in))
        assert await house.turns.find(own.interview, replace(as_visitor(signed_in), browser_secret="other")) is not None
        entries = await accounts.audit.entries()
        assert [(one.kind, one.user_id, one.what["account"]) for one in entries if one.kind == "registered"] == [
            ("registered", house.owner.user_id, ADDRESS)]
        return words

    run(tmp_path, story, MAKING)
    for file in (tmp_path / "data").rglob("*"):
        if file.is_file():
            text = file.read_bytes().lower()
            assert b"wanda" not in text, file
            assert PASSWORD.encode() not in text, file


def test_a_turn_that_fails_makes_nobody(tmp_path: Path) -> None:
    """An error after create_user() leaves no account behind; the number that it had got is not used again."""
    async def story(house: House) -> None:
        reply = await house.begin(olive(house))
        with pytest.raises(InterviewError, match="division"):
            await house.submit(reply, olive(house))
        assert house.rows("SELECT count(*) FROM users WHERE kind = 'person'") == [(0,)]
        assert house.rows("SELECT count(*) FROM audit") == [(0,)]
        assert house.changed_accounts == []
        with pytest.raises(InterviewError, match="division"):   # and the address is still free
            await house.submit(reply, olive(house))

    run(tmp_path, story, MAKING.replace("  told =", "  1 / 0\n  told ="))


def test_who_asks_is_looked_at_again_when_it_is_written(tmp_path: Path) -> None:
    """A privilege that was taken away while the code ran does not hold any more; the turn comes to nothing."""
    async def story(house: House) -> None:
        accounts = accounts_of(house)
        user, _ = await accounts.add(None, "boss@example.com", PASSWORD, ["admin"])
        boss = Visitor("a browser", user)
        reply = await house.begin(boss)
        give(house, meanwhile=lambda: house.store.write(
            lambda database: write_privileges(database, user.user_id or 0, ["user"])).result())
        with pytest.raises(AccountsRefused, match="create_user"):
            await house.submit(reply, boss)
        assert house.rows("SELECT count(*) FROM users WHERE kind = 'person'") == [(1,)]
        assert screen_of(await house.turns.refresh(reply.session_id, boss)).question_text == "Go?"

    run(tmp_path, story, MAKING.replace("['first_name']", "['first_name']\n  meanwhile()"))


def test_of_two_turns_that_make_the_same_account_one_fails(tmp_path: Path) -> None:
    """Two sessions ask for one address at the same time: the second finds it taken, and nothing of its turn is kept."""
    both = threading.Barrier(2)

    async def story(house: House) -> None:
        give(house, meet=both.wait)
        first, second = await house.begin(olive(house)), await house.begin(olive(house))
        outcomes = await asyncio.gather(house.submit(first, olive(house)),
                                        house.submit(second, olive(house)), return_exceptions=True)
        refused = [one for one in outcomes if isinstance(one, AccountsRefused)]
        assert len(refused) == 1
        assert "already an account" in refused[0].message
        assert house.rows("SELECT count(*) FROM users WHERE kind = 'person'") == [(1,)]

    run(tmp_path, story, MAKING.replace("  told =", "  meet(10)\n  told ="))


def test_what_is_done_stays_done_where_the_session_ends(tmp_path: Path) -> None:
    """command('exit') after create_user(): the answers are gone, the account is there."""
    async def story(house: House) -> None:
        reply = await house.begin(olive(house))
        reply = await house.submit(reply, olive(house))
        assert isinstance(reply.ending, Goodbye)
        assert house.rows("SELECT count(*) FROM sessions") == [(0,)]
        assert house.rows("SELECT count(*) FROM users WHERE kind = 'person'") == [(1,)]

    run(tmp_path, story, MAKING.replace("  told =", "  command('exit')\n  told ="))


CHANGING = """
question: What?
fields:
  - Code: order
---
mandatory: True
code: |
  whom = url_args['whom']
  if order == 'off':
    set_user_info(email=whom, active=False)
  elif order == 'rename':
    set_user_info(email=whom, last_name='Zed', timezone='Europe/Paris')
  elif order == 'zone':
    set_user_info(email=whom, timezone='Atlantis')
  elif order == 'advocate':
    set_user_info(email=whom, privileges=['advocate'])
  elif order == 'new':
    set_user_info(email=whom, password='nine yellow kettles')
  elif order == 'own':
    set_user_info(password='nine yellow kettles', old_password=url_args['old'])
  elif order == 'privilege':
    manage_privileges('add', 'intake')
    set_user_info(email=whom, privileges=['intake'])
  elif order == 'none':
    manage_privileges('remove', 'intake')
---
mandatory: True
question: Done
"""


async def order(house: House, visitor: Visitor, what: str, **url_args: str) -> None:
    reply = await house.begin(visitor, whom="wanda@example.com", **url_args)
    reply = await house.submit(reply, visitor, order=what)
    assert screen_of(reply).question_text == "Done"


def test_administrators_change_the_accounts_of_others(tmp_path: Path) -> None:
    """Profile, privileges (also new ones) and being active; who is switched off is signed out; all of it is logged."""
    async def story(house: House) -> None:
        accounts = accounts_of(house)
        user, _ = await accounts.add(None, "wanda@example.com", PASSWORD)
        number = user.user_id or 0
        signed_in = await accounts.sign_in("wanda@example.com", PASSWORD, HERE)
        house.turns.listeners.on_account = accounts.changed
        boss = olive(house)
        await order(house, boss, "rename")
        profile = await accounts.profile(number)
        assert (profile.last_name, profile.timezone) == ("Zed", "Europe/Paris")
        with pytest.raises(AccountsRefused, match="Atlantis is not a time zone"):
            await order(house, boss, "zone")
        await order(house, boss, "advocate")
        known = await accounts.signed_in(signed_in.cookie)
        assert known is not None
        assert known.user.privileges == ("advocate",)
        await order(house, boss, "privilege")
        assert (await accounts.privileges()).count("intake") == 1
        await order(house, boss, "none")
        person = await accounts.person(number)
        assert person is not None
        assert person.user.privileges == ("user",)
        await order(house, boss, "off")
        assert await accounts.signed_in(signed_in.cookie) is None
        kinds = [one.kind for one in await accounts.audit.entries() if one.user_id == house.owner.user_id]
        assert sorted(set(kinds)) == ["activated", "privileges", "profile"]

    run(tmp_path, story, CHANGING)


def test_a_new_password_keeps_the_key_where_the_old_one_is_known_and_nowhere_else(tmp_path: Path) -> None:
    """With the old password all sessions stay open; an administrator without it sets aside what only it opened."""
    async def story(house: House) -> None:
        accounts = accounts_of(house)
        await accounts.add(None, "wanda@example.com", PASSWORD)
        wanda = as_visitor(await accounts.sign_in("wanda@example.com", PASSWORD, HERE))
        with pytest.raises(InterviewError, match="old password is not right"):
            await order(house, wanda, "own", old="something quite different")
        await order(house, wanda, "own", old=PASSWORD)
        signed_in = await accounts.sign_in("wanda@example.com", "nine yellow kettles", HERE)
        assert signed_in.user_key == wanda.user_key
        with pytest.raises(WrongPassword):
            await accounts.sign_in("wanda@example.com", PASSWORD, HERE)
        held = house.rows(f"SELECT count(*) FROM session_keys WHERE holder = 'user:{signed_in.user_id}'")
        assert held[0][0] > 0
        await order(house, olive(house), "new")
        again = await accounts.sign_in("wanda@example.com", "nine yellow kettles", HERE)
        assert again.user_key != wanda.user_key
        assert house.rows(f"SELECT count(*) FROM session_keys WHERE holder = 'user:{signed_in.user_id}'") == [(0,)]
        assert house.rows("SELECT count(*) FROM session_keys WHERE holder LIKE 'lost:%'") == held

    run(tmp_path, story, CHANGING)


def test_wrong_old_passwords_cannot_be_tried_without_end(tmp_path: Path) -> None:
    """A page of an interview is no way to guess a password: after some tries the right one is not taken either."""
    async def story(house: House) -> None:
        accounts = accounts_of(house)
        await accounts.add(None, "wanda@example.com", PASSWORD)
        wanda = as_visitor(await accounts.sign_in("wanda@example.com", PASSWORD, HERE))
        for _ in range(5):
            with pytest.raises(InterviewError, match="not right"):
                await order(house, wanda, "own", old="something quite different")
        with pytest.raises(InterviewError, match="too many"):
            await order(house, wanda, "own", old=PASSWORD)

    run(tmp_path, story, CHANGING)


TASK = """
mandatory: True
code: |
  task = background_action('make', 'flash')
---
event: make
code: |
  before = [one['email'] for one in get_user_list()[0]]
  number = create_user('t@example.com', 'seven green umbrellas')
  background_response_action('made', number=number, before=len(before))
---
event: made
code: |
  set_user_info(user_id=action_argument('number'), first_name='Tess')
  told = get_user_info(action_argument('number'))
  summary = [action_argument('before'), told['first_name'], told['email']]
  background_response()
---
mandatory: True
question: |
  % if task.ready():
  ${ summary }
  % else:
  Wait
  % endif
"""


def test_a_task_makes_accounts_with_its_end(tmp_path: Path) -> None:
    """A task asks the server for accounts; what it makes is there with its end, and its response action sees it."""
    async def story(house: House) -> None:
        reply = await house.begin(olive(house))
        await house.work()
        reply = await house.turns.refresh(reply.session_id, olive(house))
        assert screen_of(reply).question_text == "[1, ‘Tess’, ‘t@example.com’]"
        signed_in = await accounts_of(house).sign_in("t@example.com", PASSWORD, HERE)
        assert signed_in.user.first_name == "Tess"
        assert house.changed_accounts == [signed_in.user_id]

    run(tmp_path, story, TASK)


def test_a_task_that_is_overtaken_fails_and_keeps_the_rest(tmp_path: Path) -> None:
    """The address was given away while the task ran: the task fails with these words, and its other effects stay."""
    async def story(house: House) -> None:
        reply = await house.begin(olive(house))
        original = house.turns.task_ended

        async def overtaken(end: Any) -> None:
            await accounts_of(house).add(None, "t@example.com", PASSWORD)
            await original(end)
        house.turns.task_ended = overtaken  # type: ignore[method-assign]
        await house.work()
        [(state,)] = house.rows("SELECT state FROM tasks")
        assert state == "failed"
        assert house.rows("SELECT count(*) FROM users WHERE kind = 'person'") == [(1,)]
        assert house.rows("SELECT count(*) FROM outbox") == [(1,)]
        reply = await house.turns.refresh(reply.session_id, olive(house))
        assert "already an account" in screen_of(reply).question_text

    run(tmp_path, story, TASK.replace("  background_response_action", "  send_email(to='x@example.com', body='x')\n"
                                      "  background_response_action").replace(
        "  ${ summary }", "  ${ task.result().error_message if task.failed() else summary }"))


def test_numbers_of_accounts_are_given_once(tmp_path: Path) -> None:
    """Two turns that ask at the same time get two numbers, and a number that came to nothing stays unused."""
    async def story(house: House) -> None:
        door = house.turns._runner.accounts
        numbers = [door.new_user_id() for _ in range(3)]
        assert len(set(numbers)) == 3
        user, _ = await accounts_of(house).add(None, "later@example.com", PASSWORD)
        assert (user.user_id or 0) > max(numbers)
        with pytest.raises(sqlite3.IntegrityError):
            house.store.write(lambda database: database.execute(
                "INSERT INTO users (id, email_mark, created) VALUES (?, 'x', 0)", [user.user_id])).result()

    run(tmp_path, story)
