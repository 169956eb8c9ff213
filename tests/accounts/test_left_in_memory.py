"""What is left in the server's memory of somebody who has signed out: nothing that opens their interviews."""

from __future__ import annotations

import gc
from pathlib import Path

from appliance.sessions.opened import Opened
from appliance.store.keys import Holder, receiver_of, user_holder
from tests.accounts.test_keys import OWN, SHARED, Office, at, in_office


def test_no_key_of_somebody_who_signed_out_stays_in_memory(tmp_path: Path) -> None:
    """Neither the user's own nor those of their sessions, nor the answers; of the others everything stays."""
    async def test(office: Office) -> None:
        office.accounts.on_changed = office.turns.user_changed
        ada, _ = await office.ada()
        bob, _ = await office.ada("bob@client.example")
        adas, bobs = await office.session(at(ada)), await office.session(at(bob))
        receiver_of(user_holder(ada.user_id, ada.user_key or b""))
        keys = {ada.user_key, bob.user_key}
        await office.accounts.sign_out(ada.cookie)
        del ada
        gc.collect()
        found = gc.get_objects()
        left = {one.key for one in found if isinstance(one, Holder) and one.key in keys}
        assert left <= {bob.user_key}
        opened = {one.row.id for one in found if isinstance(one, Opened)}
        assert (adas in opened, bobs in opened) == (False, True)
    in_office(tmp_path, test, OWN)


def test_a_shared_session_stays_at_hand_for_the_others(tmp_path: Path) -> None:
    """Their tabs are told news from what is in memory."""
    async def test(office: Office) -> None:
        office.accounts.on_changed = office.turns.user_changed
        ada, _ = await office.ada()
        session = await office.session(at(ada))
        await office.accounts.sign_out(ada.cookie)
        assert office.turns._runner.vault.shelf.get(session) is not None
    in_office(tmp_path, test, SHARED)
