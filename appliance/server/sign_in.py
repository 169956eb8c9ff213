"""``/user/sign-in`` and ``/user/sign-out``. So far only the laptop's owner signs in, by a one-time address."""

from __future__ import annotations

from appliance.server.admission import Admission
from appliance.server.base import USER_COOKIE, BaseHandler
from appliance.server.errors import Refused
from appliance.server.security import safe_next

__all__ = ["SignInHandler", "SignOutHandler"]

_NO_ACCOUNTS = ("Accounts with a password do not exist yet. The owner of this computer signs in with the address that "
                "is shown when the appliance starts.")


class SignInHandler(BaseHandler):
    """The page, and the owner's one-time token."""

    admits = Admission.ANYONE

    async def get(self) -> None:
        token, target = self.get_query_argument("token", ""), safe_next(self.get_query_argument("next", None))
        if not token:
            self.page("sign_in.html", message="", next=target, email="")
            return
        signed_in = await self.parts.accounts.redeem(token, self.device)
        if signed_in is None:
            if self.current_user:
                self.redirect(target)   # the owner opened the same address again
                return
            raise Refused(403, "This sign-in address was used already", "It works once, and only for a while. Start "
                          "the appliance again to get a new one.", "bad_token")
        self.sign_in(signed_in)
        self.redirect(target)

    async def post(self) -> None:
        """There is no account to check the password against."""
        self.set_status(403)
        self.page("sign_in.html", message=_NO_ACCOUNTS, next=safe_next(self.get_body_argument("next", None)),
                  email=self.get_body_argument("email", ""))


class SignOutHandler(BaseHandler):
    admits = Admission.ANYONE

    async def get(self) -> None:
        """Sign out; undone by signing in, so a link from anywhere does no harm."""
        await self.parts.accounts.sign_out(self.get_cookie(USER_COOKIE))
        self.sign_out()
        self.redirect(safe_next(self.get_query_argument("next", None), "/?goodbye=logout"))
