"""Signing in and out: who a cookie means, and until when."""

from __future__ import annotations

import asyncio

import pytest

from appliance import clock
from appliance.accounts.errors import AccountInactive, TooManyTries, WrongPassword
from appliance.store.sign_ins import LIFETIME
from tests.accounts.home import ADA, HERE, PASSWORD, THERE, Home
from tests.support.people import OWNER_TOKEN


def test_the_owner_signs_in_once_with_the_token(home: Home) -> None:
    """No password, no key: the appliance has it. The token works once, and a made-up one never."""
    async def test() -> None:
        signed_in = await home.accounts.redeem(OWNER_TOKEN, HERE)
        assert signed_in is not None
        assert (signed_in.user.first_name, signed_in.user_key) == ("Olive", None)
        assert await home.accounts.signed_in(signed_in.cookie) == signed_in
        assert await home.accounts.redeem(OWNER_TOKEN, HERE) is None
        assert await home.accounts.redeem("guessed", HERE) is None
    home.run(test())


def test_a_password_opens_the_same_key_in_every_browser_and_after_a_restart(home: Home) -> None:
    """In large and small letters of the address, with accents typed in either way."""
    async def before() -> tuple[str, bytes | None]:
        token = await home.accounts.invite(home.owner, ADA)
        first, _ = await home.accounts.accept(token, "trois hérons gris", {}, THERE)
        typed = "trois he\N{COMBINING ACUTE ACCENT}rons gris"
        second = await home.accounts.sign_in(" ADA@client.example ", typed, HERE)
        assert first.user_key is not None
        assert (first.user_key, first.user) == (second.user_key, second.user)
        assert first.cookie != second.cookie
        return first.cookie, first.user_key

    async def after(cookie: str, key: bytes | None) -> None:
        signed_in = await home.accounts.signed_in(cookie)
        assert signed_in is not None
        assert (signed_in.user.email, signed_in.user_key) == (ADA, key)
    cookie, key = home.run(before())
    home.restart()
    home.run(after(cookie, key))


def test_wrong_is_said_alike_whether_the_address_is_known_or_not(home: Home) -> None:
    """The same exception, words and work: each try stretches one password, also for nobody's address."""
    async def test() -> None:
        await home.ada()
        await home.accounts.invite(home.owner, "invited@client.example")
        words = set()
        for email, password in ((ADA, "wrong password 1"), ("nobody@client.example", PASSWORD), ("", ""),
                                ("invited@client.example", PASSWORD), ("cron@localhost", ""),
                                (home.owner.email, ""), ("not an address \udc80", "\udc80" * 20), (ADA, "x" * 100_000)):
            with pytest.raises(WrongPassword) as problem:
                await home.accounts.sign_in(email, password, THERE)
            words.add(str(problem.value))
        assert len(words) == 1
    home.run(test())


def test_signing_out_ends_one_browser_at_once(home: Home) -> None:
    """Its cookie means nobody any more, after a restart either; the other one stays. Nonsense is no cookie."""
    async def test() -> None:
        first, _ = await home.ada()
        second = await home.accounts.sign_in(ADA, PASSWORD, HERE)
        told: list[int] = []
        home.accounts.on_changed = told.append
        assert await home.accounts.signed_in(first.cookie) == first
        await home.accounts.sign_out(first.cookie)
        assert await home.accounts.signed_in(first.cookie) is None
        assert await home.accounts.signed_in(second.cookie) == second
        assert told == [first.user_id]
        for cookie in (None, "", "x" * 43, "2|1:0|10:1700000000|4:user|4:MQ==|" + "0" * 64, "\udc80" * 43):
            await home.accounts.sign_out(cookie)
            assert await home.accounts.signed_in(cookie) is None
        await home.accounts.sign_out_everywhere(second.user_id, but=second.cookie)
        assert await home.accounts.signed_in(second.cookie) == second
        await home.accounts.sign_out_everywhere(second.user_id)
        assert await home.accounts.signed_in(second.cookie) is None
    home.run(test())


def test_a_sign_out_while_the_cookie_is_looked_up_is_not_forgotten(home: Home) -> None:
    """Many requests and a sign-out at once: whoever asks after it is nobody."""
    async def test() -> None:
        for _ in range(5):
            home.accounts._remembered.clear()
            signed_in = await home.accounts.sign_in(ADA, PASSWORD, HERE)
            asking = [asyncio.create_task(home.accounts.signed_in(signed_in.cookie)) for _ in range(5)]
            await home.accounts.sign_out(signed_in.cookie)
            await asyncio.gather(*asking)
            assert await home.accounts.signed_in(signed_in.cookie) is None
    home.run(home.ada())
    home.run(test())


def test_a_sign_in_ends_when_nobody_uses_it(home: Home) -> None:
    """After thirty days without use; a use begins them anew, and is written at most once an hour."""
    async def test() -> None:
        now = [1_800_000_000.0]
        with clock.driven_by(lambda: now[0]):
            signed_in, _ = await home.ada()
            now[0] += LIFETIME - 60
            assert await home.accounts.signed_in(signed_in.cookie) is not None
            [browser] = await home.accounts.signed_in_browsers(signed_in.user_id, signed_in.cookie)
            assert (browser.last_used, browser.this_one, browser.address) == (now[0], True, THERE.address)
            now[0] += LIFETIME - 60
            home.accounts.changed(signed_in.user_id)   # it is looked up in the database, not in memory
            assert await home.accounts.signed_in(signed_in.cookie) is not None
            now[0] += LIFETIME + 60
            home.accounts.changed(signed_in.user_id)
            assert await home.accounts.signed_in(signed_in.cookie) is None
    home.run(test())


def test_only_who_knows_the_password_hears_that_the_account_is_off(home: Home) -> None:
    """Switching it off ends its sign-ins at once, and switching it on again brings the password back, not them."""
    async def test() -> None:
        signed_in, _ = await home.ada()
        await home.accounts.set_active(home.owner, signed_in.user_id, active=False)
        assert await home.accounts.signed_in(signed_in.cookie) is None
        with pytest.raises(WrongPassword):
            await home.accounts.sign_in(ADA, "wrong password 1", HERE)
        with pytest.raises(AccountInactive):
            await home.accounts.sign_in(ADA, PASSWORD, HERE)
        await home.accounts.set_active(home.owner, signed_in.user_id, active=True)
        assert await home.accounts.signed_in(signed_in.cookie) is None
        assert (await home.accounts.sign_in(ADA, PASSWORD, HERE)).user_key == signed_in.user_key
    home.run(test())


def test_nothing_that_opens_anything_or_names_anybody_is_in_the_data_folder(home: Home) -> None:
    """Passwords, wrong ones too, codes, tokens, cookies, keys, addresses and names: none is found in any file."""
    async def test() -> list[str]:
        invitation = await home.accounts.invite(home.owner, ADA, ["user"], {"last_name": "Lovelacestone"})
        signed_in, code = await home.accounts.accept(invitation, PASSWORD, {"first_name": "Adalbertina"}, THERE)
        with pytest.raises(WrongPassword):
            await home.accounts.sign_in(ADA, "a wrong guess", THERE)
        with pytest.raises(WrongPassword):
            await home.accounts.sign_in("my secret as address", "a wrong guess", THERE)
        asked = await home.accounts.ask_reset(ADA, THERE)
        assert asked is not None
        handed = await home.accounts.reset_by(home.owner, signed_in.user_id)
        return [ADA, PASSWORD, "Lovelacestone", "Adalbertina", "a wrong guess", "my secret as address", invitation,
                code, code.replace("-", ""), asked[1], handed, signed_in.cookie, THERE.address, THERE.user_agent,
                (signed_in.user_key or b"").hex(), (signed_in.user_key or b"").decode("latin-1")]
    secrets = home.run(test())
    home.store.close()
    found = home.on_disk()
    for secret in secrets:
        assert secret.encode() not in found
        assert secret.encode("latin-1") not in found


def test_a_flood_is_asked_to_come_back(home: Home) -> None:
    """Passwords that wait to be tried take memory: there is a number of them that is enough."""
    async def test() -> None:
        tries = [home.accounts.sign_in(f"{number}@client.example", "x" * 12, HERE) for number in range(60)]
        results = await asyncio.gather(*tries, return_exceptions=True)
        assert {type(result) for result in results} == {WrongPassword, TooManyTries}
    home.run(test())
