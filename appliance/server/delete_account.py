"""``/user/manage``: somebody deletes their account, after they were told what goes with it."""

from __future__ import annotations

from typing import ClassVar

from appliance.accounts.errors import AccountError, NotAllowed
from appliance.server.account_pages import AccountPage
from appliance.server.admission import Admission

__all__ = ["DeleteAccountHandler"]


class DeleteAccountHandler(AccountPage):
    """The page, and its button. It takes the password, so that nobody does it by mistake, or at a browser that was left
    alone.
    """

    admits: ClassVar[Admission] = Admission.SIGNED_IN
    template = "delete_account.html"

    async def get(self) -> None:
        await self.draw()

    async def post(self) -> None:
        user = self.visitor.user
        try:
            if not self.allowed:
                raise NotAllowed
            await self.parts.turns.adopt(self.visitor, self.visitor)   # what this browser still holds goes too
            await self.parts.accounts.delete_own(user, self.password(), self.device)
        except AccountError as error:
            await self.draw(error)
            return
        await self.sign_out()
        self.redirect("/?goodbye=account", status=303)

    @property
    def allowed(self) -> bool:
        """Whether people may delete their accounts by themselves."""
        return bool(self.parts.settings.get("user can delete account", True))

    async def draw(self, error: AccountError | None = None) -> None:
        """Draw it, with how many interviews go."""
        user_id = self.visitor.user.user_id or 0
        person = await self.parts.accounts.person(user_id)
        loss = await self.parts.accounts.what_deletion_takes(user_id)
        possible = self.allowed and person is not None and person.kind != "owner"
        self.show(error, loss=loss, possible=possible)
