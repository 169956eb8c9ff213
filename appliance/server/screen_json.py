"""A screen as JSON (``json=1``), under docassemble's documented names."""

from __future__ import annotations

from typing import Any

from appliance.interview.screen_data import screen_data
from appliance.interview.turn import ShowScreen
from appliance.sessions.reply import Reply

__all__ = ["screen_as_json"]


def screen_as_json(reply: Reply, shown: ShowScreen) -> dict[str, Any]:
    """What a program needs to answer the screen: its texts, and variable, datatype, label and choices of each field."""
    return {
        "interviewName": reply.interview, "i": reply.interview, "session": reply.session_id,
        "steps": reply.steps, "allow_going_back": reply.can_go_back, "revision": reply.revision,
        "turn": reply.turn_id, **screen_data(shown.screen),
        "errors": {str(number): words for number, words in shown.errors.items()},
        "message": reply.message or shown.message}
