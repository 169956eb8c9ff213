"""How somebody gets an account: they register, or accept an invitation; or it is made for them with a password."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlite_utils import Database

from appliance import clock
from appliance.accounts.base import only_administrators
from appliance.accounts.details import checked_details, checked_email, checked_privileges
from appliance.accounts.errors import AddressTaken, ForeignAddress, LinkNotValid, RegistrationClosed
from appliance.accounts.passwords import check_password
from appliance.accounts.recovery import new_code, plain_code
from appliance.accounts.signed_in import Device, SignedIn
from appliance.accounts.signing_in import SigningIn
from appliance.interview.host import UserInfo
from appliance.store.passwords import Lock, write_code, write_password
from appliance.store.profiles import Profile, email_mark
from appliance.store.sealing import new_key
from appliance.store.tokens import drop_tokens, keep_token, new_token, take_token, token_user
from appliance.store.users import Account, find_account, insert_user, write_privileges, write_profile

__all__ = ["INVITED_FOR", "Invitation", "Joining"]

INVITED_FOR = 7 * 86400.0
"""Seconds for which an invitation can be accepted."""


@dataclass(frozen=True)
class Invitation:
    """What an invitation says to whoever has it."""

    email: str = field(repr=False)
    profile: Profile = field(repr=False)
    privileges: tuple[str, ...]


class Joining(SigningIn):
    """Registering, inviting and accepting."""

    @property
    def registration_open(self) -> bool:
        """Whether anybody may make an account for themselves."""
        return bool(self._settings("allow registration", False))

    async def register(self, email: str, password: str, details: Mapping[str, str],
                       device: Device) -> tuple[SignedIn, str]:
        """Make an account for whoever asks, and sign them in; gives their recovery code too, which is told once.

        :param details: of their profile, ``first_name`` …
        :raises RegistrationClosed: unless it is configured.
        :raises ForeignAddress: if the address is none of those that may (``authorized registration domains``).
        :raises BadAddress, BadPassword, BadDetail, AddressTaken, TooManyTries: about what was typed.
        """
        if not self.registration_open:
            raise RegistrationClosed
        profile = Profile(checked_email(email), **checked_details(details))
        domains = _without_at(self._settings("authorized registration domains", None))
        if domains and _domain(profile.email) not in domains:
            raise ForeignAddress(domains)
        password = check_password(password, profile.email, profile.first_name, profile.last_name)
        attempt = self.throttle.begin(f"register:{device.address}", device)   # else addresses could be tried out
        lock, code = await self._lock(password), new_code()

        def make(database: Database) -> SignedIn:
            account = self._inserted(database, profile, ("user",))
            self.audit.add(database, "registered", account.user)
            return self._begun(database, account, lock, code, device)
        signed_in = await self._write(make)
        attempt.was_right()
        return signed_in, code

    async def invite(self, by: UserInfo | None, email: str, privileges: Iterable[str] = ("user",),
                     details: Mapping[str, str] | None = None) -> str:
        """Make an account whose person is to choose a password; gives the token of the link to send them.

        Somebody who was invited before and has not accepted gets a new link; the old one does not work any more.

        :param by: an administrator; None for whoever has the command line.
        :raises NotAllowed, BadAddress, BadDetail, AddressTaken: and then there is no account.
        """
        if by is not None:
            only_administrators(by)
        profile, token = Profile(checked_email(email), **checked_details(details or {})), new_token()

        def make(database: Database) -> None:
            wanted = checked_privileges(database, privileges)
            known = find_account(database, self._key, "email_mark", email_mark(self._key, profile.email))
            if known is None:
                user_id = self._inserted(database, profile, wanted).user_id
            elif known.has_password or known.kind != "person" or not known.active:
                raise AddressTaken
            else:
                user_id = known.user_id
                write_profile(database, self._key, user_id, profile)
                write_privileges(database, user_id, wanted)
                drop_tokens(database, user_id, "invitation")
            keep_token(database, token, user_id, "invitation", clock.now(), INVITED_FOR)
            self.audit.add(database, "invited", by, account=profile.email, privileges=", ".join(wanted))
        await self._write(make)
        return token

    async def add(self, by: UserInfo | None, email: str, password: str, privileges: Iterable[str] = ("user",),
                  details: Mapping[str, str] | None = None) -> tuple[UserInfo, str]:
        """Make an account with a password for somebody; gives its recovery code too.

        :param by: as for :meth:`invite`.
        :raises NotAllowed, BadAddress, BadPassword, BadDetail, AddressTaken: and then there is no account.
        """
        if by is not None:
            only_administrators(by)
        profile = Profile(checked_email(email), **checked_details(details or {}))
        lock = await self._lock(check_password(password, profile.email, profile.first_name, profile.last_name))
        code = new_code()

        def make(database: Database) -> UserInfo:
            wanted = checked_privileges(database, privileges)
            account = self._inserted(database, profile, wanted)
            self._give_key(database, account.user_id, new_key(), lock, code)
            self.audit.add(database, "registered", by, account=profile.email, privileges=", ".join(wanted))
            return account.user
        return await self._write(make), code

    async def invitation(self, token: str) -> Invitation | None:
        """What an invitation says; None if it is unknown, over, or was accepted."""
        account = await self._read(lambda database: self._invited(database, token))
        return None if account is None else Invitation(account.user.email, account.profile, account.user.privileges)

    async def accept(self, token: str, password: str, details: Mapping[str, str],
                     device: Device) -> tuple[SignedIn, str]:
        """Accept an invitation with a password, and sign in; gives the recovery code too, which is told once.

        :param details: of the profile, in place of what the invitation said.
        :raises LinkNotValid: if the token is unknown, over, or was used.
        :raises BadPassword, BadDetail: about what was typed.
        """
        changes = checked_details(details)
        invited = await self._read(lambda database: self._invited(database, token))
        if invited is None:
            raise LinkNotValid
        profile = invited.profile.with_details(changes)
        password = check_password(password, profile.email, profile.first_name, profile.last_name)
        lock, code = await self._lock(password), new_code()

        def make(database: Database) -> SignedIn:
            account = self._invited(database, token)
            if account is None or take_token(database, token, "invitation", clock.now()) is None:
                raise LinkNotValid
            write_profile(database, self._key, account.user_id, account.profile.with_details(changes))
            drop_tokens(database, account.user_id, "invitation", "reset")
            account = find_account(database, self._key, "id", account.user_id) or account
            self.audit.add(database, "registered", account.user)
            return self._begun(database, account, lock, code, device)
        signed_in = await self._write(make)
        self.changed(signed_in.user_id)
        return signed_in, code

    # -- inside Store.write or Store.read ------------------------------------------------------------------

    def _invited(self, database: Database, token: str) -> Account | None:
        user_id = token_user(database, token, "invitation", clock.now())
        account = None if user_id is None else find_account(database, self._key, "id", user_id)
        return account if account is not None and account.active and not account.has_password else None

    def _inserted(self, database: Database, profile: Profile, privileges: Iterable[str]) -> Account:
        try:
            user = insert_user(database, self._key, privileges, profile)
        except ValueError as problem:   # the privileges were looked at before
            raise AddressTaken from problem
        account = find_account(database, self._key, "id", user.user_id)
        if account is None:
            raise LookupError("an account was not there after it was made")
        return account

    def _begun(self, database: Database, account: Account, lock: Lock, code: str, device: Device) -> SignedIn:
        """Give a new account its key, and sign it in."""
        user_key = new_key()
        self._give_key(database, account.user_id, user_key, lock, code)
        return self._signed_in_now(database, account, user_key, device)

    def _give_key(self, database: Database, user_id: int, user_key: bytes, lock: Lock, code: str) -> None:
        """Seal a user's key under a password and a recovery code, in place of those before.

        :param code: empty for none.
        """
        now = clock.now()
        write_password(database, user_id, lock, user_key, now)
        if code:
            write_code(database, user_id, plain_code(code), user_key, now)


def _domain(address: str) -> str:
    return address.rpartition("@")[2].casefold()


def _without_at(domains: str | list[str] | None) -> list[str]:
    """The domains as they are compared, written ``clinic.example`` or ``@clinic.example``."""
    return [_domain(one.strip()) for one in ([domains] if isinstance(domains, str) else domains or [])]
