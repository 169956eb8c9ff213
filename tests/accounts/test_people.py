"""Who gets an account, what it says, what its person may do; and what the audit log says of it."""

from __future__ import annotations

from typing import Any

import pytest

from appliance import clock
from appliance.accounts.command import Reached, user_command
from appliance.accounts.errors import (
    AccountError,
    AddressTaken,
    BadAddress,
    BadDetail,
    BadPassword,
    ForeignAddress,
    LinkNotValid,
    NoSuchAccount,
    NotAllowed,
    RegistrationClosed,
    TooManyTries,
    WrongPassword,
)
from appliance.accounts.joining import INVITED_FOR
from appliance.commands import CommandFailed
from appliance.interview.host import UserInfo
from tests.accounts.home import ADA, HERE, PASSWORD, THERE, Home

NEWS = "news@client.example"


def test_anybody_registers_where_that_is_allowed(home: Home) -> None:
    """And is an ordinary user; nobody does where it is not, which is how it begins."""
    async def test() -> None:
        details = {"first_name": "Nora", "timezone": "Europe/Berlin"}
        with pytest.raises(RegistrationClosed):
            await home.accounts.register(NEWS, PASSWORD, details, THERE)
        home.settings["allow registration"] = True
        signed_in, code = await home.accounts.register(NEWS, PASSWORD, details, THERE)
        assert (signed_in.user.first_name, signed_in.user.privileges) == ("Nora", ("user",))
        assert signed_in.user_key is not None
        assert len(code) == 29
        for email, password, more, problem in (
                ("News@Client.example", PASSWORD, {}, AddressTaken), ("nothing", PASSWORD, {}, BadAddress),
                ("a@client.example", "short", {}, BadPassword), ("a@client.example", "NoraClient1!", {
                    "first_name": "Nora", "last_name": "Client"}, BadPassword),
                ("a@client.example", PASSWORD, {"first_name": "x" * 300}, BadDetail),
                ("a@client.example", PASSWORD, {"email": "b@client.example"}, BadDetail),
                ("a@client.example", PASSWORD, {"privileges": "admin"}, BadDetail),
                ("a@client.example", PASSWORD, {"timezone": "Moon/Base"}, BadDetail),
                (home.owner.email, PASSWORD, {}, AccountError)):
            with pytest.raises(problem):
                await home.accounts.register(email, password, more, HERE)
        assert [one.user.email for one in await home.accounts.people()] == [home.owner.email, NEWS]
    home.run(test())


@pytest.mark.parametrize("domains", ["client.example", ["@Clinic.example", "Client.Example"]])
def test_only_people_of_some_domains_make_accounts_for_themselves(home: Home, domains: str | list[str]) -> None:
    """A longer domain that ends in the same way is another one; an administrator invites whom they want."""
    async def test() -> None:
        home.settings.update({"allow registration": True, "authorized registration domains": domains})
        for foreign in ("eve@evilclient.example", "eve@client.example.evil", "eve@evil.client.example"):
            with pytest.raises(ForeignAddress, match=r"at .*client\.example only"):
                await home.accounts.register(foreign, PASSWORD, {}, THERE)
        await home.accounts.register("Ada@CLIENT.example", PASSWORD, {}, THERE)
        assert await home.accounts.invite(home.owner, "eve@evil.example")
    home.run(test())


def test_somebody_changes_their_address_with_their_password(home: Home) -> None:
    """They sign in with it from then on, and the interviews open; links that went to the old one do not work any more;
    the audit log has both. Nobody does it without the password, and nobody tries out whose addresses there are.
    """
    async def test() -> None:
        ada, _ = await home.ada()
        await home.ada(email="bob@client.example")
        asked = await home.accounts.ask_reset(ADA, THERE)
        assert asked is not None
        for password, email, problem in (
                ("not the password", NEWS, WrongPassword), ("", NEWS, WrongPassword),
                (PASSWORD, "nothing", BadAddress), (PASSWORD, "BOB@client.example", AddressTaken)):
            with pytest.raises(problem):
                await home.accounts.change_email(ada.user_id, password, email, THERE)
        with pytest.raises(BadDetail):
            await home.accounts.change_profile(ada.user_id, ada.user, email=NEWS)
        assert (await home.accounts.profile(ada.user_id)).email == ADA
        await home.accounts.change_email(ada.user_id, PASSWORD, f" {NEWS} ", THERE)
        assert (await home.accounts.sign_in(NEWS, PASSWORD, HERE)).user_key == ada.user_key
        found = await home.accounts.signed_in(ada.cookie)
        assert found is not None
        assert found.user.email == NEWS
        with pytest.raises(WrongPassword):
            await home.accounts.sign_in(ADA, PASSWORD, HERE)
        assert await home.accounts.what_reset_loses(asked[1]) is None
        [entry] = [one for one in await home.accounts.audit.entries() if one.kind == "profile"]
        assert (entry.email, entry.what) == (ADA, {"what": "email", "before": ADA, "after": NEWS})
        met = []
        for _ in range(10):
            with pytest.raises(AccountError) as problem_met:
                await home.accounts.change_email(ada.user_id, PASSWORD, "bob@client.example", THERE)
            met.append(type(problem_met.value))
        assert met[0] is AddressTaken
        assert met[-1] is TooManyTries
    home.run(test())


def test_an_invitation_is_accepted_once_and_in_time(home: Home) -> None:
    """A second invitation replaces the first; one that is over, used, or made up is no link; nobody signs in before."""
    async def test(now: list[float]) -> None:
        first = await home.accounts.invite(home.owner, ADA, ["advocate"], {"last_name": "Byron"})
        second = await home.accounts.invite(home.owner, "Ada@Client.Example", ["advocate", "developer"])
        assert await home.accounts.invitation(first) is None
        told = await home.accounts.invitation(second)
        assert told is not None
        assert (told.email, told.privileges) == ("Ada@Client.Example", ("advocate", "developer"))
        [_, person] = await home.accounts.people()
        assert person.invited
        now[0] += INVITED_FOR + 1
        for token in (first, second, "made up", ""):
            with pytest.raises(LinkNotValid):
                await home.accounts.accept(token, PASSWORD, {}, THERE)
        third = await home.accounts.invite(home.owner, ADA)
        with pytest.raises(BadPassword):
            await home.accounts.accept(third, "short", {}, THERE)
        signed_in, _ = await home.accounts.accept(third, PASSWORD, {"last_name": "Lovelace"}, THERE)
        assert (signed_in.user.last_name, signed_in.user.privileges) == ("Lovelace", ("user",))
        with pytest.raises(LinkNotValid):
            await home.accounts.accept(third, PASSWORD, {}, THERE)
        with pytest.raises(AddressTaken):
            await home.accounts.invite(home.owner, ADA)
        with pytest.raises(NotAllowed):
            await home.accounts.invite(signed_in.user, NEWS)
    now = [clock.now()]
    with clock.driven_by(lambda: now[0]):
        home.run(test(now))


def test_a_change_of_profile_or_privileges_is_seen_at_once(home: Home) -> None:
    """Whoever is signed in is the new person with the next request, and whoever holds sockets is told."""
    async def test() -> None:
        signed_in, _ = await home.ada()
        told: list[int] = []
        home.accounts.on_changed = told.append

        async def now() -> UserInfo:
            found = await home.accounts.signed_in(signed_in.cookie)
            assert found is not None
            assert found.user_key == signed_in.user_key
            return found.user
        assert (await now()).privileges == ("user",)
        await home.accounts.set_privileges(home.owner, signed_in.user_id, ["developer", "admin"])
        assert (await now()).privileges == ("admin", "developer")
        await home.accounts.set_privileges(home.owner, signed_in.user_id, [])
        assert (await now()).privileges == ("user",)
        await home.accounts.change_profile(signed_in.user_id, await now(), first_name="Augusta", language="en")
        assert (await now()).first_name == "Augusta"
        assert (await home.accounts.profile(signed_in.user_id)).language == "en"
        await home.accounts.change_email(signed_in.user_id, PASSWORD, NEWS)
        assert (await home.accounts.sign_in(NEWS, PASSWORD, HERE)).user_key == signed_in.user_key
        assert told == [signed_in.user_id] * 4
    home.run(test())


def test_who_may_do_what_to_whom(home: Home) -> None:
    """Every change of an account, by everybody who must not make it: nothing is changed. The owner stays owner."""
    async def test() -> None:
        ada, _ = await home.ada()
        bob, _ = await home.ada("developer", "advocate", email="bob@client.example")
        boss, _ = await home.ada("admin", email="boss@client.example")
        owner, accounts, nobody = home.owner.user_id or 0, home.accounts, UserInfo()
        cron = 2
        before = await accounts.people()
        refused: list[tuple[UserInfo, Any]] = []
        for by in (nobody, ada.user, bob.user):
            refused += [(by, call) for call in (
                lambda by: accounts.set_active(by, boss.user_id, active=False),
                lambda by: accounts.set_privileges(by, by.user_id or 0, ["admin"]),
                lambda by: accounts.add_privilege(by, "clerk"), lambda by: accounts.remove_privilege(by, "trainer"),
                lambda by: accounts.invite(by, NEWS), lambda by: accounts.add(by, NEWS, PASSWORD),
                lambda by: accounts.reset_by(by, boss.user_id), lambda by: accounts.delete(by, boss.user_id),
                lambda by: accounts.change_profile(boss.user_id, by, first_name="Eve"))]
        refused += [(boss.user, call) for call in (
            lambda by: accounts.set_active(by, owner, active=False), lambda by: accounts.delete(by, owner),
            lambda by: accounts.set_privileges(by, owner, ["user"]), lambda by: accounts.reset_by(by, owner),
            lambda by: accounts.change_profile(owner, by, first_name="Eve"),
            lambda by: accounts.set_active(by, boss.user_id, active=False),
            lambda by: accounts.remove_privilege(by, "cron"),
            lambda by: accounts.set_active(by, cron, active=False), lambda by: accounts.delete(by, cron),
            lambda by: accounts.set_privileges(by, cron, ["admin"]), lambda by: accounts.reset_by(by, cron))]
        refused += [(home.owner, lambda by: accounts.delete(by, owner)),
                    (home.owner, lambda by: accounts.set_privileges(by, owner, ["developer"]))]
        for by, call in refused:
            with pytest.raises((NotAllowed, NoSuchAccount)):
                await call(by)
        assert await accounts.people() == before
        assert await accounts.privileges() == ["admin", "advocate", "cron", "developer", "trainer", "user"]
    home.run(test())


def test_privileges_of_ones_own(home: Home) -> None:
    """Made, given and taken away again; whoever had no other is an ordinary user then."""
    async def test() -> None:
        ada, _ = await home.ada()
        await home.accounts.add_privilege(home.owner, "  night  clerk ")
        assert "night clerk" in await home.accounts.privileges()
        for name in ("", "x" * 51, "Night Clerk", "USER", "two\0"):
            with pytest.raises(BadDetail):
                await home.accounts.add_privilege(home.owner, name)
        await home.accounts.set_privileges(home.owner, ada.user_id, ["night clerk"])
        found = await home.accounts.signed_in(ada.cookie)
        assert found is not None
        assert found.user.privileges == ("night clerk",)
        await home.accounts.remove_privilege(home.owner, "night clerk")
        found = await home.accounts.signed_in(ada.cookie)
        assert found is not None
        assert found.user.privileges == ("user",)
        for names in (["night clerk"], ["king"]):
            with pytest.raises(BadDetail):
                await home.accounts.set_privileges(home.owner, ada.user_id, names)
    home.run(test())


def test_the_audit_log_tells_what_was_done(home: Home) -> None:
    """Newest first, page by page, and by words in it."""
    async def test() -> None:
        ada, _ = await home.ada()
        await home.accounts.sign_out(ada.cookie)
        await home.accounts.set_privileges(home.owner, ada.user_id, ["advocate"])
        await home.accounts.audit.note("package", home.owner, package="docassemble.demo", what="installed")
        entries = await home.accounts.audit.entries()
        assert [one.kind for one in entries] == [
            "package", "privileges", "sign-out", "sign-in", "registered", "invited"]
        assert (entries[0].email, entries[0].what["package"]) == (home.owner.email, "docassemble.demo")
        assert entries[1].what == {"account": ADA, "before": "user", "after": "advocate"}
        assert [one.kind for one in await home.accounts.audit.entries("DEMO")] == ["package"]
        assert await home.accounts.audit.entries("nothing like it") == []
        page = await home.accounts.audit.entries(most=2)
        assert await home.accounts.audit.entries(before=page[-1].number, most=2) == entries[2:4]
    home.run(test())


def test_the_command_makes_accounts(home: Home) -> None:
    """By invitation or with a password; what is wrong is said in words."""
    reached = Reached()

    async def told(**arguments: Any) -> str:
        lines: list[str] = []
        assert await user_command(home.accounts, lambda: reached)(arguments, lines.append) == 0
        return "\n".join(lines)

    async def test() -> None:
        nonlocal reached
        lines = await told(do="add", email=ADA, privileges=["admin"])
        assert "Start the appliance" in lines
        token = lines.partition("http://127.0.0.1:8080/user/invitation?token=")[2].split()[0]
        signed_in, _ = await home.accounts.accept(token, PASSWORD, {}, HERE)
        assert signed_in.user.privileges == ("admin",)
        reached = Reached("https://192.168.1.5:8443", shared=True)
        lines = await told(do="add", email=NEWS, password=PASSWORD)
        code = lines.split("\n")[2].strip()
        lines = await told(do="reset", email=NEWS)
        token = lines.partition("https://192.168.1.5:8443/user/reset?token=")[2].split()[0]
        await home.accounts.reset(token, PASSWORD, code, HERE)
        for arguments in ({"do": "add", "email": ADA}, {"do": "add", "email": "nothing"},
                          {"do": "add", "email": "b@client.example", "privileges": ["king"]},
                          {"do": "add", "email": "b@client.example", "password": "short"},
                          {"do": "reset", "email": "nobody@client.example"},
                          {"do": "reset", "email": "cron@localhost"}):
            with pytest.raises(CommandFailed):
                await told(**arguments)
    home.run(test())
