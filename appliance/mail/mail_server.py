"""The mail servers that the configuration names, and one connection to each."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from appliance.addresses import address_of

__all__ = ["MailServer", "SettingsLike"]

_PATIENCE = 30.0
"""Seconds that a mail server may take for one answer."""

_OUR_NAME = "[127.0.0.1]"
"""What we call ourselves: the computer's own name is nobody's business, and looking it up can take long."""


class SettingsLike(Protocol):
    """What is asked of the configuration."""

    def get(self, name: str, default: Any = ..., /) -> Any: ...


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed over, and how.

    :param certificates: a file with the authorities to trust; empty for those that the system trusts.
    :param default_sender: name and address, for mails that have no sender.
    """

    host: str
    port: int
    default_sender: str
    username: str = ""
    password: str = field(default="", repr=False)
    use_ssl: bool = False
    use_tls: bool = True
    certificates: str = ""

    @classmethod
    def configured(cls, settings: SettingsLike) -> dict[str, MailServer]:
        """Those in the configuration, by the names that mails may call them by: the first by none too.

        A configuration without a server is left out: its mail waits.
        """
        configured = settings.get("mail") or {}
        host = str(settings.get("external hostname") or "localhost")
        found: dict[str, MailServer] = {}
        for number, group in enumerate(configured if isinstance(configured, list) else [configured]):
            values = {f"mail: {name}": value for name, value in group.items()}
            if values.get("mail: server"):
                name = str(values.get("mail: name") or "")
                found.update(dict.fromkeys({"", name} if number == 0 else {name}, cls._of(values, host)))
        return found

    @classmethod
    def _of(cls, values: Mapping[str, Any], host: str) -> MailServer:
        use_ssl, username = bool(values.get("mail: use ssl")), str(values.get("mail: username") or "")
        sender = values.get("mail: default sender") or (username if "@" in username else "")
        return cls(host=str(values["mail: server"]), port=int(values.get("mail: port") or (465 if use_ssl else 25)),
                   default_sender=str(sender or f"no-reply@{host}"), username=username,
                   password=str(values.get("mail: password") or ""), use_ssl=use_ssl,
                   use_tls=bool(values.get("mail: use tls", True)),
                   certificates=str(values.get("mail: certificates") or ""))

    @property
    def default_address(self) -> str:
        """The address alone of the default sender."""
        return address_of(self.default_sender)

    @contextlib.contextmanager
    def connected(self) -> Iterator[smtplib.SMTP]:
        """A connection that is encrypted and signed in, as configured.

        :raises OSError: if there is no way to the server, or its certificate is not trusted.
        :raises smtplib.SMTPException: if the server refuses.
        """
        connection = self._open()
        try:
            if self.use_tls and not self.use_ssl:
                connection.starttls(context=self._context())
            if self.username:
                connection.login(self.username, self.password)
            connection.ehlo_or_helo_if_needed()
            yield connection
            with contextlib.suppress(OSError, smtplib.SMTPException):
                connection.quit()
        finally:
            connection.close()

    def _open(self) -> smtplib.SMTP:
        if self.use_ssl:
            return smtplib.SMTP_SSL(self.host, self.port, _OUR_NAME, timeout=_PATIENCE, context=self._context())
        return smtplib.SMTP(self.host, self.port, _OUR_NAME, timeout=_PATIENCE)

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.certificates or None)
