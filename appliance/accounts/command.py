"""``appliance user add`` and ``appliance user reset``: accounts from the command line, by whoever has the data folder.

Whoever can give commands on this data folder looks after the appliance, so nobody's privileges are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from appliance.accounts.accounts import Accounts
from appliance.accounts.errors import AccountError
from appliance.commands import Command, CommandFailed, Say

__all__ = ["Reached", "user_command"]

_NOT_RUNNING = "http://127.0.0.1:8080"


@dataclass(frozen=True)
class Reached:
    """Where people reach the appliance.

    :param address: without a slash at the end; empty while it does not run.
    :param shared: whether other computers can.
    """

    address: str = ""
    shared: bool = False


def user_command(accounts: Accounts, reached: Callable[[], Reached]) -> Command:
    """The command. Its arguments are ``do`` (``add`` or ``reset``), ``email``, and for ``add`` ``privileges`` and
    ``password``; without a password the person is invited to choose one.
    """
    async def command(arguments: Mapping[str, Any], say: Say) -> int:
        email, password = str(arguments["email"]), str(arguments.get("password", ""))
        privileges = [str(one) for one in arguments.get("privileges", ())]
        try:
            if arguments["do"] == "reset":
                await _reset(accounts, email, reached(), say)
            elif password:
                user, code = await accounts.add(None, email, password, privileges)
                say(f"{user.email} has an account now, with the privileges {', '.join(user.privileges)}. This recovery "
                    "code opens its interviews when the password is forgotten; it is told only once:")
                _set_apart(code, say)
            else:
                token = await accounts.invite(None, email, privileges)
                say(f"{email} is invited. At this address they choose a password; it works once, for 7 days:")
                _link("invitation", token, reached(), say)
        except AccountError as problem:
            raise CommandFailed(str(problem)) from problem
        return 0
    return command


async def _reset(accounts: Accounts, email: str, reached: Reached, say: Say) -> None:
    user = await accounts.by_email(email)
    if user is None or user.user_id is None:
        raise CommandFailed("There is no account with this e-mail address.")
    token = await accounts.reset_by(None, user.user_id)
    loss = await accounts.what_reset_loses(token)
    if loss:
        what = f"{loss.sessions} of its interviews" if loss.sessions else "what interviews have stored for it alone"
        say(f"Without the recovery code of the account, {what} cannot be opened afterwards: only the forgotten "
            "password opens that.")
    say("At this address a new password is chosen; it works once, for 24 hours:")
    _link("reset", token, reached, say)


def _link(page: str, token: str, reached: Reached, say: Say) -> None:
    _set_apart(f"{reached.address or _NOT_RUNNING}/user/{page}?{urlencode({'token': token})}", say)
    if not reached.address:
        say("Start the appliance before it is opened.")
    elif not reached.shared:
        say("Other computers can open it only while the appliance is shared on the network.")


def _set_apart(text: str, say: Say) -> None:
    for line in ("", f"    {text}", ""):
        say(line)
