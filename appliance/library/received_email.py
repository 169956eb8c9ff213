"""Mail that people send to an interview: its addresses, and what came to them."""

from __future__ import annotations

import html
import re
from datetime import datetime
from typing import Any, Self

import nh3

from appliance.interview.datatypes.neutral import neutralise
from appliance.interview.files import FileInfo
from appliance.interview.host import current
from appliance.interview.received import AddressOfSession, Correspondent, ReceivedMail
from appliance.interview.turn import GiveAddress
from appliance.library.datetimes import DADateTime, default_zone, zone
from appliance.library.email import DAEmailRecipient, DAEmailRecipientList
from appliance.library.errors import DAError
from appliance.library.file_groups import DAFileList
from appliance.library.files import DAFile
from appliance.library.objects import DAObject
from appliance.messages import html_text

__all__ = ["DAEmail", "DAEmailBody", "get_emails", "interview_email"]


def interview_email(key: Any = None, index: Any = None) -> str:
    """The e-mail address of this session, which mail can be sent to; always the same for the same user.

    :param key: for another address, to tell what it is for; `index`: to tell several of a key from each other.
    :raises DAError: for an index without a key.

    The address works once this turn has ended well; for a task, once the task has ended.
    """
    if index is not None and key is None:
        raise DAError("interview_email() was given an index without a key: give it both, or a key alone.")
    key, index = _label(key), _label(index)
    evaluation = current()
    given = evaluation.host.email_address(key, index)
    if not any(isinstance(effect, GiveAddress) and effect.code == given.code for effect in evaluation.effects):
        evaluation.effects.append(GiveAddress(given.code, key, index))
    return given.address


def get_emails(key: Any = None, index: Any = None) -> list[Any]:
    """The addresses of this session, each with the mails that came to it.

    :param key: only those that were made with this key; `index`: and with this index.
    :returns: objects with ``address`` (the letters before the @), ``key``, ``index``, ``owner`` (the e-mail address of
        the user who got it, or None) and ``emails`` (a list of DAEmail, in the order they came).
    """
    evaluation = current()
    received = evaluation.host.received_mail()
    known = {one.code for one in received}
    for effect in evaluation.effects:   # what this turn has given out
        if isinstance(effect, GiveAddress) and effect.code not in known:
            owner = evaluation.user.email if evaluation.user.logged_in else None
            received = [*received, AddressOfSession(effect.code, effect.key, effect.index, owner)]
    return [_address(one) for one in received if _is(one.key, key) and _is(one.index, index)]


def _label(given: Any) -> Any:
    """A key or index as it is kept; an object as its text, which pages can show without the interview."""
    return given if given is None or type(given) in (str, int, float, bool) else str(given)


def _is(given: Any, wanted: Any) -> bool:
    return wanted is None or (given is not None and str(given) == str(wanted))


def _address(one: AddressOfSession) -> DAObject:
    emails = [DAEmail.of(mail) for mail in one.mails]
    # An object is written as its name.
    return DAObject(name=one.code, address=one.code, key=one.key, index=one.index, owner=one.owner, emails=emails)


class DAEmail(DAObject):
    """A mail that came to an interview.

    ``short``, ``key``, ``index`` and ``address_owner`` say which address it came to; ``subject``, ``from_address``,
    ``reply_to``, ``return_path`` (each ``empty`` where the mail has none), ``to_address``, ``cc_address`` what its
    headers say, all of which are in ``headers``, a list of ``[name, value]``. ``datetime_message`` is when it was
    written (None where it does not say), ``datetime_received`` when it came. ``body_text`` and ``body_html`` are files,
    or None; ``attachment`` is a list of files. Beyond docassemble, ``problem`` says what of the mail could not be read
    and is there as it came; it is empty where all was well.
    """

    subject: str

    @classmethod
    def of(cls, mail: ReceivedMail, timezone: str | None = None) -> Self:
        """The mail as authors have it.

        :param timezone: of its times; that of the interview unless told.
        """
        email = cls()
        for name, value in (("short", mail.code), ("key", mail.key), ("index", mail.index),
                            ("address_owner", mail.owner), ("subject", mail.subject), ("problem", mail.problem),
                            ("headers", [list(pair) for pair in mail.headers])):
            setattr(email, name, value)
        for name in ("from_address", "reply_to", "return_path"):
            _set_recipient(email, name, getattr(mail, name))
        for name in ("to_address", "cc_address"):
            _set_recipients(email, name, getattr(mail, name))
        zone_name = timezone or default_zone()
        email.datetime_message = _moment(mail.sent, zone_name)
        email.datetime_received = _moment(mail.received, zone_name)
        email.body_text = _body(mail.body_text)
        email.body_html = _body(mail.body_html)
        email.attachment = _files(mail.attachments)
        return email

    def __str__(self) -> str:
        return str(self.__dict__.get("subject", ""))


class DAEmailBody(DAFile):
    """The text of a mail, as the file that came. What is read from it can be shown on a page: it runs nothing there.

    Interviews insert texts as they are, and anybody can write to an address. For the bytes as they came there is
    ``slurp(auto_decode=False)``.
    """

    def slurp(self, auto_decode: bool = True) -> Any:
        """The text; of HTML without scripts, forms, styles and what a page would fetch from elsewhere.

        :param auto_decode: False: the bytes as they came.
        """
        content = super().slurp(auto_decode)
        return self._harmless(content) if isinstance(content, str) else content

    def readlines(self) -> list[str]:
        """The lines of the same text, each with its end."""
        return str(self.slurp()).splitlines(keepends=True)

    def _harmless(self, text: str) -> str:
        if self.mimetype != "text/html":
            return neutralise(text)
        tags = text.count("<")
        if tags > _MOST_TAGS:
            return f"<p>{html.escape(html_text.text_of(text)).replace(chr(10), '<br>')}</p>"
        if tags * _FORMAT.findall(text).count("") > _MOST_FORMATTED:   # what begins, not what ends
            text = _FORMAT.sub(r"<\1span", text)
        return nh3.clean(text, tags=_TAGS, url_schemes={"http", "https", "mailto", "tel"},
                         clean_content_tags={"script", "style", "title"})


_MOST_TAGS = 40_000
"""Tags up to which HTML is read as such; of more, the text alone is given. By the rules of HTML, reading takes a time
that grows with the square of how deep tags are in one another."""

_FORMAT = re.compile(r"<(/?)(?:b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)(?=[\s/>])", re.IGNORECASE)
_MOST_FORMATTED = 2_000_000
"""Tags that begin a formatting, times all tags, up to which they are read as such. A formatting that is never closed is
begun again in each paragraph that follows, so that a thousand in a thousand paragraphs make a million."""

_TAGS = nh3.ALLOWED_TAGS - {"img", "area", "map"}


def _moment(moment: datetime | None, zone_name: str) -> DADateTime | None:
    return None if moment is None else DADateTime.from_datetime(moment.astimezone(zone(zone_name)))


def _set_recipient(holder: DAObject, name: str, who: Correspondent | None) -> None:
    recipient = holder.reinitialize_attribute(name, DAEmailRecipient)
    recipient.address, recipient.name = ("", "") if who is None else (who.address, who.name)
    recipient.empty = who is None


def _set_recipients(holder: DAObject, name: str, people: tuple[Correspondent, ...]) -> None:
    found = holder.reinitialize_attribute(name, DAEmailRecipientList, elements=[], auto_gather=False, gathered=True,
                                          there_are_any=bool(people), there_is_another=False)
    for who in people:
        found.appendObject(address=who.address, name=who.name, empty=False)


def _body(info: FileInfo | None) -> DAEmailBody | None:
    return None if info is None else DAEmailBody.known(info)


def _files(infos: tuple[FileInfo, ...]) -> DAFileList:
    return DAFileList(elements=[DAFile.known(info) for info in infos], set_instance_name=True, auto_gather=False,
                      gathered=True, there_are_any=bool(infos), there_is_another=False)
