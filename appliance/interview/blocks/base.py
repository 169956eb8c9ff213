"""What all blocks have in common: reading their keys, the names they offer, when they may be used."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from appliance.interview.code import CodeText, Expression
from appliance.interview.errors import BadInterview
from appliance.interview.names import canonical, is_name
from appliance.interview.templates import TextTemplate
from appliance.interview.yaml_source import YamlMap

if TYPE_CHECKING:
    from appliance.interview.evaluate import Evaluation
    from appliance.interview.screen import Screen

__all__ = ["COMMON_KEYS", "Block", "BlockSource", "Key", "KeyKind", "keys"]

KeyKind = Literal["text", "python", "code", "flag", "name", "names", "list", "mapping", "number", "any"]


@dataclass(frozen=True)
class Key:
    """A key of a block: what may stand there and what it means (`check` and the author's reference read this)."""

    name: str
    kind: KeyKind
    help: str


def keys(*rows: tuple[str, KeyKind, str]) -> dict[str, Key]:
    """A table of keys from rows of name, kind and help."""
    return {name: Key(name, kind, text) for name, kind, text in rows}


COMMON_KEYS = keys(
    ("id", "any", "a name of the block that is unique in the interview"),
    ("comment", "any", "a remark for other authors"),
    ("mandatory", "python", "run or ask this block in order, whether or not its variables are needed"),
    ("initial", "python", "run this block at every screen"),
    ("generic object", "text", "the class of object that x stands for"),
    ("if", "any", "conditions under which the block may be used"),
    ("need", "any", "variables that are sought before the block is used"),
    ("sets", "any", "variables that the block also defines"),
    ("only sets", "any", "the variables that the block is used for, and no others"),
    ("scan for variables", "flag", "False: only the variables of 'sets' count as defined by the block"),
    ("depends on", "any", "variables whose change makes this block's variables be computed again"),
    ("undefine", "any", "variables that are undefined when the block is used"),
    ("reconsider", "any", "variables (or True: the block's own) that are computed anew at every screen"),
    ("supersedes", "any", "ids of blocks that come after this one"),
    ("language", "text", "the language in which the block is used"),
    ("section", "text", "the section of the interview that the block belongs to"),
    ("event", "any", "the name of the action that the block answers"),
    ("role", "any", "the roles that may use the block"),
    ("allowed to set", "any", "variables that an API may set on this screen"),
)


class BlockSource:
    """A block as written, with typed access to its keys. All errors name the file, the line and the key."""

    def __init__(self, data: YamlMap, file: str) -> None:
        self.data, self.file = data, file

    def __contains__(self, key: str) -> bool:
        return key in self.data

    @property
    def line(self) -> int:
        return self.data.line

    def error(self, message: str, key: str | None = None, hint: str = "", data: YamlMap | None = None) -> BadInterview:
        where = self.data if data is None else data
        line = where.line if key is None else where.line_of(key)
        return BadInterview(message, file=self.file, line=line, key=key, hint=hint)

    def template(self, key: str, data: YamlMap | None = None) -> TextTemplate | None:
        """The text of a key, or None where the key is missing or empty."""
        where = self.data if data is None else data
        value = where.get(key)
        if value is None:
            return None
        if isinstance(value, dict | list):
            raise self.error(f"{key!r} must be a text", key, data=where)
        return TextTemplate(value if isinstance(value, str) else str(value), self.file, where.text_line(key))

    def text_of(self, value: Any, line: int) -> TextTemplate:
        text = "" if value is None else value if isinstance(value, str) else str(value)
        return TextTemplate(text, self.file, line)

    def expression(self, key: str, data: YamlMap | None = None) -> Expression | None:
        where = self.data if data is None else data
        value = where.get(key)
        if value is None:
            return None
        if isinstance(value, dict | list):
            raise self.error(f"{key!r} must be a Python expression", key, data=where)
        return Expression(str(value), self.file, where.text_line(key), f"{key!r}")

    def code(self, key: str, data: YamlMap | None = None) -> CodeText:
        where = self.data if data is None else data
        value = where.get(key)
        if isinstance(value, dict | list) or value is None:
            raise self.error(f"{key!r} must be Python code", key, data=where)
        return CodeText(str(value), self.file, where.text_line(key), f"{key!r}")

    def condition(self, key: str, data: YamlMap | None = None) -> Expression | bool:
        """A key that is True, False or a Python expression; False where it is missing."""
        where = self.data if data is None else data
        value = where.get(key, False)
        if isinstance(value, bool) or value is None:
            return bool(value)
        expression = self.expression(key, where)
        return expression if expression is not None else False

    def flag(self, key: str, default: bool = False) -> bool:
        value = self.data.get(key, default)
        if not isinstance(value, bool):
            raise self.error(f"{key!r} must be True or False", key)
        return value

    def items(self, key: str) -> list[Any]:
        """The key as a list: a single value counts as a list of one."""
        value = self.data.get(key)
        if value is None:
            return []
        return list(value) if isinstance(value, list) else [value]

    def texts(self, key: str) -> list[str]:
        found = []
        for item in self.items(key):
            if isinstance(item, dict | list):
                raise self.error(f"{key!r} must be a text or a list of texts", key)
            found.append(str(item).strip())
        return found

    def name(self, key: str) -> str:
        """The key as the name of a variable."""
        value = self.data[key]
        if not isinstance(value, str) or not is_name(value):
            raise self.error(f"{key!r} must be the name of a variable, and {value!r} is not", key)
        return canonical(value)

    def names(self, key: str) -> list[str]:
        found = []
        for text in self.texts(key):
            if not is_name(text):
                raise self.error(f"{key!r} must name variables, and {text!r} is not a name", key)
            found.append(canonical(text))
        return found

    def check_keys(self, known: Mapping[str, Key], what: str, data: YamlMap | None = None) -> None:
        """Refuse a key that is a misspelling of a known one.

        A key that resembles nothing is let pass: interviews in the wild carry remarks in keys of their own.
        """
        where = self.data if data is None else data
        for key in where:
            if key in known:
                continue
            close = difflib.get_close_matches(key.lower(), [k for k in known if k not in where], 1, 0.8)
            if close:
                raise self.error(f"{what} has no key {key!r}", key, f"did you mean {close[0]!r}?", data=where)


class Block:
    """One block of an interview.

    `offers` are the names the block can define, canonically spelled; `offers` may contain ``x`` and ``i``, ``j`` … as
    documented for generic objects and iterators.
    """

    kind: ClassVar[str] = ""
    own_keys: ClassVar[Mapping[str, Key]] = {}

    def __init__(self, source: BlockSource, number: int) -> None:
        self.file, self.line, self.number = source.file, source.line, number
        source.check_keys({**COMMON_KEYS, **self.own_keys}, f"a {self.kind} block" if self.kind else "the block")
        self.id = str(source.data["id"]).strip() if source.data.get("id") is not None else ""
        self.name = f"ID {self.id}" if self.id else f"Question_{number}"
        self.mandatory = source.condition("mandatory")
        self.initial = source.condition("initial")
        self.generic = str(source.data["generic object"]).strip() if "generic object" in source else None
        self.conditions = [
            Expression(text, self.file, source.data.text_line("if"), "'if'") for text in source.texts("if")
        ]
        self.need_before, self.need_after = _needs(source)
        self.language = str(source.data["language"]).strip() if "language" in source else None
        self.section = source.template("section")
        self.supersedes = source.texts("supersedes")
        self.undefines = source.names("undefine")
        self.events = source.names("event")
        self.reconsider_own = source.data.get("reconsider") is True
        self.reconsiders = [] if isinstance(source.data.get("reconsider"), bool) else source.names("reconsider")
        self._sets = source.names("sets")
        self._only_sets = source.names("only sets")
        self._scan = source.flag("scan for variables", True)
        self.offers: list[str] = []

    def set_offers(self, names: Iterable[str]) -> None:
        """Say what the block itself defines; ``sets``, ``only sets``, ``event`` and ``scan for variables`` apply."""
        if self._only_sets:
            offered = [*self._only_sets, *self.events]
        elif self._scan:
            offered = [*names, *self._sets, *self.events]
        else:
            offered = [*self._sets, *self.events]
        self.offers = list(dict.fromkeys(offered))

    def attempt(self, evaluation: Evaluation, name: str | None) -> Screen | None:
        """Use the block: define `name` (None: it is mandatory or initial) or give the screen that asks for it.

        :raises NameError: for whatever must be defined first.
        """
        raise AttributeError(f"a {self.kind} block is not used")

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name} {self.file}:{self.line}>"


def _needs(source: BlockSource) -> tuple[list[Expression], list[Expression]]:
    """The expressions of ``need``: those before the block's own texts and those after (``pre`` and ``post``)."""
    before: list[Expression] = []
    after: list[Expression] = []
    line = source.data.text_line("need")
    for item in source.items("need"):
        if isinstance(item, YamlMap):
            for key, value in item.items():
                if key not in ("pre", "post"):
                    raise source.error(f"'need' takes 'pre' and 'post', not {key!r}", "need")
                for text in value if isinstance(value, list) else [value]:
                    (before if key == "pre" else after).append(Expression(str(text), source.file, line, "'need'"))
        elif isinstance(item, list):
            raise source.error("'need' must be a list of variables", "need")
        else:
            before.append(Expression(str(item), source.file, line, "'need'"))
    return before, after
