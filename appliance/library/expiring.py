"""Addresses that expire: a code in place of the address, which nobody can guess and nobody finds in the database."""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import urlencode

from appliance.interview.host import current
from appliance.interview.other_sessions import GiveLink
from appliance.library.state import turn_state

__all__ = ["expiring", "hours_of"]

USUAL_HOURS = 24.0
LONGEST_HOURS = 24.0 * 366 * 100


def hours_of(value: Any) -> float:
    """For how long: 24 hours for zero and for what is no number, as docassemble has it.

    >>> hours_of(48), hours_of("0.5"), hours_of(0), hours_of("soon"), hours_of(True)
    (48.0, 0.5, 24.0, 24.0, 24.0)
    """
    try:
        hours = USUAL_HOURS if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return USUAL_HOURS
    return min(hours, LONGEST_HOURS) if hours > 0 and not math.isnan(hours) else USUAL_HOURS


def expiring(address: str, hours: Any, *, once: bool) -> str:
    """An address of this server that leads to `address` (on this server too) until it expires.

    The same one is given again in a turn, unless it works once: each of those may be for somebody else.
    """
    evaluation = current()
    span = hours_of(hours)
    given: dict[tuple[str, float], str] = turn_state().setdefault("links", {})
    if not once and (address, span) in given:
        return given[address, span]
    host = evaluation.host
    link = GiveLink(host.sessions.new_code(), address, host.now().timestamp() + span * 3600, once)
    host.sessions.apply(link)
    evaluation.effects.append(link)
    found = f"/launch?{urlencode({'c': link.code})}"
    if not once:
        given[address, span] = found
    return found
