"""``/interview``: a session begins, goes on, runs an action, and takes what was submitted."""

from __future__ import annotations

import base64
import binascii
import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

from appliance.interview.datatypes.neutral import harmless
from appliance.interview.files import Upload
from appliance.interview.sources import one_name
from appliance.interview.turn import Posted, ShowScreen
from appliance.server.admission import Admission
from appliance.server.errors import Refused
from appliance.server.replies import ReplyHandler, interview_url
from appliance.sessions.errors import NoSuchSession, NotYours
from appliance.sessions.interview_access import is_unique
from appliance.sessions.reply import Reply, Submission

__all__ = ["RESERVED", "InterviewHandler", "parse_action"]

RESERVED = frozenset({
    "i", "json", "js_target", "session", "new_session", "reset", "cache", "action", "from_list", "state"})
"""Query keys that mean something to the server; all others become ``url_args``."""

_OURS = frozenset({"_xsrf", "csrf_token", "ajax"})
_NO = {"", "0", "false", "False"}


def parse_action(text: str) -> tuple[str, dict[str, Any]]:
    """The name and arguments in an ``action=`` of a link: JSON, or JSON in base64. Texts in them are neutralised.

    :raises Refused: if it is neither.
    """
    candidate = text.strip()
    if not candidate.startswith("{"):
        try:
            padded = candidate.replace("-", "+").replace("_", "/").rstrip("=")
            candidate = base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError, ValueError):
            candidate = ""
    try:
        action = json.loads(candidate)
        name, arguments = action["action"], action.get("arguments") or {}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        name, arguments = None, {}
    if not isinstance(name, str) or not isinstance(arguments, dict):
        raise Refused(400, "This link is damaged", "The action in the address cannot be read. Please go back and "
                      "follow the link again.", "bad_action")
    return name, harmless(arguments)


class InterviewHandler(ReplyHandler):
    """One interview, for one visitor."""

    admits = Admission.INTERVIEWS
    forged: Refused | None = None

    def check_xsrf_cookie(self) -> None:
        """As for all forms, but answered later: our script may get a fresh token, which takes knowing who knocks."""
        try:
            super().check_xsrf_cookie()
        except Refused as refused:
            self.forged = refused

    @property
    def interview(self) -> str:
        """``i``, by its one name.

        :raises Refused: if the address names no interview.
        """
        named = self.get_query_argument("i", "") or self.get_body_argument("i", "")
        if not named:
            raise Refused(400, "The address names no interview", "Please choose an interview on the home page.", "no_i")
        return one_name(named)

    # -- GET -------------------------------------------------------------------------------------------

    async def get(self) -> None:
        """Draw the visitor's session of the interview, or begin one: the screen comes in this very response."""
        if not self.get_query_argument("i", "") and not self.get_query_argument("session", ""):
            self.redirect("/")
            return
        if self.known_browser and not self.by_script:
            self.remember_browser(self.visitor.browser_secret)
        if self.asked("reset") and self.known_browser and self.is_sent_by_others():
            self.page("confirm.html", words="delete your answers to this interview and begin anew",
                      address=self.request.uri, back=interview_url(self.interview), by_link=True)
            return
        as_json = self.asked("json")
        if as_json:
            self.visitor = replace(self.visitor, interface="json")
        reply = await self.opened()
        if as_json:
            self.send_screen_json(reply)
        else:
            await self.answer(reply, by_script=self.get_query_argument("ajax", "") == "1" and self.by_script)

    def asked(self, name: str) -> bool:
        """Whether a switch like ``new_session=1`` is on."""
        return self.get_query_argument(name, "") not in _NO

    @property
    def url_args(self) -> dict[str, str]:
        """What interviews get of the address: neutralised, for a link may be anybody's."""
        return {harmless(name): harmless(self.get_query_argument(name, "", strip=False))
                for name in self.request.query_arguments if name not in RESERVED and name != "ajax"}

    async def opened(self) -> Reply:
        """The reply of the turn that the address asks for."""
        turns, visitor = self.parts.turns, self.visitor
        if self.asked("reset"):
            await self.forget(everything=self.get_query_argument("reset") == "2")
        named = "" if self.asked("reset") else self.get_query_argument("session", "")
        session_id: str | None = None
        if named:
            session_id = named
        elif self.known_browser and not self.asked("reset"):
            session_id = await self.resumed()
        action = self.get_query_argument("action", "")
        if action and session_id is not None:
            return await turns.action(session_id, visitor, *parse_action(action))
        if session_id is not None:
            return await turns.refresh(session_id, visitor, self.url_args)
        reply = await turns.begin(self.interview, visitor, self.url_args)
        return await turns.action(reply.session_id, visitor, *parse_action(action)) if action else reply

    async def resumed(self) -> str | None:
        """The session that goes on where the address names none; None for a new one.

        The interview's metadata may say that everybody has only one session of it, whatever the address asks for
        (``sessions are unique``), or that a new one takes the place of the one before (``temporary session``).
        """
        turns, visitor = self.parts.turns, self.visitor
        session_id = await turns.find(self.interview, visitor)
        if session_id is None or not self.asked("new_session"):
            return session_id
        metadata = await turns.metadata(self.interview)
        if is_unique(metadata, visitor.user):
            return session_id
        if metadata.get("temporary session"):
            await self.give_up(session_id)
        return None

    async def forget(self, *, everything: bool) -> None:
        """``reset=1`` deletes the visitor's session of this interview, ``reset=2`` all their sessions of it."""
        if not self.known_browser:
            return
        turns, visitor = self.parts.turns, self.visitor
        if everything:
            gone = [one.session_id for one in await turns.sessions_of(visitor)
                    if one.interview == self.interview and not one.joined]
        else:
            named = self.get_query_argument("session", "") or await turns.find(self.interview, visitor)
            gone = [named] if named else []
        for session_id in gone:
            await self.give_up(session_id)

    async def give_up(self, session_id: str) -> None:
        """Delete a session of the visitor's; one of somebody else, which they came to by its link, they only leave."""
        turns, visitor = self.parts.turns, self.visitor
        try:
            await turns.leave_session(session_id, visitor)
        except (NotYours, NoSuchSession):
            with suppress(NoSuchSession):   # it ended in the meantime: what was wanted is so
                await turns.delete(session_id, visitor)

    # -- POST ------------------------------------------------------------------------------------------

    async def post(self) -> None:
        """Take a submit or Back. Without our script, a redirect follows so that a reload does not send it twice."""
        session_id = await self.posted_session()
        if self.forged is not None:
            await self.refuse_forged(session_id)
            return
        if session_id is None:
            raise NoSuchSession("")
        turn_id, revision = self.get_body_argument("_turn", ""), self.whole_number("_revision", -1)
        if self.get_body_argument("_back_one", ""):
            reply = await self.parts.turns.back(session_id, self.visitor, turn_id, revision)
        else:
            button = self.whole_number("_button", -1)
            reply = await self.parts.turns.submit(session_id, self.visitor, Submission(
                posted=self.posted(), question=self.get_body_argument("_question_name", ""), revision=revision,
                turn_id=turn_id, button=None if button < 0 else button, uploads=self.uploads()))
        if self.get_argument("json", "") not in _NO:
            self.send_screen_json(reply)
        elif self.by_script or not _plain_screen(reply):
            await self.answer(reply, by_script=self.by_script)
        else:
            self.redirect(interview_url(reply.interview, session=reply.session_id), status=303)

    async def posted_session(self) -> str | None:
        """The session that the form was drawn for."""
        named = self.get_query_argument("session", "") or self.get_body_argument("_session", "")
        return named or (await self.parts.turns.find(self.interview, self.visitor) if self.known_browser else None)

    def whole_number(self, name: str, default: int) -> int:
        try:
            return int(self.get_body_argument(name, ""))
        except ValueError:
            return default

    def posted(self) -> Posted:
        """The form's fields as sent, in order, without the server's own; of a file its name."""
        texts = {name: self.get_body_arguments(name, strip=False) for name in self.request.body_arguments
                 if name not in _OURS}
        return texts | {upload.field_name: [one.filename for one in self.uploads()
                                            if one.field_name == upload.field_name] for upload in self.uploads()}

    def uploads(self) -> tuple[Upload, ...]:
        """The files that came with the form."""
        return tuple(Upload(name, file.filename, file.content_type, file.body)
                     for name, files in self.request.files.items() if name not in _OURS for file in files)

    async def refuse_forged(self, session_id: str | None) -> None:
        """Answer a form without a valid token: our script gets a fresh one if the session is this browser's own.

        Another site cannot read that answer, so the token is of use only to a page of ours that had grown too old.

        :raises Refused: to everybody else.
        """
        if self.forged is None or not self.by_script or session_id is None:
            raise self.forged or Refused(403, "This is not allowed", "Please go back.", "xsrf")
        try:
            await self.parts.turns.undelivered(session_id, self.visitor)
        except (NoSuchSession, NotYours):
            raise self.forged from None
        self.set_status(403)
        self.send_json({"action": "error", "success": False, "error": "xsrf", "csrf_token": self.token,
                        "title": self.forged.heading, "message": self.forged.words})


def _plain_screen(reply: Reply) -> bool:
    """Whether a GET would show the same: a screen without errors, drafts or messages of this very submit."""
    ending = reply.ending
    return (isinstance(ending, ShowScreen) and not ending.errors and not ending.drafts and not ending.message
            and not reply.message)
