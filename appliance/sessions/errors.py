"""Why a session cannot be opened, or a turn not be taken."""

from __future__ import annotations

__all__ = ["ApplianceDied", "NoSuchFile", "NoSuchSession", "NotYours", "PrivilegeNeeded", "SessionBusy",
           "SignInNeeded", "Stopping"]


class ApplianceDied(Exception):
    """The appliance ended each time it did something, so it does that no more."""

    def __init__(self, times: int) -> None:
        super().__init__(f"The appliance ended {times} times while it did this, so it was given up.")


class NoSuchFile(Exception):
    """There is no file of that number: it was deleted, or never was."""

    def __init__(self, number: int) -> None:
        super().__init__("This file was deleted, or the address is wrong.")
        self.number = number


class NoSuchSession(Exception):
    """There is no such session: it ended, was deleted, or never was."""

    def __init__(self, session_id: str) -> None:
        super().__init__("This interview session has ended or was deleted.")
        self.session_id = session_id


class NotYours(Exception):
    """Neither the browser's cookie nor the signed-in user opens this session."""

    def __init__(self, session_id: str) -> None:
        super().__init__("This interview session belongs to somebody else.")
        self.session_id = session_id


class SessionBusy(Exception):
    """Somebody is in the session just now."""

    def __init__(self, session_id: str) -> None:
        super().__init__("Somebody is in this interview session just now.")
        self.session_id = session_id


class SignInNeeded(Exception):
    """Only somebody who is signed in may have this."""

    def __init__(self) -> None:
        super().__init__("Please sign in first.")


class PrivilegeNeeded(Exception):
    """The interview is for people with a privilege that this one has not got."""

    def __init__(self) -> None:
        super().__init__("This interview is for people with a privilege that you do not have.")


class Stopping(Exception):
    """The appliance is being stopped and takes no more turns."""

    def __init__(self) -> None:
        super().__init__("The appliance is stopping.")
