"""``/user/sign-in`` and ``/user/sign-out``: with a password, or with the one-time address of the laptop's owner."""

from __future__ import annotations

from urllib.parse import urlsplit

from appliance.accounts.errors import AccountError
from appliance.server.account_pages import AccountPage
from appliance.server.admission import Admission
from appliance.server.base import BaseHandler
from appliance.server.errors import Refused
from appliance.server.security import safe_next

__all__ = ["SignInHandler", "SignOutHandler"]

_SIGNED_OUT = "/?goodbye=logout"


class SignInHandler(AccountPage):
    """The page, and the owner's one-time token."""

    template = "sign_in.html"

    async def get(self) -> None:
        token = self.get_query_argument("token", "")
        if not token:
            self.show()
            return
        signed_in = await self.parts.accounts.redeem(token, self.device)
        if signed_in is None:
            if self.current_user:
                self.redirect(self.target)   # the owner opened the same address again
                return
            raise Refused(403, "This sign-in address was used already", "It works once, and only for a while. Start "
                          "the appliance again to get a new one.", "bad_token")
        await self.sign_in(signed_in)
        self.redirect(self.target)

    async def post(self) -> None:
        """Sign in with address and password."""
        try:
            signed_in = await self.parts.accounts.sign_in(
                self.get_body_argument("email", ""), self.password(), self.device)
        except AccountError as error:
            self.show(error)
            return
        await self.sign_in(signed_in)
        self.redirect(self.target, status=303)


class SignOutHandler(BaseHandler):
    """Ends the sign-in of this browser. Docassemble's links get here; from another site it takes a press of a button,
    so that nobody is signed out in the middle of an answer.
    """

    admits = Admission.ANYONE

    async def get(self) -> None:
        if self.current_user and not self.comes_from_here():
            self.page("sign_out.html", next=self.target)
            return
        await self.leave()

    async def post(self) -> None:
        await self.leave()

    async def leave(self) -> None:
        await self.sign_out()
        self.redirect(self.target, status=303)

    @property
    def target(self) -> str:
        """Where to go afterwards, on this site."""
        return safe_next(self.get_argument("next", None), _SIGNED_OUT)

    def comes_from_here(self) -> bool:
        """Whether a page of ours was left through the link, or its address was typed; a browser that tells neither is
        one that another site may have sent.
        """
        headers = self.request.headers
        site = headers.get("Sec-Fetch-Site")
        if site is not None:
            return site in {"same-origin", "none"}
        try:
            return urlsplit(headers.get("Referer", "")).netloc == self.request.host
        except ValueError:   # what is no address at all
            return False
