"""Blocks that define nothing and say something about the whole interview."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from appliance.interview.blocks.attachment import read_attachment_options
from appliance.interview.blocks.base import BlockSource, KeyKind, keys
from appliance.interview.names import canonical
from appliance.interview.templates import TextTemplate
from appliance.interview.yaml_source import YamlMap

if TYPE_CHECKING:
    from appliance.interview.interview import Interview

__all__ = ["SETTINGS", "SETTINGS_KEYS", "read_settings", "read_terms"]

_ROWS: tuple[tuple[str, KeyKind, str], ...] = (
    ("metadata", "mapping", "facts about the interview: title, authors …"),
    ("include", "list", "other files whose blocks belong to the interview"),
    ("imports", "list", "Python modules, by name"),
    ("modules", "list", "Python modules, all of their names"),
    ("features", "mapping", "how the screens look and behave"),
    ("terms", "any", "words that are explained where they stand in braces"),
    ("auto terms", "any", "words that are explained wherever they stand"),
    ("interview help", "mapping", "a help text for all screens"),
    ("default screen parts", "mapping", "texts for all screens"),
    ("default validation messages", "mapping", "error messages for all screens"),
    ("order", "list", "ids of blocks in order of precedence"),
    ("reset", "list", "variables that are computed anew at every screen"),
    ("default role", "any", "the roles for questions that name none; code in the block says which the user has"),
    ("default language", "text", "the language of blocks that name none"),
    ("image sets", "mapping", "pictures for decorations"),
    ("images", "mapping", "pictures for decorations"),
    ("sections", "list", "the parts of the interview"),
    ("progressive", "any", "whether sections open as they are reached"),
    ("auto open", "any", "whether the current section is open"),
    ("translations", "list", "files of translations"),
    ("machine learning storage", "text", "where machine learning data is kept"),
    ("def", "text", "a name for Mako functions"),
    ("mako", "text", "the Mako functions"),
    ("on change", "mapping", "code that runs when a variable changes"),
    ("defaults", "any", "values for all questions"),
    ("attachment options", "any", "what holds for all documents"),
    ("comment", "any", "a remark for other authors"),
)

LEAST_INTERVAL = 1000
"""Milliseconds between the check-ins of a page, at least; 0 is none (documented for the configuration)."""

SETTINGS_KEYS = keys(*_ROWS)
SETTINGS = (
    "metadata",
    "include",
    "imports",
    "modules",
    "features",
    "terms",
    "auto terms",
    "interview help",
    "default screen parts",
    "default validation messages",
    "order",
    "reset",
    "default role",
    "default language",
    "image sets",
    "images",
    "sections",
    "translations",
    "machine learning storage",
    "def",
    "on change",
    "defaults",
    "attachment options",
)
"""The keys that make a block one of these, where it asks and computes nothing."""


def _mapping(source: BlockSource, key: str) -> YamlMap:
    value = source.data[key]
    if value is None:
        return YamlMap()
    if not isinstance(value, YamlMap):
        raise source.error(f"{key!r} must be 'key: value' lines", key)
    return value


def read_terms(source: BlockSource, key: str) -> dict[str, TextTemplate]:
    """Words and their explanations, from the list or mapping under `key`; words in lower case."""
    value = source.data[key]
    found: dict[str, TextTemplate] = {}
    for item in value if isinstance(value, list) else [value]:
        if not isinstance(item, YamlMap):
            raise source.error(f"{key!r} must be pairs of a word and its explanation", key)
        if set(item) == {"phrases", "definition"}:
            for phrase in item["phrases"]:
                found[str(phrase).lower()] = source.text_of(item["definition"], item.text_line("definition"))
            continue
        for word, meaning in item.items():
            found[word.lower()] = source.text_of(meaning, item.text_line(word))
    return found


def read_settings(source: BlockSource, interview: Interview) -> bool:
    """Apply the block to `interview` if it is one of these; False if it is not."""
    data = source.data
    present = [key for key in SETTINGS if key in data]
    if not present:
        return False
    source.check_keys(SETTINGS_KEYS, f"a {present[0]} block")
    for key in present:
        _apply(source, key, interview)
    return True


def _apply(source: BlockSource, key: str, interview: Interview) -> None:
    if key == "metadata":
        interview.metadata.update(_mapping(source, key))
    elif key == "include":
        for reference in source.texts(key):
            interview.include(reference, source)
    elif key in ("imports", "modules"):
        for name in source.texts(key):
            interview.bring_module(name, key, source)
    elif key == "attachment options":
        read_attachment_options(source, interview)
    elif key == "features":
        interview.features.update(_features(source))
    elif key == "terms":
        interview.terms.update(read_terms(source, key))
    elif key == "auto terms":
        interview.auto_terms.update(read_terms(source, key))
    elif key == "interview help":
        interview.help.append(_help(source))
    elif key == "default screen parts":
        for part, text in _mapping(source, key).items():
            mapping = source.data[key]
            interview.screen_parts[part] = source.text_of(text, mapping.text_line(part)) if text is not None else None
    elif key == "order":
        interview.order.extend(source.texts(key))
    elif key == "reset":
        interview.reset.extend(canonical(name) for name in source.names(key))
    elif key == "default role":
        interview.default_roles = tuple(source.texts(key))
    elif key == "default language":
        interview.defaults[key] = str(source.data[key])
    else:
        interview.later.setdefault(key, []).append(source.data[key])


def _features(source: BlockSource) -> YamlMap:
    data, key = _mapping(source, "features"), "checkin interval"
    interval = data.get(key, 0)
    if isinstance(interval, bool) or not isinstance(interval, int) or (interval != 0 and interval < LEAST_INTERVAL):
        raise source.error(f"{key!r} must be a whole number of milliseconds, at least {LEAST_INTERVAL}, or 0, not "
                           f"{interval!r}", key, data=data)
    return data


def _help(source: BlockSource) -> dict[str, Any]:
    if isinstance(source.data["interview help"], str):
        return {"heading": None, "content": source.template("interview help"), "label": None}
    data = _mapping(source, "interview help")
    if "content" not in data:
        raise source.error("'interview help' needs 'content'", "interview help")
    return {
        "heading": source.template("heading", data),
        "content": source.template("content", data),
        "label": source.template("label", data),
    }
