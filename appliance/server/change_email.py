"""``/user/change-email``: the address that somebody signs in with."""

from __future__ import annotations

from typing import ClassVar

from appliance.accounts.errors import AccountError
from appliance.server.account_pages import AccountPage
from appliance.server.admission import Admission

__all__ = ["ChangeEmailHandler"]


class ChangeEmailHandler(AccountPage):
    """The page. It takes the password, so that nobody does it at a browser that was left alone."""

    admits: ClassVar[Admission] = Admission.SIGNED_IN
    template = "change_email.html"

    async def get(self) -> None:
        await self.draw()

    async def post(self) -> None:
        try:
            await self.parts.accounts.change_email(self.visitor.user.user_id or 0, self.password(),
                                                   self.get_body_argument("email", ""), self.device)
        except AccountError as error:
            await self.draw(error)
            return
        self.redirect("/user/profile?done=email", status=303)

    async def draw(self, error: AccountError | None = None) -> None:
        """The owner may have no password yet: then none is asked for."""
        person = await self.parts.accounts.person(self.visitor.user.user_id or 0)
        self.show(error, has_password=person is not None and person.has_password)
