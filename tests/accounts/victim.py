"""A process that changes a password, or signs somebody in, and is killed at a step of it, as by a power cut."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psutil

from appliance.accounts import joining, resetting, signing_in
from appliance.accounts.accounts import Accounts
from appliance.sessions import adoption
from appliance.sessions.opened import Shelf
from appliance.sessions.visitor import Visitor
from appliance.store import lost_sessions
from tests.accounts.home import ADA, HERE, PASSWORD
from tests.accounts.test_keys import NEW, Office, at

__all__ = ["ADOPT_STEPS", "CHANGE_STEPS", "LIBRARY", "RESET_STEPS", "die"]

LIBRARY = Visitor("a browser at the library")

CHANGE_STEPS = ((resetting, "write_password"), (resetting, "end_sign_ins"), (resetting, "drop_tokens"),
                (Accounts, "changed"))
RESET_STEPS = ((resetting, "take_token"), (lost_sessions, "set_aside"), (lost_sessions, "remove_code"),
               (joining, "write_code"), (resetting, "end_sign_ins"), (signing_in, "add_sign_in"), (Accounts, "changed"))
"""What has just been done when the process dies; the last one comes after the commit."""

ADOPT_STEPS = ((signing_in, "add_sign_in"), (adoption, "_held"), (adoption, "move_key"), (Shelf, "forget"),
               (adoption, "adopt_values"))
"""Likewise: only the first comes before the sign-in is written."""

_STEPS: dict[str, tuple[tuple[Any, str], ...]] = {"change": CHANGE_STEPS, "reset": RESET_STEPS, "adopt": ADOPT_STEPS}

_KIND = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
_LIMIT = 60.0


def die(folder: Path, what: str, number: int, *arguments: Any) -> int | None:
    """Have another process do it and die at that step; returns its exit code."""
    context: Any = multiprocessing.get_context(_KIND)
    if _KIND == "forkserver":
        context.set_forkserver_preload([__name__])
    process = context.Process(target=_victim, args=(folder, what, number, arguments))
    process.start()
    process.join(_LIMIT)
    process.kill()
    code: int | None = process.exitcode
    return code


def _victim(folder: Path, what: str, number: int, arguments: tuple[Any, ...]) -> None:
    where, name = _STEPS[what][number]
    before: Callable[..., Any] = getattr(where, name)

    def and_die(*given: Any, **more: Any) -> None:
        before(*given, **more)
        psutil.Process().kill()
    with patch.object(where, name, and_die):
        asyncio.run(_work(folder, what, arguments))


async def _work(folder: Path, what: str, arguments: tuple[Any, ...]) -> None:
    office = Office(folder)
    if what == "change":
        await office.accounts.change_password(arguments[0], PASSWORD, NEW)
    elif what == "adopt":
        signed_in = await office.accounts.sign_in(ADA, PASSWORD, HERE)
        arguments[0].write_text(signed_in.cookie)   # as the browser has it from the answer
        await office.turns.adopt(LIBRARY, at(signed_in, LIBRARY.browser_secret))
    else:
        await office.accounts.reset(arguments[0], NEW, "", HERE)
