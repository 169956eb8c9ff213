"""The items of a ``review`` screen: which of them are shown now, with what, and where their links lead.

What is not defined is not sought: an item that mentions it is left out, unless the author says
``skip undefined: False``. A click runs an action that asks the item's variables in turn; then the review is there
again.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from appliance.interview.blocks.later import LaterBlock
from appliance.interview.blocks.question import QuestionBlock
from appliance.interview.blocks.review import ReviewItem, Step
from appliance.interview.code import Expression
from appliance.interview.failures import MISSING, missing_name
from appliance.interview.looking import only_looking
from appliance.interview.markup.icons import font_awesome
from appliance.interview.names import canonical, generic_patterns, is_name, iterator_patterns
from appliance.interview.screen import Screen
from appliance.interview.templates import TextTemplate

if TYPE_CHECKING:
    from appliance.interview.evaluate import Evaluation

__all__ = ["put_review"]

USUAL_COLOR, USUAL_ICON = "secondary", "pencil"
_ASK = "_da_force_ask"


def put_review(evaluation: Evaluation, screen: Screen, block: QuestionBlock) -> list[str]:
    """Put the items of the question's ``review`` into ``screen.extras['review']``, for the drawing.

    :returns: the features of later versions that items need; those items are left out.
    :raises NameError: for what is not defined, with ``skip undefined: False``.
    """
    review = block.review
    assert review is not None
    returning = _way_back(evaluation, block)
    features = evaluation.interview.features
    items: list[dict[str, Any]] = []
    later: list[str] = []
    for item in review.items:
        try:
            with only_looking() if review.skip_undefined else nullcontext():
                shown = _shown(evaluation, item, returning)
        except MISSING as error:
            feature = _later(evaluation, missing_name(error))
            if feature is not None:
                later.append(feature)
            elif not review.skip_undefined:
                raise
            continue
        if shown is not None:
            items.append(shown)
    tabular = review.tabular
    screen.extras["review"] = {
        "items": items,
        "table": "table" if tabular is True else _plain(evaluation, tabular or None).strip(),
        "color": str(features.get("review button color") or USUAL_COLOR),
        "icon": font_awesome(str(features.get("review button icon") or USUAL_ICON)),
    }
    return later


def _way_back(evaluation: Evaluation, block: QuestionBlock) -> list[Step]:
    """What must be asked after a click so that an ``event`` that the interview's own logic led to is there again.

    An event that an action led to is still on the stack of actions, and a variable is still undefined.
    """
    sought = evaluation.sought[-1:]
    if evaluation.stack.current is not None or not sought:
        return []
    return [name for name in map(evaluation.resolve, block.events) if name == sought[0]]


def _shown(evaluation: Evaluation, item: ReviewItem, returning: list[Step]) -> dict[str, Any] | None:
    """An item as data; None if a condition says that it is not shown.

    :raises NameError: for what it mentions and is not defined.
    """
    if not all(_holds(evaluation, condition) for condition in item.conditions):
        return None
    for variable in item.variables:
        evaluation.value(evaluation.resolve(variable))
    texts = item.texts
    note = _html(evaluation, texts.get("note")) + _plain(evaluation, texts.get("html"))
    raw = _plain(evaluation, texts.get("raw html"))
    shown: dict[str, Any] = {"css": _plain(evaluation, texts.get("css class")).strip()}
    if item.label is None:
        return shown | ({"kind": "raw", "html": raw} if raw and not note else {"kind": "note", "html": note + raw})
    kind = "button" if "button" in texts else "link"
    return shown | {
        "kind": kind,
        "label": evaluation.html(item.label, inline=True).strip(),
        "url": _address(evaluation, [*_resolved(evaluation, item.steps), *returning]),
        "html": _html(evaluation, texts.get("button" if kind == "button" else "help")),
        "side": note + raw,
    }


def _holds(evaluation: Evaluation, condition: Expression) -> bool:
    """Whether a variable of ``show if`` is defined, or an expression true."""
    if is_name(condition.text):
        return evaluation.is_defined(evaluation.resolve(condition.text))
    return bool(condition.value(evaluation.answers))


def _html(evaluation: Evaluation, text: TextTemplate | None) -> str:
    return "" if text is None else evaluation.html(text)


def _plain(evaluation: Evaluation, text: TextTemplate | None) -> str:
    return "" if text is None else text.render(evaluation.answers)


def _resolved(evaluation: Evaluation, steps: tuple[Step, ...]) -> list[Step]:
    """The steps with ``x``, ``i`` … replaced by what they stand for."""
    found: list[Step] = []
    for step in steps:
        if isinstance(step, str):
            found.append(evaluation.resolve(step))
        elif "action" in step:
            found.append(step)
        else:
            found.append({order: [_target(evaluation, one) for one in given] for order, given in step.items()})
    return found


def _target(evaluation: Evaluation, given: Any) -> Any:
    """A variable of a command, or the variables and values of ``set``."""
    if isinstance(given, dict):
        return {evaluation.resolve(name): value for name, value in given.items()}
    return evaluation.resolve(given)


def _address(evaluation: Evaluation, steps: list[Step]) -> str:
    """Where a click leads: to the action that asks for `steps`."""
    url_action = evaluation.interview.namespace["url_action"]
    if len(steps) == 1 and isinstance(steps[0], str):
        return str(url_action(steps[0]))
    return str(url_action(_ASK, variables=steps))


def _later(evaluation: Evaluation, name: str | None) -> str | None:
    """The feature of a later version that would define `name`."""
    if name is None:
        return None
    name = canonical(name)
    patterns = [pattern.name for pattern in iterator_patterns(name)]
    patterns += [pattern.name for _, pattern in generic_patterns(name)]
    for pattern in (name, *patterns):
        for block in evaluation.interview.offering(pattern)[:1]:
            return block.feature if isinstance(block, LaterBlock) else None
    return None
