"""The demo's background check finds the reasons that the facts give."""

from __future__ import annotations

from typing import Any

import pytest

from appliance.interviews.defenses import look_for_defenses

NOTHING: dict[str, Any] = {"kind": "other", "how_served": "handed", "facts": [], "asked": None, "owed": None,
                           "repairs_reported": False}


@pytest.mark.parametrize(("facts", "keys"), [
    ({}, []),
    ({"asked": 900.0, "owed": 900.0}, []),
    ({"asked": 900.0, "owed": 0.0}, ["amount"]),
    ({"facts": ["repairs"]}, []),
    ({"facts": ["repairs"], "repairs_reported": True}, ["repairs"]),
    ({"facts": ["took_rent"]}, []),
    ({"facts": ["took_rent"], "kind": "holdover"}, ["new_rent"]),
    ({"facts": ["paid", "lockout"], "how_served": "mailed"}, ["paid", "service", "lockout"]),
])
def test_each_fact_leads_to_its_reason(facts: dict[str, Any], keys: list[str]) -> None:
    assert [one["key"] for one in look_for_defenses({**NOTHING, **facts}, seconds=0)] == keys
