"""Changing a password, and getting in again without one.

A change seals the same key under the new password, so everything stays. A reset with the recovery code does the same. A
reset without it makes a new key: what only the old one opened is set aside, until the old code is found.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlite_utils import Database

from appliance import clock
from appliance.accounts.base import only_administrators
from appliance.accounts.errors import (
    AccountInactive,
    LinkNotValid,
    NoSuchAccount,
    NotAllowed,
    TooManyTries,
    WrongCode,
    WrongPassword,
)
from appliance.accounts.joining import Joining
from appliance.accounts.passwords import check_password
from appliance.accounts.recovery import key_by_code, new_code, plain_code
from appliance.accounts.signed_in import Device, SignedIn
from appliance.accounts.signing_in import cookie_hash
from appliance.interview.host import UserInfo
from appliance.store.key_marks import is_current
from appliance.store.keys import user_holder
from appliance.store.lost_sessions import (
    count_only_own,
    find_again,
    has_lost_keys,
    has_more,
    leave_key_behind,
)
from appliance.store.passwords import (
    CodeRow,
    Lock,
    PasswordRow,
    find_code,
    find_password,
    lost_keys_of,
    remove_lost_key,
    write_code,
    write_password,
)
from appliance.store.profiles import email_mark
from appliance.store.sealing import new_key
from appliance.store.sign_ins import end_sign_ins
from appliance.store.tokens import drop_tokens, keep_token, new_token, take_token, token_user
from appliance.store.users import Account, find_account
from appliance.store.values import personal_holder

__all__ = ["HANDED_OVER_FOR", "MAILED_FOR", "ResetLoss", "Resetting"]

MAILED_FOR = 3600.0
HANDED_OVER_FOR = 86400.0
"""Seconds for which a link to a new password works: one that is mailed, and one that an administrator hands over."""


@dataclass(frozen=True)
class ResetLoss:
    """What a reset takes.

    :param sessions: how many interviews nobody will be able to open for this person without the recovery code.
    :param has_code: whether there is a code that would save them.
    :param more: whether there is something else that only they could read, which interviews stored for them.
    """

    sessions: int
    has_code: bool = True
    more: bool = False

    def __bool__(self) -> bool:
        """Whether anything is taken."""
        return self.sessions > 0 or self.more


class Resetting(Joining):
    """Passwords and recovery codes of accounts that there are."""

    async def change_password(self, user_id: int, old: str, new: str, keep: str = "",
                              device: Device | None = None) -> None:
        """Another password. The key stays, and so do the sessions; all other browsers are signed out.

        :param old: the password so far; the owner, who may have none, leaves it empty then.
        :param keep: the cookie of the browser that stays signed in.
        :raises WrongPassword: if `old` is wrong, or was changed meanwhile.
        :raises TooManyTries: if wrong ones were tried too often.
        :raises BadPassword: with what would be taken.
        :raises NoSuchAccount: if it is gone.
        """
        account, row = await self._known(user_id)
        password = check_password(new, account.user.email, account.user.first_name, account.user.last_name)
        user_key = await self._proven(account, row, old, device)
        lock = await self._lock(password)

        def change(database: Database) -> None:
            if find_password(database, user_id) != row:
                raise WrongPassword
            write_password(database, user_id, lock, user_key, clock.now())
            end_sign_ins(database, user_id, cookie_hash(keep) if keep else b"")
            drop_tokens(database, user_id, "reset", "invitation")
            self.audit.add(database, "password", account.user)
        await self._write(change)
        self.changed(user_id)

    async def new_recovery_code(self, user_id: int, password: str, device: Device | None = None) -> str:
        """Another recovery code; the one before opens nothing any more.

        :raises WrongPassword, TooManyTries, NoSuchAccount: as :meth:`change_password` does.
        """
        account, row = await self._known(user_id)
        if account.kind == "owner":
            raise NotAllowed("Your interviews need no code of their own: the appliance opens them, and its recovery "
                             "code is on the page Backup.")
        if row is None:
            raise WrongPassword
        user_key, code = await self._proven(account, row, password, device), new_code()

        def change(database: Database) -> None:
            if find_password(database, user_id) != row:
                raise WrongPassword
            write_code(database, user_id, plain_code(code), user_key, clock.now())
            self.audit.add(database, "password", account.user, what="a new recovery code")
        await self._write(change)
        return code

    async def ask_reset(self, email: str, device: Device | None = None) -> tuple[UserInfo, str] | None:
        """The token of a link to a new password, for a mail to the account's own address.

        None where there is no such account, or too many were asked for; whoever asked is told the same.
        """
        mark, token, device = email_mark(self._key, email), new_token(), device or Device()
        try:
            self.throttle.begin(f"reset:{mark}", device)
        except TooManyTries:
            return None

        def ask(database: Database) -> UserInfo | None:
            account = find_account(database, self._key, "email_mark", mark)
            known = account is not None and account.active and account.has_password
            user = account.user if account is not None and known else None
            self.audit.add(database, "reset", user, what="a link was asked for")
            if account is not None and known:
                keep_token(database, token, account.user_id, "reset", clock.now(), MAILED_FOR)
            return user
        user = await self._write(ask)
        return None if user is None else (user, token)

    async def reset_by(self, by: UserInfo | None, user_id: int) -> str:
        """The token of a link to a new password, which an administrator hands over.

        :param by: None for whoever has the command line.
        :raises NotAllowed: for others, and for the owner's account, whose key the appliance opens.
        :raises NoSuchAccount, AccountInactive: if there is nothing to reset.
        """
        if by is not None:
            only_administrators(by)
        token = new_token()

        def make(database: Database) -> None:
            account = find_account(database, self._key, "id", user_id)
            if account is None or account.kind == "cron":
                raise NoSuchAccount
            if account.kind == "owner" and by is not None and by.user_id != user_id:
                raise NotAllowed("Only the owner of this computer can give this account a new password.")
            if not account.active:
                raise AccountInactive
            keep_token(database, token, user_id, "reset", clock.now(), HANDED_OVER_FOR)
            self.audit.add(database, "reset", by, account=account.user.email, what="a link was made")
        await self._write(make)
        return token

    async def what_reset_loses(self, token: str) -> ResetLoss | None:
        """What a reset without the recovery code takes, to be said before it; None if the token does not work."""
        def look(database: Database) -> ResetLoss | None:
            account = self._to_reset(database, token)
            return None if account is None else _loss(database, account)
        return await self._read(look)

    async def reset_loss(self, user_id: int) -> ResetLoss:
        """The same for an account, for the administrator who is about to make a link.

        :raises NoSuchAccount: if it is gone.
        """
        def look(database: Database) -> ResetLoss | None:
            account = find_account(database, self._key, "id", user_id)
            return None if account is None else _loss(database, account)
        loss = await self._read(look)
        if loss is None:
            raise NoSuchAccount
        return loss

    async def reset(self, token: str, new_password: str, recovery_code: str = "",
                    device: Device | None = None) -> tuple[SignedIn, str]:
        """A new password without the old one, and a sign-in; gives a new recovery code too, which is told once. (Of the
        owner, whose interviews the appliance opens, it is empty.)

        With the recovery code nothing is lost. Without it, what only the old key opens is set aside
        (:meth:`open_lost`). All other browsers are signed out. It is one transaction.

        :raises LinkNotValid: if the token is unknown, over, or was used.
        :raises WrongCode: if there is a code and it is not the account's; the token still works.
        :raises BadPassword: with what would be taken; the token still works.
        """
        def look(database: Database) -> tuple[Account, CodeRow | None] | None:
            account = self._to_reset(database, token)
            return None if account is None else (account, find_code(database, account.user_id))
        found = await self._read(look)
        if found is None:
            raise LinkNotValid
        account, row = found
        user = account.user
        password = check_password(new_password, user.email, user.first_name, user.last_name)
        user_key = key_by_code(row, recovery_code) if recovery_code.strip() else None
        if recovery_code.strip() and user_key is None:
            raise WrongCode
        lock, code = await self._lock(password), "" if account.kind == "owner" else new_code()

        def change(database: Database) -> SignedIn:
            if (take_token(database, token, "reset", clock.now()) != account.user_id
                    or find_code(database, account.user_id) != row):
                raise LinkNotValid
            return self._reset(database, account, user_key, lock, code, device or Device())
        signed_in = await self._write(change)
        self.changed(signed_in.user_id)
        return signed_in, code

    async def has_lost(self, user_id: int) -> bool:
        """Whether anything waits for an old recovery code, sessions or not."""
        return await self._read(lambda database: has_lost_keys(database, user_id))

    async def lost_sessions(self, user_id: int) -> int:
        """How many sessions wait for an old recovery code."""
        return await self._read(lambda database: int(database.execute(
            "SELECT count(*) FROM session_keys JOIN lost_keys ON holder = 'lost:' || number WHERE user_id = ?",
            [user_id]).fetchone()[0]))

    async def open_lost(self, user_id: int, user_key: bytes, recovery_code: str) -> int:
        """Open what was set aside with the recovery code that was valid then; gives how many sessions it opened.

        :param user_key: the key of the person who is signed in.
        :raises WrongCode: if it opens nothing.
        :raises WrongPassword: if the key was replaced meanwhile.
        """
        def find(database: Database) -> int:
            if not is_current(database, personal_holder(user_holder(user_id, user_key))):
                raise WrongPassword("Your password was changed just now. Please sign in again.")
            for row in lost_keys_of(database, user_id):
                old_key = key_by_code(row, recovery_code)
                if old_key is not None:
                    opened = find_again(database, user_id, row.number, old_key, user_key, self._key)
                    remove_lost_key(database, row.number)
                    return opened
            raise WrongCode
        return await self._write(find)

    # -- inside ------------------------------------------------------------------------------------------

    async def _known(self, user_id: int) -> tuple[Account, PasswordRow | None]:
        def look(database: Database) -> tuple[Account | None, PasswordRow | None]:
            return find_account(database, self._key, "id", user_id), find_password(database, user_id)
        account, row = await self._read(look)
        if account is None or account.kind == "cron":
            raise NoSuchAccount
        return account, row

    async def _proven(self, account: Account, row: PasswordRow | None, password: str, device: Device | None) -> bytes:
        """The key of somebody who is signed in and says their password again.

        :raises WrongPassword: if it is wrong.
        :raises TooManyTries: if wrong ones were tried too often.
        """
        if row is None:
            if account.kind == "owner" and not password:   # signed in by the window, and has none yet
                return new_key()   # what it seals opens nothing: the appliance has the owner's key
            raise WrongPassword
        attempt = self.throttle.begin(email_mark(self._key, account.user.email), device or Device())
        user_key = await self._opened(password, row)
        if user_key is None:
            raise WrongPassword("This is not your password.")
        attempt.was_right()
        return user_key

    def _to_reset(self, database: Database, token: str) -> Account | None:
        user_id = token_user(database, token, "reset", clock.now())
        account = None if user_id is None else find_account(database, self._key, "id", user_id)
        return account if account is not None and account.active else None

    def _reset(self, database: Database, account: Account, user_key: bytes | None, lock: Lock, code: str,
               device: Device) -> SignedIn:
        """The transaction's part of :meth:`reset`.

        :param user_key: what the recovery code opened; None for a new one.
        """
        user_id, lost = account.user_id, 0
        if user_key is None and account.kind == "owner":
            user_key = new_key()   # what it seals opens nothing: the appliance has the owner's key
        elif user_key is None:
            user_key, lost = leave_key_behind(database, user_id, lock, self._key, clock.now())
        self._give_key(database, user_id, user_key, lock, code)
        end_sign_ins(database, user_id)
        drop_tokens(database, user_id, "reset", "invitation")
        self.audit.add(database, "reset", account.user, what="a new password" + (f", {lost} set aside" if lost else ""))
        return self._signed_in_now(database, account, user_key, device)


def _loss(database: Database, account: Account) -> ResetLoss:
    has_code = find_code(database, account.user_id) is not None
    if account.kind == "owner":   # whose key the appliance opens
        return ResetLoss(0, has_code)
    return ResetLoss(count_only_own(database, account.user_id), has_code, has_more(database, account.user_id))
