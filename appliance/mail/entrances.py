"""The ways by which mail comes in by itself, as far as they are configured: the listener and the mailbox."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from appliance.config import Settings
from appliance.mail.listener import Listener, ListenerOptions
from appliance.mail.mail_log import MailLog
from appliance.mail.mailbox import Mailbox
from appliance.mail.mailbox_server import MailboxServer
from appliance.mail.smtp_handler import ReceivesMail
from appliance.sessions.email_codes import code_in
from appliance.store.database import Store

__all__ = ["Entrances"]


class Entrances:
    """What is configured, started and stopped together. Belongs to the loop.

    :param data: the data folder.
    :param log: must be open until this is stopped.
    """

    def __init__(self, mail_in: ReceivesMail, settings: Settings, store: Store, data: Path, log: MailLog) -> None:
        listening = ListenerOptions.configured(settings)
        self.listener = None if listening is None else Listener(mail_in, listening, data, log)
        server = MailboxServer.configured(settings)
        self.mailbox = None if server is None else Mailbox(
            mail_in, server, store, log, largest=int(settings["mail in: smtp: maximum size"]),
            is_ours=lambda address: code_in(address, settings.get) is not None)

    def start(self) -> None:
        """Let mail in; what cannot be done now is tried again, and told in :meth:`health`."""
        for way in (self.listener, self.mailbox):
            if way is not None:
                way.start()

    async def stop(self) -> None:
        """Let no more in; messages that are all there are kept first."""
        await asyncio.gather(*(way.stop() for way in (self.listener, self.mailbox) if way is not None))

    def health(self) -> dict[str, dict[str, Any] | None]:
        """How the ways are, by their names in the configuration; None for one that is not configured."""
        return {"smtp": None if self.listener is None else self.listener.health(),
                "imap": None if self.mailbox is None else self.mailbox.health()}
