"""Tasks on real workers that ask the server and tell it things, while they run."""

from __future__ import annotations

import asyncio
import pickle
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.compute.answering import Refused
from appliance.compute.asking import TOPIC, Asker, AskFailed, ask, tell
from tests.compute.conftest import Bench
from tests.compute.entries import entry
from tests.compute.memory_journal import file_appears, until, workers_up


class Server:
    """Answers a few kinds of question, and keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str, dict[str, Any]]] = []
        self.asked: list[str] = []
        self.cancelled: list[str] = []

    async def answer(self, task_id: str, kind: str, details: dict[str, Any]) -> Any:
        self.asked.append(task_id)
        match kind:
            case "double":
                return details["value"] * 2
            case "refused":
                raise Refused(f"There is no file {details['value']}.")
            case "broken":
                raise OSError("secret value")
            case "never":
                try:
                    await asyncio.sleep(600)
                except asyncio.CancelledError:
                    self.cancelled.append(task_id)
                    raise
            case "unpicklable":
                return threading.Lock()
        return None

    def on_tell(self, task_id: str, kind: str, details: dict[str, Any]) -> None:
        if kind == "refused":
            raise Refused("Not that.")
        self.told.append((task_id, kind, details))

    def notes(self, task_id: str) -> list[str]:
        return [details["text"] for task, kind, details in self.told if task == task_id and kind == "note"]


class Asked:
    """A cluster, and the server that its tasks ask."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.server = Server()

    async def task(self, action: str, argument: Any = None, within: float = 30) -> Any:
        """The value that a task ends with."""
        task_id = self.start(action, argument)
        (end,) = await self.bench.journal.ended(task_id, within=within)
        return pickle.loads(end.value or b"")[1]

    def start(self, action: str, argument: Any = None) -> str:
        task_id = uuid.uuid4().hex
        self.bench.journal.add(task_id, action, argument)
        self.bench.compute.wake()
        return task_id


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    with asyncio.Runner() as runner:
        one = Asked(Bench(tmp_path_factory.mktemp("asking"), runner))

        async def up() -> None:
            await one.bench.start(entry=entry, answer=one.server.answer, on_tell=one.server.on_tell)
            await workers_up(one.bench.compute, 2)

        runner.run(up())
        yield one
        runner.run(one.bench.compute.stop())


def test_a_task_asks_and_gets_the_answer(asked: Asked) -> None:
    """The answer comes back to the line of code that asked, from several threads of a task too."""
    async def test() -> None:
        assert await asked.task("asks", ("double", 21)) == 42
        assert await asked.task("asks_in_threads", 8) == [0, 2, 4, 6, 8, 10, 12, 14]
        assert len(await asked.task("asks", ("double", b"x" * 4_000_000))) == 8_000_000
    asked.bench.run(test)


def test_what_cannot_be_answered_is_an_error_in_words(asked: Asked, caplog: pytest.LogCaptureFixture) -> None:
    """A refusal reaches the author with its words; of an error of the server only the type goes out, and to the log."""
    async def test() -> None:
        assert await asked.task("asks", ("refused", 7)) == "There is no file 7."
        assert await asked.task("asks", ("broken", 7)) == \
            "The server could not answer (broken, OSError); its log says more."
        assert "TypeError" in await asked.task("asks", ("unpicklable", 7))
        assert "a task's question (broken) could not be answered: OSError" in caplog.text
        assert "secret value" not in caplog.text
    asked.bench.run(test)


def test_a_question_that_cannot_be_opened_is_answered(asked: Asked, caplog: pytest.LogCaptureFixture) -> None:
    """An object of an author that the server cannot open: the task does not wait for ever."""
    async def test() -> None:
        assert await asked.task("asks_with_what_cannot_be_opened", within=10) == \
            "The server could not answer (double, ValueError); its log says more."
        assert "what a task said (double) cannot be opened: ValueError" in caplog.text
    asked.bench.run(test)


def test_many_messages_are_few_and_the_last_one_comes(asked: Asked) -> None:
    """A loop that reports 10,000 rounds sends a handful of messages, and the last says that it is done."""
    async def test() -> None:
        task_id = asked.start("tells", 10_000)
        await asked.bench.journal.ended(task_id)

        def fractions() -> list[float]:
            return [details["fraction"] for task, _, details in asked.server.told if task == task_id]

        assert fractions()[0] == 0
        assert fractions()[-1] == 1
        assert fractions() == sorted(fractions())
        assert len(fractions()) < 100
    asked.bench.run(test)


def test_what_was_told_surely_is_known_when_the_process_dies(asked: Asked) -> None:
    """The line after it may kill the process: the server has it all the same."""
    async def test() -> None:
        task_id = asked.start("tells_and_dies", "last words")
        await until(lambda: asked.bench.journal.states[task_id] == "failed")
        assert asked.server.notes(task_id) == ["last words"] * 3
    asked.bench.run(test)


def test_a_task_speaks_for_itself_only(asked: Asked, tmp_path: Path) -> None:
    """A message under the id of a task that runs elsewhere is not heard."""
    async def test() -> None:
        other = asked.start("wait_for", str(tmp_path / "mark"))
        await file_appears(tmp_path / "mark")
        posing = asked.start("asks_for_another", other)
        await asked.bench.journal.ended(posing)
        assert asked.server.notes(posing) == ["own"]
        assert asked.server.notes(other) == []
        (tmp_path / "mark").unlink()
        await asked.bench.journal.ended(other)
    asked.bench.run(test)


def test_a_revoked_task_that_waits_for_an_answer_leaves_nothing(asked: Asked) -> None:
    """Its worker is free again at once, and the server stops working on the answer."""
    async def test() -> None:
        task_id = asked.start("asks", ("never", None))
        await until(lambda: task_id in asked.server.asked)
        await asked.bench.compute.revoke(task_id)
        await until(lambda: task_id in asked.server.cancelled)
        assert await asked.task("asks", ("double", 1)) == 2
    asked.bench.run(test)


def test_the_scheduler_keeps_nothing_that_was_said(asked: Asked) -> None:
    """Dask holds the last event of each topic: after a task it is an empty one."""
    async def test() -> None:
        assert await asked.task("asks", ("double", 21)) == 42
        cluster = asked.bench.compute._cluster
        assert cluster is not None

        async def events() -> Any:
            return await cluster._client.get_events(TOPIC)

        (event,) = await asyncio.wrap_future(cluster._thread.submit(events))
        assert list(event[1]) == ["worker"]
    asked.bench.run(test)


def test_without_a_server() -> None:
    """Outside a worker asking is an error in words, and telling does nothing."""
    tell("progress", fraction=1)
    with pytest.raises(AskFailed, match="does not run in a background task"):
        ask("file", number=1)


def test_a_thread_left_behind_does_not_wait_for_ever() -> None:
    """When the task has ended, a question that is open ends too, and new ones fail at once."""
    sent = threading.Event()
    asker = Asker("task", lambda _message: sent.set(), lambda _seconds, _function: None)
    problems: list[str] = []

    def ask_on() -> None:
        try:
            asker.ask("file", {})
        except AskFailed as error:
            problems.append(str(error))

    thread = threading.Thread(target=ask_on)
    thread.start()
    sent.wait(5)
    asker.close()
    thread.join(5)
    ask_on()
    assert problems == ["The task has ended."] * 2


def test_nothing_is_said_after_the_last_message() -> None:
    """A thread that tells something while the task ends: the empty message, which the scheduler keeps, is the last."""
    sent: list[dict[str, Any]] = []
    later: list[Any] = []

    def send(message: dict[str, Any]) -> None:
        sent.append(message)
        if message:
            asker.tell("note", {"text": "secret"})

    asker = Asker("task", send, lambda _seconds, function: later.append(function))
    asker.tell("progress", {})
    asker.close()
    for function in later[:1]:
        function()
    assert sent[-1] == {}
