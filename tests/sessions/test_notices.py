"""What a notice may hold."""

from __future__ import annotations

import json
from typing import Any

import pytest

from appliance.sessions.reply import as_json


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ({"fruit": "apple", "count": 3, "sure": True, "nothing": None}, None),
        ({("a", 1): 2.5}, {"('a', 1)": 2.5}),
        ([float("nan"), float("inf")], ["nan", "inf"]),
        (("a", {"b"}), ["a", ["b"]]),
        ({"when": range(2)}, {"when": "range(0, 2)"}),
    ],
)
def test_any_value_of_an_author_reaches_the_browser(value: Any, sent: Any) -> None:
    """As strict JSON; what JSON does not know is its text."""
    made = as_json(value)
    assert made == (value if sent is None else sent)
    json.dumps(made, allow_nan=False)
