"""The accounts as the code of a task reaches them: all of it is asked of the server."""

from __future__ import annotations

from typing import Any

from appliance.compute.asking import ask
from appliance.interview.accounts import Account, AccountEffect

__all__ = ["WorkerPeople"]


class WorkerPeople:
    """:class:`appliance.interview.accounts.People` on a worker."""

    pending: tuple[AccountEffect, ...] = ()

    def account(self, user_id: int | None = None, email: str = "") -> Account | None:
        """One account; None if there is none."""
        found: Account | None = _asked("account", user_id, email)
        return found

    def accounts(self, after: int, most: int) -> list[Account]:
        """Those with larger numbers than `after`."""
        found: list[Account] = _asked("accounts", after, most)
        return found

    def privileges(self) -> list[str]:
        """All privileges there are."""
        names: list[str] = _asked("privileges")
        return names

    def new_user_id(self) -> int:
        """The number of an account that the task makes; it is there when the task has ended."""
        return int(_asked("new_user_id"))

    def lock(self, password: str) -> Any:
        """:raises ValueError: with words, if this is no password."""
        return _asked("lock", password)

    def new_password(self, user_id: int, new: str, old: str | None) -> Any:
        """:raises ValueError: with words, if the new one is no password, or the old one another."""
        return _asked("new_password", user_id, new, old)

    def new_token(self) -> str:
        """A text for an invitation."""
        return str(_asked("new_token"))


def _asked(method: str, *arguments: Any) -> Any:
    refused, answer = ask("users", method=method, arguments=arguments)
    if refused:
        raise ValueError(refused)
    return answer
