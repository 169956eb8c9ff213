"""config.yml: what may be in it, and what is said about what may not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from appliance.config import DIRECTIVES, BadConfiguration, Settings, load, reference

ROOT = Path(__file__).parent.parent


def written(folder: Path, text: str) -> Path:
    path = folder / "config.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_everything_has_its_default(tmp_path: Path) -> None:
    settings = load(tmp_path / "config.yml")
    assert settings["checkin interval"] == 6000
    assert settings["compute: workers"] >= 1


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n"])
def test_an_empty_file_is_no_error(tmp_path: Path, text: str) -> None:
    assert load(written(tmp_path, text))["language"] == "en"


def test_values_are_read_also_within_groups(tmp_path: Path) -> None:
    settings = load(written(tmp_path, "timezone: Europe/Paris\ncompute:\n  workers: 3\ncheckin interval: 0\n"))
    assert settings["timezone"] == "Europe/Paris"
    assert settings["compute: workers"] == 3
    assert settings["checkin interval"] == 0


def test_get_answers_like_get_config(tmp_path: Path) -> None:
    """A group gives a dictionary, an unknown name the default that the caller names."""
    settings = load(written(tmp_path, "compute:\n  workers: 3\n"))
    assert settings.get("compute")["workers"] == 3
    assert settings.get("google maps key") is None
    assert settings.get("google maps key", "none") == "none"
    assert settings.get("exitpage", "/elsewhere") == "/elsewhere"
    with pytest.raises(KeyError):
        settings["google maps key"]


@pytest.mark.parametrize(("text", "line", "words"), [
    ("language: en\ncheckin intervall: 6000\n", 2, "did you mean 'checkin interval'?"),
    ("compute:\n  worker: 3\n", 2, "did you mean 'compute: workers'?"),
    ("redis: null\n", 1, "'redis' is not a directive"),
    ("checkin interval: soon\n", 1, "must be a whole number, not 'soon'"),
    ("checkin interval: 500\n", 1, "must be at least 1000, or 0, not 500"),
    ("compute:\n  workers: true\n", 2, "must be a whole number, not True"),
    ("compute: 3\n", 1, "'compute' must be made of lines"),
    ("timezone: Paris\n", 1, "is not a time zone"),
    ("url root: example.com\n", 1, "is not an address"),
    ("language: en\nlanguage: fr\n", 2, "'language' is there twice"),
    ("- language\n", 1, "must be made of lines"),
    ("interview delete days: -1\n", 1, "must be at least 1, or 0, not -1"),
    ("language: en\ninterview delete days by filename:\n  a.yml: soon\n", 2, "must be lines like 'name: 5'"),
    ("interview delete days by filename: 5\n", 1, "must be lines like 'name: 5'"),
    ("interview delete days by filename: {a.yml: -5}\n", 1, "cannot be less than 0"),
    ("interview delete day: 5\n", 1, "did you mean 'interview delete days'?"),
    ("user auto delete:\n  enabled: True\n", 2, "did you mean 'user auto delete: enable'?"),
    ("user auto delete:\n  inactive days: 0\n", 2, "must be at least 1"),
    ("language: en\ncurrency: [\n", 3, "this is not YAML"),
])
def test_a_mistake_is_named_with_file_and_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(BadConfiguration) as caught:
        load(path)
    assert f"{path}, line {line}: " in str(caught.value)
    assert words in str(caught.value)


def test_every_default_is_a_value_that_the_file_could_hold(tmp_path: Path) -> None:
    for name, directive in DIRECTIVES.items():
        if directive.default is None:
            continue
        lines, indent = [], ""
        *groups, last = name.split(": ")
        for group in groups:
            lines.append(f"{indent}{group}:")
            indent += "  "
        lines.append(f"{indent}{last}: {directive.default}")
        assert load(written(tmp_path, "\n".join(lines)))[name] == directive.default


def test_the_table_is_in_order_of_the_alphabet() -> None:
    assert list(DIRECTIVES) == sorted(DIRECTIVES)


def test_settings_refuse_names_that_are_not_in_the_table() -> None:
    with pytest.raises(KeyError):
        Settings({"checkin intervall": 1})


def test_the_documentation_is_made_from_the_table() -> None:
    """Write it anew with: python -m appliance.config > docs/configuration.md."""
    assert (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8") == reference()


def test_every_directive_is_read_somewhere() -> None:
    """A directive that nothing reads would be a promise; a name that is not in the table a KeyError to come."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "appliance").rglob("*.py")
                       if path.name != "config.py")
    unread = [name for name in DIRECTIVES if f'"{name}"' not in source]
    assert not unread
    asked = set(re.findall(r'(?<!webview\.)settings\["([^"]+)"\]', source))
    assert asked <= set(DIRECTIVES)


def test_a_group_may_be_a_list_where_its_members_have_names(tmp_path: Path) -> None:
    """The first one's directives are the group's own; secrets stay out of what travels with tasks."""
    (tmp_path / "config.yml").write_text(
        "mail:\n  - server: one.example.com\n    password: hush\n  - name: court\n    server: two.example.com\n",
        encoding="utf-8")
    settings = load(tmp_path / "config.yml")
    assert settings["mail: server"] == "one.example.com"
    assert [(one["server"], one["use tls"]) for one in settings.get("mail")] == [
        ("one.example.com", True), ("two.example.com", True)]
    assert settings.get("mail")[0]["password"] == "hush"
    assert "hush" not in str(settings.as_dict())
    assert settings.as_dict()["mail"][1]["name"] == "court"


@pytest.mark.parametrize(("text", "words"), [
    ("mail:\n  - server: a\n  - server: b\n", "line 3: each of 'mail' but the first needs a line like 'name: court'"),
    ("mail:\n  - name: a\n  - name: a\n", "line 3: there are two of 'mail' with the name 'a'"),
    ("mail:\n  - servr: a\n", "line 2: 'mail: servr' is not a directive; did you mean 'mail: server'"),
    ("mail:\n  - server: a\n    port: x\n", "line 3: 'mail: port' must be a whole number"),
    ("mail: [{server: a}]\nmail: {port: 3}\n", "'mail' is there twice"),
    ("compute:\n  - workers: 3\n", "line 2: 'compute' must be made of lines")])
def test_mistakes_in_such_a_list_are_named_with_their_line(tmp_path: Path, text: str, words: str) -> None:
    """Several mail servers are as easily mistyped as one."""
    (tmp_path / "config.yml").write_text(text, encoding="utf-8")
    with pytest.raises(BadConfiguration, match=re.escape(words)):
        load(tmp_path / "config.yml")
