"""Whom turns tell what they did; app.py says who that is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from appliance.sessions.reply import Notice

__all__ = ["Listeners"]


def _nobody(*_told: Any) -> None:
    """Until somebody listens."""


@dataclass
class Listeners:
    """All are called after the commit, none before it.

    :ivar on_tasks_queued: tasks were queued; from any thread.
    :ivar on_tasks_changed: the Tasks page would show something else; from any thread, and often.
    :ivar on_mail: mail was put into the outbox; from any thread.
    :ivar on_notice: each notice; on the loop.
    :ivar on_revoke: a task is to be ended: its id, and whether also while it runs; on the loop.
    :ivar on_account: code of an interview has made or changed the account of this number; on the loop.
    :ivar on_event: a scheduled event has run: the interview, the session's id, the event and its
        :class:`appliance.sessions.events.EventResult`; on the loop.
    """

    on_tasks_queued: Callable[[], None] = _nobody
    on_tasks_changed: Callable[[], None] = _nobody
    on_mail: Callable[[], None] = _nobody
    on_notice: Callable[[Notice], None] = _nobody
    on_revoke: Callable[[str, bool], None] = _nobody
    on_account: Callable[[int], None] = _nobody
    on_event: Callable[[str, str, str, Any], None] = _nobody
