"""Reading a submitted screen back: from the posted form to the variables it sets."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from appliance.interview import datatypes
from appliance.interview.blocks.fields import FieldSpec
from appliance.interview.blocks.question import QuestionBlock
from appliance.interview.errors import FieldProblem, InterviewError
from appliance.interview.failures import MISSING, missing_name
from appliance.interview.files import Upload
from appliance.interview.names import canonical
from appliance.interview.screen import Screen, html_name, variable_of
from appliance.interview.signals import CommandSignal, Signal, ValidationProblem
from appliance.interview.turn import Goodbye, Posted, ShowScreen
from appliance.interview.uploads import receive

if TYPE_CHECKING:
    from appliance.interview.evaluate import Evaluation

__all__ = ["WHOLE_FORM", "read_submit"]

WHOLE_FORM = -1
"""Stands for a field number where a message is about the form as a whole."""


def read_submit(
    evaluation: Evaluation, screen: Screen, posted: Posted, uploads: tuple[Upload, ...] = ()
) -> ShowScreen | Goodbye | None:
    """Set what the form sets. None: go on; a screen: what was entered is not acceptable; else the person leaves.

    Raises what author code (``validate``, ``validation code``) raises.
    """
    block = evaluation.interview.block_named(screen.block)
    stranger = _stranger(screen, posted)
    if stranger is not None:
        return ShowScreen(
            screen,
            {
                WHOLE_FORM: f"This form has no field {stranger!r}, so nothing was saved. Please check your "
                "answers and press the button again."
            },
            dict(posted),
        )
    pressed = _pressed(screen, posted)
    if isinstance(pressed, str):
        return ShowScreen(screen, {WHOLE_FORM: pressed}, dict(posted))
    evaluation.bindings = dict(screen.bindings)
    evaluation.set_iterators()
    leaving = _special(pressed)
    if leaving is not None:
        return leaving
    posted, unwanted = receive(evaluation.host, screen, posted, uploads)
    changed = bool(screen.check_in or evaluation.internal.get("fields_from_tasks"))
    values, errors = _read_fields(screen, posted, choices_changed=changed)
    errors |= unwanted
    if not errors:
        _assign(evaluation, screen, values)
        errors = _validate(evaluation, screen, block, values)
    if errors:
        return ShowScreen(screen, errors, dict(posted))
    ending = _outcome(evaluation, screen, block, values, pressed)
    if ending is not None:
        return ending
    _finish(evaluation, screen, block)
    return None


def _stranger(screen: Screen, posted: Posted) -> str | None:
    """A posted name that is not on the screen, as the variable it stands for; our own names begin with ``_``."""
    known = {html_name(field.variable) for field in screen.fields if field.variable is not None}
    variables = tuple(field.variable for field in screen.fields if field.variable is not None)
    for name in posted:
        if name in known or name.startswith("_") or name in ("ajax", "csrf_token", "json", "i", "session"):
            continue
        try:
            variable = variable_of(name)
        except ValueError:
            return name
        if not variable.startswith(tuple(f"{known_variable}[" for known_variable in variables)):
            return variable
    return None


def _pressed(screen: Screen, posted: Posted) -> Any:
    """The button that was pressed; a text says why there is none."""
    number = (posted.get("_button") or [""])[-1]
    if not number:
        if screen.kind == "buttons":
            return "Please press one of the buttons."
        return next((button for button in screen.buttons if button.kind == "continue"), None)
    for button in screen.buttons:
        if str(button.number) == number and button.kind != "link":
            return button
    return "That button is not on this screen. Please press one of the buttons below."


def _special(pressed: Any) -> Goodbye | None:
    if pressed is None or pressed.kind != "special":
        return None
    return _goodbye(pressed.name, pressed.url)


def _goodbye(word: str, url: str) -> Goodbye:
    if word in ("refresh", "continue"):
        raise CommandSignal(word)
    return Goodbye(word, url)  # type: ignore[arg-type]


def _read_fields(screen: Screen, posted: Posted, *, choices_changed: bool) -> tuple[dict[int, Any], dict[int, str]]:
    """What the fields that count were given, and what is wrong with the others.

    :param choices_changed: a check-in or a task may have given a drop-down list other choices than the screen's.
    """
    values: dict[int, Any] = {}
    errors: dict[int, str] = {}
    counting = datatypes.visible(screen, posted)
    for field in screen.fields:
        if field.variable is None or field.number not in counting or field.disabled:
            continue
        if choices_changed:
            field.extras["other choices"] = True
        try:
            values[field.number] = datatypes.find(field).read(field, posted)
        except FieldProblem as problem:
            errors[field.number] = str(problem)
    return values, errors


def _assign(evaluation: Evaluation, screen: Screen, values: dict[int, Any]) -> None:
    for field in screen.fields:
        if field.number in values and field.variable is not None and not _is_choice(screen, field.number):
            evaluation.assign(field.variable, values[field.number])
            evaluation.adopt_names([field.variable])
    evaluation.assign_empty(screen.extras.get("empty", {}))


def _is_choice(screen: Screen, number: int) -> bool:
    return "outcomes" in screen.extras and number == 0


def _validate(evaluation: Evaluation, screen: Screen, block: Any, values: dict[int, Any]) -> dict[int, str]:
    """What the author's own checks say; empty if they accept everything."""
    errors: dict[int, str] = {}
    if not isinstance(block, QuestionBlock):
        return errors
    for spec in block.fields:
        if spec.validate is not None and spec.number in values:
            message = _validate_field(evaluation, spec, values[spec.number])
            if message is not None:
                errors[spec.number] = message
    if errors or block.validation is None:
        return errors
    try:
        _checked(evaluation, partial(evaluation.run_code, block.validation))
    except ValidationProblem as problem:
        return {_field_number(screen, problem.field, evaluation): str(problem) or _unacceptable(evaluation)}
    return errors


def _checked(evaluation: Evaluation, check: Callable[[], Any]) -> Any:
    """Run an author's check. What it lacks is computed where code can do that.

    :raises ValidationProblem: also for an exception of any other kind, whose message is for the person (as documented).
    """
    while True:
        try:
            return check()
        except MISSING as error:
            name = missing_name(error)
            if name is None or not evaluation.compute(name):
                raise
        except (InterviewError, Signal, ValidationProblem):
            raise
        except Exception as error:  # that is how authors may say that an answer will not do
            raise ValidationProblem(str(error)) from error


def _validate_field(evaluation: Evaluation, spec: FieldSpec, value: Any) -> str | None:
    validate = spec.validate
    assert validate is not None
    try:
        accepted = _checked(evaluation, lambda: validate.value(evaluation.answers)(value))
    except ValidationProblem as problem:
        return str(problem) or _unacceptable(evaluation)
    return None if accepted else _unacceptable(evaluation)


def _unacceptable(evaluation: Evaluation) -> str:
    return evaluation.word("Please enter a valid value.")


def _field_number(screen: Screen, variable: str | None, evaluation: Evaluation) -> int:
    if variable is None:
        return WHOLE_FORM
    full = evaluation.resolve(canonical(variable))
    return next((field.number for field in screen.fields if field.variable == full), WHOLE_FORM)


def _outcome(
    evaluation: Evaluation, screen: Screen, block: Any, values: dict[int, Any], pressed: Any
) -> Goodbye | None:
    """What the pressed button, or the chosen option of a list without a variable, does."""
    if screen.kind == "buttons" and pressed is not None and pressed.choice is not None:
        if screen.variable is not None and pressed.name != "embedded":
            evaluation.assign(screen.variable, pressed.choice.value)
        else:
            _chosen(evaluation, screen, block, pressed.choice.value)
    elif "outcomes" in screen.extras and 0 in values:
        outcomes = screen.extras["outcomes"]
        number = int(values[0]) if str(values[0]).isdigit() else -1
        if not 0 <= number < len(outcomes):
            return None
        outcome = outcomes[number]
        if "set" in outcome:
            evaluation.assign(*outcome["set"])
        elif "embedded" in outcome:
            _chosen(evaluation, screen, block, outcome["embedded"])
        elif outcome["special"] == "continue":
            _chosen(evaluation, screen, block, "continue")
        else:
            return _goodbye("exit" if outcome["special"] == "link" else outcome["special"], outcome["url"])
    if screen.continue_variable is not None:
        evaluation.assign(screen.continue_variable, True)
    return None


def _chosen(evaluation: Evaluation, screen: Screen, block: Any, choice: Any) -> None:
    """Remember which embedded block was chosen; ``continue`` passes the question over."""
    if block is None:
        return
    if choice == "continue":
        if block.mandatory is False and not evaluation.stack.is_own_screen(screen.event_action, screen.sought):
            evaluation.internal.setdefault("passed", set()).add(evaluation.result_key(block))
    else:
        evaluation.internal["answers"][evaluation.result_key(block)] = choice
        evaluation.internal["answered"].discard(block.embedded[choice].name)


def _finish(evaluation: Evaluation, screen: Screen, block: Any) -> None:
    internal = evaluation.internal
    internal["prevent_going_back"] = False
    if isinstance(block, QuestionBlock) and evaluation.result_key(block) not in internal["answers"]:
        evaluation.question_answered(block)
    if screen.event_action is not None:
        evaluation.stack.submitted(screen.event_action, screen.sought)
    evaluation.bindings = {}
