"""``/userlist``: the people with accounts: who they are, what they may do, and how they get in."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from appliance.accounts.errors import AccountError, NoSuchAccount
from appliance.accounts.people import Person
from appliance.config import PRODUCT
from appliance.server.administration import AdministrationPage
from appliance.server.errors import Refused
from appliance.server.home import when
from appliance.server.package_views import plural
from appliance.store.users import BUILT_IN_PRIVILEGES, OWNER_EMAIL

__all__ = ["DeletePersonHandler", "InviteHandler", "PersonHandler", "PrivilegesHandler", "ResetPersonHandler",
           "UserListHandler"]

_DONE = {"privileges": "The privileges are changed.", "off": "The account is switched off, and signed out everywhere.",
         "on": "The account is switched on again.", "deleted": "The account is deleted.",
         "privilege": "The list of privileges is changed."}
_LETTER = """Hello{name},

you are invited to {office}{by}. Please choose a password here within seven days:

{link}
"""
_RESET_LETTER = """Hello{name},

here you can choose a new password for {office}, within a day:

{link}

Have your recovery code ready: without it, interviews that only your old password opens cannot be opened afterwards.
"""
_MEANINGS = {
    "admin": "May do everything on these pages.",
    "developer": "Sees the tasks of everybody, and where errors are in interviews.",
    "advocate": "For interviews that ask for it, like those that help other people.",
    "user": "Everybody else.",
    "cron": "What scheduled events run with; no person needs it.",
    "trainer": "For interviews that ask for it, as those for training do.",
}


def name_of(person: Person) -> str:
    """A person as a list shows them."""
    name = " ".join(part for part in (person.user.first_name, person.user.last_name) if part)
    return name or ("The owner" if person.user.email == OWNER_EMAIL else person.user.email or "Somebody")


class _PeoplePage(AdministrationPage):
    """What the pages about people share."""

    def get_template_namespace(self) -> dict[str, Any]:
        return super().get_template_namespace() | {
            "name_of": name_of, "when": when, "plural": plural, "meanings": _MEANINGS, "owner_email": OWNER_EMAIL,
            "message": self.message()}

    def message(self) -> str:
        """What came of the button that was pressed."""
        return _DONE.get(self.get_query_argument("done", ""), "")

    async def person(self, number: str) -> Person:
        """:raises Refused: if there is no such account."""
        person = await self.parts.accounts.person(int(number))
        if person is None:
            raise Refused(404, "There is no such account", "It may have been deleted. The list of people shows those "
                          "that are there.", "no_such_account")
        return person

    def chosen_privileges(self) -> list[str]:
        """The boxes that were ticked."""
        return self.get_body_arguments("privilege")

    @property
    def can_mail(self) -> bool:
        """Whether a mail server is set up."""
        return self.parts.letters is not None and self.parts.letters.sends

    @property
    def root(self) -> str:
        """Where the person reaches us who is to get a link: on the network, where it is shared."""
        network = self.parts.network
        if network is None or self.visitor.from_network or self.parts.settings.get("url root", None):
            return self.visitor.url_root
        return network.state.name or next(iter(network.state.addresses), "") or self.visitor.url_root

    @property
    def office(self) -> str:
        """What a letter calls us."""
        return f"the {PRODUCT}" if self.appname == PRODUCT else self.appname

    async def hand_over(self, person_name: str, email: str, link: str, letter: str, *, what: str) -> None:
        """Show a link to copy, and mail it where that was asked for."""
        mailed, letters = False, self.parts.letters
        if letters is not None and self.can_mail and self.get_body_argument("mail", ""):
            mailed = await letters.send(email, what, letter)
        self.page("handed_over.html", link=link, email=email, name=person_name, mailed=mailed, what=what)


class UserListHandler(_PeoplePage):
    """The list, found by words."""

    async def get(self) -> None:
        await self.show()

    async def show(self, error: AccountError | None = None) -> None:
        """Send the list, with what was wrong with a privilege."""
        words = self.get_query_argument("q", "")[:200]
        people = [one for one in await self.parts.accounts.people() if _fits(one, words)]
        if error is not None:
            self.set_status(400)
        self.page("userlist.html", people=people, q=words, error=error,
                  privileges=await self.parts.accounts.privileges(), built_in=BUILT_IN_PRIVILEGES)


class PrivilegesHandler(UserListHandler):
    """``POST /userlist/privileges`` with ``add`` or ``remove``: privileges of one's own making."""

    async def get(self) -> None:
        self.redirect("/userlist")

    async def post(self) -> None:
        accounts, gone = self.parts.accounts, self.get_body_argument("remove", "")
        try:
            if gone:
                await accounts.remove_privilege(self.user, gone)
            else:
                await accounts.add_privilege(self.user, self.get_body_argument("add", ""))
        except AccountError as problem:
            await self.show(problem)
            return
        self.redirect("/userlist?done=privilege#privileges", status=303)


class InviteHandler(_PeoplePage):
    """``/userlist/invite``: an account for somebody who chooses the password by a link."""

    async def get(self) -> None:
        await self.show()

    async def show(self, error: AccountError | None = None) -> None:
        """Send the form."""
        if error is not None:
            self.set_status(400)
        typed = {name: self.get_argument(name, "") for name in ("email", "first_name", "last_name")}
        self.page("invite.html", error=error, typed=typed, privileges=await self.parts.accounts.privileges(),
                  held=self.get_body_arguments("privilege") or ["user"], can_mail=self.can_mail)

    async def post(self) -> None:
        email = self.get_body_argument("email", "")
        details = {name: self.get_body_argument(name, "") for name in ("first_name", "last_name")}
        try:
            token = await self.parts.accounts.invite(self.user, email, self.chosen_privileges() or ["user"], details)
        except AccountError as problem:
            await self.show(problem)
            return
        first = details["first_name"]
        link = f"{self.root}/user/invitation?{urlencode({'token': token})}"
        by = self.user.first_name or self.user.email
        letter = _LETTER.format(name=f" {first}" if first else "", by=f" by {by}" if by else "", link=link,
                                office=self.office)
        await self.hand_over(first or email, email, link, letter, what="Invitation")


class PersonHandler(_PeoplePage):
    """``/userlist/NUMBER``: one person; ``do`` says what: ``privileges``, ``off`` or ``on``."""

    async def get(self, number: str) -> None:
        await self.show(await self.person(number))

    async def show(self, person: Person, error: AccountError | None = None) -> None:
        """Send the page."""
        if error is not None:
            self.set_status(400)
        self.page("person.html", person=person, error=error, privileges=await self.parts.accounts.privileges(),
                  own=person.user_id == self.user.user_id)

    async def post(self, number: str) -> None:
        person, accounts, do = await self.person(number), self.parts.accounts, self.get_body_argument("do", "")
        try:
            if do == "privileges":
                await accounts.set_privileges(self.user, person.user_id, self.chosen_privileges())
            elif do in {"on", "off"}:
                await accounts.set_active(self.user, person.user_id, do == "on")
            else:
                raise Refused(400, "This request cannot be understood", "Please go back and try again.", "400")
        except AccountError as problem:
            await self.show(person, problem)
            return
        mine = person.user_id == self.user.user_id and "admin" not in self.chosen_privileges()
        self.redirect("/" if do == "privileges" and mine else f"/userlist/{number}?done={do}", status=303)


class ResetPersonHandler(_PeoplePage):
    """``/userlist/NUMBER/reset``: a link with which somebody chooses a new password; says before what is lost."""

    async def get(self, number: str) -> None:
        await self.show(await self.person(number))

    async def show(self, person: Person, error: AccountError | None = None) -> None:
        """Ask, with the warning."""
        if error is not None:
            self.set_status(400)
        loss = None if person.invited else await self.parts.accounts.reset_loss(person.user_id)
        self.page("person_reset.html", person=person, loss=loss, error=error, can_mail=self.can_mail)

    async def post(self, number: str) -> None:
        person = await self.person(number)
        name, email = person.user.first_name, person.user.email
        try:
            if person.invited:
                token = await self.parts.accounts.invite(self.user, email, person.user.privileges,
                                                         {"first_name": name, "last_name": person.user.last_name})
            else:
                token = await self.parts.accounts.reset_by(self.user, person.user_id)
        except AccountError as problem:
            await self.show(person, problem)
            return
        where = "invitation" if person.invited else "reset"
        link = f"{self.root}/user/{where}?{urlencode({'token': token})}"
        letter = _LETTER if person.invited else _RESET_LETTER
        letter = letter.format(name=f" {name}" if name else "", by="", link=link, office=self.office)
        await self.hand_over(name_of(person), email, link, letter,
                             what="Invitation" if person.invited else "A new password")


class DeletePersonHandler(_PeoplePage):
    """``/userlist/NUMBER/delete``: asks first, with what goes, and then does it."""

    async def get(self, number: str) -> None:
        await self.show(await self.person(number))

    async def show(self, person: Person, error: AccountError | None = None) -> None:
        """Ask, with the warning."""
        if error is not None:
            self.set_status(400)
        loss = await self.parts.accounts.what_deletion_takes(person.user_id)
        self.page("person_delete.html", person=person, loss=loss, error=error,
                  own=person.user_id == self.user.user_id)

    async def post(self, number: str) -> None:
        person = await self.person(number)
        try:
            await self.parts.accounts.delete(self.user, person.user_id)
        except NoSuchAccount:
            pass   # somebody else was quicker: what was wanted is so
        except AccountError as problem:
            await self.show(person, problem)
            return
        self.redirect("/" if person.user_id == self.user.user_id else "/userlist?done=deleted", status=303)


def _fits(person: Person, words: str) -> bool:
    text = " ".join([name_of(person), person.user.email, *person.user.privileges]).casefold()
    return all(word in text for word in words.casefold().split())
