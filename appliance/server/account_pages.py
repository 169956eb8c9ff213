"""What the pages of accounts share: forms that come back with words, where to go afterwards, the recovery code."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlencode

from appliance.accounts.errors import AccountError, LinkNotValid, NotAllowed, TooManyTries, WrongPassword
from appliance.accounts.signed_in import SignedIn
from appliance.server.admission import Admission
from appliance.server.base import BaseHandler
from appliance.server.errors import Refused
from appliance.server.security import safe_next

__all__ = ["AccountPage", "link_refused", "passwords_differ"]

_STATUS: dict[type[AccountError], int] = {TooManyTries: 429, WrongPassword: 403, NotAllowed: 403, LinkNotValid: 404}


def link_refused() -> Refused:
    """What somebody is told whose link from a mail, or from an administrator, does not work (any more)."""
    return Refused(404, "This link does not work any more", "It works once, and only for a while. If you have used it, "
                   "sign in with the password that you chose then; else please ask for a new one.", "bad_token")


class AccountPage(BaseHandler):
    """A page with one form.

    :cvar template: its file.
    """

    admits: ClassVar[Admission] = Admission.ANYONE
    template: ClassVar[str]

    @property
    def target(self) -> str:
        """Where the person wanted to go, on this site; the home page where they did not say."""
        return safe_next(self.get_argument("next", None))

    @property
    def registers(self) -> bool:
        """Whether people may make accounts by themselves."""
        return bool(self.parts.settings.get("allow registration", False))

    def show(self, error: AccountError | None = None, **names: Any) -> None:
        """Draw the form, with what was wrong with it."""
        if error is not None:
            self.set_status(next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 400))
        if isinstance(error, TooManyTries):
            self.set_header("Retry-After", str(max(1, round(error.seconds))))
        self.page(self.template, error=error, wrong="" if error is None else error.field, next=self.target,
                  with_next=self.with_next, registers=self.registers, typed=self.typed, **names)

    def typed(self, name: str) -> str:
        """What the person typed before, never a password."""
        return "" if "password" in name or name == "code" else self.get_body_argument(name, "")

    def with_next(self, path: str) -> str:
        """The address of another page of accounts, which leads to the same place afterwards."""
        return path if self.target == "/" else f"{path}?{urlencode({'next': self.target}, safe='/:')}"

    def password(self, name: str = "password") -> str:
        """A password as it was typed, blanks around it included."""
        return self.get_body_argument(name, "", strip=False)

    async def enter(self, signed_in: SignedIn, code: str, heading: str) -> None:
        """Sign in somebody who has just got a recovery code, and show it: this once."""
        await self.sign_in(signed_in)
        self.show_code(code, heading)

    def show_code(self, code: str, heading: str) -> None:
        """The page with a recovery code. It is in no address and on no disk."""
        self.page("recovery_code.html", code=code, heading=heading, next=self.target)


def passwords_differ() -> AccountError:
    """The new password was typed twice, and not the same."""
    error = AccountError("The two passwords are not the same. Please type the new password twice.")
    error.field = "again"
    return error
