"""The settings as a form: one field for each directive of the table, by topic, and what was typed read back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from appliance.administration.settings_file import SettingsState
from appliance.administration.settings_text import Slot
from appliance.config import DIRECTIVES, Directive, mistake

__all__ = ["Field", "Filled", "Topic", "fill", "topics"]

_TOPICS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("The office", "What the appliance is called on its pages and in its mails.", ("appname", "brandname")),
    ("Language and region", "How interviews write texts, dates and amounts unless they say it themselves.",
     ("language", "country", "locale", "currency symbol", "timezone")),
    ("Interviews", "What may be sent at once, how long code may take, and where people go afterwards.",
     ("checkin interval", "exitpage", "maximum content length", "session lifetime seconds", "turn time limit")),
    ("People and the network", "Who may come in, and under which address.",
     ("allow registration", "public interviews", "external hostname", "url root", "network",
      "authorized registration domains", "permissions", "user can delete account", "show login")),
    ("How long things are kept", "Sessions and accounts that nobody uses any more.",
     ("interview delete days", "user auto delete")),
    ("Mail that goes out", "Without a mail server, mail waits in the outbox until somebody sends it by hand.",
     ("mail",)),
    ("Mail that comes in", "So that people can write to interviews. Off unless a port or a mailbox is given.",
     ("incoming mail domain", "mail in")),
    ("When scheduled events run", "The times of each hour, day, week and month at which interviews may do something.",
     ("schedule",)),
    ("Work in the background", "How much may be done at the same time, and where.", ("compute",)),
    ("Reports of errors", "Who hears of it when an interview fails.",
     ("error notification", "suppress error notificiations")),
    ("Reading text from images", "For interviews that read scanned papers.", ("ocr", "tesseract")),
)
_REST = ("Other settings", "")
_FIRST = ("server", "host", "port", "address", "username", "user", "password", "default sender")
"""Of a group, what nobody can do without: it comes first, the others by the alphabet."""


@dataclass(frozen=True)
class Field:
    """One field.

    :param shown: what stands in it; empty for a secret.
    :param is_set: whether the file says something of it.
    :param problem: what is wrong with what was typed, or an empty text.
    """

    slot: Slot
    directive: Directive
    shown: str
    is_set: bool
    problem: str = ""

    @property
    def name(self) -> str:
        """What it is posted under."""
        return self.slot.field

    @property
    def id(self) -> str:
        """For its label."""
        return "set-" + re.sub(r"[^a-z0-9]+", "-", self.name)

    @property
    def label(self) -> str:
        """In the words of its group, without the group's name."""
        last = self._last.replace("ssl", "SSL").replace("tls", "TLS")
        return last[:1].upper() + last[1:]

    @property
    def order(self) -> int:
        """Its place in a group."""
        return _FIRST.index(self._last) if ":" in self.slot.name and self._last in _FIRST else len(_FIRST)

    @property
    def _last(self) -> str:
        return self.slot.name.rpartition(": ")[2]

    @property
    def control(self) -> str:
        """``secret``, ``choice``, ``number``, ``lines`` or ``text``."""
        if self.directive.secret:
            return "secret"
        kinds = {"yes or no": "choice", "whole number": "number", "number": "number", "text": "text", "time": "text"}
        return kinds.get(self.directive.kind, "lines")

    @property
    def default(self) -> str:
        """What counts while it is empty, for people; empty where the help says it."""
        return _shown(self.directive, self.directive.default)

    @property
    def hint(self) -> str:
        """How to write it, where that is not plain."""
        return {"list of texts": "One on each line.", "text or list of texts": "One on each line.",
                "texts by name": "Lines like `name: text`.",
                "lists of texts by name": "Lines like `name: one, another`.",
                "whole numbers by name": "Lines like `name: 5`."}.get(self.directive.kind, "")


@dataclass(frozen=True)
class Topic:
    """Fields that belong together.

    :param groups: heading and fields; a heading is empty for those without a group.
    """

    title: str
    intro: str
    groups: list[tuple[str, list[Field]]]

    @property
    def id(self) -> str:
        """For links."""
        return "topic-" + re.sub(r"[^a-z]+", "-", self.title.lower())

    @property
    def fields(self) -> list[Field]:
        """All of them."""
        return [one for _, fields in self.groups for one in fields]

    @property
    def set_count(self) -> int:
        """How many of them the file says something of."""
        return sum(one.is_set for one in self.fields)

    @property
    def open(self) -> bool:
        """Whether something in it has to be looked at."""
        return any(one.problem for one in self.fields)


@dataclass
class Filled:
    """What came back.

    :param changes: what is different; None takes a directive out.
    :param problems: what cannot be taken, by slot.
    :param typed: what stood in the fields.
    """

    changes: dict[Slot, Any] = field(default_factory=dict)
    problems: dict[Slot, str] = field(default_factory=dict)
    typed: dict[Slot, str] = field(default_factory=dict)


def topics(state: SettingsState, filled: Filled | None = None) -> list[Topic]:
    """The form over a file, with what was typed where something was wrong with it."""
    filled = filled or Filled()
    by_topic: dict[str, list[Slot]] = {}
    for slot in _slots(state):
        by_topic.setdefault(_topic_of(slot.name), []).append(slot)
    heads = {title: intro for title, intro, _ in _TOPICS} | {_REST[0]: _REST[1]}
    return [Topic(title, intro, _grouped([_field(slot, state, filled) for slot in by_topic[title]]))
            for title, intro in heads.items() if title in by_topic]


def fill(state: SettingsState, posted: Mapping[str, str]) -> Filled:
    """What was typed, compared with what the file says: only what is different is a change.

    :param posted: the fields by their names; ``clear NAME`` takes out the secret in NAME.
    """
    filled = Filled()
    for slot in _slots(state):
        directive, typed = DIRECTIVES[slot.name], posted.get(slot.field)
        if typed is None:
            continue
        if directive.secret:
            _fill_secret(slot, typed, f"clear {slot.field}" in posted, filled)
            continue
        typed = typed.replace("\r\n", "\n").strip()
        if typed == _shown(directive, state.values.get(slot)):
            continue
        filled.typed[slot] = typed
        try:
            value = _read(directive, typed)
            problem = None if value is None else mistake(directive, value)
        except ValueError as unreadable:
            problem = str(unreadable)
        if problem is None:
            filled.changes[slot] = value
        else:
            filled.problems[slot] = f"This {problem}."
    return filled


def _fill_secret(slot: Slot, typed: str, clear: bool, filled: Filled) -> None:
    if typed:
        filled.changes[slot] = typed
    elif clear:
        filled.changes[slot] = None


def _slots(state: SettingsState) -> list[Slot]:
    """All fields: the table's, those of a group as often as it is there."""
    slots: list[Slot] = []
    for name in DIRECTIVES:
        several = next((group for group in state.groups if name.startswith(f"{group}: ")), None)
        if several is None:
            slots.append(Slot(name))
        else:
            slots += [Slot(name, place) for place in range(state.groups[several])]
    return slots


def _topic_of(name: str) -> str:
    def fits(beginning: str) -> bool:
        return name == beginning or name.startswith((f"{beginning}:", f"{beginning} "))

    # The longest beginning counts: "mail in: smtp" is not of "mail".
    found = [(len(one), title) for title, _, beginnings in _TOPICS for one in beginnings if fits(one)]
    return max(found)[1] if found else _REST[0]


def _grouped(fields: list[Field]) -> list[tuple[str, list[Field]]]:
    groups: dict[str, list[Field]] = {}
    for one in fields:
        group = one.slot.name.rpartition(": ")[0]
        if one.slot.place is not None:
            group = f"{group} {one.slot.place + 1}"
        groups.setdefault(group, []).append(one)
    return [(name[:1].upper() + name[1:].replace(": ", ", "), sorted(found, key=lambda one: one.order))
            for name, found in sorted(groups.items())]


def _field(slot: Slot, state: SettingsState, filled: Filled) -> Field:
    directive, is_set = DIRECTIVES[slot.name], slot in state.values
    shown = "" if directive.secret else filled.typed.get(slot, _shown(directive, state.values.get(slot)))
    return Field(slot, directive, shown, is_set, filled.problems.get(slot, ""))


def _shown(directive: Directive, value: Any) -> str:
    """A value as it stands in a field."""
    if value is None:
        return ""
    if directive.kind == "yes or no" and isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "\n".join(str(one) for one in value)
    if isinstance(value, dict):
        return "\n".join(f"{name}: {', '.join(map(str, one)) if isinstance(one, list) else one}"
                         for name, one in value.items())
    return str(value)


def _read(directive: Directive, typed: str) -> Any:
    """The value that a text means; None for its default.

    :raises ValueError: with the end of a sentence, if it means none.
    """
    if not typed:
        return None
    lines = [line.strip() for line in typed.splitlines() if line.strip()]
    match directive.kind:
        case "yes or no":
            return {"yes": True, "no": False}[typed] if typed in {"yes", "no"} else typed
        case "whole number" | "number":
            return _number(typed, whole=directive.kind == "whole number")
        case "list of texts":
            return lines
        case "text or list of texts":
            return lines[0] if len(lines) == 1 else lines
        case "texts by name":
            return _by_name(lines)
        case "lists of texts by name":
            return {name: [one.strip() for one in value.split(",") if one.strip()]
                    for name, value in _by_name(lines).items()}
        case "whole numbers by name":
            return {name: _number(value, whole=True) for name, value in _by_name(lines).items()}
        case _:
            return typed


def _number(typed: str, *, whole: bool) -> float:
    try:
        return int(typed)
    except ValueError:
        pass
    try:
        if not whole:
            return float(typed)
    except ValueError:
        pass
    raise ValueError(f"must be a {'whole number' if whole else 'number'}, like 5") from None


def _by_name(lines: list[str]) -> dict[str, str]:
    """Lines of names and texts; a name may have colons in it, as those of interviews have."""
    found = {}
    for line in lines:
        name, colon, value = line.rpartition(": ")
        if not colon:
            raise ValueError(f"must be made of lines like 'name: value', and one is '{line}'")
        found[name.strip()] = value.strip()
    return found
