"""Bad interview files: every error names the file, the line and what is wrong."""

from __future__ import annotations

import pytest

from appliance.interview.cache import Interviews
from appliance.interview.errors import BadInterview
from appliance.interview.sources import MemorySources

FILE = "tests:data/questions/bad.yml"


def read(text: str, **others: str) -> None:
    texts = {FILE: text, **{f"tests:data/questions/{name}.yml": other for name, other in others.items()}}
    Interviews(MemorySources(texts)).get(FILE)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("question: Hello\n---\n- just\n- a list\n", 3, "key: value"),
        ("question: a: b\n", 1, "not valid YAML"),
        ("code: |\n  a = 1\n  b = = 2\n", 3, "not valid Python"),
        ("mandatory: True\nquestion: |\n  Hello\n  % if x:\n  there\n", 4, "Mako"),
        ("questoin: Hello\n", 1, "did you mean 'question'?"),
        ("question: Hello\nsubquestoin: there\n", 2, "did you mean 'subquestion'?"),
        ("question: Hello\nfields:\n  - Name: name\n    datatpye: date\n", 4, "did you mean 'datatype'?"),
        ("question: Hello\nfields:\n  - Name: name\n    datatype: integr\n", 4, "did you mean 'integer'?"),
        ("question: Hello\nfields:\n  - Name: first name\n", 3, "'first name' is not the name of a variable"),
        ("question: Hello\nfields:\n  - datatype: date\n", 3, "names no variable"),
        ("question: Hello\nfields:\n  - A: a\n    hint: |\n      Say\n      ${ 1 + }\n", 6, "Mako"),
        ("question: Hello\nfields:\n  - A: a\n    required: x ==\n", 4, "not valid Python"),
        ("question: Hello\nfields:\n  - A: a\n    show if:\n      code: x ==\n", 5, "not valid Python"),
        ("question: Hello\nquestion: again\n", 2, "stands twice"),
        ("question: A\nbuttons:\n  - Foo\n  - Bar\n", 2, "the question has no 'field'"),
        ("objects:\n  - user Individual\n", 1, "'variable: class'"),
        ("id: a\ncode: x = 1\n---\nid: a\ncode: x = 2\n", 4, "used twice"),
        ("template: t\n", 1, "needs 'content'"),
        ("mandatory: x ==\nquestion: Hi\n", 1, "not valid Python"),
        ("question: Hello\nneed:\n  first: x\n", 2, "'pre' and 'post'"),
    ],
)
def test_a_bad_file_is_told_with_file_line_and_reason(text: str, line: int, words: str) -> None:
    with pytest.raises(BadInterview) as caught:
        read(text)
    assert (caught.value.file, caught.value.line) == (FILE, line)
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"{FILE}, line {line}: ")


def test_an_include_that_is_not_there_is_told() -> None:
    with pytest.raises(BadInterview) as caught:
        read("code: a = 1\n---\ninclude:\n  - nowhere.yml\n")
    assert (caught.value.file, caught.value.line) == (FILE, 3)
    assert "tests:data/questions/nowhere.yml" in caught.value.message


def test_an_error_in_an_included_file_names_that_file() -> None:
    with pytest.raises(BadInterview) as caught:
        read("include:\n  - part.yml\n", part="code: x = (\n")
    assert caught.value.file == "tests:data/questions/part.yml"


def test_files_from_windows_are_read_alike() -> None:
    read("question: Hello\r\nfields:\r\n  - A: a\r\n---\r\nmandatory: True\r\ncode: |\r\n  a\r\n")


def test_remarks_in_keys_of_their_own_are_let_pass() -> None:
    read("question: Hello\nfields:\n  - A: a\nzzz remark: not for docassemble\n")


def test_a_file_is_parsed_again_when_it_has_changed() -> None:
    sources = MemorySources({FILE: "mandatory: True\nquestion: One\n"})
    interviews = Interviews(sources)
    first = interviews.get(FILE)
    assert interviews.get(FILE) is first
    sources.texts[FILE] = "mandatory: True\nquestion: Two\n"
    assert interviews.get(FILE) is not first
