"""What people are told when something goes wrong."""

from __future__ import annotations

import pytest

from appliance.interview.errors import CodeFailed, UnknownInterview
from appliance.server.errors import explain
from appliance.sessions.errors import NoSuchSession, NotYours, Stopping
from appliance.store.errors import StoreClosed, StoreFull


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (NoSuchSession("x"), 404, "start the interview anew"),
        (NotYours("x"), 403, "sign in"),
        (UnknownInterview("There is no such file."), 404, "no such file"),
        (Stopping(), 503, "come back"),
        (StoreClosed("closed"), 503, "come back"),
        (StoreFull("The disk that holds a.db is full."), 507, "The disk is full. Nothing of it was kept."),
        (CodeFailed("no", error_type="ValueError", trace="Traceback"), 500, "is still there"),
        (ZeroDivisionError("secret"), 500, "is still there"),
    ],
)
def test_each_error_has_its_status_and_words(error: Exception, status: int, words: str) -> None:
    explanation = explain(error, 500)
    assert explanation.status == status
    assert words in explanation.words


def test_an_unexpected_error_says_nothing_of_itself() -> None:
    explanation = explain(ZeroDivisionError("a value that was typed"), 500)
    assert "typed" not in explanation.words + explanation.heading
    assert not explanation.details
