"""The mailbox that the configuration names, and one connection to it."""

from __future__ import annotations

import contextlib
import imaplib
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import CapabilityError

from appliance.mail.mail_server import SettingsLike

__all__ = ["MailboxServer", "NotEncrypted"]

_PATIENCE = SocketTimeout(connect=30, read=60)


class NotEncrypted(Exception):
    """The server offers no encryption, and the configuration asks for it: nothing was said to it."""


@dataclass(frozen=True)
class MailboxServer:
    """Where the mailbox is, and how to get in.

    :param certificates: a file with the authorities to trust; empty for those that the system trusts.
    """

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"
    use_ssl: bool = True
    use_tls: bool = True
    certificates: str = ""

    @classmethod
    def configured(cls, settings: SettingsLike | Mapping[str, Any]) -> MailboxServer | None:
        """The one in the configuration; None if there is none."""
        host = settings.get("mail in: imap: host")
        if not host:
            return None
        use_ssl = bool(settings.get("mail in: imap: use ssl", True))
        return cls(host=str(host), port=int(settings.get("mail in: imap: port") or (993 if use_ssl else 143)),
                   user=str(settings.get("mail in: imap: user") or settings.get("mail in: imap: address") or ""),
                   password=str(settings.get("mail in: imap: password") or ""),
                   folder=str(settings.get("mail in: imap: folder") or "INBOX"), use_ssl=use_ssl,
                   use_tls=bool(settings.get("mail in: imap: use tls", True)),
                   certificates=str(settings.get("mail in: imap: certificates") or ""))

    @contextlib.contextmanager
    def connected(self) -> Iterator[IMAPClient]:
        """A connection that is encrypted and signed in, as configured.

        :raises OSError: if there is no way to the server, or its certificate is not trusted.
        :raises imapclient.exceptions.LoginError: if user name or password are refused.
        :raises imaplib.IMAP4.error: if the server refuses anything else, or hangs up.
        :raises NotEncrypted: if the server cannot do STARTTLS.
        """
        context = ssl.create_default_context(cafile=self.certificates or None)
        client = IMAPClient(self.host, self.port, ssl=self.use_ssl, ssl_context=context, timeout=_PATIENCE)
        try:
            if self.use_tls and not self.use_ssl:
                try:
                    client.starttls(context)
                except CapabilityError as problem:
                    raise NotEncrypted from problem
            client.login(self.user, self.password)
            yield client
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                client.logout()
        finally:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                client.shutdown()
