"""Other sessions as the code of a task reaches them: all of it is asked of the server, and kept with the task's end."""

from __future__ import annotations

from typing import Any

from appliance.compute.asking import ask
from appliance.interview.host import current
from appliance.interview.other_sessions import (
    ListedSession,
    ListQuery,
    OtherInterview,
    SessionEffect,
    SessionRefused,
    session_effects,
)
from appliance.interview.screen import Screen
from appliance.store.links import new_code
from appliance.store.sessions import new_session_id

__all__ = ["WorkerSessions"]


class WorkerSessions:
    """:class:`appliance.interview.other_sessions.OtherSessions` on a worker.

    The server is told with each question what the task has asked for so far, because it keeps nothing of a task that
    would have to outlive a restart.
    """

    pending: tuple[SessionEffect, ...] = ()

    def __init__(self, session_id: str) -> None:
        self._session_id = session_id

    def new_session_id(self) -> str:
        return new_session_id()

    def new_code(self) -> str:
        return new_code()

    def apply(self, effect: SessionEffect) -> None:
        """:raises SessionRefused: if it cannot be done."""
        self._asked("apply", effect)

    def answers(self, interview: str, session_id: str) -> bytes:
        """:raises SessionRefused: if they cannot be reached."""
        found: bytes = self._asked("answers", interview, session_id)
        return found

    def file_content(self, interview: str, session_id: str, number: int) -> bytes | None:
        """:raises SessionRefused: if the session cannot be reached."""
        found: bytes | None = self._asked("file_content", interview, session_id, number)
        return found

    def screen(self, interview: str, session_id: str) -> tuple[Screen | None, int]:
        """:raises SessionRefused: if the session cannot be reached."""
        found: tuple[Screen | None, int] = self._asked("screen", interview, session_id)
        return found

    def listed(self, query: ListQuery) -> tuple[list[ListedSession], str]:
        """:raises SessionRefused: if they are none of the person's business."""
        found: tuple[list[ListedSession], str] = self._asked("listed", query)
        return found

    def menu(self) -> list[OtherInterview]:
        """What can be started."""
        found: list[OtherInterview] = self._asked("menu")
        return found

    def _asked(self, method: str, *arguments: Any) -> Any:
        refused, answer = ask("sessions", method=method, arguments=arguments,
                              before=session_effects(current().effects))
        if refused:
            raise SessionRefused(refused)
        return answer
