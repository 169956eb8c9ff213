"""Who a mail is for, of all that authors give for people: texts, persons, recipients, and lists of them."""

from __future__ import annotations

from typing import Any

from appliance.addresses import Mailbox, mailboxes, one_line, same_address
from appliance.interview.datatypes.neutral import as_typed
from appliance.library.dicts import DADict
from appliance.library.email import DAEmailRecipient
from appliance.library.errors import DAError
from appliance.library.groups import Group
from appliance.library.mail_problems import NoSuchAddress
from appliance.library.objects import DAEmpty, DAObject
from appliance.library.people import Person

__all__ = ["recipients_of"]


def recipients_of(who: Any, argument: str) -> list[Mailbox]:
    """The addresses, each with its name as far as that is known; nobody twice.

    Addresses that are not known yet are sought: ``user.email``, ``recipient.address``. Whoever has an empty one is left
    out, as somebody who need not have one.

    :param argument: what the author calls it, for messages.
    :raises NoSuchAddress: where something is given that mail cannot be sent to.
    :raises DAError: for what is neither a person nor an address.
    """
    found: dict[str, Mailbox] = {}
    for mailbox in _each(who, argument):
        found.setdefault(same_address(mailbox.address), mailbox)
    return list(found.values())


def _each(who: Any, argument: str) -> list[Mailbox]:
    if who is None or isinstance(who, DAEmpty):
        return []
    if isinstance(who, str):
        return _of_text(who, argument)
    if isinstance(who, DADict | dict):
        who = list(who.values())
    if isinstance(who, Group | list | tuple | set | frozenset):
        return [mailbox for one in who for mailbox in _each(one, argument)]
    if isinstance(who, DAEmailRecipient):
        return _named(who.attr("name"), who.address, argument)
    if isinstance(who, Person):
        email = who.email
        return _named(who.name.full() if email and who.identified() else "", email, argument)
    if isinstance(who, DAObject) or hasattr(who, "email"):
        return _named("", who.email, argument)
    raise DAError(f"send_email() was given {type(who).__name__!r} for {argument!r}: give it a text with an address, "
                  "a person, or a list of these.")


def _named(name: Any, address: Any, argument: str) -> list[Mailbox]:
    """An address that an object has; the object's own name counts more than one in the text."""
    name = one_line(as_typed(str(name or "")))
    return [Mailbox(name or found.name, found.address) for found in _of_text(str(address or ""), argument)]


def _of_text(text: str, argument: str) -> list[Mailbox]:
    try:
        return mailboxes(as_typed(text))
    except ValueError as problem:
        raise NoSuchAddress(f"{argument!r}: {problem}") from None
