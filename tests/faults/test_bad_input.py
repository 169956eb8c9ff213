"""What should not be sent, sent all the same: words for a person each time, never a traceback, and no answer lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from appliance.interview.screen import html_name
from tests.support.client import Client, Page
from tests.support.packages import make_package
from tests.support.process import Appliance

NUMBERS = "docassemble.appliancebad:data/questions/numbers.yml"
QUESTIONS = {
    "numbers.yml": """\
question: How many?
fields:
  - Number: number
    datatype: integer
---
mandatory: True
question: |
  Number ${ number } secret ${ defined('secret') }
""",
    "not_an_interview.yml": "just a text\n",
    "broken.yml": "question: Hello\nfields:\n  - Name: [\n",
    "misspelt.yml": "mandatory: True\nqestion: Hello\n",
    "divides.yml": "mandatory: True\nquestion: |\n  ${ 1 / 0 }\n",
    "typed.yml": """\
question: Who?
fields:
  - Name: name
---
mandatory: True
question: ${ int(name) }
""",
}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    one = Appliance(tmp_path_factory.mktemp("bad"))
    one.command("install", str(make_package(tmp_path_factory.mktemp("package"), "appliancebad", QUESTIONS)))
    one.start()
    yield one
    one.stop()


@pytest.fixture
def client(running: Appliance) -> Iterator[Client]:
    with Client(running.url) as one:
        yield one


def in_words(page: Page, *words: str) -> None:
    assert "Traceback" not in page.html
    assert 'File "' not in page.html
    for word in words:
        assert word in page.text


@pytest.mark.parametrize(("file", "words"), [
    ("not_an_interview.yml", "not_an_interview.yml"), ("broken.yml", "line"), ("misspelt.yml", "question"),
    ("divides.yml", "")])
def test_interview_that_cannot_run(client: Client, file: str, words: str) -> None:
    """The page is an error page in words that names what helps the author; the server goes on."""
    page = client.start(f"docassemble.appliancebad:data/questions/{file}")
    assert page.status >= 400
    assert page.title == "Error"
    in_words(page, words)


def test_unknown_interview(client: Client) -> None:
    page = client.start("docassemble.nowhere:data/questions/none.yml")
    assert page.status == 404
    in_words(page)


def test_close_name_is_suggested(client: Client) -> None:
    in_words(client.start("docassemble.appliancebad:data/questions/number.yml"), "numbers.yml")


def test_session_that_does_not_exist(client: Client) -> None:
    client.start(NUMBERS)
    page = client.resume(NUMBERS, session="x" * 32)
    assert page.status == 404
    in_words(page)


def test_session_of_somebody_else(client: Client, running: Appliance) -> None:
    """Who knows a session's id, but has not its cookie, sees nothing of it."""
    page = client.start(NUMBERS)
    with Client(running.url) as stranger:
        stranger.start(NUMBERS)
        refused = stranger.resume(NUMBERS, session=page.hidden("_session"))
    assert refused.status in {403, 404}
    in_words(refused)
    assert "How many?" not in refused.text


@pytest.mark.parametrize("token", [None, "", "forged", "2|aaaaaaaa|bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb|1700000000"])
def test_forged_or_missing_token(client: Client, token: str | None) -> None:
    """Nothing is applied without the token of this browser."""
    page = client.start(NUMBERS)
    page.fill({"Number": "7"})
    values = [(name, value) for name, value in page.values() if name not in {"_xsrf", "csrf_token"}]
    if token is not None:
        values += [("_xsrf", token)]
    refused = client.post(page, values)
    assert refused.status == 403
    in_words(refused)
    assert client.resume(NUMBERS).question == "How many?"


def test_field_that_is_not_on_the_screen(client: Client) -> None:
    """It sets nothing; the person is told, and what was typed is still there."""
    page = client.start(NUMBERS)
    page.fill({"Number": "7"})
    page = client.post(page, [*page.values(), (html_name("secret"), "1"), ("__import__('os')", "1")])
    in_words(page)
    assert "secret" in page.text
    assert client.submit(page).question == "Number 7 secret False"


@pytest.mark.parametrize("value", ["seven", "7.5", "", "9" * 5000, "7 apples"])
def test_value_of_the_wrong_type(client: Client, value: str) -> None:
    """The question is asked again with what was typed; a right value then counts."""
    page = client.submit(client.start(NUMBERS), {"Number": value})
    assert page.question == "How many?"
    in_words(page)
    assert client.submit(page, {"Number": "7"}).question == "Number 7 secret False"


def test_twenty_megabytes(client: Client) -> None:
    """Refused with words, and the session is where it was."""
    page = client.start(NUMBERS)
    refused = client.post(page, [*page.values(), (html_name("number"), "7" * 20_000_000)])
    assert refused.status == 413
    in_words(refused)
    assert client.submit(client.resume(NUMBERS), {"Number": "7"}).question == "Number 7 secret False"


def test_same_screen_twice(client: Client) -> None:
    """The first submit counts; the second, from a tab that was behind, is told so and changes nothing."""
    first = client.start(NUMBERS)
    second = client.resume(NUMBERS)
    assert client.submit(first, {"Number": "1"}).question == "Number 1 secret False"
    behind = client.submit(second, {"Number": "2"})
    assert behind.question == "Number 1 secret False"
    in_words(behind)
    assert client.resume(NUMBERS).question == "Number 1 secret False"


def test_same_post_twice(client: Client) -> None:
    """A repeated post (a nervous double click) gets the answer of the first."""
    page = client.start(NUMBERS)
    page.fill({"Number": "5"})
    values = page.values() + page.button("Continue")
    assert client.post(page, values).question == "Number 5 secret False"
    assert client.post(page, values).question == "Number 5 secret False"


def test_logs_hold_no_answers(client: Client, running: Appliance) -> None:
    """An error in the author's code tells type, file and line in the log, and not what the person typed."""
    with running.logs.expect("ValueError"):
        page = client.submit(client.start("docassemble.appliancebad:data/questions/typed.yml"), {"Name": "Rumpelstilz"})
    in_words(page)
    assert page.title == "Error"
    log = "".join(file.read_text(errors="replace") for file in (running.data / "logs").glob("*.log"))
    assert "typed.yml" in log
    assert "Rumpelstilz" not in log + running.printed_text()
