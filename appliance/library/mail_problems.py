"""Why ``send_email()`` gives False: what people typed or what the network did, not what the author wrote."""

from __future__ import annotations

__all__ = ["CannotBeFetched", "MailTooLarge", "NoRecipient", "NoSuchAddress", "NotSent"]


class NotSent(Exception):
    """The mail is not sent. The message is for the author, and may quote what a person typed; `kind` does not."""

    kind = "it cannot be sent"


class NoRecipient(NotSent):
    """There is nobody in ``to``, or nobody there has an address."""

    kind = "there is nobody to send it to"


class NoSuchAddress(NotSent):
    """What is there for an address is none."""

    kind = "an address is none"


class CannotBeFetched(NotSent):
    """An attachment lies elsewhere, and the network does not give it."""

    kind = "an attachment cannot be fetched"


class MailTooLarge(NotSent):
    """More than a mail may be."""

    kind = "it is too large"
