"""How the interview is used: the browser, the configuration, the log, what is remembered for a turn."""

from __future__ import annotations

import json
from typing import Any

from appliance.interview.host import current
from appliance.interview.turn import SendNotice
from appliance.library import state
from appliance.library.device import UserDevice

__all__ = [
    "device",
    "get_config",
    "get_info",
    "get_progress",
    "get_status",
    "interface",
    "language_from_browser",
    "log",
    "session_tags",
    "set_info",
    "set_progress",
    "set_status",
]


def get_config(key: str, none_value: Any = None) -> Any:
    """A directive of the configuration, or `none_value`."""
    return state.setting(key, none_value)


def interface() -> str:
    """How the interview is reached: ``web``, ``json``, ``cron`` or ``worker``."""
    return current().host.interface


def set_info(**kwargs: Any) -> None:
    """Remember values for :func:`get_info`; ``user`` and ``role`` are looked at by other functions."""
    current().internal.setdefault("info", {}).update(kwargs)


def get_info(att: str) -> Any:
    """What :func:`set_info` was given, or None."""
    return current().internal.get("info", {}).get(att)


def device(ip: bool = False) -> Any:
    """What the browser says it is, or None if it does not say; with `ip`, the address it is at."""
    known = current().host.device
    if ip:
        return known.get("ip")
    agent = known.get("user_agent")
    return UserDevice(str(agent)) if agent else None


def language_from_browser(*pargs: str) -> str | None:
    """The first language that the browser asks for, of those given; None if there is none."""
    wanted = current().host.device.get("languages") or []
    codes = wanted.split(",") if isinstance(wanted, str) else list(wanted)
    for code in codes:
        language = str(code).partition(";")[0].strip().lower()
        for candidate in (language, language.partition("-")[0]):
            if candidate and candidate != "*" and (candidate in pargs if pargs else len(candidate) in (2, 3)):
                return candidate
    return None


def log(the_message: Any, priority: str = "log") -> None:
    """Write to the log, or show in the browser: ``console``, ``javascript``, or a message in a Bootstrap colour."""
    text = str(the_message)
    evaluation = current()
    if priority == "log":
        evaluation.host.log(text)
    elif priority == "console":
        evaluation.effects.append(SendNotice("javascript", f"console.log({json.dumps(text)});"))
    elif priority == "javascript":
        evaluation.effects.append(SendNotice("javascript", text))
    else:
        evaluation.effects.append(SendNotice("javascript", f"flash({json.dumps(text)}, {json.dumps(priority)});"))


def session_tags() -> set[str]:
    """The session's tags; what is added or removed is kept."""
    evaluation = current()
    if "tags" not in evaluation.internal:
        said = (getattr(evaluation.interview, "metadata", None) or {}).get("tags") or ()
        evaluation.internal["tags"] = {said} if isinstance(said, str) else set(said)
    tags: set[str] = evaluation.internal["tags"]
    return tags


def get_progress() -> float | None:
    progress: float | None = current().internal.get("progress")
    return progress


def set_progress(number: float | None) -> None:
    """Set the progress bar; None hides it."""
    current().internal["progress"] = number


def set_status(**kwargs: Any) -> None:
    """Settings of the session: ``variable_access``."""
    current().internal.setdefault("status", {}).update(kwargs)


def get_status(setting: str) -> Any:
    return current().internal.get("status", {}).get(setting)
