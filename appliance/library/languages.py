"""Languages: which one is spoken in this turn, translations of words, and functions that differ by language."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec, TypeVar

from appliance.library.state import setting, turn_state

__all__ = [
    "get_country",
    "get_dialect",
    "get_language",
    "get_locale",
    "language_function",
    "language_function_constructor",
    "prefix_constructor",
    "set_country",
    "set_language",
    "set_locale",
    "update_language_function",
    "update_locale",
    "update_word_collection",
    "word",
]

P = ParamSpec("P")
T = TypeVar("T")

_words: dict[str, dict[str, str]] = {}
_functions: dict[str, dict[str, Callable[..., Any]]] = {}


def get_language() -> str:
    """The current language, as a lower-case ISO 639 code."""
    return str(turn_state().get("language") or setting("language", "en"))


def set_language(lang: str, dialect: str | None = None, voice: str | None = None) -> None:
    """Speak `lang` for the rest of this turn; `dialect` and `voice` are for reading aloud."""
    turn_state().update({"language": lang, "dialect": dialect, "voice": voice})


def get_dialect() -> str | None:
    dialect: str | None = turn_state().get("dialect")
    return dialect


def get_country() -> str:
    """The current country, as an ISO 3166-1 alpha-2 code."""
    return str(turn_state().get("country") or setting("country", "US"))


def set_country(country: str) -> None:
    turn_state()["country"] = country


def get_locale(arg: str | None = None) -> Any:
    """The current locale, or with ``'currency_symbol'`` the symbol that was set, or None."""
    if arg is not None:
        return turn_state().get(arg)
    return turn_state().get("locale") or setting("locale", "US.utf8")


def set_locale(*args: str, **kwargs: Any) -> None:
    """Remember a locale (``'FR.utf8'``) or a ``currency_symbol`` for the rest of this turn."""
    if args:
        turn_state()["locale"] = args[0]
    if "currency_symbol" in kwargs:
        turn_state()["currency_symbol"] = kwargs["currency_symbol"]


def update_locale() -> None:
    """Nothing is left to do: numbers are written for the turn's own locale, not for the whole process."""


def word(the_word: Any, language: str | None = None, capitalize: bool = False) -> str:
    """`the_word` in the current language, if a translation was registered, else unchanged.

    >>> update_word_collection("es", {"fish": "pez"})
    >>> word("fish", language="es", capitalize=True)
    'Pez'
    """
    text = str(the_word)
    text = _words.get(language or get_language(), {}).get(text, text)
    return text[:1].upper() + text[1:] if capitalize else text


def update_word_collection(lang: str, defs: Mapping[str, str]) -> None:
    """Register translations for :func:`word`; for modules, when they are imported."""
    _words.setdefault(lang, {}).update(defs)


def language_function(function: Callable[P, T]) -> Callable[P, T]:
    """Make `function` one that :func:`update_language_function` can replace for a language."""
    name = function.__name__
    _functions.setdefault(name, {})["*"] = function

    @functools.wraps(function)
    def in_the_language(*args: P.args, **kwargs: P.kwargs) -> T:
        language = kwargs.get("language") or get_language()
        versions = _functions[name]
        chosen = versions.get(str(language)) or versions["*"]
        result: T = chosen(*args, **kwargs)
        return result

    return in_the_language


def language_function_constructor(term: str) -> Callable[..., Any]:
    """A new function called `term`, whose versions are given with :func:`update_language_function`."""

    def missing(*_args: Any, **_kwargs: Any) -> Any:
        raise SystemError(f"term {term} not defined for language {get_language()}")

    missing.__name__ = term
    return language_function(missing)


def update_language_function(lang: str, term: str, func: Callable[..., Any]) -> None:
    """Use `func` as `term` in the language `lang`; ``'*'`` is for all that have none of their own."""
    _functions.setdefault(term, {})[lang] = func


def prefix_constructor(prefix: str) -> Callable[..., str]:
    """A function that puts `prefix` before a word.

    >>> prefix_constructor("sa ")("tortue", capitalize=True)
    'Sa tortue'
    """

    def with_prefix(the_word: Any, capitalize: bool = False, **_kwargs: Any) -> str:
        text = f"{prefix}{the_word}"
        return text[:1].upper() + text[1:] if capitalize else text

    return with_prefix
