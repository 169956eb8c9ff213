"""The appliance's own mail to people: invitations, and links to choose a new password."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime

from appliance import clock
from appliance.addresses import address_header, address_of, mailboxes, on_the_wire, text_header
from appliance.mail.mail_server import MailServer, SettingsLike
from appliance.store.database import Store
from appliance.store.outbox import Mail, NewMail, add_mail

__all__ = ["Letters"]


class Letters:
    """Puts mail into the outbox that belongs to no session.

    :param settings: the configuration.
    :param written: called when there is mail in the outbox; from the loop.
    """

    def __init__(self, store: Store, appliance_key: bytes, settings: SettingsLike, written: Callable[[], None]) -> None:
        self._store = store
        self._key = appliance_key
        self._settings = settings
        self._written = written

    @property
    def sends(self) -> bool:
        """Whether there is a mail server; without one, pages show a link to hand over instead."""
        return "" in MailServer.configured(self._settings)

    async def send(self, to: str, subject: str, text: str) -> bool:
        """Have a mail sent; False where there is no mail server, and then nothing is written.

        :raises StoreError: if it could not be written.
        """
        server = MailServer.configured(self._settings).get("")
        if server is None:
            return False
        message_id = NewMail.new_message_id(on_the_wire(server.default_address).rpartition("@")[2] or "localhost")
        mail = NewMail.make(Mail("", (address_of(to),), _message(to, subject, text, message_id)), message_id, self._key)
        await asyncio.wrap_future(self._store.write(lambda database: add_mail(database, mail)))
        self._written()
        return True


def _message(to: str, subject: str, text: str, message_id: str) -> bytes:
    headers = [address_header("To", mailboxes(to)), text_header("Subject", subject),
               f"Date: {format_datetime(clock.utc_now())}\r\nMessage-ID: {message_id}\r\n",
               "Auto-Submitted: auto-generated\r\n"]   # RFC 3834: nobody's out-of-office note answers it
    message = EmailMessage(policy.SMTP.clone(cte_type="7bit"))
    message.set_content(text)
    return "".join(headers).encode() + message.as_bytes()
