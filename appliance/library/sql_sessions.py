"""SQLAlchemy's sessions, one for each turn.

Authors make one session when their module is imported, and docassemble's processes use it one after the other. Here
turns run beside each other in threads, which a session does not stand; so each turn has one of its own, closed at its
end, and what it left open is undone then.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from sqlalchemy.orm import Session, scoped_session, sessionmaker

from appliance.interview.host import running_evaluation
from appliance.library.state import turn_state

__all__ = ["for_each_turn", "working"]


class TurnRegistry:
    """Finds the session of the running turn; of the thread, where none runs."""

    def __init__(self, make: sessionmaker[Session]) -> None:
        self._make = make
        self._outside = threading.local()

    def _sessions(self) -> dict[int, Session]:
        evaluation = running_evaluation()
        if evaluation is None:
            found: dict[int, Session] = self._outside.__dict__.setdefault("sessions", {})
            return found
        return turn_state().setdefault("sql sessions", {})  # type: ignore[no-any-return]

    def __call__(self) -> Session:
        sessions = self._sessions()
        if id(self) not in sessions:
            sessions[id(self)] = self._make()
            evaluation = running_evaluation()
            if evaluation is not None:
                evaluation.closing.append(self.close)
        return sessions[id(self)]

    def has(self) -> bool:
        return id(self) in self._sessions()

    def set(self, session: Session) -> None:
        self._sessions()[id(self)] = session

    def clear(self) -> None:
        self._sessions().pop(id(self), None)

    def close(self) -> None:
        """Undo what was left open, and give the connection back."""
        session = self._sessions().pop(id(self), None)
        if session is not None:
            session.close()


def for_each_turn(given: Any) -> Any:
    """What an author gave as ``_session`` (a session, or what makes one), as one that each turn has for itself."""
    if given is None or isinstance(given, scoped_session):
        return given
    make = given if isinstance(given, sessionmaker) else sessionmaker(bind=given.get_bind())
    scoped: scoped_session[Session] = scoped_session(make)
    scoped.registry = TurnRegistry(make)  # type: ignore[assignment]
    return scoped


@contextlib.contextmanager
def working(session: Any) -> Iterator[Any]:
    """A piece of work in a session: undone if it fails, and closed after it where no turn runs that would do so."""
    try:
        yield session
    except BaseException:
        session.rollback()
        raise
    finally:
        registry = getattr(session, "registry", None)
        if isinstance(registry, TurnRegistry) and running_evaluation() is None:
            registry.close()
