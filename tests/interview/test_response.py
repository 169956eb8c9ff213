"""Answers that are no screens: as blocks, and as functions in the forms that docassemble documents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from appliance.interview.errors import BadInterview
from appliance.interview.turn import Action, BackgroundAnswer, CheckIn, Goodbye, Refresh, Response, ShowScreen, Wait
from tests.interview.talk import Talk
from tests.memory_host import MemoryHost

END = """
---
mandatory: True
question: The end
"""

VARIABLES = """
event: go
all_variables: True
---
mandatory: True
code: |
  import datetime
  fruit = 'fig'
  day = datetime.date(2026, 11, 23)
"""


def answered(text: str, host: MemoryHost | None = None) -> Response:
    """What the action ``go`` of an interview answers."""
    talk = Talk(text + END, host=host)
    ending = talk.turn(Action("go"))
    assert isinstance(ending, Response)
    talk.turn(Action("go"))   # it is not left waiting in the session
    assert not talk.answers["_internal"]["stack"]
    return ending


class TestBlocks:
    def test_a_text(self) -> None:
        found = answered("event: go\nresponse: Hello, ${ 'w' + 'orld' }!\ncontent type: text/html\nresponse code: 404")
        assert (found.body.strip(), found.content_type, found.status) == (b"Hello, world!", "text/html", 404)

    def test_a_mandatory_one_asks_for_what_it_mentions(self) -> None:
        talk = Talk("""
            mandatory: True
            response: Hello, ${ world }!
            ---
            question: World?
            fields:
              - World: world
            """)
        assert talk.question == "World?"
        ending = talk.submit(world="moon")
        assert isinstance(ending, Response)
        assert (ending.body, ending.content_type) == (b"Hello, moon!", "text/plain; charset=utf-8")

    def test_bytes(self) -> None:
        found = answered("event: go\nbinaryresponse: b'<svg/>'\ncontent type: image/svg+xml")
        assert (found.body, found.content_type) == (b"<svg/>", "image/svg+xml")

    def test_all_variables(self) -> None:
        found = answered(VARIABLES)
        given = json.loads(found.body)
        assert (given["fruit"], given["day"], "_internal" in given) == ("fig", "2026-11-23", False)
        assert found.content_type == "application/json"

    def test_all_variables_with_those_of_docassemble(self) -> None:
        found = answered(VARIABLES.replace("all_variables", "include_internal: True\nall_variables"))
        assert "_internal" in json.loads(found.body)

    def test_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "a.csv").write_text("a,b")
        found = answered(f"event: go\nresponse filename: {tmp_path / 'a.csv'}")
        assert (found.body, found.content_type) == (b"a,b", "text/csv")

    def test_a_way_elsewhere_and_nothing(self) -> None:
        assert answered("event: go\nredirect url: https://${ 'example' }.com").redirect == "https://example.com"
        assert answered("event: go\nnull response: True\nsleep: 0.5").null is True

    def test_the_answer_of_a_check_in(self) -> None:
        talk = Talk("event: go\nbackgroundresponse: |\n  {'target': 'x', 'content': 'y'}" + END)
        assert talk.turn(CheckIn("go")) == BackgroundAnswer({"target": "x", "content": "y"}, None)

    @pytest.mark.parametrize(("text", "words"), [
        ("event: go\nresponse: x\nbinaryresponse: b'x'", "either 'response' or 'binaryresponse'"),
        ("event: go\nnull response: 7", "must be True or False"),
        ("event: go\nall_variables: False", "must be True"),
        ("event: go\nresponse: x\ncontent typ: y", "did you mean 'content type'"),
    ])
    def test_mistakes_are_named(self, text: str, words: str) -> None:
        with pytest.raises(BadInterview, match=words):
            Talk(text + END)


def code(text: str) -> str:
    return f"event: go\ncode: |\n  {text}"


class TestFunctions:
    def test_json(self) -> None:
        assert json.loads(answered(code("json_response({'cost': 4.5, 'n': [1, None]})")).body) == {
            "cost": 4.5, "n": [1, None]}
        assert answered(code("json_response([], response_code=201)")).status == 201

    def test_variables_as_json(self) -> None:
        text = code("variables_as_json()") + "\n---\nmandatory: True\ncode: |\n  fruit = 'fig'\n  share = float('inf')"
        given = json.loads(answered(text).body)
        assert (given["fruit"], given["share"], "_internal" in given) == ("fig", "inf", False)

    def test_a_file_of_the_session(self) -> None:
        found = answered("objects:\n  - letter: DAFile\n---\nevent: go\ncode: |\n"
                         "  letter.initialize(filename='a.txt', content='Dear')\n  response(file=letter)")
        assert (found.body, found.content_type) == (b"Dear", "text/plain")

    def test_commands(self) -> None:
        talk = Talk(code("command(action_argument('what'), url='https://example.com')") + END)
        for what in ("exit", "leave", "restart", "signin", "logout", "exit_logout", "new_session", "register"):
            assert talk.turn(Action("go", {"what": what})) == Goodbye(what, "https://example.com")
        talk = Talk(code("command('wait', sleep=2)") + END)
        assert talk.turn(Action("go")) == Wait(2.0)

    def test_a_refresh_shows_the_screen(self) -> None:
        talk = Talk(code("command('refresh')") + END)
        talk.turn(Action("go"))
        assert talk.question == "The end"

    @pytest.mark.parametrize(("call", "labels"), [
        ("message('Bye', 'Later')", ["Restart", "Exit"]),
        ("message(question='Bye', subquestion='Later')", ["Restart", "Exit"]),
        ("message('Bye', 'Later', show_restart=False)", ["Exit"]),
        ("message('Bye', 'Later', show_exit=False)", ["Restart"]),
        ("message('Bye', 'Later', show_leave=True)", ["Restart", "Leave"]),
        ("message('Bye', 'Later', show_leave=True, show_exit=True, show_restart=False)", ["Exit", "Leave"]),
        ("message('Bye', 'Later', buttons=[{'Learn More': 'exit', 'url': 'https://example.com/more'}])",
         ["Learn More"]),
        ("message('Bye', 'Later', dead_end=True)", []),
    ])
    def test_messages(self, call: str, labels: list[str]) -> None:
        """The forms in docassemble's documentation."""
        talk = Talk(code(call) + END)
        talk.turn(Action("go"))
        assert (talk.question, [button.label_html for button in talk.screen.buttons]) == ("Bye", labels)
        assert "Later" in talk.screen.subquestion_html

    def test_where_the_buttons_of_a_message_lead(self) -> None:
        talk = Talk(code("message('Bye', url='https://example.com')") + END)
        talk.turn(Action("go"))
        assert [(one.name, one.url) for one in talk.screen.buttons] == [
            ("restart", ""), ("exit", "https://example.com")]
        talk = Talk(code("message('B', buttons=[{'More': 'exit', 'url': 'https://e.com'}, {'Home': '/'}])") + END)
        talk.turn(Action("go"))
        assert [(one.kind, one.name, one.url) for one in talk.screen.buttons] == [
            ("special", "exit", "https://e.com"), ("link", "/", "/")]

    def test_nothing_is_saved_of_a_scheduled_event_that_says_so(self) -> None:
        """``response(null=True)``: elsewhere than in a scheduled event, what changed is saved."""
        host = MemoryHost()
        talk = Talk(code("fruit = 'fig'\n  response(null=True)") + END, host=host)
        saved = []
        for host.interface in ("web", "cron"):
            talk.turn(Action("go"))
            assert talk.outcome is not None
            saved.append(talk.outcome.save)
        assert saved == ["new", "ignore"]


def test_an_action_of_a_link_that_ends_in_a_background_response_is_over() -> None:
    """The next visit shows the screen, not the answer once more, for ever."""
    talk = Talk("event: go\ncode: |\n  background_response(action_argument('it'))" + END)
    assert talk.turn(Action("go", {"it": 5})) == BackgroundAnswer(5)
    assert not talk.answers["_internal"]["stack"]
    assert isinstance(talk.turn(Refresh()), ShowScreen)
