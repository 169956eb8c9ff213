"""Names of variables: their spelling, the forms in which they are offered, what code assigns."""

from __future__ import annotations

import ast

import pytest

from appliance.interview.names import (
    assigned_names,
    canonical,
    generic_patterns,
    is_name,
    iterator_patterns,
    parent,
)


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("user . name", "user.name"),
        ('prices["apple"]', "prices['apple']"),
        ("fruits[ 2 ].name", "fruits[2].name"),
        ("not a name", "not a name"),
    ],
)
def test_a_name_has_one_spelling(written: str, spelled: str) -> None:
    assert canonical(written) == spelled


@pytest.mark.parametrize(
    ("text", "yes"), [("a", True), ("a.b[0]['c']", True), ("a()", False), ("1", False), ("a b", False), ("", False)]
)
def test_what_can_be_the_name_of_a_variable(text: str, yes: bool) -> None:
    assert is_name(text) is yes


def test_the_holder_of_a_name() -> None:
    assert parent("user.name.first") == "user.name"
    assert parent("fruits[2]") == "fruits"
    assert parent("user") is None


def test_indexes_are_replaced_by_letters_one_at_a_time_first() -> None:
    assert [p.name for p in iterator_patterns("a[0].b[1]")] == ["a[i].b[1]", "a[0].b[i]", "a[i].b[j]"]
    assert iterator_patterns("a[0].b[1]")[2].bindings == (("i", "0"), ("j", "1"))


def test_every_holder_can_be_the_generic_object() -> None:
    found = [(holder, pattern.name) for holder, pattern in generic_patterns("user.pets[0].name")]
    assert ("user", "x.pets[0].name") in found
    assert ("user", "x.pets[i].name") in found
    assert ("user.pets[0]", "x.name") in found


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("a = b = 1", ["a", "b"]),
        ("a, (b, *c) = x", ["a", "b", "c"]),
        ("user.name.first = 'A'\nfruits[0] = 1", ["user.name.first", "fruits[0]"]),
        ("for n in x:\n  total += n", ["n", "total"]),
        ("import re\nfrom math import pi as p", ["re", "p"]),
        ("def f():\n  inner = 1", ["f"]),
        ("if (m := g()):\n  pass", ["m"]),
        ("define('fruit', 'apple')", ["fruit"]),
        ("user.initializeAttribute('pet', Pet)", ["user.pet"]),
        ("x = [y for y in z]", ["x"]),
        ("a: int\nb: int = 1", ["b"]),
    ],
)
def test_what_code_assigns(code: str, names: list[str]) -> None:
    assert assigned_names(ast.parse(code)) == names
