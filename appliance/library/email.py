"""Who mail goes to or comes from: DAEmailRecipient, and lists of them."""

from __future__ import annotations

from email.utils import formataddr
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
            return formataddr((str(self.name), str(self.address)))
        return str(self.address)

    def exists(self) -> bool:
        """Whether the address is defined; it is not sought."""
        return self.attribute_defined("address")

    def __str__(self) -> str:
        return self.email_address()


class DAEmailRecipientList(DAList):
    """A list of DAEmailRecipient, which asks for ``recipient[0].address``, ``recipient.there_is_another`` …"""

    object_type: Any = DAEmailRecipient
