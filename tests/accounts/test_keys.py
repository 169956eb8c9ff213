"""What opens a person's sessions: the password, also after it was changed; the recovery code; and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from appliance.accounts.accounts import Accounts
from appliance.accounts.errors import (
    BadPassword,
    LinkNotValid,
    NotAllowed,
    SessionsInUse,
    WrongCode,
    WrongPassword,
)
from appliance.accounts.resetting import ResetLoss
from appliance.accounts.signed_in import SignedIn
from appliance.interview.turn import ShowScreen
from appliance.sessions.errors import NoSuchSession, NotYours
from appliance.sessions.visitor import Visitor
from appliance.store.errors import WrongKey
from appliance.store.keys import unwrap, user_holder
from appliance.store.outbox_list import listed_mail
from tests.accounts.home import ADA, HERE, PASSWORD, THERE
from tests.sessions.house import House
from tests.support.people import CHEAP

OWN = """
question: What is your name?
fields:
  - Name: name
---
mandatory: True
question: Hello ${ name }
"""

NEW = "seven wet umbrellas"


class Office(House):
    """A house with accounts."""

    def __init__(self, folder: Path, text: str = OWN, **options: Any) -> None:
        super().__init__(folder, text, **options)
        self.accounts = Accounts(self.store, self.key, expire=self.turns.expire, cost=CHEAP)

    async def ada(self, email: str = ADA) -> tuple[SignedIn, str]:
        token = await self.accounts.invite(self.owner, email)
        return await self.accounts.accept(token, PASSWORD, {"first_name": "Ada"}, THERE)

    async def session(self, visitor: Visitor, name: str = "Ada") -> str:
        reply = await self.submit(await self.begin(visitor), visitor, name=name)
        return reply.session_id

    async def opens(self, session_id: str, visitor: Visitor) -> bool:
        try:
            await self.turns.refresh(session_id, visitor)
        except (NotYours, WrongKey):
            return False
        return True

    async def mine(self, visitor: Visitor) -> set[str]:
        return {one.session_id for one in await self.turns.sessions_of(visitor)}

    async def reset(self, user_id: int, code: str = "", password: str = NEW) -> tuple[SignedIn, str]:
        token = await self.accounts.reset_by(self.owner, user_id)
        return await self.accounts.reset(token, password, code, HERE)


def at(signed_in: SignedIn, browser: str = "ada's browser, any of them") -> Visitor:
    return Visitor(browser, signed_in.user, user_key=signed_in.user_key)


def in_office(folder: Path, test: Callable[[Office], Awaitable[None]], text: str = OWN, **options: Any) -> None:
    async def whole() -> None:
        office = Office(folder, text, **options)
        try:
            await test(office)
        finally:
            office.accounts.close()
            await office.close()
    asyncio.run(whole())


SHARED = OWN.replace("mandatory: True", "mandatory: True\ncode: |\n  multi_user = True\n---\nmandatory: True", 1)


def test_a_changed_password_opens_everything_as_before_and_ends_the_other_browsers(tmp_path: Path) -> None:
    """The same key; the browser that changed it stays; the old password and a wrong one do nothing."""
    async def test(office: Office) -> None:
        first, code = await office.ada()
        second = await office.accounts.sign_in(ADA, PASSWORD, HERE)
        session = await office.session(at(first))
        user_id = first.user_id
        with pytest.raises(WrongPassword):
            await office.accounts.change_password(user_id, "not the password", NEW, first.cookie)
        with pytest.raises(BadPassword):
            await office.accounts.change_password(user_id, PASSWORD, "Ada@client.example", first.cookie)
        await office.accounts.change_password(user_id, PASSWORD, NEW, first.cookie)
        assert await office.accounts.signed_in(first.cookie) == first
        assert await office.accounts.signed_in(second.cookie) is None
        with pytest.raises(WrongPassword):
            await office.accounts.sign_in(ADA, PASSWORD, HERE)
        again = await office.accounts.sign_in(ADA, NEW, HERE)
        assert again.user_key == first.user_key
        assert await office.opens(session, at(again))
        restored, _ = await office.reset(user_id, code)   # the code is still that of the key
        assert restored.user_key == first.user_key
    in_office(tmp_path, test)


def test_two_changes_at_once_leave_one_of_them(tmp_path: Path) -> None:
    """Whoever comes second is told that the password was wrong by then; the key stays whole."""
    async def test(office: Office) -> None:
        first, _ = await office.ada()
        results = await asyncio.gather(*(office.accounts.change_password(
            first.user_id, PASSWORD, f"{NEW} {number}", first.cookie) for number in range(4)), return_exceptions=True)
        [won] = [number for number, result in enumerate(results) if result is None]
        assert all(isinstance(result, WrongPassword) for result in results if result is not None)
        assert (await office.accounts.sign_in(ADA, f"{NEW} {won}", HERE)).user_key == first.user_key
    in_office(tmp_path, test)


def test_the_recovery_code_saves_everything(tmp_path: Path) -> None:
    """However it is typed; it works once, and the link too. A wrong one changes nothing, and the link still works."""
    async def test(office: Office) -> None:
        first, code = await office.ada()
        session = await office.session(at(first))
        asked = await office.accounts.ask_reset("ADA@client.example", THERE)
        assert asked is not None
        _, token = asked
        assert await office.accounts.what_reset_loses(token) == ResetLoss(1)
        for wrong in ("AAAAA-AAAAA-AAAAA-AAAAA-AAAAA", "nonsense", code[:-1]):
            with pytest.raises(WrongCode):
                await office.accounts.reset(token, NEW, wrong, HERE)
        typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
        again, new_code = await office.accounts.reset(token, NEW, f"  {typed} ", HERE)
        assert again.user_key == first.user_key
        assert await office.opens(session, at(again))
        assert await office.accounts.signed_in(first.cookie) is None
        assert await office.accounts.what_reset_loses(token) is None
        with pytest.raises(LinkNotValid):
            await office.accounts.reset(token, NEW, new_code, HERE)
        with pytest.raises(WrongCode):
            await office.reset(first.user_id, code)
        assert new_code != code
        third = await office.accounts.new_recovery_code(first.user_id, NEW)
        with pytest.raises(WrongCode):
            await office.reset(first.user_id, new_code)
        assert (await office.reset(first.user_id, third))[0].user_key == first.user_key
    in_office(tmp_path, test)


def test_a_forgotten_password_opens_nothing_that_only_it_opened(tmp_path: Path) -> None:
    """Not from the database, and not from what the server had in memory; the list of interviews stays a list. The old
    code brings it all back, and the code of another account brings nothing.
    """
    async def test(office: Office) -> None:
        first, code = await office.ada()
        sessions = {await office.session(at(first)) for _ in range(3)}
        stranger, other_code = await office.ada("bob@client.example")
        again, new_code = await office.reset(first.user_id)
        assert again.user_key != first.user_key
        assert await office.mine(at(again)) == set()
        for session_id in sessions:   # all of them are still in memory, opened with the old key
            assert not await office.opens(session_id, at(again))
        fresh = await office.session(at(again), "Ada anew")
        keys = office.store.read(lambda database: database.execute(
            "SELECT session_id, holder, sealed_key FROM session_keys").fetchall()).result()
        for session_id, _, sealed in keys:
            holder = user_holder(first.user_id, again.user_key or b"")
            if session_id != fresh:
                with pytest.raises(WrongKey):
                    unwrap(holder, session_id, sealed)
        assert await office.accounts.lost_sessions(first.user_id) == 3
        for wrong in (new_code, other_code, "", "nonsense"):
            with pytest.raises(WrongCode):
                await office.accounts.open_lost(first.user_id, again.user_key or b"", wrong)
        with pytest.raises(WrongCode):
            await office.accounts.open_lost(stranger.user_id, stranger.user_key or b"", code)
        assert await office.accounts.open_lost(first.user_id, again.user_key or b"", code) == 3
        assert await office.mine(at(again)) == {*sessions, fresh}
        assert all([await office.opens(one, at(again)) for one in sessions])
        assert await office.accounts.lost_sessions(first.user_id) == 0
    in_office(tmp_path, test)


def test_resets_one_after_the_other_keep_what_each_left_behind(tmp_path: Path) -> None:
    """Each old code opens what was begun under it."""
    async def test(office: Office) -> None:
        one, first_code = await office.ada()
        first = await office.session(at(one))
        two, second_code = await office.reset(one.user_id)
        second = await office.session(at(two))
        three, _ = await office.reset(one.user_id)
        key = three.user_key or b""
        assert await office.accounts.open_lost(one.user_id, key, second_code) == 1
        assert await office.mine(at(three)) == {second}
        assert await office.accounts.open_lost(one.user_id, key, first_code) == 1
        assert await office.mine(at(three)) == {first, second}
    in_office(tmp_path, test)


STORES = """
mandatory: True
code: |
  from_before = DAStore('user', encrypted=True)
  if url_args.get('keep'):
    from_before.set('note', url_args['keep'])
---
mandatory: True
question: Kept ${ from_before.get('note') }
"""


def test_what_interviews_stored_for_a_person_is_lost_and_found_with_their_key(tmp_path: Path) -> None:
    """Encrypted values of `DAStore`: gone to whoever has no code, also where there is no session, and back with it."""
    async def kept(office: Office, visitor: Visitor, **arguments: str) -> str:
        reply = await office.begin(visitor, **arguments)
        words = reply.ending.screen.question_text if isinstance(reply.ending, ShowScreen) else ""
        await office.turns.delete(reply.session_id, visitor)
        return words

    async def test(office: Office) -> None:
        first, code = await office.ada()
        assert await kept(office, at(first), keep="a dog") == "Kept a dog"
        token = await office.accounts.reset_by(office.owner, first.user_id)
        assert await office.accounts.what_reset_loses(token) == ResetLoss(0, more=True)   # said before
        again, _ = await office.reset(first.user_id)
        assert await kept(office, at(again)) == "Kept None"
        assert await office.accounts.has_lost(first.user_id)
        assert await office.accounts.open_lost(first.user_id, again.user_key or b"", code) == 0
        assert await kept(office, at(again)) == "Kept a dog"
        assert not await office.accounts.has_lost(first.user_id)
    in_office(tmp_path, test, STORES)


def test_mail_of_interviews_that_have_ended_is_set_aside_too(tmp_path: Path) -> None:
    """The outbox shows it to whoever held its session; that is not whoever has made a new password."""
    async def test(office: Office) -> None:
        first, code = await office.ada()
        names = [f"user:{first.user_id}"]
        office.store.write(lambda database: (
            database.execute("INSERT INTO outbox (number, message_id, state, created, next_try)"
                             " VALUES (1, 'one', 'failed', 0, 0)"),
            database.execute("INSERT INTO outbox_ended (number, interview, holders) VALUES (1, 'x', json_array(?))",
                             names))).result()

        def seen() -> int:
            return office.store.read(lambda database: listed_mail(database, names, 10)).result()["failed"].total
        assert seen() == 1
        again, _ = await office.reset(first.user_id)
        assert seen() == 0
        await office.accounts.open_lost(first.user_id, again.user_key or b"", code)
        assert seen() == 1
    in_office(tmp_path, test)


def test_what_several_people_can_open_is_not_lost(tmp_path: Path) -> None:
    """A multi_user session is opened by the new key too, and nobody is told that it would be lost."""
    async def test(office: Office) -> None:
        first, _ = await office.ada()
        session = await office.session(at(first))
        token = await office.accounts.reset_by(office.owner, first.user_id)
        assert await office.accounts.what_reset_loses(token) == ResetLoss(0)
        again, _ = await office.accounts.reset(token, NEW, "", HERE)
        assert await office.mine(at(again)) == {session}
        assert await office.opens(session, at(again))
    in_office(tmp_path, test, SHARED)


def test_links_to_a_new_password_are_for_those_who_may_have_them(tmp_path: Path) -> None:
    """Only administrators make one, nobody but the owner for the owner; unknown addresses get none, and no word."""
    async def test(office: Office) -> None:
        ada, _ = await office.ada()
        token = await office.accounts.invite(office.owner, "boss@client.example", ["admin"])
        boss, _ = await office.accounts.accept(token, PASSWORD, {}, THERE)
        owner_id = office.owner.user_id or 0
        with pytest.raises(NotAllowed):
            await office.accounts.reset_by(ada.user, ada.user_id)
        with pytest.raises(NotAllowed):
            await office.accounts.reset_by(boss.user, owner_id)
        assert await office.accounts.reset_by(boss.user, ada.user_id)
        assert await office.accounts.ask_reset("nobody@client.example", THERE) is None
        assert await office.accounts.ask_reset("cron@localhost", THERE) is None
        given = [await office.accounts.ask_reset(ADA, THERE) for _ in range(10)]
        assert None in given   # nobody's mailbox is filled
        await office.accounts.set_active(boss.user, ada.user_id, active=False)
        assert await office.accounts.ask_reset(ADA, HERE) is None
        with pytest.raises(LinkNotValid):
            await office.accounts.reset(next(one for one in given if one is not None)[1], NEW, "", HERE)
    in_office(tmp_path, test)


def test_the_owner_may_have_a_password_and_loses_nothing_by_it(tmp_path: Path) -> None:
    """From another computer with address and password; the appliance's key opens the sessions, whatever is reset."""
    async def test(office: Office) -> None:
        owner_id = office.owner.user_id or 0
        session = await office.session(Visitor("the window", office.owner))
        await office.accounts.change_email(owner_id, "", "olive@clinic.example")
        await office.accounts.change_password(owner_id, "", PASSWORD)
        signed_in = await office.accounts.sign_in("olive@clinic.example", PASSWORD, THERE)
        assert await office.opens(session, at(signed_in))
        with pytest.raises(WrongPassword):
            await office.accounts.change_password(owner_id, "", NEW)
        asked = await office.accounts.ask_reset("olive@clinic.example", THERE)
        assert asked is not None
        assert (await office.accounts.what_reset_loses(asked[1])) == ResetLoss(0, has_code=False)
        again, code = await office.accounts.reset(asked[1], NEW, "", THERE)
        assert code == ""   # there is nothing that it would open
        with pytest.raises(NotAllowed, match="Backup"):
            await office.accounts.new_recovery_code(owner_id, NEW)
        assert await office.opens(session, at(again))
        assert await office.mine(at(again)) == {session}
    in_office(tmp_path, test)


def test_an_account_goes_with_what_only_it_opens(tmp_path: Path) -> None:
    """Lost sessions too; those of others and shared ones stay, without its key. Never the owner's; never by others."""
    async def test(office: Office) -> None:
        ada, _ = await office.ada()
        bob, _ = await office.ada("bob@client.example")
        lost = await office.session(at(ada))
        ada, _ = await office.reset(ada.user_id)
        own, bobs = await office.session(at(ada)), await office.session(at(bob))
        assert (await office.accounts.what_deletion_takes(ada.user_id)).sessions == 2
        for by, target in ((bob.user, ada.user_id), (office.owner, office.owner.user_id or 0)):
            with pytest.raises(NotAllowed):
                await office.accounts.delete(by, target)
        await office.accounts.delete(office.owner, ada.user_id)
        assert await office.accounts.signed_in(ada.cookie) is None
        for session_id in (lost, own):
            with pytest.raises(NoSuchSession):
                await office.turns.refresh(session_id, at(ada))
        assert await office.opens(bobs, at(bob))
        left = office.store.read(lambda database: [database.execute(
            f"SELECT count(*) FROM {table} WHERE user_id = ?", [ada.user_id]).fetchone()[0] for table in (
            "passwords", "recovery_codes", "lost_keys", "sign_ins", "sign_in_tokens", "user_privileges", "visits")])
        assert left.result() == [0] * 7
        with pytest.raises(WrongPassword):
            await office.accounts.sign_in(ADA, NEW, HERE)
    in_office(tmp_path, test)


def test_an_account_stays_while_somebody_is_in_its_interview(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is deleted then, and the words say why."""
    monkeypatch.setattr("appliance.accounts.people._PAUSE", 0)

    async def test(office: Office) -> None:
        ada, _ = await office.ada()
        session = await office.session(at(ada))
        async with office.turns._runner.order.turn(session):
            with pytest.raises(SessionsInUse):
                await office.accounts.delete(office.owner, ada.user_id)
        assert await office.opens(session, at(ada))
        await office.accounts.delete(office.owner, ada.user_id)
        assert await office.accounts.person(ada.user_id) is None
    in_office(tmp_path, test)


def test_a_shared_interview_outlives_the_account_that_began_it(tmp_path: Path) -> None:
    """The appliance still opens it; nobody's key is left on it."""
    async def test(office: Office) -> None:
        ada, _ = await office.ada()
        session = await office.session(at(ada))
        assert (await office.accounts.what_deletion_takes(ada.user_id)).sessions == 0
        await office.accounts.delete(ada.user, ada.user_id)   # people may end their own account
        holders = office.store.read(lambda database: database.execute(
            "SELECT holder FROM session_keys WHERE session_id = ?", [session]).fetchall())
        assert holders.result() == [("appliance",)]
    in_office(tmp_path, test, SHARED)
