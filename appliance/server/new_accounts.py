"""``/user/register`` and ``/user/invitation``: how people come to an account of their own."""

from __future__ import annotations

from appliance.accounts.errors import AccountError, RegistrationClosed
from appliance.server.account_pages import AccountPage, link_refused, passwords_differ

__all__ = ["InvitationHandler", "RegisterHandler"]

_READY = "Your account is ready"


class _NewAccount(AccountPage):
    def names(self) -> dict[str, str]:
        """What the person says about themselves."""
        return {name: self.get_body_argument(name, "") for name in ("first_name", "last_name")}

    def chosen(self) -> str:
        """The new password.

        :raises AccountError: if it was not typed twice.
        """
        if self.password() != self.password("again"):
            raise passwords_differ()
        return self.password()


class RegisterHandler(_NewAccount):
    """``/user/register``: where the configuration lets people make accounts by themselves (``allow registration``)."""

    template = "register.html"

    async def get(self) -> None:
        self.show(None if self.registers else RegistrationClosed())

    async def post(self) -> None:
        try:
            signed_in, code = await self.parts.accounts.register(
                self.get_body_argument("email", ""), self.chosen(), self.names(), self.device)
        except AccountError as error:
            self.show(error)
            return
        await self.enter(signed_in, code, _READY)


class InvitationHandler(_NewAccount):
    """``/user/invitation?token=``: the address that an invitation holds."""

    template = "invitation.html"
    told: dict[str, str]

    async def get(self) -> None:
        await self.draw()

    async def post(self) -> None:
        try:
            signed_in, code = await self.parts.accounts.accept(self.token_given, self.chosen(), self.names(),
                                                               self.device)
        except AccountError as error:
            await self.draw(error)
            return
        await self.enter(signed_in, code, _READY)

    @property
    def token_given(self) -> str:
        return self.get_argument("token", "")

    async def draw(self, error: AccountError | None = None) -> None:
        """:raises Refused: if the invitation does not count (any more)."""
        invitation = await self.parts.accounts.invitation(self.token_given)
        if invitation is None:
            raise link_refused()
        self.told = {"first_name": invitation.profile.first_name, "last_name": invitation.profile.last_name}
        self.show(error, invitation=invitation, given=self.token_given)

    def typed(self, name: str) -> str:
        """What the person typed before; until then their names as whoever invited them has written them."""
        return self.told[name] if name in self.told and name not in self.request.body_arguments else super().typed(name)
