"""Functions that look at variables by name and steer what the interview does next."""

from __future__ import annotations

import copy
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, Literal, NoReturn

from appliance.interview.host import current
from appliance.interview.namespace import LOCAL
from appliance.interview.screen import html_name, variable_of
from appliance.interview.signals import AskFor, RerunLogic
from appliance.library.errors import DAValidationError
from appliance.library.state import turn_state

NOT_ANSWERS = (ModuleType, FunctionType, BuiltinFunctionType, type)
"""What code blocks import or define; it is not kept with the answers and cannot be copied."""

__all__ = [
    "action_argument",
    "action_arguments",
    "all_variables",
    "decode_name",
    "define",
    "defined",
    "dispatch",
    "encode_name",
    "force_ask",
    "force_gather",
    "forget_result_of",
    "invalidate",
    "need",
    "prevent_going_back",
    "process_action",
    "re_run_logic",
    "reconsider",
    "set_save_status",
    "showif",
    "showifdef",
    "undefine",
    "validation_error",
    "value",
]


def defined(var: str, prior: bool = False) -> bool:
    """Whether `var` has a value; it is not sought.

    :param prior: also look at the answers as they were before a person went back.
    """
    evaluation = current()
    return bool(evaluation.known_value(var)[0] if prior else evaluation.is_defined(var))


def value(var: str, prior: bool = False) -> Any:
    """The value of the variable called `var`, which is sought where it has none."""
    evaluation = current()
    if prior:
        known, earlier = evaluation.known_value(var)
        if known:
            return earlier
    return evaluation.value(var)


def showif(var: str, condition: Any, alternative: Any = "") -> Any:
    """The value of `var` if `condition` is true, else `alternative`."""
    return value(var) if condition else alternative


def showifdef(var: str, alternative: Any = "", prior: bool = False) -> Any:
    """The value of `var` if it has one, else `alternative`."""
    return value(var, prior=prior) if defined(var, prior=prior) else alternative


def define(var: str, val: Any) -> None:
    """Give the variable called `var` a value."""
    current().assign(var, val)


def undefine(*pargs: str, invalidate: bool = False) -> None:
    """Take the values of these variables away; with `invalidate`, offer them as defaults when they are asked again."""
    if invalidate:
        current().remember_as_defaults(*pargs)
    current().undefine(*pargs)


def invalidate(*pargs: str) -> None:
    """:func:`undefine`, remembering the values as defaults for when they are asked again."""
    undefine(*pargs, invalidate=True)


def need(*_pargs: Any) -> bool:
    """Nothing: that the variables were mentioned made the interview define them."""
    return True


def force_ask(*pargs: Any, forget_prior: bool = False, **_kwargs: Any) -> NoReturn:
    """Ask these variables now, in this order, also where they have values; dicts are actions and commands.

    ``{'action': …, 'arguments': …}``, ``{'undefine': …}``, ``{'invalidate': …}``, ``{'recompute': …}``, ``{'set': …}``,
    ``{'follow up': …}`` (asked only where a block offers the variable then). In a block for ``x`` or ``fruits[i]``,
    these letters stand in names for what they stand for there.
    """
    raise AskFor(flattened(pargs), forget_prior=forget_prior)


def force_gather(*pargs: Any, forget_prior: bool = False, **_kwargs: Any) -> None:
    """Ask until these variables are defined, for every person of the session; those that are are not asked again."""
    evaluation = current()
    requests = [each for each in flattened(pargs) if not (isinstance(each, str) and evaluation.is_defined(each))]
    if requests:
        raise AskFor(requests, forget_prior=forget_prior, gather=True)


def flattened(pargs: tuple[Any, ...]) -> list[Any]:
    requests: list[Any] = []
    for each in pargs:
        requests.extend(each if isinstance(each, (list, tuple)) else [each])
    evaluation = current()
    return [evaluation.resolve(each) if isinstance(each, str) else each for each in requests]


def re_run_logic() -> NoReturn:
    """Start the interview's logic from the top, with the answers as they are now."""
    raise RerunLogic("re_run_logic")


def reconsider(*pargs: str) -> None:
    """Work these variables out anew, but each only once in a turn, however often this is run in it."""
    reconsidered = turn_state().setdefault("reconsidered", set())
    evaluation = current()
    for name in pargs:
        if name not in reconsidered:
            reconsidered.add(name)
            evaluation.undefine(name)
    for name in pargs:
        evaluation.value(name)


def forget_result_of(*pargs: str) -> None:
    """Let blocks with these ids be asked or run again; what is not there is let be."""
    current().forget_result_of(*pargs)


def dispatch(var: str) -> bool:
    """Run a menu: ask `var`, seek the variable it names, and ask again until it is None.

    What the menu needed is undefined again afterwards.
    """
    evaluation = current()
    while (choice := evaluation.value(var)) not in (None, "", "None", "null"):
        evaluation.value(choice)
        evaluation.undefine(choice, var)
    evaluation.undefine(var)
    return True


def process_action() -> None:
    """Run the action of this turn, if there is one and it has not run yet."""
    current().process_action()


def action_argument(item: str | None = None) -> Any:
    """An argument of the action, or None; without `item`, the name of the action."""
    evaluation = current()
    return evaluation.action if item is None else evaluation.arguments.get(item)


def action_arguments() -> dict[str, Any]:
    """The arguments of the action, without the two that a check-in adds."""
    return {key: each for key, each in current().arguments.items() if key not in ("_initial", "_changed")}


def set_save_status(status: Literal["new", "overwrite", "ignore"]) -> None:
    """How this turn's answers are kept: ``new`` step, ``overwrite`` the current one, or ``ignore`` (which is final)."""
    if status not in ("new", "overwrite", "ignore"):
        raise ValueError("set_save_status() takes 'new', 'overwrite' or 'ignore'")
    evaluation = current()
    if evaluation.save != "ignore":
        evaluation.save = status


def prevent_going_back() -> None:
    """Nobody can go back past this point."""
    current().internal["prevent_going_back"] = True


def all_variables(
    simplify: bool = True, include_internal: bool = False, special: str | bool = False, make_copy: bool = False
) -> Any:
    """The session's variables; simplified, they can be written as JSON.

    :param special: ``'titles'``, ``'metadata'`` or ``'tags'`` instead.
    """
    evaluation = current()
    if special == "metadata":
        return copy.deepcopy(getattr(evaluation.interview, "metadata", {}))
    if special == "titles":
        metadata = getattr(evaluation.interview, "metadata", {})
        return {**metadata, **evaluation.internal.get("parts", {})}
    if special == "tags":
        return set(evaluation.internal.get("tags", ()))
    if simplify:
        from appliance.library.plain import plain_answers

        mine = {name: each for name, each in evaluation.answers.items() if name not in LOCAL}
        return plain_answers(mine, include_internal)
    own = {name: each for name, each in evaluation.answers.items()
           if name != "__builtins__" and name not in LOCAL and (include_internal or name != "_internal")}
    if make_copy:
        return copy.deepcopy({name: each for name, each in own.items() if not isinstance(each, NOT_ANSWERS)})
    return own


def validation_error(message: str, field: str | None = None) -> NoReturn:
    """Refuse what was entered, with words for the person, next to `field` where it is given."""
    raise DAValidationError(str(message), field=field)


def encode_name(var: str) -> str:
    """The name of the form field of a variable.

    >>> encode_name("favorite_fruit")
    'ZmF2b3JpdGVfZnJ1aXQ'
    """
    return html_name(var)


def decode_name(var: str) -> str:
    """The inverse of :func:`encode_name`.

    >>> decode_name("ZmF2b3JpdGVfZnJ1aXQ")
    'favorite_fruit'
    """
    return variable_of(var)
