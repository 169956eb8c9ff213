"""What all handlers share: who knocks, the forgery check, headers, and errors in clear words."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import traceback
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast
from urllib.parse import urlencode

from tornado.escape import utf8
from tornado.httputil import HTTPServerRequest
from tornado.web import HTTPError, RequestHandler

from appliance.accounts.signed_in import Device, SignedIn
from appliance.config import PRODUCT
from appliance.interview.errors import told_names
from appliance.interview.host import UserInfo
from appliance.server import security
from appliance.server.admission import Admission, Admitting, admit, is_from_network
from appliance.server.cookies import OwnCookies
from appliance.server.errors import Explanation, Refused, explain
from appliance.server.headers import SafeHeaders
from appliance.server.navigation import navigation
from appliance.server.origins import is_foreign
from appliance.server.parts import Parts
from appliance.sessions.errors import SignInNeeded
from appliance.sessions.visitor import Visitor

if TYPE_CHECKING:
    from types import TracebackType

    from appliance.server.application import ServerApplication

__all__ = ["BROWSER_COOKIE", "DEVICE_COOKIE", "RUN_COOKIE", "USER_COOKIE", "BaseHandler", "device_of", "is_author",
           "knock", "log_failure"]

BROWSER_COOKIE = "browser"
RUN_COOKIE = "browser_run"
DEVICE_COOKIE = "browser_device"
USER_COOKIE = "user"
USER_DAYS = 400.0
"""As long as browsers keep a cookie; when a sign-in that nobody uses is over, the accounts decide."""

_ADOPTING = 3.0
"""Seconds that a page waits for sessions to be given to whoever signs in; somebody may be in one of them."""

_EXPIRED = ("Your browser's connection to this page has expired. Nothing that you saved is lost. Use your browser's "
            "Back button, reload the page, and send it again.")

log = logging.getLogger("appliance.server")


def is_author(user: UserInfo) -> bool:
    """Whether `user` may see where in an interview's files an error is."""
    return "admin" in user.privileges or "developer" in user.privileges


def device_of(request: HTTPServerRequest) -> dict[str, Any]:
    """What a request tells of its browser: ``user_agent``, ``ip``, ``languages``."""
    ranked = []
    for entry in request.headers.get("Accept-Language", "").split(","):
        tag, _, quality = entry.strip().partition(";q=")
        try:
            ranked.append((-float(quality or 1), tag))
        except ValueError:
            continue
    return {"user_agent": request.headers.get("User-Agent", ""), "ip": request.remote_ip or "",
            "languages": [tag for _, tag in sorted(ranked, key=lambda pair: pair[0]) if tag and tag != "*"]}


async def knock(handler: RequestHandler, parts: Parts, secret: str) -> Visitor:
    """The visitor of a request: the browser's secret, and who is signed in according to the cookie ``user``."""
    signed_in = await parts.accounts.signed_in(handler.get_cookie(USER_COOKIE))
    user, user_key = (UserInfo(), None) if signed_in is None else (signed_in.user, signed_in.user_key)
    request = handler.request
    root = str(parts.settings.get("url root", "") or f"{request.protocol}://{request.host}").rstrip("/")
    return Visitor(browser_secret=secret, user=user, device=device_of(request), url_root=root,
                   user_key=user_key, from_network=is_from_network(request),
                   browser_run=_secret_in(handler, RUN_COOKIE), browser_device=_secret_in(handler, DEVICE_COOKIE))


def _secret_in(handler: RequestHandler, cookie: str) -> str:
    found = handler.get_cookie(cookie)
    return found if found is not None and security.is_browser_secret(found) else ""


class BaseHandler(Admitting, OwnCookies, SafeHeaders):
    """A page, or an answer to a script. Subclasses say in `admits` who may enter, and set `for_screens` where interview
    screens are shown.
    """

    admits: ClassVar[Admission] = Admission.NOBODY
    for_screens = False

    def set_default_headers(self) -> None:
        super().set_default_headers()
        if self.for_screens:
            self.set_header("Content-Security-Policy", security.screen_policy(self.request.host))

    def compute_etag(self) -> None:
        """No ETag: these pages are different each time."""

    @property
    def server(self) -> ServerApplication:
        return cast("ServerApplication", self.application)

    @property
    def parts(self) -> Parts:
        return self.server.parts

    # -- who knocks --------------------------------------------------------------------------------

    visitor: Visitor
    known_browser = True
    """False if this request's browser had no secret yet, so it can own nothing."""

    async def prepare(self) -> None:
        """Find out who knocks, and whether they may enter.

        :raises SignInNeeded: if signing in may help.
        :raises Refused: if it would not.
        """
        secret = self.get_cookie(BROWSER_COOKIE)
        if not security.is_browser_secret(secret):
            secret = security.browser_secret()
            self.known_browser = False
            self.remember_browser(secret)
        self.visitor = await knock(self, self.parts, cast("str", secret))
        if self.visitor.user.logged_in:
            self.known_browser = True
            if not self.parts.turns.has_adopted(self.visitor):   # the sign-in was cut off, or a tab was quicker
                await self.adopt()
        if self.visitor.from_network and self.known_browser:
            self.server.connected.asked(self.visitor.browser_secret)
        admit(self.admits, self.visitor)

    def remember_browser(self, secret: str) -> None:
        """Give the browser its secret, for as long as the configuration says it keeps its interviews."""
        days = float(self.parts.settings.get("session lifetime seconds", 31 * 86400)) / 86400
        self.set_cookie(BROWSER_COOKIE, secret, expires_days=days)

    def remember_run_and_device(self) -> None:
        """Give the browser what ``session_local`` and ``device_local`` are told apart by: one cookie until it is
        closed, one for as long as it keeps cookies, whoever uses it.
        """
        if not self.visitor.browser_run:
            self.visitor = replace(self.visitor, browser_run=security.browser_secret())
            self.set_cookie(RUN_COOKIE, self.visitor.browser_run)
        if not self.visitor.browser_device:
            self.visitor = replace(self.visitor, browser_device=security.browser_secret())
            self.set_cookie(DEVICE_COOKIE, self.visitor.browser_device, expires_days=USER_DAYS)

    def get_current_user(self) -> UserInfo | None:
        visitor = getattr(self, "visitor", None)
        return visitor.user if visitor is not None and visitor.user.logged_in else None

    @property
    def device(self) -> Device:
        """Where this request comes from, for :class:`appliance.accounts.accounts.Accounts`."""
        return Device(self.request.remote_ip or "", self.request.headers.get("User-Agent", ""),
                      self.visitor.from_network)

    async def sign_in(self, signed_in: SignedIn) -> None:
        """Let this browser be theirs; what it began belongs to them when this returns, or soon after."""
        before = self.visitor
        if before.user.logged_in:
            if before.user.user_id != signed_in.user_id:
                await self.sign_out()   # what this browser still holds is the other's
            else:
                await self.parts.accounts.sign_out(self.get_cookie(USER_COOKIE))
        self.set_cookie(USER_COOKIE, signed_in.cookie, expires_days=USER_DAYS)
        self.visitor = replace(self.visitor, user=signed_in.user, user_key=signed_in.user_key)
        await self.adopt()
        self.server.sockets.leave(before.browser_secret)

    async def sign_out(self) -> None:
        """Let this browser be nobody's, with nothing left in it of whoever was signed in."""
        self.clear_cookie(USER_COOKIE)
        before = self.visitor
        if not before.user.logged_in:
            return
        await self.parts.turns.adopt(before, before)   # else nobody could open what it still holds
        self.parts.turns.parted(before)
        await self.parts.accounts.sign_out(self.get_cookie(USER_COOKIE))
        secret = security.browser_secret()
        self.remember_browser(secret)
        self.known_browser = False
        self.clear_cookie(RUN_COOKIE)   # what was theirs in this run of the browser is not the next one's
        self.visitor = replace(before, browser_secret=secret, user=UserInfo(), user_key=None, browser_run="")
        self.server.sockets.leave(before.browser_secret)

    async def adopt(self) -> None:
        """Give what this browser holds to whoever is signed in. What somebody is in just now follows by itself."""
        work = asyncio.ensure_future(self.parts.turns.adopt(self.visitor, self.visitor))
        await asyncio.wait({work}, timeout=_ADOPTING)
        work.add_done_callback(_adopted)

    def is_sent_by_others(self) -> bool:
        """Whether the browser says that a page elsewhere leads here: what deletes by a mere link then asks first."""
        return is_foreign(self.request, self.server.names)

    # -- the forgery check ----------------------------------------------------------------------------

    def check_xsrf_cookie(self) -> None:
        """Compare the form's token (``_xsrf``, ``csrf_token`` or a header) with the cookie's.

        :raises Refused: 403, in words.
        """
        headers = self.request.headers
        given = (self.get_argument("_xsrf", None) or self.get_argument("csrf_token", None)
                 or headers.get("X-XSRFToken") or headers.get("X-CSRFToken"))
        _, token, _ = self._decode_xsrf_token(given) if given else (None, None, None)
        _, expected, _ = self._get_raw_xsrf_token()
        if not token or not hmac.compare_digest(utf8(token), utf8(expected)):
            raise Refused(403, "The page was too old to be sent", _EXPIRED, "xsrf")

    @property
    def token(self) -> str:
        """The token that forms of this page carry."""
        return self.xsrf_token.decode()

    # -- answers -------------------------------------------------------------------------------------

    @property
    def by_script(self) -> bool:
        """Whether a script asked, and wants JSON rather than a page."""
        return (self.get_argument("ajax", None) == "1"
                or self.request.headers.get("X-Requested-With", "") == "XMLHttpRequest")

    def send_json(self, answer: Any) -> None:
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(json.dumps(answer, default=str, ensure_ascii=False))

    def page(self, template: str, **names: Any) -> None:
        """Send one of our own pages."""
        self.set_header("Content-Security-Policy", security.PAGE_POLICY)
        self.finish(self.render_string(template, **names))

    def get_template_namespace(self) -> dict[str, Any]:
        return super().get_template_namespace() | {
            "asset": self.server.assets.url, "color_scheme": self.color_scheme, "user": self.get_current_user(),
            "in_window": self.in_window, "appname": self.appname,
            "brandname": self.parts.settings.get("brandname", "") or self.appname,
            "nav": navigation(self.get_current_user(), self.request.path)}

    @property
    def in_window(self) -> bool:
        """Whether it is the appliance's own window that asks, where links may lead to dialogs of the system. Whoever
        only says so gets links that lead nowhere.
        """
        return security.OWN_WINDOW in self.request.headers.get("User-Agent", "")

    @property
    def appname(self) -> str:
        """The name of the office."""
        return str(self.parts.settings.get("appname", PRODUCT))

    @property
    def color_scheme(self) -> str:
        """``light`` or ``dark`` as the person chose it; empty: as the system prefers."""
        scheme = self.get_cookie("color_scheme")
        return scheme if scheme in {"light", "dark"} else ""

    def get_template_path(self) -> str:
        return str(Path(__file__).parent.parent / "ui" / "templates")

    # -- errors --------------------------------------------------------------------------------------

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Send what went wrong: a page, or JSON to a script. Only authors see where in the interview it was."""
        raised = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(raised, SignInNeeded) and not self.by_script:
            self.redirect(self.sign_in_address(), status=303)
            return
        explanation = explain(raised, status_code)
        self.set_status(explanation.status)
        author = is_author(self.get_current_user() or UserInfo())
        if self.by_script:
            self.send_json(self.error_json(explanation, author=author))
        else:
            self.page("error.html", explanation=explanation, author=author,
                      back="" if explanation.code == "unknown_interview" else self.way_back())

    def error_json(self, explanation: Explanation, *, author: bool) -> dict[str, Any]:
        """An error as a script gets it."""
        return {"action": "error", "success": False, "error": explanation.code, "title": explanation.heading,
                "message": explanation.words, "details": explanation.details if author else [],
                "trace": explanation.trace if author else ""}

    def sign_in_address(self) -> str:
        """Where to sign in, and to come back from: here, or where a form was sent from."""
        request = self.request
        here = request.uri if request.method in {"GET", "HEAD"} else security.path_on(
            request.headers.get("Referer", ""), request.host)
        return f"/user/sign-in?{urlencode({'next': security.safe_next(here)}, safe='/:')}"

    def way_back(self) -> str:
        """The address of the interview that this request was about, or an empty text."""
        try:
            named = {name: self.get_query_argument(name, "") for name in ("i", "session")}
        except HTTPError:
            return ""   # the address itself is what could not be read
        return f"/interview?{urlencode({k: v for k, v in named.items() if v})}" if named["i"] else ""

    def log_exception(self, typ: type[BaseException] | None, value: BaseException | None,
                      tb: TracebackType | None) -> None:
        """Log type, file and line, never the message or the address, which may hold what a person typed."""
        log_failure(self, typ, value, tb)


def _adopted(work: asyncio.Future[int]) -> None:
    """What could not be written is tried again at the next request."""
    if not work.cancelled() and (error := work.exception()) is not None:
        log.warning("sessions could not be given to whoever signed in: %s", type(error).__name__)


def log_failure(handler: RequestHandler, typ: type[BaseException] | None, value: BaseException | None,
                tb: TracebackType | None) -> None:
    """Log type, file and line of what a request met."""
    explanation = explain(value, value.status_code if isinstance(value, HTTPError) else 500)
    path = cast("ServerApplication", handler.application).told_path(handler.request.path)
    if explanation.status < 500 or typ is None:
        log.info("refused %s %s: %s", handler.request.method, path, explanation.code)
        return
    places = "; ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(tb)[-8:])
    details = told_names(text for name, text in explanation.details if name != "Message")
    log.error("%s %s failed: %s at %s %s", handler.request.method, path, typ.__name__, places, details)
