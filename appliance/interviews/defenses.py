"""The background check of the demo interview: which reasons the facts may give a tenant to ask the court for help.

The rules are those of Example State, which does not exist; they are not legal advice.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["look_for_defenses"]

Case = dict[str, Any]
"""What the check knows: ``kind``, ``how_served``, ``facts`` (of boxes), ``asked``, ``owed``, ``repairs_reported``."""


@dataclass(frozen=True)
class _Rule:
    """One reason, and when it applies. `statement` is the sentence for the answer, in the tenant's voice."""

    key: str
    title: str
    statement: str
    applies: Callable[[Case], bool]


def _fact(key: str) -> Callable[[Case], bool]:
    return lambda case: key in case["facts"]


def _asked_for_too_much(case: Case) -> bool:
    asked, owed = case["asked"], case["owed"]
    return asked is not None and owed is not None and owed < asked


_RULES = (
    _Rule("amount", "The amount is wrong",
          "The landlord asks for more rent than I owe.", _asked_for_too_much),
    _Rule("paid", "The rent was paid",
          "I paid all or part of the rent that the landlord asks for.", _fact("paid")),
    _Rule("refused", "The landlord would not take the rent",
          "I offered the rent and the landlord refused to take it.", _fact("refused")),
    _Rule("repairs", "The home needs repairs",
          "The landlord did not keep my home in good repair, so I should owe less rent.",
          lambda case: "repairs" in case["facts"] and case["repairs_reported"]),
    _Rule("condition", "The home was not fit to live in",
          "For some of the time I had no heat, water or power because of the landlord.", _fact("utilities")),
    _Rule("no_notice", "There was no notice before the case",
          "The landlord did not give me the written notice that must come before a court case.", _fact("no_notice")),
    _Rule("service", "The papers were not delivered properly",
          "The court papers came by mail only, which is not enough to begin a case.",
          lambda case: case["how_served"] == "mailed"),
    _Rule("retaliation", "The landlord is getting back at you",
          "The landlord began this case because I asked for my rights.", _fact("complained")),
    _Rule("lockout", "The landlord tried to put you out without a court",
          "The landlord locked me out, or tried to, without an order of the court.", _fact("lockout")),
    _Rule("new_rent", "Rent was taken after the tenancy ended",
          "The landlord took rent from me after saying that my tenancy had ended.",
          lambda case: case["kind"] == "holdover" and "took_rent" in case["facts"]),
)


def look_for_defenses(case: Case, seconds: float = 5.0) -> list[dict[str, str]]:
    """Go through the rules one by one, taking about `seconds` for all of them.

    The pauses stand for what a real check does: look things up, read files, ask another computer.

    :return: for each reason found a dict with ``key``, ``title`` and ``statement``.
    """
    found = []
    for rule in _RULES:
        time.sleep(seconds / len(_RULES))
        if rule.applies(case):
            found.append({"key": rule.key, "title": rule.title, "statement": rule.statement})
    return found
