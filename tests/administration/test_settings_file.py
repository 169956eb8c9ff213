"""Changing config.yml: only what changes is written anew, secrets stay hidden, nothing is written that is refused."""

from __future__ import annotations

import asyncio
import doctest
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from appliance import config
from appliance.administration import settings_text
from appliance.administration.settings_file import BadSettings, ChangedMeanwhile, SettingsFile, SettingsState
from appliance.administration.settings_text import Slot

FILE = """\
# The clinic's settings.
timezone: Europe/Paris   # where we are

# Few cores here.
compute:
  workers: 2
  # An hour is too long.
  task time limit: 600

mail:
  - server: smtp.example.com
    default sender: clinic@example.com   # ours
    username: clinic
    password: "s3cret: #1"
  - name: court
    server: smtp.example.org
    default sender: filings@example.com
    password: other
suppress error notificiations:
- ZeroDivisionError
- ValueError   # too many

language: es
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "config.yml").write_text(FILE, encoding="utf-8")
    return tmp_path


def change(data: Path, changes: Mapping[Slot, Any]) -> list[str]:
    """Change the file; returns the lines that are different, with a sign before each."""
    before = (data / "config.yml").read_text(encoding="utf-8").splitlines()
    asyncio.run(SettingsFile(data).change(changes))
    after = (data / "config.yml").read_text(encoding="utf-8").splitlines()
    return [f"-{line}" for line in before if line not in after] + [f"+{line}" for line in after if line not in before]


def state(data: Path) -> SettingsState:
    return asyncio.run(SettingsFile(data).state())


def test_the_words() -> None:
    assert doctest.testmod(settings_text).failed == 0


@pytest.mark.parametrize(("slot", "value", "lines"), [
    (Slot("timezone"), "America/New_York",
     ["-timezone: Europe/Paris   # where we are", "+timezone: America/New_York   # where we are"]),
    (Slot("compute: workers"), 5, ["-  workers: 2", "+  workers: 5"]),
    (Slot("compute: task memory limit"), 512, ["+  task memory limit: 512"]),
    (Slot("compute: workers"), None, ["-  workers: 2"]),
    (Slot("language"), None, ["-language: es"]),
    (Slot("mail: server", 1), "mail.example.net",
     ["-    server: smtp.example.org", "+    server: mail.example.net"]),
    (Slot("mail: server", 0), "mail.example.net",
     ["-  - server: smtp.example.com", "+  - server: mail.example.net"]),
    (Slot("mail: server", 0), None,
     ["-  - server: smtp.example.com", "-    default sender: clinic@example.com   # ours",
      "+  - default sender: clinic@example.com   # ours"]),
    (Slot("mail: port", 0), 587, ["+    port: 587"]),
    (Slot("mail: password", 1), "n3w # one", ["-    password: other", "+    password: 'n3w # one'"]),
    (Slot("suppress error notificiations"), ["KeyError"],
     ["-- ZeroDivisionError", "-- ValueError   # too many", "+- KeyError"]),
    (Slot("schedule: daily"), "18:30", ["+schedule:", "+  daily: '18:30'"]),
    (Slot("mail in: imap: host"), "imap.example.com", ["+mail in:", "+  imap:", "+    host: imap.example.com"]),
    (Slot("interview delete days by filename"), {"docassemble.x:data/questions/a.yml": 5},
     ["+interview delete days by filename:", "+  docassemble.x:data/questions/a.yml: 5"]),
    (Slot("locale"), "yes", ["+locale: 'yes'"]),
])
def test_only_what_changes_is_written_anew(data: Path, slot: Slot, value: Any, lines: list[str]) -> None:
    """Comments, order and quotes of everything else stay; the configuration reads what was wanted."""
    assert change(data, {slot: value}) == lines
    read = state(data).values
    assert read.get(slot) == value
    assert not state(data).problem


def test_several_changes_and_groups_that_are_left_empty(data: Path) -> None:
    """What is above a group that goes is still there, and the other values are as they were."""
    before = state(data).values
    change(data, {Slot("compute: workers"): None, Slot("compute: task time limit"): None, Slot("country"): "DE"})
    text = (data / "config.yml").read_text(encoding="utf-8")
    assert "compute" not in text
    assert text.startswith("# The clinic's settings.\ntimezone: Europe/Paris   # where we are\n\n# Few cores here.\n")
    gone = {Slot("compute: workers"), Slot("compute: task time limit")}
    assert state(data).values == {slot: value for slot, value in before.items() if slot not in gone} | {
        Slot("country"): "DE"}


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "language: es"])
def test_a_file_with_little_in_it(tmp_path: Path, text: str) -> None:
    if text:
        (tmp_path / "config.yml").write_text(text, encoding="utf-8")
    asyncio.run(SettingsFile(tmp_path).change({Slot("mail: server"): "smtp.example.com", Slot("timezone"): "UTC"}))
    assert (tmp_path / "config.yml").read_text(encoding="utf-8") == (
        text + ("" if text.endswith("\n") or not text else "\n")
        + "mail:\n  server: smtp.example.com\ntimezone: UTC\n")


@pytest.mark.parametrize("text", [
    "compute: {workers: 2}\n", "{language: es}\n",
    "mail: {password: &p abc, server: x}\nmail in: {imap: {password: *p}}\n"])
def test_what_cannot_be_changed_without_harm_is_left_alone(tmp_path: Path, text: str) -> None:
    """Anchors and braces: the file stays as it is, and the form says to change it as text."""
    (tmp_path / "config.yml").write_text(text, encoding="utf-8")
    for name, value in {"compute: task time limit": 5, "mail in: imap: password": "new", "country": "DE"}.items():
        refused = ""
        try:
            asyncio.run(SettingsFile(tmp_path).change({Slot(name): value}))
        except BadSettings as problem:
            refused = str(problem)
        if refused:
            assert ("as text" in refused, (tmp_path / "config.yml").read_text(encoding="utf-8")) == (True, text)
        else:
            assert state(tmp_path).values[Slot(name)] == value
            (tmp_path / "config.yml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(("changes", "words"), [
    ({Slot("timezone"): "Mars/Olympus"}, "is not a time zone"),
    ({Slot("compute: workers"): 0}, "must be at least 1"),
    ({Slot("mail: name", 1): None}, "needs a line like 'name: court'"),
])
def test_nothing_that_would_not_start_is_written(data: Path, changes: dict[Slot, Any], words: str) -> None:
    with pytest.raises(BadSettings, match=words) as problem:
        asyncio.run(SettingsFile(data).change(changes))
    assert str(data) not in str(problem.value)
    assert (data / "config.yml").read_text(encoding="utf-8") == FILE
    assert sorted(path.name for path in data.iterdir()) == ["config.yml"]


def test_the_former_file_is_kept_for_its_owner(data: Path) -> None:
    change(data, {Slot("language"): "fr"})
    kept = list((data / "backups").iterdir())
    assert [path.read_text(encoding="utf-8") for path in kept] == [FILE]
    if sys.platform != "win32":
        assert {stat.S_IMODE(path.stat().st_mode) for path in [*kept, data / "config.yml"]} == {0o600}


def test_secrets_are_hidden_and_come_back(data: Path) -> None:
    """What an administrator gets to see has no password in it; sent back as it is, nothing has changed."""
    shown = state(data)
    assert "s3cret" not in shown.shown_text
    assert "other" not in shown.shown_text
    assert shown.shown_text.count("(not shown)") == 2
    edited = shown.shown_text.replace("language: es", "language: de")
    asyncio.run(SettingsFile(data).replace(edited.replace("\n", "\r\n"), shown.fingerprint))
    read = state(data).values
    assert read == shown.values | {Slot("language"): "de"}
    assert "# Few cores here." in (data / "config.yml").read_text(encoding="utf-8")


def test_texts_that_are_refused(data: Path) -> None:
    """With line and words; a secret that was never there cannot be kept; a file that changed meanwhile is not lost."""
    print_of = state(data).fingerprint
    file = SettingsFile(data)
    for text, words in [("timezone: [\n", "not YAML"), ("tmezone: UTC\n", "Line 1: 'tmezone' is not a directive; did "),
                        ("mail in:\n  imap:\n    password: (not shown)\n", "'mail in: imap: password' is new")]:
        with pytest.raises(BadSettings, match=words):
            asyncio.run(file.replace(text, print_of))
    with pytest.raises(ChangedMeanwhile):
        asyncio.run(file.replace("language: fr\n", "another"))
    assert (data / "config.yml").read_text(encoding="utf-8") == FILE


def test_a_file_that_somebody_broke(tmp_path: Path) -> None:
    """It is told what is wrong, names that nobody knows are shown and kept; of what is no YAML nothing is shown."""
    (tmp_path / "config.yml").write_text("language: fr\nredis: x\nmail in:\n  smtp:\n    prt: 5\n", encoding="utf-8")
    broken = state(tmp_path)
    assert broken.unknown == ["redis", "mail in: smtp: prt"]
    assert "redis" in broken.problem
    assert broken.values == {Slot("language"): "fr"}
    with pytest.raises(BadSettings, match="redis"):
        asyncio.run(SettingsFile(tmp_path).change({Slot("language"): "es"}))
    (tmp_path / "config.yml").write_text("mail: {password: abc", encoding="utf-8")
    broken = state(tmp_path)
    assert (broken.readable, broken.shown_text) == (False, "")
    assert "not YAML" in broken.problem


def test_every_directive_can_be_set_and_taken_out(tmp_path: Path) -> None:
    """All of the table, one after the other, in a file that has all others."""
    samples: dict[str, Any] = {"text": "x", "whole number": 70000, "number": 5.5, "yes or no": True,
                               "list of texts": ["a", "b: c"], "text or list of texts": ["x"], "time": "06:30",
                               "texts by name": {"zh": "chi-sim"},
                               "lists of texts by name": {"intake": ["create_user"]},
                               "whole numbers by name": {"x.yml": 5}}
    text = ""
    for name, directive in config.DIRECTIVES.items():
        text = settings_text.changed(text, Slot(name), samples[directive.kind])
    read = settings_text.read(text)
    assert {slot.name: one.value for slot, one in read.items()} == {
        name: samples[directive.kind] for name, directive in config.DIRECTIVES.items()}
    for name in config.DIRECTIVES:
        text = settings_text.changed(text, Slot(name), None)
    assert not text
