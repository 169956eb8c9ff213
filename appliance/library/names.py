"""Which name lives where: what interviews have by themselves, and what each ``docassemble.base`` module exports."""

from __future__ import annotations

import importlib
import importlib.util
import json
import logging
import re
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

import appliance
from appliance.library.state import setting

__all__ = ["MODULES", "NAMES", "module_names"]

UTIL = "docassemble.base.util"

IDEAS = (
    "languages", "numbers", "words", "text", "dates", "logic", "parts", "session", "urls", "programs", "errors",
    "objects", "groups", "lists", "dicts", "sets", "templates", "files", "file_groups",
    "static_files", "file_functions", "people", "places", "money", "background", "control",
    "tasks", "email", "received_email", "send_email", "performed", "access", "ocr", "progress", "countries",
    "stores", "records", "global_objects", "redis", "snapshots",
    "visitor", "accounts", "role_changes", "sessions", "session_query", "local_objects",
)
"""The modules of this package whose ``__all__`` authors get; those that are not there yet are left out."""

ONLY_FOR_IMPORT = {
    # For modules only, as documented: interviews use such short words as variables of their own.
    "a_in_the_b", "a_preposition_b", "are_word", "did_a_b", "did_you", "do_you", "does_a_b", "has_a_b", "have_you",
    "her", "his", "in_the", "is_word", "its", "language_function", "my", "number_locale", "of_the", "possessify",
    "possessify_long", "prefix_constructor", "some", "the", "their", "these", "this", "was_a_b", "were_you", "your",
    "language_function_constructor", "update_language_function", "update_word_collection", "update_nice_numbers",
    "update_ordinal_function", "update_ordinal_numbers", "DateTimeDelta", "main", "part",
    "variables_snapshot_connect", "variables_snapshot_connection",
}

OUR_OWN = {"COMMANDS", "Condition", "Group", "Plan", "SnapshotConnection", "Using", "adopt_name", "asker",
           "check_persistent", "holds_something", "language_function", "looking", "main", "make", "make_pdf",
           "make_pdf_in_background", "name_of_country", "names_in_progress", "new_local", "number_locale",
           "only_looking", "own_account", "package_path", "part"}
"""Names in the modules' ``__all__`` that are for ourselves."""


def modules() -> Iterable[ModuleType]:
    for idea in IDEAS:
        name = f"appliance.library.{idea}"
        if importlib.util.find_spec(name) is not None:
            yield importlib.import_module(name)


def gathered() -> dict[str, Any]:
    """All public names; ours say that they live in ``docassemble.base.util``, so that stored answers do too."""
    names: dict[str, Any] = {"re": re, "json": json}
    for module in modules():
        for name in getattr(module, "__all__", ()):
            if name in OUR_OWN:
                continue
            value = getattr(module, name)
            if isinstance(value, type) and value.__module__.startswith("appliance.library."):
                value.__module__ = UTIL
            names[name] = value
    return names


EXPORTED = gathered()
"""What ``docassemble.base.util`` has."""

NAMES: dict[str, Any] = {name: value for name, value in EXPORTED.items() if name not in ONLY_FOR_IMPORT}
"""What interviews have without importing anything."""


def logmessage(message: Any) -> None:
    """Write to the log; for modules that know docassemble's own function."""
    from appliance.interview.host import running_evaluation

    evaluation = running_evaluation()
    if evaluation is None:
        logging.getLogger("docassemble").info("%s", message)
    else:
        evaluation.host.log(str(message))


class Configuration(dict[str, Any]):
    """``daconfig``: the directives of the configuration, looked up when they are read."""

    def __missing__(self, key: str) -> Any:
        value = setting(key)
        if value is None:
            raise KeyError(key)
        return value

    def get(self, key: str, default: Any = None) -> Any:
        return setting(key, default)

    def __contains__(self, key: object) -> bool:
        return setting(str(key)) is not None


def errors() -> dict[str, Any]:
    module = importlib.import_module("appliance.library.errors")
    return {name: getattr(module, name) for name in module.__all__}


def legal() -> dict[str, Any]:
    """``docassemble.base.legal``: all of util, and the objects of a case."""
    names = dict(EXPORTED)
    if importlib.util.find_spec("appliance.library.legal") is not None:
        module = importlib.import_module("appliance.library.legal")
        for name in module.__all__:
            value = names[name] = getattr(module, name)
            value.__module__ = "docassemble.base.legal"
    return names | {"__all__": sorted(set(names) - ONLY_FOR_IMPORT)}


def core() -> dict[str, Any]:
    """``docassemble.base.core``: the objects."""
    return {name: value for name, value in EXPORTED.items() if isinstance(value, type) and name.startswith("DA")}


def sql() -> dict[str, Any]:
    """``docassemble.base.sql``: imported only by who asks for it, because SQLAlchemy takes its time."""
    module = importlib.import_module("appliance.library.sql")
    names = {name: getattr(module, name) for name in module.__all__}
    for value in names.values():
        if isinstance(value, type):   # stored answers name classes so
            value.__module__ = "docassemble.base.sql"
    return names | {"__all__": sorted(names)}


MODULES: dict[str, Callable[[], dict[str, Any]]] = {
    "docassemble.base": lambda: {"__version__": appliance.__version__},
    UTIL: lambda: EXPORTED | {"__all__": sorted(NAMES)},
    "docassemble.base.functions": lambda: EXPORTED | {"__all__": sorted(NAMES)},
    "docassemble.base.core": core,
    "docassemble.base.legal": legal,
    "docassemble.base.error": errors,
    "docassemble.base.sql": sql,
    "docassemble.base.logger": lambda: {"logmessage": logmessage},
    "docassemble.base.config": lambda: {"daconfig": Configuration()},
}
"""Each module of ``docassemble.base`` that there is, and what makes its names."""


def module_names(module: str) -> dict[str, Any]:
    """The names of one of :data:`MODULES`."""
    return dict(MODULES[module]())

