"""Parts of the screen that an interview sets while it runs: its title, labels of buttons, texts around the question."""

from __future__ import annotations

from typing import Any

from appliance.interview.host import current, running_evaluation

__all__ = ["get_title", "part", "set_parts", "set_title"]

STORED_IN = "parts"
"""The key of ``answers['_internal']`` that holds what was set, by its name in ``default screen parts``."""

ALIASES = {"short": "short title", "tab": "tab title", "content": "pre"}


def part(name: str) -> Any:
    """What the interview set for a part, else what its ``metadata`` says, else None."""
    evaluation = running_evaluation()
    if evaluation is None:
        return None
    stored: dict[str, Any] = evaluation.internal.get(STORED_IN, {})
    metadata = getattr(evaluation.interview, "metadata", None) or {}
    return stored.get(name, metadata.get(name))


def set_parts(**kwargs: Any) -> None:
    """Set parts of the screen for the rest of the session; None goes back to the usual.

    Names may be written with an underscore for a space: ``exit_label``, ``date_format``.
    """
    stored = current().internal.setdefault(STORED_IN, {})
    for key, value in kwargs.items():
        name = key.replace("_", " ")
        name = ALIASES.get(name, name)
        if value is None:
            stored.pop(name, None)
        else:
            stored[name] = str(value)


set_title = set_parts


def get_title() -> dict[str, Any]:
    """What was set with :func:`set_parts`."""
    return dict(current().internal.get(STORED_IN, {}))
