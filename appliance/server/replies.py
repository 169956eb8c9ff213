"""A session's reply as what the browser gets: a page, the JSON of the page contract, or a way elsewhere."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlencode

from appliance.interview.screen import Screen
from appliance.interview.turn import BackgroundAnswer, FollowUp, Goodbye, Response, ShowScreen, Wait
from appliance.server import security
from appliance.server.base import BaseHandler
from appliance.server.errors import Refused
from appliance.server.screen_json import screen_as_json
from appliance.sessions.reply import Reply
from appliance.ui.context import PageContext
from appliance.ui.drawing import body_class, browser_title, draw_body, draw_page, extra_css, extra_scripts

__all__ = ["ReplyHandler", "interview_url"]

_LONGEST_PAUSE = 60.0
_SIGN_UP = "Sign in or sign up to save answers"


def interview_url(interview: str, **more: str) -> str:
    """The address of an interview, or with ``session=`` of one session of it."""
    return f"/interview?{urlencode({'i': interview} | more, safe=':/')}"


class ReplyHandler(BaseHandler):
    """Answers with a session's reply, whatever its ending."""

    for_screens = True

    async def prepare(self) -> None:
        """Find out who knocks, and have what is theirs alone in a shared session told apart."""
        await super().prepare()
        if self.for_screens:
            self.remember_run_and_device()

    def page_context(self, reply: Reply) -> PageContext:
        """What the drawing must know of this request."""
        user = self.visitor.user
        here = interview_url(reply.interview, session=reply.session_id)
        query = here.partition("?")[2]
        return PageContext(
            xsrf=self.token, action=here, user=user, static_url=self.server.assets.url,
            socket_url=f"/interview/notices?{query}", checkin_url=f"/checkin?{query}",
            checkin_interval=self.checkin_interval(reply),
            scripts=("screen.js",), exit_url=f"/leave?{query}",
            sign_in_url="" if user.logged_in else f"/user/sign-in?{urlencode({'next': here}, safe=':/')}",
            sign_in_label=_SIGN_UP if self.parts.settings.get("allow registration", False) else "Sign in",
            profile_url="/user/profile" if user.logged_in else "",
            sign_out_url="/user/sign-out" if user.logged_in else "",
            color_scheme=self.color_scheme, progress=self.parts.turns.progress_of(reply.session_id))

    def checkin_interval(self, reply: Reply) -> int:
        """Milliseconds: the interview's ``features`` before the configuration."""
        screen = reply.ending.screen if isinstance(reply.ending, ShowScreen) else None
        own = screen.features.get("checkin interval") if screen is not None else None
        return int(self.parts.settings.get("checkin interval", 6000)) if own is None else int(own)

    async def answer(self, reply: Reply, *, by_script: bool) -> None:
        """Send what the turn brought.

        :param by_script: as JSON for our script, or as a page.
        """
        ending = reply.ending
        if ending is None or isinstance(ending, FollowUp):
            # An action that ran to its end without a screen of its own: the session's screen follows.
            reply = await self.parts.turns.refresh(reply.session_id, self.visitor)
            ending = reply.ending
        if isinstance(ending, ShowScreen):
            self.show(reply, ending.screen, by_script=by_script)
        elif isinstance(ending, Wait):
            self.wait(reply, ending.seconds, by_script=by_script)
        elif isinstance(ending, Response):
            await self.respond(ending, by_script=by_script)
        elif isinstance(ending, Goodbye):
            await self.say_goodbye(reply, ending, by_script=by_script)
        elif isinstance(ending, BackgroundAnswer):
            self.send_json({"success": True, "action": "backgroundresponse", "value": ending.value,
                            "extra": ending.kind})
        else:
            raise Refused(500, "There is nothing to show", "The interview ended without a screen. The author can add "
                          "one that is mandatory.", "no_screen")

    # -- one method for each ending -------------------------------------------------------------------

    def show(self, reply: Reply, screen: Screen, *, by_script: bool) -> None:
        """Send a screen."""
        page = self.page_context(reply)
        if not by_script:
            tabs = self.server.tabs
            tabs.drawn(reply.session_id, reply.turn_id, tabs.presence.clock() - self.request.request_time())
            self.finish(draw_page(reply, page))
            return
        self.send_json({
            "action": "body", "body": draw_body(reply, page), "extra_scripts": [extra_scripts(reply, page)],
            "extra_css": [extra_css(reply, page)], "browser_title": browser_title(screen),
            "lang": screen.language, "bodyclass": body_class(screen),
            "reload_after": int((screen.reload_after or 0) * 1000),
            "livehelp": {"availability": "unavailable", "mode": "help", "roles": [], "partner_roles": []},
            "csrf_token": page.xsrf, "do_action": screen.check_in, "steps": reply.steps,
            "allow_going_back": reply.can_go_back, "message_log": [], "id_dict": {},
            "i": reply.interview, "session": reply.session_id, "revision": reply.revision, "turn": reply.turn_id,
            "url": page.action})

    def wait(self, reply: Reply, seconds: float, *, by_script: bool) -> None:
        """Ask the browser to come again."""
        if by_script:
            self.send_json({"action": "wait", "sleep": seconds, "csrf_token": self.token, "i": reply.interview,
                            "session": reply.session_id})
        else:
            self.page("wait.html", seconds=max(1, round(seconds)),
                      address=interview_url(reply.interview, session=reply.session_id))

    async def respond(self, response: Response, *, by_script: bool) -> None:
        """Send an author's own response; our script is told to ask for it as a page."""
        if response.sleep:
            await asyncio.sleep(min(max(response.sleep, 0.0), _LONGEST_PAUSE))
        if response.redirect is not None:
            self.send_elsewhere(security.safe_target(response.redirect), by_script=by_script)
        elif by_script and self.get_argument("ajax", None) == "1" and self.request.method == "POST":
            self.send_json({"action": "resubmit", "csrf_token": self.token})
        elif response.null:
            self.set_status(204)
            self.finish()
        else:
            self.set_status(response.status)
            self.set_header("Content-Type", response.content_type)
            self.finish(response.body)

    async def say_goodbye(self, reply: Reply, ending: Goodbye, *, by_script: bool) -> None:
        """Go where a special button leads. The turn has deleted what was to be deleted."""
        if ending.kind in {"restart", "new_session"}:
            await self.answer(await self.parts.turns.begin(reply.interview, self.visitor), by_script=by_script)
            return
        if ending.kind in {"exit_logout", "logout"}:
            await self.sign_out()
        if ending.kind in {"signin", "register"}:
            back = interview_url(reply.interview, session=reply.session_id)
            place = "/user/register" if ending.kind == "register" else "/user/sign-in"
            target = security.safe_target(ending.url, f"{place}?{urlencode({'next': back})}")
        else:
            target = security.safe_target(ending.url, self.exit_page(ending.kind))
        self.send_elsewhere(target, by_script=by_script)

    def exit_page(self, kind: str) -> str:
        """Where people go who leave without an address of the author's: the configured page, or home with a word."""
        configured = str(self.parts.settings.get("exitpage", "") or "")
        return security.safe_target(configured, f"/?goodbye={kind}")

    def send_elsewhere(self, url: str, *, by_script: bool) -> None:
        if by_script:
            self.send_json({"action": "redirect", "url": url, "csrf_token": self.token})
        else:
            self.redirect(url, status=303)

    def send_screen_json(self, reply: Reply) -> None:
        """``json=1``: the screen as data."""
        ending: Any = reply.ending
        if isinstance(ending, ShowScreen):
            self.send_json(screen_as_json(reply, ending))
        else:
            self.send_json({"questionType": type(ending).__name__.lower(), "interviewName": reply.interview,
                            "session": reply.session_id})
