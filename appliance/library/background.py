"""Background actions: starting them, asking how they are, and what they answer with.

A task is started by the commit of the turn that asks for it; one that is asked for in a task, by the commit of that
task's end. Inside a task there is no asking how another one is, because tasks that wait for each other can stop them
all: the host of a task answers with a clear error.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any, Literal, NoReturn, cast

from appliance.interview.host import current
from appliance.interview.signals import BackgroundResponseActionSignal, BackgroundResponseSignal
from appliance.interview.tasks import TaskState, TaskView
from appliance.interview.turn import FollowUp, RevokeTask, StartTask
from appliance.library.errors import DAError, DAException
from appliance.library.objects import DAObject

__all__ = [
    "BackgroundAction",
    "BackgroundResult",
    "MyAsyncResult",
    "background_action",
    "background_error_action",
    "background_response",
    "background_response_action",
    "bg_action",
]

Notification = Literal["refresh", "flash", "javascript", "fields"]
NOTIFICATIONS = ("refresh", "flash", "javascript", "fields")
CELERY_STATES: dict[TaskState, str] = {
    "queued": "PENDING",
    "running": "STARTED",
    "done": "SUCCESS",
    "failed": "FAILURE",
    "revoked": "REVOKED",
}


class BackgroundResult:
    """How a task ended: what ``task.result()`` returns. Each attribute is None where there is nothing to say.

    :param value: what the task answered with.
    :param error_type: the name of the exception, `error_message` and `error_trace` in plain text, and in `variables`
        the names that were being sought, innermost first.
    """

    def __init__(
        self,
        value: Any = None,
        error_type: str | None = None,
        error_trace: str | None = None,
        error_message: str | None = None,
        variables: list[str] | None = None,
    ) -> None:
        self.value = value
        self.error_type = error_type
        self.error_trace = error_trace
        self.error_message = error_message
        self.variables = variables

    def __repr__(self) -> str:
        how = "no error" if self.error_type is None else self.error_type
        return f"<BackgroundResult: {how}>"


class CallableText(str):
    """A text that gives itself when it is called: docassemble's tasks have ``state()``, Celery's have ``state``.

    With answers it is stored as an ordinary text.
    """

    __slots__ = ()

    def __call__(self) -> str:
        return str(self)

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (str(self),)


class MyAsyncResult:
    """A background task, as ``background_action()`` returns it. Holds little but its id; stored with the answers.

    Inside a background task, the methods of other tasks raise RuntimeError; of a task that is started there, which
    begins when this one has ended, ``ready()`` is False and ``revoke()`` works.
    """

    def __init__(self, task_id: str, created: datetime) -> None:
        self.task_id = task_id
        self.created = created

    @property
    def id(self) -> str:
        """The task's id."""
        return self.task_id

    def ready(self) -> bool:
        """Whether the task has ended; never waits."""
        view = self._look()
        return view is not None and view.ready

    def wait(self) -> bool:
        """Wait until the task has ended; returns True."""
        self._ended()
        return True

    def get(self) -> Any:
        """Wait until the task has ended, and return what it answered with; None where it failed without an answer."""
        return self._ended().value

    def failed(self) -> bool:
        """Wait until the task has ended; whether it ended with an error, also where an error action answered."""
        return self._ended().error is not None

    def result(self) -> BackgroundResult:
        """Wait until the task has ended, and return how it did."""
        view = self._ended()
        error = view.error
        if error is None:
            return BackgroundResult(view.value)
        return BackgroundResult(
            view.value, error.error_type, error.error_trace, error.error_message, list(error.variables)
        )

    def revoke(self, terminate: bool = True) -> None:
        """End the task; with ``terminate=False`` only if it has not begun."""
        current().effects.append(RevokeTask(self.task_id, terminate=bool(terminate)))

    @property
    def state(self) -> CallableText:
        """``PENDING``, ``STARTED``, ``SUCCESS``, ``FAILURE`` or ``REVOKED``; also with parentheses after it."""
        view = self._look()
        return CallableText(CELERY_STATES["queued" if view is None else view.state])

    @property
    def status(self) -> CallableText:
        """The same as :attr:`state`."""
        return self.state

    def date_done(self) -> datetime | None:
        """When the task ended, in UTC; None where it has not. A method only: None cannot be called."""
        view = self._look()
        if view is None or view.ended_at is None:
            return None
        return datetime.fromtimestamp(view.ended_at, UTC)

    def _look(self) -> TaskView | None:
        """The task as it is now; None where its turn is not committed yet."""
        return current().host.task(self.task_id)

    def _ended(self) -> TaskView:
        view = self._look()
        if view is not None and view.ready:
            return view
        evaluation = current()
        return evaluation.host.wait_for_task(evaluation, self.task_id, None)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MyAsyncResult) and other.task_id == self.task_id

    def __hash__(self) -> int:
        return hash(self.task_id)

    def __repr__(self) -> str:
        return f"<background task {self.task_id[:8]}>"


def background_action(*pargs: Any, **kwargs: Any) -> MyAsyncResult:
    """Run an action in the background, and return its task at once.

    :param pargs: the name of the action; then how the browser is told that it ended: ``'refresh'``, ``'flash'``,
        ``'javascript'``, ``'fields'`` or None (also as ``ui_notification=``).
    :param kwargs: the action's arguments.
    :raises DAError: for another way of telling, or without an action.
    """
    if not pargs or not isinstance(pargs[0], str):
        raise DAError("background_action() needs the name of an action, as a text.")
    action, *rest = pargs
    notification = kwargs.pop("ui_notification", rest[0] if rest else None)
    if len(rest) > 1:
        raise DAError("background_action() takes the action's arguments by name: background_action('task', None, a=1).")
    if notification is not None and notification not in NOTIFICATIONS:
        raise DAError(
            f"background_action() cannot tell the browser by {notification!r}: "
            f"use {', '.join(map(repr, NOTIFICATIONS))} or None."
        )
    evaluation = current()
    if notification == "fields":
        evaluation.internal["fields_from_tasks"] = True   # see interview/submit.py
    task_id = evaluation.host.new_task_id()
    evaluation.effects.append(StartTask(task_id, str(action), kwargs, cast("Notification | None", notification)))
    return MyAsyncResult(task_id, evaluation.host.now())


def bg_action(action: str, ui_notification: str | None = None, **kwargs: Any) -> MyAsyncResult:
    """The same as :func:`background_action`, under the name docassemble uses within itself."""
    return background_action(action, ui_notification, **kwargs)


def background_response(*pargs: Any, **kwargs: Any) -> NoReturn:
    """End a background task, a follow-up or a check-in, with an answer.

    :param pargs: the answer; then how the browser takes it: ``'refresh'``, ``'flash'``, ``'javascript'`` or
        ``'fields'``. Two or more arguments of another kind are a list.
    :param kwargs: ``target=`` and ``content=``, or anything else: the answer is then a dictionary.
    """
    sleep = kwargs.pop("sleep", None)
    kind: str | None = None
    if pargs == ("refresh",) and not kwargs:
        kind = "refresh"
    elif len(pargs) == 2 and isinstance(pargs[1], str) and pargs[1] in NOTIFICATIONS:
        kind = pargs[1]
    raise BackgroundResponseSignal(_answer(pargs, kwargs, kind), kind, None if sleep is None else float(sleep))


def _answer(pargs: tuple[Any, ...], kwargs: dict[str, Any], kind: str | None) -> Any:
    if pargs and kwargs:
        return {"pargs": list(pargs), "kwargs": kwargs}
    if not pargs:
        return kwargs
    if kind == "fields" and len(pargs) == 2:
        return _field_values(pargs[0])
    if len(pargs) == 1 or kind is not None:
        return pargs[0]
    return list(pargs)


def _field_values(values: Any) -> dict[str, Any]:
    """The values for the fields on a screen, with lists of choices in one form."""
    given = _elements(values)
    if not isinstance(given, Mapping):
        raise DAError("background_response(..., 'fields') needs a dictionary of variable names and values.")
    found: dict[str, Any] = {}
    for name, value in given.items():
        if isinstance(value, Mapping) and "choices" in value:
            found[str(name)] = {**value, "choices": _choices(_elements(value["choices"]))}
            if "value" in value:
                found[str(name)]["value"] = _field_value(value["value"])
        else:
            found[str(name)] = _field_value(value)
    return found


def _elements(value: Any) -> Any:
    """What a group of docassemble's holds; anything else as it is."""
    return value.elements if isinstance(value, DAObject) and "elements" in value.__dict__ else value


def _field_value(value: Any) -> Any:
    """A value as the control of a field takes it: dates and times not in the words of a language."""
    return value.isoformat() if isinstance(value, date | time) else _elements(value)


def _choices(given: Any) -> list[list[Any]]:
    """Choices as ``[[value, label], …]``, from a list of texts, a dictionary of values to labels, a list of
    dictionaries with one item, or a list of pairs.
    """
    if isinstance(given, Mapping):
        return [[value, label] for value, label in given.items()]
    found: list[list[Any]] = []
    for choice in given:
        if isinstance(choice, Mapping):
            found.extend([value, label] for value, label in choice.items())
        elif isinstance(choice, list | tuple) and len(choice) > 1:
            found.append([choice[0], choice[1]])
        else:
            text = choice[0] if isinstance(choice, list | tuple) and choice else choice
            found.append([text, text])
    return found


def background_response_action(*pargs: Any, **kwargs: Any) -> NoReturn:
    """End a background task by running another action on the session's own answers, where its changes are kept.

    :param pargs: the name of the action. `kwargs`: its arguments.
    """
    raise BackgroundResponseActionSignal(str(pargs[0]) if pargs and pargs[0] is not None else None, kwargs)


def background_error_action(*pargs: Any, **kwargs: Any) -> None:
    """In a background task: the action to run if the rest of the task fails.

    :param pargs: the name of the action. `kwargs`: its arguments, to which ``error_type``, ``error_message``,
        ``error_trace`` and ``variables`` are added.
    """
    evaluation = current()
    evaluation.error_action = FollowUp(str(pargs[0]) if pargs and pargs[0] is not None else None, kwargs)
    evaluation.host.error_action(evaluation.error_action)


class BackgroundAction(DAObject):
    """A background action that is waited for on a "please wait" page: ``answer = bg.run('bg_task', …)``.

    ``refresh_seconds`` is how long the browser waits before it asks again.
    """

    refresh_seconds: Any = 4

    def run(self, action: str, **pargs: Any) -> Any:
        """Start the action, wait for it (the browser asks again and again), then return its answer.

        :raises DAException: inside a background task.
        """
        if current().in_task:
            raise DAException("BackgroundAction.run() cannot be used inside a background task.")
        if not self.running():
            self._task = background_action(action, None, **pargs)
            self.initial_wait()
        task: MyAsyncResult = self._task
        if not task.ready():
            self.wait()
        result = task.result()
        self.delattr("_task")
        return self.on_failure(result) if result.error_type is not None else self.process_response(result)

    def running(self) -> bool:
        """Whether the action was started and its answer not yet fetched."""
        return "_task" in self.__dict__

    def ready(self) -> bool | None:
        """Whether the action has ended; None where it was not started."""
        return self._task.ready() if self.running() else None

    def initial_wait(self) -> None:
        """What is done when the action was started. Subclasses may change it."""
        from appliance.library.control import command

        command("wait", sleep=self.refresh_seconds)

    def wait(self) -> None:
        """What is done while the action runs. Subclasses may change it."""
        from appliance.library.control import command
        from appliance.library.logic import set_save_status

        set_save_status("ignore")
        command("wait", sleep=self.refresh_seconds)

    def process_response(self, result: BackgroundResult) -> Any:
        """What :meth:`run` returns when the action has ended. Subclasses may change it."""
        return result.value

    def on_failure(self, result: BackgroundResult) -> Any:
        """What :meth:`run` returns when the action has failed. Subclasses may change it."""
        return result.value
