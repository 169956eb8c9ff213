"""Users, privileges and one-time tokens."""

from __future__ import annotations

import pytest

from appliance import clock
from appliance.store.database import Store
from appliance.store.sealing import new_key
from appliance.store.tokens import take_token, token_user
from appliance.store.users import Users, all_privileges


def test_the_first_start_makes_the_owner_and_the_cron_user_once(store: Store) -> None:
    """Preparing again finds the same owner with the same key."""
    key = new_key()
    users = Users(store, key)
    owner = users.prepare()
    assert owner.user_id is not None
    assert {"admin", "developer"} <= set(owner.privileges)
    assert users.cron_user().privileges == ("cron",)
    assert Users(store, key).prepare() == owner
    assert Users(store, key).key_of(owner.user_id) == users.key_of(owner.user_id) is not None
    assert store.read(all_privileges).result() == ["admin", "advocate", "cron", "developer", "trainer", "user"]


def test_a_token_signs_in_once(store: Store) -> None:
    """The second use, an unknown one and one that is over sign nobody in; the database holds only a hash."""
    users = Users(store, new_key())
    owner = users.prepare()
    assert owner.user_id is not None
    token = users.make_token(owner.user_id)
    assert token.encode() not in store.path.read_bytes()

    def use(token: str) -> int | None:
        return store.write(lambda database: take_token(database, token, "sign in", clock.now())).result()
    assert store.read(lambda database: token_user(database, token, "reset", clock.now())).result() is None
    assert use(token) == owner.user_id
    assert use(token) is None
    assert use("guessed") is None
    assert use(users.make_token(owner.user_id, lifetime=-1)) is None


def test_new_users_have_what_they_were_given(store: Store) -> None:
    users = Users(store, new_key())
    ann = users.add("ann@example.com", ["user", "advocate"], first_name="Ann", timezone="Europe/Berlin")
    assert (ann.first_name, ann.timezone, ann.privileges) == ("Ann", "Europe/Berlin", ("advocate", "user"))
    assert users.by_email("ANN@example.com") == ann
    assert ann.user_id is not None
    assert users.get(ann.user_id + 100) is None
    assert users.key_of(ann.user_id) is None, "only a password opens a person's key"


def test_what_is_wrong_with_a_new_user_is_said_and_nothing_is_kept(store: Store) -> None:
    users = Users(store, new_key())
    users.add("ann@example.com")
    with pytest.raises(ValueError, match="There is already a user"):
        users.add("Ann@example.com")
    with pytest.raises(ValueError, match="There is no privilege 'king'"):
        users.add("bob@example.com", ["king"])
    with pytest.raises(ValueError, match="A user has no shoe_size"):
        users.add("bob@example.com", shoe_size="44")
    assert users.by_email("bob@example.com") is None
