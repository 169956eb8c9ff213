"""``appliance cron EVENT``: one round of an event, to its end, told in lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from appliance.commands import Command, CommandFailed, Say
from appliance.cron.schedule import Schedule
from appliance.store.schedule import RoundRow

__all__ = ["cron_command"]

_WAITING = "The background tasks that were queued run when the appliance does."
_UNFINISHED = "{event}: not all sessions have had it yet: the appliance is stopping, or cannot write. It goes on later."


def cron_command(schedule: Schedule, runs_tasks: Callable[[], bool]) -> Command:
    """The command over a schedule.

    :param runs_tasks: whether this process runs background tasks.
    """
    async def command(arguments: Mapping[str, Any], say: Say) -> int:
        event = str(arguments["event"])
        if not event.isidentifier():
            raise CommandFailed(f"{event!r} is not the name of an event, like cron_daily.")
        rounds = await schedule.run_to_the_end(event, say)
        for one in rounds:
            for failure in await schedule.failures(one.number):
                say(f"{failure.interview}: {failure.error_type}" + (f" at {failure.where}" if failure.where else ""))
        for one in rounds:
            say(_told(one))
        if not runs_tasks() and any(one.done for one in rounds[1:]):
            say(_WAITING)
        return 0 if all(one.ended is not None and not one.failed for one in rounds) else 1
    return command


def _told(one: RoundRow) -> str:
    """What became of a round, in one line."""
    if one.ended is None:
        return _UNFINISHED.format(event=one.event)
    sessions = f"{one.sessions} session{'' if one.sessions == 1 else 's'}"
    return f"{one.event}: {sessions}, {one.failed or 'none'} failed" + (f", {one.deleted} ended" if one.deleted else "")
