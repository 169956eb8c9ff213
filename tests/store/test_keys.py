"""Keys: who can open what, and where the appliance's own key is kept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from appliance.store.appliance_key import load_appliance_key
from appliance.store.database import Store
from appliance.store.errors import MissingApplianceKey, WrongKey
from appliance.store.keys import browser_holder, unwrap, user_holder, wrap
from appliance.store.sealing import new_key, seal, unseal


class MemoryKeyring:
    """A keyring that keeps its passwords, or forgets them at once."""

    def __init__(self, *, forgets: bool = False) -> None:
        self.passwords: dict[tuple[str, str], str] = {}
        self.forgets = forgets

    def get_password(self, service: str, username: str) -> str | None:
        return self.passwords.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if not self.forgets:
            self.passwords[service, username] = password


def test_a_sessions_key_opens_for_its_holder_in_its_session_only() -> None:
    """The browser's secret opens it; another browser, another session and a user do not."""
    key, ann = new_key(), browser_holder("ann's secret")
    sealed = wrap(ann, "session", key)
    assert unwrap(browser_holder("ann's secret"), "session", sealed) == key
    somebody = user_holder(1, new_key())
    for holder, session in ((browser_holder("bob's"), "session"), (ann, "other"), (somebody, "session")):
        with pytest.raises(WrongKey):
            unwrap(holder, session, sealed)


def test_a_holders_name_does_not_tell_the_key() -> None:
    """What stands in the database is derived apart from what opens."""
    holder = browser_holder("secret")
    assert holder.key.hex() not in holder.name
    assert "secret" not in holder.name + repr(holder)


def test_sealing_the_same_twice_gives_different_bytes() -> None:
    key = new_key()
    assert seal(key, b"text", "place") != seal(key, b"text", "place")
    assert unseal(key, seal(key, b"text", "place"), "place") == b"text"
    with pytest.raises(WrongKey, match="does not know"):
        unseal(key, b"\x07" + bytes(40), "place")


def test_the_appliances_key_survives_a_restart_in_a_file_outside_the_data(tmp_path: Path) -> None:
    """The file is the owner's alone, and the data folder holds no trace of the key."""
    data, configuration = tmp_path / "data", tmp_path / "configuration"
    store = Store(data)
    key = load_appliance_key(store, config_folder=configuration)
    store.close()
    again = Store(data)
    assert load_appliance_key(again, config_folder=configuration) == key
    again.close()
    [file] = configuration.iterdir()
    if os.name == "posix":
        assert file.stat().st_mode & 0o777 == 0o600
    for path in data.iterdir():
        content = path.read_bytes()
        assert key not in content
        assert key.hex().encode() not in content


def test_two_data_folders_have_two_keys(tmp_path: Path) -> None:
    keys = set()
    for name in ("one", "two"):
        store = Store(tmp_path / name)
        keys.add(load_appliance_key(store, config_folder=tmp_path / "configuration"))
        store.close()
    assert len(keys) == 2


def test_a_keyring_is_used_where_it_keeps_what_it_is_given(tmp_path: Path) -> None:
    """With one that forgets, the key goes into the file."""
    for name, keyring in (("keeps", MemoryKeyring()), ("forgets", MemoryKeyring(forgets=True))):
        store = Store(tmp_path / name)
        key = load_appliance_key(store, keyring=keyring, config_folder=tmp_path / f"{name} configuration")
        assert load_appliance_key(store, keyring=keyring, config_folder=tmp_path / f"{name} configuration") == key
        assert (tmp_path / f"{name} configuration").exists() == keyring.forgets
        store.close()


def test_a_damaged_key_in_the_keyring_is_said(tmp_path: Path) -> None:
    store, keyring = Store(tmp_path / "data"), MemoryKeyring()
    load_appliance_key(store, keyring=keyring, config_folder=tmp_path / "configuration")
    [place] = keyring.passwords
    for rubbish in ("rubbish", "00ff"):
        keyring.passwords[place] = rubbish
        with pytest.raises(MissingApplianceKey, match="keyring is damaged"):
            load_appliance_key(store, keyring=keyring, config_folder=tmp_path / "configuration")
    store.close()


def test_a_lost_key_is_said_and_not_replaced(tmp_path: Path) -> None:
    """A data folder carried to another machine, or another key in the file: no new key is made silently."""
    store = Store(tmp_path / "data")
    load_appliance_key(store, config_folder=tmp_path / "here")
    with pytest.raises(MissingApplianceKey, match="another machine"):
        load_appliance_key(store, config_folder=tmp_path / "elsewhere")
    [file] = (tmp_path / "here").iterdir()
    file.write_text(new_key().hex())
    with pytest.raises(MissingApplianceKey, match="not the one"):
        load_appliance_key(store, config_folder=tmp_path / "here")
    file.write_text("rubbish")
    with pytest.raises(MissingApplianceKey, match="damaged"):
        load_appliance_key(store, config_folder=tmp_path / "here")
    store.close()
