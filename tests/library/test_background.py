"""Background actions: what is asked for, what a handle says, and how an answer is put."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from appliance.interview.signals import BackgroundResponseActionSignal, BackgroundResponseSignal, CommandSignal
from appliance.interview.tasks import ErrorDetails, TaskState, TaskView
from appliance.interview.turn import FollowUp, RevokeTask, StartTask
from appliance.library.background import (
    BackgroundAction,
    BackgroundResult,
    MyAsyncResult,
    background_action,
    background_error_action,
    background_response,
    background_response_action,
    bg_action,
)
from appliance.library.dicts import DADict
from appliance.library.errors import DAError, DAException
from tests.library.fakes import FakeEvaluation, running

BROKEN = ErrorDetails("ZeroDivisionError", "division by zero", "Traceback …", ("x", "final_screen"))


def started(evaluation: FakeEvaluation) -> StartTask:
    effect = evaluation.effects[-1]
    assert isinstance(effect, StartTask)
    return effect


class TestStarting:
    @pytest.mark.parametrize(
        ("call", "notification", "arguments"),
        [
            (lambda: background_action("work"), None, {}),
            (lambda: background_action("work", None, additional=4), None, {"additional": 4}),
            (lambda: background_action("work", "refresh", a=1), "refresh", {"a": 1}),
            (lambda: background_action("work", ui_notification="flash"), "flash", {}),
            (lambda: bg_action("work", "javascript", a=1), "javascript", {"a": 1}),
        ],
    )
    def test_the_turn_is_asked_to_start_a_task(
        self, call: Callable[[], MyAsyncResult], notification: str | None, arguments: dict[str, Any]
    ) -> None:
        with running() as evaluation:
            task = call()
        effect = started(evaluation)
        assert (effect.action, effect.notification, effect.arguments) == ("work", notification, arguments)
        assert (effect.task_id, task.id, len(task.task_id)) == (task.task_id, task.task_id, 32)

    @pytest.mark.parametrize(
        ("call", "says"),
        [
            (background_action, "needs the name of an action"),
            (lambda: background_action("work", "blink"), "cannot tell the browser by 'blink': use 'refresh', 'flash'"),
            (lambda: background_action("work", None, 4), "takes the action's arguments by name"),
        ],
    )
    def test_a_wrong_call_is_told(self, call: Callable[[], object], says: str) -> None:
        with running() as evaluation, pytest.raises(DAError, match=says):
            call()
        assert not evaluation.effects

    def test_every_task_has_an_id_of_its_own(self) -> None:
        with running():
            assert background_action("work") != background_action("work")


class TestHandle:
    def handle(self, state: TaskState | None, **more: Any) -> tuple[MyAsyncResult, FakeEvaluation]:
        """A task in a state; None: its turn is not committed yet."""
        evaluation = FakeEvaluation()
        if state is not None:
            evaluation.host.tasks["t1"] = TaskView("t1", state, **more)
        return MyAsyncResult("t1", evaluation.host.now()), evaluation

    @pytest.mark.parametrize(
        ("state", "ready", "celery"),
        [
            (None, False, "PENDING"),
            ("queued", False, "PENDING"),
            ("running", False, "STARTED"),
            ("done", True, "SUCCESS"),
            ("failed", True, "FAILURE"),
            ("revoked", True, "REVOKED"),
        ],
    )
    def test_how_it_is_can_be_asked_without_waiting(self, state: TaskState | None, ready: bool, celery: str) -> None:
        task, evaluation = self.handle(state)
        with running(evaluation):
            assert (task.ready(), task.state(), task.status()) == (ready, celery, celery)
            # Celery's own way, without parentheses; stored, it is a text like others.
            assert (task.state, task.status) == (celery, celery)
            assert type(pickle.loads(pickle.dumps(task.state))) is str
        assert not evaluation.host.waited

    def test_a_task_that_is_done_answers_at_once(self) -> None:
        task, evaluation = self.handle("done", value=555, ended_at=86400.0)
        with running(evaluation):
            assert (task.get(), task.wait(), task.failed()) == (555, True, False)
            assert task.date_done() == datetime(1970, 1, 2, tzinfo=UTC)
            result = task.result()
        assert (result.value, result.error_type, result.error_message, result.error_trace, result.variables) == (
            555,
            None,
            None,
            None,
            None,
        )
        assert not evaluation.host.waited

    def test_a_task_that_failed_says_why(self) -> None:
        """Also where its error action answered with a value."""
        task, evaluation = self.handle("failed", error=BROKEN, value="sorry")
        with running(evaluation):
            assert (task.failed(), task.get()) == (True, "sorry")
            result = task.result()
        assert (result.error_type, result.error_message, result.error_trace, result.variables) == (
            "ZeroDivisionError",
            "division by zero",
            "Traceback …",
            ["x", "final_screen"],
        )
        assert repr(result) == "<BackgroundResult: ZeroDivisionError>"

    @pytest.mark.parametrize("state", [None, "queued", "running"])
    def test_a_task_that_has_not_ended_is_waited_for(self, state: TaskState | None) -> None:
        task, evaluation = self.handle(state)
        evaluation.host.endings["t1"] = TaskView("t1", "done", 5)
        with running(evaluation):
            assert task.get() == 5
            assert task.date_done() is None
        assert evaluation.host.waited == [("t1", None)]

    @pytest.mark.parametrize("terminate", [True, False])
    def test_a_task_can_be_revoked(self, terminate: bool) -> None:
        task, evaluation = self.handle("running")
        with running(evaluation):
            task.revoke(terminate=terminate)
        assert evaluation.effects == [RevokeTask("t1", terminate)]

    def test_a_handle_is_stored_with_the_answers(self) -> None:
        task, _evaluation = self.handle("done")
        thawed = pickle.loads(pickle.dumps(task))
        assert (thawed, hash(thawed), repr(thawed)) == (task, hash(task), "<background task t1>")

    def test_inside_a_task_others_are_started_and_revoked_with_its_end(self) -> None:
        """They are asked for as in a turn; whether others may be looked at is the matter of the task's host."""
        evaluation = FakeEvaluation(in_task=True)
        with running(evaluation):
            task = background_action("other", a=1)
            task.revoke()
        assert evaluation.effects == [StartTask(task.id, "other", {"a": 1}), RevokeTask(task.id)]


class TestAnswering:
    @pytest.mark.parametrize(
        ("pargs", "kwargs", "value", "kind"),
        [
            ((), {}, {}, None),
            ((555,), {}, 555, None),
            ((None,), {}, None, None),
            (("The answer is 555.", "flash"), {}, "The answer is 555.", "flash"),
            (("refresh",), {}, "refresh", "refresh"),
            (("alert(1)", "javascript"), {}, "alert(1)", "javascript"),
            ((1, 2), {}, [1, 2], None),
            ((1, 2, "flash"), {}, [1, 2, "flash"], None),
            ((), {"target": "x", "content": "y"}, {"target": "x", "content": "y"}, None),
            (([{"target": "x", "content": "y"}],), {}, [{"target": "x", "content": "y"}], None),
            ((1,), {"a": 2}, {"pargs": [1], "kwargs": {"a": 2}}, None),
            (({"a": 1}, "fields"), {}, {"a": 1}, "fields"),
        ],
    )
    def test_answers_are_put_in_one_form(
        self, pargs: tuple[Any, ...], kwargs: dict[str, Any], value: Any, kind: str | None
    ) -> None:
        with pytest.raises(BackgroundResponseSignal) as signal:
            background_response(*pargs, **kwargs)
        assert (signal.value.value, signal.value.kind) == (value, kind)

    @pytest.mark.parametrize(
        "choices",
        [
            ["a", "b"],
            {"a": "a", "b": "b"},
            [{"a": "a"}, {"b": "b"}],
            [["a", "a"], ("b", "b")],
            [["a"], ["b"]],
        ],
    )
    def test_choices_for_a_field_are_pairs_of_value_and_label(self, choices: Any) -> None:
        with pytest.raises(BackgroundResponseSignal) as signal:
            background_response({"state": {"choices": choices, "value": "b"}, "x": 1}, "fields")
        assert signal.value.value == {"state": {"choices": [["a", "a"], ["b", "b"]], "value": "b"}, "x": 1}

    def test_fields_take_a_dictionary_of_ours_too_and_nothing_else(self) -> None:
        with pytest.raises(BackgroundResponseSignal) as signal:
            background_response(DADict("d", elements={"a": 1}), "fields")
        assert signal.value.value == {"a": 1}
        with pytest.raises(DAError, match="needs a dictionary"):
            background_response("text", "fields")

    def test_sleep_is_kept(self) -> None:
        with pytest.raises(BackgroundResponseSignal) as signal:
            background_response(1, sleep=2)
        assert (signal.value.value, signal.value.sleep) == (1, 2.0)

    def test_another_action_follows_with_arguments(self) -> None:
        with pytest.raises(BackgroundResponseActionSignal) as signal:
            background_response_action("save", ans=5)
        assert (signal.value.action, signal.value.arguments) == ("save", {"ans": 5})
        with pytest.raises(BackgroundResponseActionSignal) as signal:
            background_response_action()
        assert signal.value.action is None

    def test_an_action_for_errors_is_registered(self) -> None:
        with running() as evaluation:
            background_error_action("failed", where="here")
        assert evaluation.error_action == FollowUp("failed", {"where": "here"})
        assert evaluation.host.error_actions == [evaluation.error_action]


class TestBackgroundAction:
    def test_it_is_started_waited_for_and_answers(self) -> None:
        bg = BackgroundAction("bg", refresh_seconds=2)
        with running() as evaluation:
            assert (bg.running(), bg.ready()) == (False, None)
            with pytest.raises(CommandSignal) as signal:
                bg.run("work", a=1)
            assert (signal.value.kind, signal.value.sleep, evaluation.save) == ("wait", 2.0, None)
            assert (bg.running(), bg.ready()) == (True, False)
            bg = pickle.loads(pickle.dumps(bg))
            with pytest.raises(CommandSignal):
                bg.run("work", a=1)
            assert evaluation.save == "ignore"
            task_id = started(evaluation).task_id
            evaluation.host.tasks[task_id] = TaskView(task_id, "done", 555)
            assert bg.run("work", a=1) == 555
            assert not bg.running()
            assert len(evaluation.effects) == 1

    def test_a_failure_is_a_method_of_its_own(self) -> None:
        class Mine(BackgroundAction):
            def on_failure(self, result: BackgroundResult) -> Any:
                return f"failed: {result.error_type}"

        bg = Mine("bg")
        with running() as evaluation:
            with pytest.raises(CommandSignal):
                bg.run("work")
            task_id = started(evaluation).task_id
            evaluation.host.tasks[task_id] = TaskView(task_id, "failed", None, BROKEN)
            assert bg.run("work") == "failed: ZeroDivisionError"

    def test_it_cannot_be_used_in_a_task(self) -> None:
        with running(FakeEvaluation(in_task=True)), pytest.raises(DAException, match="inside a background task"):
            BackgroundAction("bg").run("work")
