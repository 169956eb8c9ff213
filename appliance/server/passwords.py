"""Forgotten and changed passwords, the recovery code, and interviews that only an old code opens."""

from __future__ import annotations

import asyncio
import logging
from typing import ClassVar

from appliance.accounts.errors import AccountError, WrongCode
from appliance.interview.host import UserInfo
from appliance.server.account_pages import AccountPage, link_refused, passwords_differ
from appliance.server.admission import Admission
from appliance.server.base import USER_COOKIE
from appliance.store.errors import StoreError

__all__ = ["ChangePasswordHandler", "ForgotHandler", "LostInterviewsHandler", "NewRecoveryCodeHandler", "ResetHandler"]

log = logging.getLogger("appliance.server")

_SUBJECT = "A new password for your interviews ({office})"
_LETTER = """Hello,

somebody, probably you, has asked for a new password for the account {email}.

To choose one, open this address within an hour:

{link}

Have your recovery code at hand: without it, what only the old password opens stays closed. The page says how
much that is before anything happens.

If you did not ask for this, ignore this mail. Your password stays as it is.
"""


class ForgotHandler(AccountPage):
    """``/user/forgot``: has a link mailed. What it answers, and when, does not tell whether there is an account."""

    template = "forgot.html"
    _writing: ClassVar[set[asyncio.Task[None]]] = set()

    async def get(self) -> None:
        self.show(mails=self.mails, told=False)

    async def post(self) -> None:
        if self.mails:   # not waited for: how long it takes would tell
            task = asyncio.get_running_loop().create_task(self.write_to(self.get_body_argument("email", "")))
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)
        self.show(mails=self.mails, told=True)

    @property
    def mails(self) -> bool:
        """Whether there is a mail server to send the link with."""
        return self.parts.letters is not None and self.parts.letters.sends

    async def write_to(self, email: str) -> None:
        """Put the mail into the outbox, if there is such an account."""
        letters, root = self.parts.letters, self.visitor.url_root
        try:
            found = await self.parts.accounts.ask_reset(email, self.device)
            if found is None or letters is None:
                return
            user, token = found
            text = _LETTER.format(email=user.email, link=f"{root}/user/reset?token={token}")
            await letters.send(user.email, _SUBJECT.format(office=self.appname), text)
        except (AccountError, StoreError) as error:
            log.warning("no mail about a forgotten password was written: %s", type(error).__name__)


class ResetHandler(AccountPage):
    """``/user/reset?token=``: a new password for one that is forgotten.

    It says before anything happens how many interviews only the old password, or the recovery code, can open.
    """

    template = "reset.html"

    async def get(self) -> None:
        await self.draw()

    async def post(self) -> None:
        loss = await self.parts.accounts.what_reset_loses(self.token_given)
        if loss is None:
            raise link_refused()
        code = self.get_body_argument("code", "")
        try:
            if self.password() != self.password("again"):
                raise passwords_differ()
            if loss and not code and not self.get_body_argument("understood", ""):
                raise _not_understood()
            signed_in, new_code = await self.parts.accounts.reset(
                self.token_given, self.password(), recovery_code=code, device=self.device)
        except AccountError as error:
            await self.draw(error)
            return
        if new_code:
            await self.enter(signed_in, new_code, "Your new password works now")
        else:
            await self.sign_in(signed_in)
            self.redirect("/user/profile?done=password", status=303)

    @property
    def token_given(self) -> str:
        return self.get_argument("token", "")

    async def draw(self, error: AccountError | None = None) -> None:
        """:raises Refused: if the link does not count (any more)."""
        loss = await self.parts.accounts.what_reset_loses(self.token_given)
        if loss is None:
            raise link_refused()
        self.show(error, loss=loss, given=self.token_given)


class _Signed(AccountPage):
    admits: ClassVar[Admission] = Admission.SIGNED_IN

    @property
    def user(self) -> UserInfo:
        return self.visitor.user

    @property
    def user_id(self) -> int:
        return self.visitor.user.user_id or 0


class ChangePasswordHandler(_Signed):
    """``/user/change-password``: by somebody who knows the old one. All other browsers are signed out."""

    template = "change_password.html"

    async def get(self) -> None:
        await self.draw()

    async def draw(self, error: AccountError | None = None) -> None:
        """The owner may have no password yet: then there is no old one to ask for."""
        person = await self.parts.accounts.person(self.user_id)
        self.show(error, has_password=person is not None and person.has_password)

    async def post(self) -> None:
        try:
            if self.password() != self.password("again"):
                raise passwords_differ()
            await self.parts.accounts.change_password(self.user_id, self.password("old_password"), self.password(),
                                                      keep=self.get_cookie(USER_COOKIE) or "", device=self.device)
        except AccountError as error:
            await self.draw(error)
            return
        self.redirect("/user/profile?done=password", status=303)


class NewRecoveryCodeHandler(_Signed):
    """``/user/recovery-code``: a new code in place of the one before, for somebody who knows the password."""

    template = "new_recovery_code.html"

    async def get(self) -> None:
        self.show()

    async def post(self) -> None:
        try:
            code = await self.parts.accounts.new_recovery_code(self.user_id, self.password(), self.device)
        except AccountError as error:
            self.show(error)
            return
        self.show_code(code, "Your new recovery code")


class LostInterviewsHandler(_Signed):
    """``/user/lost-interviews``: opens with an old recovery code what a reset without it had left closed."""

    template = "lost_interviews.html"

    async def get(self) -> None:
        self.show(opened=None)

    async def post(self) -> None:
        try:
            if self.visitor.user_key is None:   # the owner's: the appliance opens it, nothing is ever lost
                raise WrongCode
            opened = await self.parts.accounts.open_lost(self.user_id, self.visitor.user_key,
                                                         self.get_body_argument("code", ""))
        except AccountError as error:
            self.show(error, opened=None)
            return
        self.show(opened=opened)


def _not_understood() -> AccountError:
    error = AccountError("Please enter the recovery code, or say that you do without it.")
    error.field = "code"
    return error
