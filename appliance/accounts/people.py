"""Who there is and what they may do: profiles, privileges, switching accounts off and deleting them.

The owner of the computer and the cron user are always there: neither is switched off or deleted, and the owner stays an
administrator, so that there always is one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from sqlite_utils import Database

from appliance.accounts.base import is_administrator, only_administrators
from appliance.accounts.details import checked_details, checked_email, checked_name, checked_privileges
from appliance.accounts.errors import AddressTaken, BadDetail, NoSuchAccount, NotAllowed, SessionsInUse, WrongPassword
from appliance.accounts.resetting import Resetting
from appliance.accounts.signed_in import Device
from appliance.interview.host import UserInfo
from appliance.store.passwords import find_password
from appliance.store.profiles import Profile, email_mark
from appliance.store.retention import delete_account, sessions_of_account
from appliance.store.sign_ins import end_sign_ins
from appliance.store.tokens import drop_tokens
from appliance.store.users import (
    BUILT_IN_PRIVILEGES,
    Account,
    all_privileges,
    find_account,
    list_accounts,
    write_privileges,
    write_profile,
)

__all__ = ["DeletionLoss", "People", "Person"]

Person = Account
"""A person with an account, as administrators see them."""

_TRIES, _PAUSE = 10, 0.2
"""How often, and after how many seconds, a deletion is tried while somebody is in a session that goes with it."""


@dataclass(frozen=True)
class DeletionLoss:
    """What goes with an account.

    :param sessions: how many interviews, which nobody else can open.
    """

    sessions: int


class People(Resetting):
    """What the page of a profile and the administrators' pages ask for."""

    # -- profiles ----------------------------------------------------------------------------------------

    async def profile(self, user_id: int) -> Profile:
        """What an account says about its person.

        :raises NoSuchAccount: if it is gone.
        """
        account = await self._account(user_id)
        if account is None:
            raise NoSuchAccount
        return account.profile

    async def change_profile(self, user_id: int, by: UserInfo, **details: str) -> None:
        """Change what an account says about its person; what is not named stays.

        :param by: the person, or an administrator (but of the owner only the owner).
        :param details: fields of :class:`~appliance.store.profiles.Profile` but ``email``.
        :raises NotAllowed, NoSuchAccount, BadDetail: and then nothing was changed.
        """
        changes = checked_details(details)

        def change(database: Database) -> None:
            account = self._of(database, user_id, by)
            write_profile(database, self._key, user_id, replace(account.profile, **changes))
            self.audit.add(database, "profile", by, account=account.user.email, what=", ".join(sorted(changes)))
        await self._write(change)
        self.changed(user_id)

    async def change_email(self, user_id: int, password: str, email: str, device: Device | None = None) -> None:
        """Another address of one's own, to sign in with from now on.

        :param password: said again; the owner, who may have none, leaves it empty then.
        :raises WrongPassword, TooManyTries, NoSuchAccount: as for another password (:meth:`change_password`).
        :raises BadAddress, AddressTaken: about the new one.
        """
        new = checked_email(email)
        account, row = await self._known(user_id)
        await self._proven(account, row, password, device)
        attempt = self.throttle.begin(f"email:{user_id}", device or Device())   # else addresses could be tried out

        def change(database: Database) -> None:
            now = self._existing(database, user_id)
            if find_password(database, user_id) != row:
                raise WrongPassword
            try:
                write_profile(database, self._key, user_id, replace(now.profile, email=new))
            except ValueError as problem:
                raise AddressTaken from problem
            drop_tokens(database, user_id, "reset", "invitation")   # they went to the address before
            self.audit.add(database, "profile", now.user, what="email", before=now.user.email, after=new)
        await self._write(change)
        attempt.was_right()
        self.changed(user_id)

    # -- who there is --------------------------------------------------------------------------------------

    async def people(self) -> list[Person]:
        """All accounts of people, the owner's first; without the cron user."""
        accounts = await self._read(lambda database: list_accounts(database, self._key))
        return [account for account in accounts if account.kind != "cron"]

    async def person(self, user_id: int) -> Person | None:
        """One of them; None if there is none."""
        account = await self._account(user_id)
        return None if account is None or account.kind == "cron" else account

    async def by_email(self, email: str) -> UserInfo | None:
        """The person with this address, whether their account is switched on or off; None if there is none."""
        mark = email_mark(self._key, email)
        account = await self._read(lambda database: find_account(database, self._key, "email_mark", mark))
        return None if account is None or account.kind == "cron" else account.user

    async def set_active(self, by: UserInfo, user_id: int, active: bool) -> None:
        """Switch an account on or off. Who is switched off is signed out at once and cannot sign in.

        :raises NotAllowed: unless `by` is an administrator; for the owner's account, and for one's own.
        :raises NoSuchAccount: if it is gone.
        """
        only_administrators(by)

        def change(database: Database) -> None:
            account = self._other(database, user_id, by)
            database.execute("UPDATE users SET active = ? WHERE id = ?", [active, user_id])
            if not active:
                end_sign_ins(database, user_id)
                drop_tokens(database, user_id, "sign in", "reset", "invitation")
            self.audit.add(database, "activated", by, account=account.user.email, what="on" if active else "off")
        await self._write(change)
        self.changed(user_id)

    # -- privileges ----------------------------------------------------------------------------------------

    async def privileges(self) -> list[str]:
        """The names of all privileges."""
        return await self._read(all_privileges)

    async def set_privileges(self, by: UserInfo, user_id: int, names: Iterable[str]) -> None:
        """Give a person these privileges and no others; ``user`` where none is named.

        :raises NotAllowed: unless `by` is an administrator; and the owner stays one.
        :raises NoSuchAccount, BadDetail: if there is no such account or privilege.
        """
        only_administrators(by)
        wanted = set(names)

        def change(database: Database) -> None:
            account = self._existing(database, user_id)
            if account.kind == "owner" and "admin" not in wanted:
                raise NotAllowed("The owner of this computer is always an administrator.")
            checked = checked_privileges(database, wanted)
            write_privileges(database, user_id, checked)
            self.audit.add(database, "privileges", by, account=account.user.email,
                           before=", ".join(account.user.privileges), after=", ".join(checked))
        await self._write(change)
        self.changed(user_id)

    async def add_privilege(self, by: UserInfo, name: str) -> None:
        """A new privilege, which nobody has yet.

        :raises NotAllowed: unless `by` is an administrator.
        :raises BadDetail: if there is one of this name, or it cannot be one.
        """
        only_administrators(by)
        plain = checked_name(name)

        def change(database: Database) -> None:
            if plain.casefold() in {known.casefold() for known in all_privileges(database)}:
                raise BadDetail(f"There is already a privilege {plain!r}.")
            database.execute("INSERT INTO privileges (name) VALUES (?)", [plain])
            self.audit.add(database, "privileges", by, what=f"new privilege {plain}")
        await self._write(change)

    async def remove_privilege(self, by: UserInfo, name: str) -> None:
        """Take away a privilege of one's own making, also from those who have it.

        :raises NotAllowed: unless `by` is an administrator; for the privileges that come with the appliance.
        :raises BadDetail: if there is none of this name.
        """
        only_administrators(by)
        if name in BUILT_IN_PRIVILEGES:
            raise NotAllowed(f"The privilege {name!r} comes with the appliance and stays.")

        def change(database: Database) -> list[int]:
            if name not in all_privileges(database):
                raise BadDetail(f"There is no privilege {name!r}.")
            held = [int(row[0]) for row in database.execute(
                "SELECT user_id FROM user_privileges WHERE privilege = ?", [name]).fetchall()]
            database.execute("DELETE FROM privileges WHERE name = ?", [name])
            for user_id in held:
                if not self._existing(database, user_id).user.privileges:
                    write_privileges(database, user_id, ["user"])
            self.audit.add(database, "privileges", by, what=f"no privilege {name} any more")
            return held
        for user_id in await self._write(change):
            self.changed(user_id)

    # -- deleting ------------------------------------------------------------------------------------------

    async def what_deletion_takes(self, user_id: int) -> DeletionLoss:
        """What goes with an account, to be said before it is deleted."""
        found = await self._read(lambda database: sessions_of_account(database, user_id, shared=False))
        return DeletionLoss(sum(found.values()))

    async def delete(self, by: UserInfo, user_id: int) -> None:
        """Delete an account with the sessions that only it opens; those of others lose its key.

        :param by: an administrator, or the person.
        :raises NotAllowed: for others, and for the owner's account.
        :raises NoSuchAccount: if it is gone.
        :raises SessionsInUse: if somebody is in one of the sessions; nothing was deleted.
        """
        await self._read(lambda database: self._may_delete(database, by, user_id))
        for _ in range(_TRIES):
            ending = _Ending(self, by, user_id, await self._read(
                lambda database: sessions_of_account(database, user_id, shared=False)))
            await self._expire(ending.sessions, ending.doomed)
            if ending.done:
                self.changed(user_id)
                return
            await asyncio.sleep(_PAUSE)
        raise SessionsInUse

    async def delete_own(self, by: UserInfo, password: str, device: Device | None = None) -> None:
        """Delete the account of somebody who says their password again; see :meth:`delete`.

        :raises WrongPassword, TooManyTries, NoSuchAccount: as for another password (:meth:`change_password`).
        """
        account, row = await self._known(by.user_id or 0)
        await self._proven(account, row, password, device)
        await self.delete(by, account.user_id)

    # -- inside Store.write ----------------------------------------------------------------------------------

    def _existing(self, database: Database, user_id: int) -> Account:
        account = find_account(database, self._key, "id", user_id)
        if account is None or account.kind == "cron":
            raise NoSuchAccount
        return account

    def _of(self, database: Database, user_id: int, by: UserInfo) -> Account:
        """An account that `by` may change: their own, and for administrators those of others, but not the owner's."""
        account = self._existing(database, user_id)
        if by.user_id != user_id and (not is_administrator(by) or account.kind == "owner"):
            raise NotAllowed
        return account

    def _other(self, database: Database, user_id: int, by: UserInfo) -> Account:
        """An account that is neither the owner's nor one's own."""
        account = self._existing(database, user_id)
        if account.kind == "owner":
            raise NotAllowed("The owner of this computer always has an account.")
        if by.user_id == user_id:
            raise NotAllowed("Nobody can switch off their own account.")
        return account

    def _may_delete(self, database: Database, by: UserInfo, user_id: int) -> Account:
        account = self._existing(database, user_id)
        if account.kind == "owner":
            raise NotAllowed("The owner of this computer always has an account.")
        if by.user_id != user_id and not is_administrator(by):
            raise NotAllowed
        return account


class _Ending:
    """The end of one account with its sessions, decided in the transaction that deletes them."""

    def __init__(self, people: People, by: UserInfo, user_id: int, sessions: Collection[str]) -> None:
        self.sessions = sessions
        self.done = False
        self._people = people
        self._by = by
        self._user_id = user_id

    def doomed(self, database: Database) -> list[str]:
        """The sessions that go, with the account deleted; none if they are others meanwhile."""
        self.done = False
        account = self._people._may_delete(database, self._by, self._user_id)  # noqa: SLF001 - its own
        sessions = sessions_of_account(database, self._user_id, shared=False)
        if not set(sessions) <= set(self.sessions):
            return []
        delete_account(database, self._user_id)
        self._people.audit.add(database, "deleted", self._by, account=account.user.email)
        self.done = True
        return [session_id for session_id, goes in sessions.items() if goes]
