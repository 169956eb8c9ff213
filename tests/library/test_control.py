"""Functions that end the turn: what signal each call raises."""

from __future__ import annotations

import json
from typing import Any

import pytest

from appliance.interview.signals import CommandSignal, MessageSignal, ResponseSignal
from appliance.library.control import command, interview_exit, json_response, message, response
from appliance.library.errors import DAError
from appliance.library.people import Individual
from tests.library.fakes import running


class TestResponse:
    @pytest.mark.parametrize(
        ("pargs", "kwargs", "expected"),
        [
            (("Hello",), {}, {"body": b"Hello", "content_type": "text/plain; charset=utf-8", "status": 200}),
            ((), {}, {"body": b"", "status": 200}),
            ((), {"response": "Grüße"}, {"body": "Grüße".encode()}),
            ((b"raw",), {"content_type": "text/html"}, {"body": b"raw", "content_type": "text/html"}),
            ((7,), {"response_code": 404}, {"body": b"7", "status": 404}),
            ((), {"binaryresponse": b"\x00\x01"}, {"body": b"\x00\x01", "content_type": "application/octet-stream"}),
            (
                (),
                {"binaryresponse": "<svg/>", "content_type": "image/svg+xml"},
                {"body": b"<svg/>", "content_type": "image/svg+xml"},
            ),
            ((), {"url": "https://example.com"}, {"redirect": "https://example.com"}),
            ((), {"null": True}, {"null": True, "body": b""}),
            (("x",), {"sleep": 0.1}, {"sleep": 0.1}),
        ],
    )
    def test_what_is_sent(self, pargs: tuple[Any, ...], kwargs: dict[str, Any], expected: dict[str, Any]) -> None:
        with pytest.raises(ResponseSignal) as signal:
            response(*pargs, **kwargs)
        assert {name: getattr(signal.value, name) for name in expected} == expected

    def test_json_takes_objects_too(self) -> None:
        user = Individual("user", age=4)
        with pytest.raises(ResponseSignal) as signal:
            json_response({"user": user, "n": [1, None, True]}, response_code=201)
        sent = json.loads(signal.value.body)
        assert (sent["user"]["age"], sent["n"], signal.value.status) == (4, [1, None, True], 201)
        assert signal.value.content_type == "application/json"

    def test_all_variables_are_sent_without_what_is_ours(self) -> None:
        with running() as evaluation:
            evaluation.answers["fruit"] = "fig"
            with pytest.raises(ResponseSignal) as signal:
                response(all_variables=True)
        assert json.loads(signal.value.body) == {"fruit": "fig"}

    def test_a_file_is_told_to_be_missing(self) -> None:
        with pytest.raises(DAError, match="finds no file"):
            response(file="/nowhere/at/all.txt")


class TestCommand:
    @pytest.mark.parametrize(
        ("pargs", "kwargs", "expected"),
        [
            ((), {}, ("exit", "", None)),
            (("restart",), {}, ("restart", "", None)),
            (("exit",), {"url": "https://example.com"}, ("exit", "https://example.com", None)),
            (("wait",), {"sleep": 4}, ("wait", "", 4.0)),
            (("leave",), {"url": None}, ("leave", "", None)),
        ],
    )
    def test_what_is_commanded(self, pargs: tuple[str, ...], kwargs: dict[str, Any], expected: tuple[Any, ...]) -> None:
        with pytest.raises(CommandSignal) as signal:
            command(*pargs, **kwargs)
        assert (signal.value.kind, signal.value.url, signal.value.sleep) == expected

    def test_an_unknown_command_names_those_there_are(self) -> None:
        with pytest.raises(DAError, match="no command 'quit'; there are exit, "):
            command("quit")

    def test_interview_exit(self) -> None:
        with pytest.raises(CommandSignal) as signal:
            interview_exit()
        assert signal.value.kind == "exit"


def test_a_message_is_a_screen_made_by_code() -> None:
    with pytest.raises(MessageSignal) as signal:
        message("Bye", "See you", show_restart=False, url="https://example.com")
    assert (signal.value.question, signal.value.subquestion, signal.value.options) == (
        "Bye",
        "See you",
        {"show_restart": False, "url": "https://example.com"},
    )
    with pytest.raises(MessageSignal) as signal:
        message(question="Bye", dead_end=True)
    assert (signal.value.question, signal.value.subquestion, signal.value.options) == ("Bye", "", {"dead_end": True})
