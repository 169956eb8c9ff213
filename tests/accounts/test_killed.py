"""`kill -9` in the middle of a new password, or of signing in: afterwards it is the old state or the new one, and both
are whole.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.accounts.errors import WrongPassword
from appliance.accounts.signed_in import SignedIn
from tests.accounts.home import ADA, HERE, PASSWORD
from tests.accounts.test_keys import NEW, Office, at, in_office
from tests.accounts.victim import ADOPT_STEPS, CHANGE_STEPS, LIBRARY, RESET_STEPS, die


async def _who_gets_in(office: Office) -> tuple[str, SignedIn]:
    """The one password that works."""
    found = {}
    for password in (PASSWORD, NEW):
        try:
            found[password] = await office.accounts.sign_in(ADA, password, HERE)
        except WrongPassword:
            continue
    [(password, signed_in)] = found.items()
    return password, signed_in


@pytest.mark.parametrize("step", range(len(CHANGE_STEPS)), ids=[name for _, name in CHANGE_STEPS])
def test_a_change_that_is_killed(tmp_path: Path, step: int) -> None:
    """One of the two passwords opens the same key, and with it the session; other browsers are out with the new one."""
    kept: list[tuple[SignedIn, str]] = []

    async def before(office: Office) -> None:
        signed_in, _ = await office.ada()
        kept.append((signed_in, await office.session(at(signed_in))))

    async def after(office: Office) -> None:
        [(first, session)] = kept
        password, signed_in = await _who_gets_in(office)
        assert password == (NEW if step == len(CHANGE_STEPS) - 1 else PASSWORD)
        assert signed_in.user_key == first.user_key
        assert await office.opens(session, at(signed_in))
        assert (await office.accounts.signed_in(first.cookie) is None) == (password == NEW)
    in_office(tmp_path, before)
    assert die(tmp_path, "change", step, kept[0][0].user_id) not in {0, 1, None}
    in_office(tmp_path, after)


@pytest.mark.parametrize("step", range(len(RESET_STEPS)), ids=[name for _, name in RESET_STEPS])
def test_a_reset_that_is_killed(tmp_path: Path, step: int) -> None:
    """Either nothing has happened, and the link still works; or all has, and the old code brings the sessions back."""
    kept: list[tuple[SignedIn, str, str, str]] = []

    async def before(office: Office) -> None:
        signed_in, code = await office.ada()
        session = await office.session(at(signed_in))
        kept.append((signed_in, code, session, await office.accounts.reset_by(office.owner, signed_in.user_id)))

    async def after(office: Office) -> None:
        [(first, code, session, token)] = kept
        password, signed_in = await _who_gets_in(office)
        assert password == (NEW if step == len(RESET_STEPS) - 1 else PASSWORD)
        if password == PASSWORD:
            assert await office.opens(session, at(signed_in))
            assert await office.accounts.signed_in(first.cookie) is not None
            signed_in, _ = await office.accounts.reset(token, NEW, "", HERE)
        assert await office.accounts.what_reset_loses(token) is None
        assert not await office.opens(session, at(signed_in))
        assert await office.accounts.open_lost(first.user_id, signed_in.user_key or b"", code) == 1
        assert await office.opens(session, at(signed_in))
    in_office(tmp_path, before)
    assert die(tmp_path, "reset", step, kept[0][3]) not in {0, 1, None}
    in_office(tmp_path, after)


@pytest.mark.parametrize("step", range(len(ADOPT_STEPS)), ids=[name for _, name in ADOPT_STEPS])
def test_a_sign_in_that_is_killed_before_all_is_adopted(tmp_path: Path, step: int) -> None:
    """Whoever has the cookie is signed in, and their next request takes what is left; whoever has none signs in again.
    No session is lost on the way or held by both.
    """
    sessions: set[str] = set()
    told = tmp_path / "cookie"

    async def before(office: Office) -> None:
        await office.ada()
        sessions.update([await office.session(LIBRARY, name) for name in ("Ada", "her aunt", "her uncle")])

    async def after(office: Office) -> None:
        cookie = told.read_text() if told.exists() else None
        signed_in = await office.accounts.signed_in(cookie)
        assert (signed_in is None) == (step == 0)
        if signed_in is None:
            signed_in = await office.accounts.sign_in(ADA, PASSWORD, HERE)
        there = at(signed_in, LIBRARY.browser_secret)
        assert await office.mine(there) == sessions   # before and after they are adopted
        assert not office.turns.has_adopted(there)
        left = len(await office.mine(LIBRARY))
        assert left in {0: {3}, 1: {3}, 2: {3}, 3: {0, 1, 2}, 4: {0}}[step]
        assert await office.turns.adopt(there, there) == left
        assert await office.mine(LIBRARY) == set()
        assert await office.mine(at(signed_in)) == sessions
        assert all([await office.opens(one, at(signed_in)) for one in sessions])
        assert len(office.rows("SELECT 1 FROM session_keys")) == len(sessions)
    in_office(tmp_path, before)
    assert die(tmp_path, "adopt", step, told) not in {0, 1, None}
    in_office(tmp_path, after)
