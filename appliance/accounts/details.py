"""What people type about themselves and each other, looked at before it is kept."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from zoneinfo import available_timezones

from sqlite_utils import Database

from appliance.accounts.errors import BadAddress, BadDetail
from appliance.addresses import is_address
from appliance.store.profiles import FIELDS
from appliance.store.users import all_privileges

__all__ = ["LONGEST_DETAIL", "checked_details", "checked_email", "checked_name", "checked_privileges"]

LONGEST_DETAIL = 255
_LONGEST_NAME = 50


def checked_email(text: str) -> str:
    """An address, without spaces around it.

    :raises BadAddress: if it is none.
    """
    email = unicodedata.normalize("NFC", text.strip())
    if not is_address(email):
        raise BadAddress
    return email


def checked_details(details: Mapping[str, str]) -> dict[str, str]:
    """What a profile may hold, beside the address.

    :raises BadDetail: if there is something else in it.
    """
    checked = {}
    for name, value in details.items():
        if name not in FIELDS or name == "email":
            raise BadDetail(f"A profile has no {name}.")
        plain = unicodedata.normalize("NFC", " ".join(str(value).split()))
        if len(plain) > LONGEST_DETAIL:
            raise BadDetail(f"This is too long; {LONGEST_DETAIL} characters are the most that is kept.")
        if any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in plain):
            raise BadDetail("There is a character in this that cannot be kept.")
        if name == "timezone" and plain and plain not in available_timezones():
            raise BadDetail(f"{plain} is not a time zone like America/New_York.")
        checked[name] = plain
    return checked


def checked_privileges(database: Database, privileges: Iterable[str]) -> tuple[str, ...]:
    """Privileges that there are; ``user`` where none is named. Runs inside Store.write.

    :raises BadDetail: for one that there is not.
    """
    wanted = sorted(set(privileges)) or ["user"]
    unknown = [name for name in wanted if name not in all_privileges(database)]
    if unknown:
        raise BadDetail(f"There is no privilege {unknown[0]!r}.")
    return tuple(wanted)


def checked_name(name: str) -> str:
    """The name of a new privilege.

    :raises BadDetail: if it cannot be one.
    """
    plain = unicodedata.normalize("NFC", " ".join(name.split()))
    if not 0 < len(plain) <= _LONGEST_NAME or any(unicodedata.category(letter)[0] == "C" for letter in plain):
        raise BadDetail(f"The name of a privilege has between 1 and {_LONGEST_NAME} characters.")
    return plain
