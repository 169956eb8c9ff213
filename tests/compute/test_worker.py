"""What a task of a real interview ends as; run in this process, and once on a real worker."""

from __future__ import annotations

import functools
import pickle
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import appliance
from appliance.compute.captured import LIMIT, Captured
from appliance.compute.report import Report
from appliance.compute.worker import run_task
from appliance.installing import install
from appliance.interview.answers import freeze, new_answers, thaw
from appliance.interview.host import UserInfo
from appliance.interview.tasks import ErrorDetails, TaskJob, TaskView
from appliance.interview.turn import FollowUp, RevokeTask
from appliance.library.background import MyAsyncResult
from tests.compute.conftest import Bench
from tests.support.packages import make_package

INTERVIEW = """
mandatory: True
question: The end
---
question: How much?
fields:
  - Amount: amount
    datatype: number
---
event: raises_without_words
code: |
  class Wordless(Exception):
    def __str__(self):
      raise ValueError('no words')
  background_error_action('on_failure')
  raise Wordless()
---
event: keep_memory
code: |
  import appliance
  appliance.kept_by_a_test = bytearray(80 << 20)
  background_response()
---
event: add
code: |
  background_response(553 + action_argument('value'))
---
event: with_answers
code: |
  background_response(known * 2)
---
event: call_back
code: |
  background_response_action('save_it', total=known + 1)
---
event: divide
code: |
  background_error_action('on_failure', context='dividing', error_type='mine')
  background_response(1 / action_argument('by'))
---
event: divide_plainly
code: |
  background_response(1 / 0)
---
event: asks
code: |
  background_error_action('on_failure')
  background_response(amount)
---
event: unknown_name
code: |
  background_response(nobody_defines_this)
---
event: talks
code: |
  import subprocess
  import sys
  subprocess.run([sys.executable, '-c', 'import sys; print("from a program"); print("its problem", file=sys.stderr)'])
  print("printed")
  log("logged")
  print("to stderr", file=sys.stderr)
  background_response()
---
event: who
code: |
  background_response([user_info().email, user_logged_in(), interface(), get_config('timezone')])
---
event: leaves
code: |
  import sys
  sys.exit(4)
---
event: unpicklable
code: |
  background_response(lambda: 1)
---
event: ends_session
code: |
  command('exit')
---
event: responds
code: |
  response('some text')
---
event: stops_short
code: |
  pass
---
event: from_module
code: |
  from docassemble.tasktest.helper import Thing
  background_response(Thing(5))
---
event: looks_at_task
code: |
  background_response(getattr(earlier, action_argument('method'))())
---
event: starts_another
code: |
  another = background_action('add', value=2)
  third = background_action('add', value=3)
  third.revoke()
  background_response([another.ready(), another.status(), another.date_done()])
---
event: starts_and_waits
code: |
  another = background_action('add', value=2)
  background_response(another.get())
---
event: starts_and_fails
code: |
  background_error_action('on_failure')
  another = background_action('add', value=2)
  {'error': lambda: 1 / 0, 'exit': exit, 'question': lambda: amount}[action_argument('how')]()
---
event: starts_and_cannot_answer
code: |
  background_error_action('on_failure')
  another = background_action('add', value=2)
  background_response(lambda: 1)
---
event: asks_to_be_told
code: |
  background_error_action('on_failure', how=lambda: 1)
  1 / 0
---
event: who_exactly
code: |
  info = user_info()
  background_response([interface(), user_logged_in(), user_has_privilege('user'), user_has_privilege('admin', 'cron'),
    user_has_privilege(['advocate', 'user']), info.email, info.first_name, info.last_name, info.session,
    user_privileges()])
"""

HELPER = """
from docassemble.base.util import DAObject

class Thing:
    def __init__(self, size):
        self.size = size
"""


ENDED = (TaskView("done", "done", 42, None, 86400.0),
         TaskView("failed", "failed", "sorry", ErrorDetails("ValueError", "no", "Traceback", ("x",)), 86400.0),
         TaskView("revoked", "revoked"))


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A packages folder with one package."""
    folder = tmp_path_factory.mktemp("packages")
    source = make_package(folder / "source", "tasktest", {"test.yml": INTERVIEW}, {"helper.py": HELPER})
    install([source], folder / "packages")
    return folder / "packages"


def job_of(packages: Path, action: str, **arguments: Any) -> TaskJob:
    answers = new_answers({}, datetime.now(UTC))
    answers["known"] = 20
    return TaskJob(
        task_id="t1", session_id="s1", interview="docassemble.tasktest:data/questions/test.yml", action=action,
        arguments=pickle.dumps(arguments), answers=freeze(answers), packages=str(packages),
        user=UserInfo(user_id=3, email="ann@example.com"), settings={"timezone": "Europe/Paris"},
    )


def with_task(job: TaskJob, task_id: str) -> bytes:
    """The job's answers with the handle of another task."""
    answers = thaw(job.answers)
    answers["earlier"] = MyAsyncResult(task_id, datetime.now(UTC))
    return freeze(answers)


def run(packages: Path, action: str, **arguments: Any) -> Report:
    return Report.from_bytes(run_task(pickle.dumps(job_of(packages, action, **arguments))))


def test_a_report_says_what_memory_its_task_left(packages: Path) -> None:
    """So that the worker can be replaced before the next task answers for it."""
    before = run(packages, "add", value=1).kept
    assert run(packages, "keep_memory").kept - before > 60 << 20
    del appliance.kept_by_a_test  # type: ignore[attr-defined]


def value(report: Report) -> Any:
    assert report.end.error is None, report.end.error
    assert report.end.value is not None
    return pickle.loads(report.end.value)


def test_the_value_of_background_response_comes_back(packages: Path) -> None:
    """The specification's first example."""
    assert value(run(packages, "add", value=2)) == 555


def test_a_task_sees_the_answers_of_its_session(packages: Path) -> None:
    """It works on a copy of the answers that travelled with it."""
    assert value(run(packages, "with_answers")) == 40


def test_background_response_action_is_the_follow_up(packages: Path) -> None:
    """The action and its arguments go back, and there is no value."""
    end = run(packages, "call_back").end
    assert end.value is None
    assert end.follow_up is not None
    assert pickle.loads(end.follow_up) == FollowUp("save_it", {"total": 21})


def test_an_error_has_type_message_trace_and_place(packages: Path) -> None:
    """What ``result()`` shows, and what worker.log may say."""
    report = run(packages, "divide_plainly")
    error = report.end.error
    assert error is not None
    assert error.error_type == "ZeroDivisionError"
    assert error.error_message == "division by zero"
    assert "ZeroDivisionError: division by zero" in error.error_trace
    assert report.end.follow_up is None
    assert report.end.where.startswith("docassemble.tasktest:data/questions/test.yml, line ")


def test_the_error_action_gets_what_went_wrong(packages: Path) -> None:
    """Its own arguments stay, but for the four documented names, which are ours."""
    end = run(packages, "divide", by=0).end
    assert end.error is not None
    assert end.follow_up is not None
    action = pickle.loads(end.follow_up)
    assert action.action == "on_failure"
    assert set(action.arguments) == {"context", "error_type", "error_message", "error_trace", "variables"}
    assert action.arguments["context"] == "dividing"
    assert action.arguments["error_type"] == "ZeroDivisionError"


def test_an_error_without_words_is_an_error_like_others(packages: Path) -> None:
    """An exception of an author that cannot say what it is: it is named, and the error action runs."""
    end = run(packages, "raises_without_words").end
    assert end.error is not None
    assert (end.error.error_type, end.error.error_message) == ("Wordless", "Wordless")
    assert end.follow_up is not None
    assert pickle.loads(end.follow_up).arguments["error_type"] == "Wordless"


def test_an_error_action_is_not_run_when_all_is_well(packages: Path) -> None:
    """Registered, but the task came to its end."""
    report = run(packages, "divide", by=4)
    assert value(report) == 0.25
    assert report.end.follow_up is None


def test_a_question_is_an_error_that_holds_its_text(packages: Path) -> None:
    """Nobody is there to answer: QuestionError, the variable it asks for, and the error action."""
    end = run(packages, "asks").end
    assert end.error is not None
    assert end.error.error_type == "QuestionError"
    assert end.error.error_message == "How much?"
    assert end.error.variables[0] == "amount"
    assert end.follow_up is not None
    assert pickle.loads(end.follow_up).arguments["error_type"] == "QuestionError"


def test_a_name_nobody_defines_is_named(packages: Path) -> None:
    """The first of the variables is the one that was undefined."""
    error = run(packages, "unknown_name").end.error
    assert error is not None
    assert error.variables[0] == "nobody_defines_this"


def test_what_is_printed_and_logged_goes_into_the_log(packages: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing of it reaches the server's output."""
    report = run(packages, "talks")
    assert value(report) == {}
    assert {"printed", "logged", "to stderr", "from a program", "its problem"} <= set(report.end.log)
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


def test_a_task_knows_for_whom_it_runs(packages: Path) -> None:
    """The user of the turn that started it, the interface 'worker', and the configuration."""
    assert value(run(packages, "who")) == ["ann@example.com", True, "worker", "Europe/Paris"]


@pytest.mark.parametrize(("user", "known"), [
    (UserInfo(user_id=3, email="ann@example.com", first_name="Ann", last_name="Lee", privileges=("user",)),
     ["worker", True, True, False, True, "ann@example.com", "Ann", "Lee", "s1", ["user"]]),
    (UserInfo(), ["worker", False, True, False, True, "", "", "", "s1", ["user"]])])
def test_user_functions_tell_of_who_started_the_task(packages: Path, user: UserInfo, known: list[Any]) -> None:
    """Not of the cron user, as in scheduled events; nobody signed in has the privilege 'user', as on a screen."""
    job = replace(job_of(packages, "who_exactly"), user=user)
    assert value(Report.from_bytes(run_task(pickle.dumps(job)))) == known


@pytest.mark.parametrize(("method", "task_id", "answer"), [
    ("ready", "done", True), ("get", "done", 42), ("failed", "done", False), ("wait", "done", True),
    ("status", "done", "SUCCESS"), ("failed", "failed", True), ("get", "failed", "sorry"),
    ("state", "revoked", "REVOKED"), ("get", "revoked", None)])
def test_a_task_sees_those_that_it_waited_for(packages: Path, method: str, task_id: str, answer: object) -> None:
    """Their ends travelled with it: also of one that failed, and of one that was revoked."""
    job = job_of(packages, "looks_at_task", method=method)
    job = replace(job, after=ENDED, answers=with_task(job, task_id))
    assert value(Report.from_bytes(run_task(pickle.dumps(job)))) == answer


@pytest.mark.parametrize("method", ["ready", "get", "wait", "failed", "result", "status", "date_done"])
def test_a_task_cannot_look_at_any_other(packages: Path, method: str) -> None:
    """Tasks that wait for each other could stop all; the error says what to write instead."""
    job = job_of(packages, "looks_at_task", method=method)
    job = replace(job, after=ENDED, answers=with_task(job, "another"))
    error = Report.from_bytes(run_task(pickle.dumps(job))).end.error
    assert error is not None
    assert "end this task with background_response_action()" in error.error_message


def test_a_task_can_start_others(packages: Path) -> None:
    """They go back with its end, and begin after it: until then they are not ready."""
    report = run(packages, "starts_another")
    assert value(report) == [False, "PENDING", None]
    started, third, revoked = pickle.loads(report.end.effects or b"")
    assert (started.action, started.arguments, third.arguments) == ("add", {"value": 2}, {"value": 3})
    assert revoked == RevokeTask(third.task_id)


def test_a_task_cannot_wait_for_one_that_it_starts(packages: Path) -> None:
    error = run(packages, "starts_and_waits").end.error
    assert error is not None
    assert "begins when this one has ended" in error.error_message


@pytest.mark.parametrize(("action", "how", "error_type"), [
    ("starts_and_fails", "error", "ZeroDivisionError"), ("starts_and_fails", "exit", "SystemExit"),
    ("starts_and_fails", "question", "QuestionError"), ("starts_and_cannot_answer", "", "CannotSave")])
def test_what_a_failed_task_asked_for_goes_back_too(packages: Path, action: str, how: str, error_type: str) -> None:
    """However it failed: the task it started, and its error action."""
    end = run(packages, action, how=how).end
    assert end.error is not None
    assert end.error.error_type == error_type
    (started,) = pickle.loads(end.effects or b"")
    assert started.arguments == {"value": 2}
    assert pickle.loads(end.follow_up or b"").arguments["error_type"] == error_type


def test_an_error_action_whose_arguments_cannot_travel_goes_without_them(packages: Path) -> None:
    """The error that ended the task says more than an error about the arguments would."""
    end = run(packages, "asks_to_be_told").end
    assert end.error is not None
    assert end.error.error_type == "ZeroDivisionError"
    assert set(pickle.loads(end.follow_up or b"").arguments) == {"error_type", "error_message", "error_trace",
                                                                 "variables"}


def test_an_action_that_does_not_respond_is_warned_of(packages: Path) -> None:
    """It runs on to a question, whose place is named; the log gets the warning, and no value."""
    report = run(packages, "stops_short")
    (warning,) = report.warnings
    assert "background_response()" in warning
    assert warning in report.end.log
    assert report.end.where.startswith("docassemble.tasktest:data/questions/test.yml, line ")


def test_sys_exit_ends_the_task_only(packages: Path) -> None:
    """It is an error like others; a worker that left would be a death."""
    error = run(packages, "leaves").end.error
    assert error is not None
    assert error.error_type == "SystemExit"


def test_a_value_that_cannot_travel_is_an_error(packages: Path) -> None:
    """In words that name background_response()."""
    error = run(packages, "unpicklable").end.error
    assert error is not None
    assert error.error_type == "CannotSave"
    assert "background_response()" in error.error_message


def test_command_exit_deletes_the_session(packages: Path) -> None:
    """As in docassemble."""
    assert run(packages, "ends_session").end.goodbye == "exit"


def test_response_is_logged_and_its_value_is_none(packages: Path) -> None:
    """There is no browser that the text could go to."""
    report = run(packages, "responds")
    assert value(report) is None
    assert "some text" in report.end.log


def test_an_action_that_falls_through_is_told_what_it_lacks(packages: Path) -> None:
    """Without background_response() the interview goes on and asks a question, which is an error."""
    error = run(packages, "stops_short").end.error
    assert error is not None
    assert error.error_type == "QuestionError"


def test_modules_of_the_package_are_found(packages: Path) -> None:
    """docassemble.NAME.module, and docassemble.base.util in it, through the import hook."""
    assert value(run(packages, "from_module")).size == 5


def test_an_unknown_interview_is_an_error_of_the_task(packages: Path) -> None:
    """A package may be gone when its task's turn comes."""
    job = job_of(packages / "nowhere", "add")
    error = Report.from_bytes(run_task(pickle.dumps(job))).end.error
    assert error is not None
    assert error.error_type == "UnknownInterview"


def test_answers_that_cannot_be_opened_are_an_error_of_the_task(packages: Path) -> None:
    """Nothing that comes in makes the worker raise."""
    job = replace(job_of(packages, "add"), answers=b"no pickle")
    assert Report.from_bytes(run_task(pickle.dumps(job))).end.error is not None


def test_a_loop_that_prints_does_not_fill_the_memory() -> None:
    """Only the first characters are kept, and a line says so."""
    output = Captured()
    with output.taking_over():
        for _ in range(3):
            print("x" * LIMIT)
    assert sum(map(len, output.lines)) < LIMIT + 100
    assert output.lines[-1] == "(more was printed than is kept)"


def test_on_a_real_worker_and_in_worker_log_without_values(fresh: Bench, packages: Path) -> None:
    """Through the queue, a worker process and back; worker.log says where it failed and not with what."""
    async def test() -> None:
        await fresh.start()
        for task_id, action, arguments in (("good", "add", {"value": 2}), ("bad", "divide", {"by": 0}),
                                           ("mute", "stops_short", {})):
            job = job_of(packages, action, **arguments)
            fresh.journal.jobs[task_id] = functools.partial(_renamed, job)(task_id)
            fresh.journal.states[task_id] = "queued"
        fresh.compute.wake()
        good, bad, _ = await fresh.journal.ended("good", "bad", "mute", within=60)
        assert pickle.loads(good.value or b"") == 555
        assert bad.error is not None
        await fresh.compute.stop()
    fresh.run(test)
    log = fresh.log()
    assert "task good done after" in log
    assert "failed after" in log
    assert "ZeroDivisionError at docassemble.tasktest:data/questions/test.yml, line " in log
    assert "division by zero" not in log
    assert "WARNING task mute: The action did not end with background_response()" in log
    assert "QuestionError at docassemble.tasktest:data/questions/test.yml, line " in log


def _renamed(job: TaskJob, task_id: str) -> TaskJob:
    return replace(job, task_id=task_id)
