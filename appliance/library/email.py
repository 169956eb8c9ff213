"""Who mail goes to or comes from: DAEmailRecipient, and lists of them."""

from __future__ import annotations

import re
from typing import Any

from appliance.library.lists import DAList
from appliance.library.objects import DAObject

__all__ = ["DAEmailRecipient", "DAEmailRecipientList"]


class DAEmailRecipient(DAObject):
    """An e-mail address (``address``) and, where it is known, whose it is (``name``)."""

    def email_address(self, include_name: bool | None = None) -> str:
        """*Fred Smith <fred@example.com>*; the address alone where the name is not defined.

        :param include_name: False for the address alone, True to ask for the name where it is not defined.
        """
        if include_name or (include_name is None and self.__dict__.get("name")):
            return _with_name(str(self.name), str(self.address))
        return str(self.address)

    def exists(self) -> bool:
        """Whether the address is defined; it is not sought. One that a mail did not have (``empty``) is not."""
        return self.attribute_defined("address") and not self.__dict__.get("empty")

    def __str__(self) -> str:
        return self.email_address()


_SPECIAL = re.compile(r'[()<>@,:;".\[\]\\]')


def _with_name(name: str, address: str) -> str:
    """For people to read: a name stays in its own letters, as it does not in a mail's header."""
    if not name:
        return address
    quoted = '"' + re.sub(r'(["\\])', r"\\\1", name) + '"' if _SPECIAL.search(name) else name
    return f"{quoted} <{address}>"


class DAEmailRecipientList(DAList):
    """A list of DAEmailRecipient, which asks for ``recipient[0].address``, ``recipient.there_is_another`` …"""

    object_type: Any = DAEmailRecipient
