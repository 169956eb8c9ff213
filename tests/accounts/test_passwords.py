"""Which passwords are taken; and that nobody gets in by trying, however they go about it."""

from __future__ import annotations

import asyncio

import pytest

from appliance import clock
from appliance.accounts.errors import BadPassword, TooManyTries, WrongPassword
from appliance.accounts.passwords import LONGEST, check_password
from appliance.accounts.signed_in import Device
from appliance.accounts.throttle import ANYWHERE, HERE, THERE, Throttle
from tests.accounts.home import ADA, PASSWORD, Home
from tests.support.people import OWNER_TOKEN


@pytest.mark.parametrize("password", [
    PASSWORD, "correct horse battery", "kx7#mQ2!vB9z", "ein Löwe auf dem Dach", "寿司と味噌汁が大好きです",
    "9k1v7z3m5q2t", "x" * 200 + "y z",
    "dragonfly-lantern", "hunter2hunter3hunter4", "🐢🐇🦊🐻🐼🐨🐯🦁🐮🐷"])
def test_long_passwords_are_taken_whatever_they_are_made_of(password: str) -> None:
    """No rule about digits or signs; spaces and all scripts are fine."""
    assert check_password(password, ADA, "Ada", "Lovelace") == password


@pytest.mark.parametrize("password", [
    "", "short", "ninechars", " " * 12, "aaaaaaaaaaaa", "abcabcabcabc", "1234567890", "0987654321", "123456789012345",
    "qwertyuiop", "asdfghjkl;", "QWERTZUIOP", "password123", "Password123!", "P@ssw0rd123!", "p4ssw0rd2024",
    "passwordpassword", "iloveyou1234", "letmein2024", "Summer2024!!", "welcome12345", "administrator1",
    "12.03.1985", "1985-03-12",
    "20240131!!", "+1 555 123 4567",
    "testtesttest", ADA, "ada@client.example1", "Ada@Client.Example!", "lovelace1815", "Lovelace-99", "tab\tin it 123",
    "nul\0in it 123", "half\ud83dpair 12", "x y" * 100])
def test_the_first_guesses_and_what_cannot_be_typed_are_refused(password: str) -> None:
    """In words, without the password in them."""
    with pytest.raises(BadPassword) as problem:
        check_password(password, ADA, "Ada", "Lovelace")
    assert str(problem.value).endswith(".")
    assert len(password) < 9 or password not in str(problem.value)


def test_the_longest_password_is_long_and_has_an_end() -> None:
    longest = ("long words " * 30)[:LONGEST]
    assert check_password(longest) == longest
    with pytest.raises(BadPassword, match="at most"):
        check_password(longest + "x")


GUESSES = 10_000


async def _guess(home: Home, email: str, guess: str, device: Device) -> str:
    try:
        await home.accounts.sign_in(email, guess, device)
    except WrongPassword:
        return "wrong"
    except TooManyTries:
        return "wait"
    return "in"


async def _attack(home: Home, tries: list[tuple[str, str, Device]], now: list[float], every: float) -> dict[str, int]:
    """Guess at a pace of one in `every` seconds, a hundred at a time; counts what came of it."""
    counted = {"wrong": 0, "wait": 0, "in": 0}
    for first in range(0, len(tries), 100):
        for result in await asyncio.gather(*(_guess(home, *one) for one in tries[first:first + 100])):
            counted[result] += 1
        now[0] += 100 * every
    return counted


def _computer(number: int) -> Device:
    return Device(f"192.168.{number // 250}.{number % 250 + 1}", from_network=True)


def test_ten_thousand_guesses_at_one_account(home: Home) -> None:
    """From one computer and from thousands, one a second, the right one among them when its turn would come: none gets
    in, few are even looked at; and the owner at the laptop signs in at the first try, with password or token.
    """
    async def test(now: list[float]) -> None:
        signed_in = await home.accounts.redeem(OWNER_TOKEN, Device("127.0.0.1"))
        assert signed_in is not None
        await home.accounts.change_password(signed_in.user_id, "", PASSWORD, signed_in.cookie)
        email = home.owner.email
        guesses = [f"guess number {number}" for number in range(GUESSES // 2)]
        guesses[2000] = PASSWORD
        one = await _attack(home, [(email, guess, _computer(1)) for guess in guesses], now, 1)
        assert one["in"] == 0
        assert one["wrong"] <= THERE.free + 1 + 5000 / THERE.longest + 10
        many = await _attack(home, [(email, guess, _computer(number)) for number, guess in enumerate(guesses)], now, 1)
        assert many["in"] == 0
        assert many["wrong"] <= ANYWHERE.free + 5000 / ANYWHERE.longest + 10
        assert (await home.accounts.sign_in(email, PASSWORD, Device("127.0.0.1"))).user == signed_in.user
        entries = await home.accounts.audit.entries(most=GUESSES)   # the log tells of it without being flooded
        failed = [entry for entry in entries if entry.kind == "sign-in failed"]
        assert len(failed) == one["wrong"] + many["wrong"]
    now = [clock.now()]
    with clock.driven_by(lambda: now[0]):
        home.run(test(now))


def test_ten_thousand_guesses_at_many_accounts(home: Home) -> None:
    """The same password at thousands of addresses from one computer: it is stopped like guesses at one. A colleague at
    another computer signs in meanwhile.
    """
    async def test(now: list[float]) -> None:
        await home.ada()
        tries = [(f"person{number}@client.example", PASSWORD, _computer(1)) for number in range(GUESSES)]
        tries[5000] = (ADA, PASSWORD, _computer(1))
        counted = await _attack(home, tries, now, 1)
        assert counted["in"] == 0
        assert counted["wrong"] <= ANYWHERE.free + GUESSES / ANYWHERE.longest + 10
        assert (await home.accounts.sign_in(ADA, PASSWORD, _computer(2))).user.email == ADA
    now = [clock.now()]
    with clock.driven_by(lambda: now[0]):
        home.run(test(now))


def test_guesses_all_at_once_are_counted_before_they_are_looked_at(home: Home) -> None:
    """A thousand in the same moment: no more are looked at than one after the other."""
    async def test() -> None:
        await home.ada()
        counted = await _attack(home, [(ADA, f"guess number {number}", _computer(1)) for number in range(1000)],
                                [0.0], 0)
        assert counted["wrong"] == THERE.free
    with clock.driven_by(lambda: 1_800_000_000.0):
        home.run(test())


def test_waits_grow_and_end(home: Home) -> None:
    """Five tries are free; a right one forgets them; at the laptop nobody waits longer than a minute; a clock that is
    set back makes nobody wait longer.
    """
    async def test(now: list[float]) -> None:
        await home.ada()
        computer = Device("127.0.0.1")
        for _ in range(3):
            for _ in range(HERE.free - 1):
                assert await _guess(home, ADA, "not my password", computer) == "wrong"
            assert await _guess(home, ADA, PASSWORD, computer) == "in"
        for _ in range(HERE.free - 1):
            assert await _guess(home, ADA, "not my password", computer) == "wrong"
        waits = []
        for _ in range(7):
            assert await _guess(home, ADA, "not my password", computer) == "wrong"
            with pytest.raises(TooManyTries) as problem:
                await home.accounts.sign_in(ADA, PASSWORD, computer)
            waits.append(problem.value.seconds)
            now[0] -= 3600
            with pytest.raises(TooManyTries) as problem:
                await home.accounts.sign_in(ADA, PASSWORD, computer)
            assert problem.value.seconds == waits[-1]
            now[0] += 3600 + waits[-1]
        assert waits == [5, 10, 20, 40, 60, 60, 60]
        assert await _guess(home, ADA, PASSWORD, computer) == "in"
    now = [clock.now()]
    with clock.driven_by(lambda: now[0]):
        home.run(test(now))


def test_floods_of_made_up_names_push_nothing_out() -> None:
    """Memory has an end, and what is under attack stays counted."""
    throttle, computer = Throttle(most=300), _computer(1)
    with clock.driven_by(lambda: 1_800_000_000.0):
        for _ in range(THERE.free):
            throttle.begin("ada", computer)
        for number in range(1000):
            throttle.begin(f"made up {number}", Device(f"2001:db8:{number:x}::1", from_network=True))
            assert len(throttle) <= 300
        with pytest.raises(TooManyTries):
            throttle.begin("ada", computer)


def test_a_computer_with_many_addresses_is_one(home: Home) -> None:
    """All that one computer may take from its IPv6 network of 64 bits count together."""
    throttle = home.accounts.throttle
    for number in range(ANYWHERE.free):
        throttle.begin(f"account {number}", Device(f"2001:db8::{number:x}", from_network=True))
    with pytest.raises(TooManyTries):
        throttle.begin("another account", Device("2001:db8::ffff", from_network=True))
