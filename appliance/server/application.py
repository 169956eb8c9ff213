"""The web server as one Tornado application: which address goes where, and what is refused before it gets there."""

from __future__ import annotations

import logging
from typing import Any, cast

from tornado.httputil import HTTPServerRequest, ParseBodyConfig, ParseMultipartConfig, set_parse_body_config
from tornado.routing import URLSpec
from tornado.web import Application, RequestHandler, stream_request_body

from appliance.commands import PATH as COMMANDS
from appliance.server.administration_routes import administration_routes
from appliance.server.admission import Admission, is_shared
from appliance.server.assets import AssetHandler, Assets, PackageFileHandler
from appliance.server.backup import BackupFileHandler, BackupHandler, DeleteBackupHandler, RecoveryCodeHandler
from appliance.server.base import BaseHandler
from appliance.server.change_email import ChangeEmailHandler
from appliance.server.check_in import CheckInHandler, CheckOutHandler
from appliance.server.commands import CommandHandler
from appliance.server.connected import Connected
from appliance.server.delete_account import DeleteAccountHandler
from appliance.server.errors import Refused
from appliance.server.files import UploadedFileHandler
from appliance.server.health import HealthHandler
from appliance.server.home import DarkModeHandler, DeleteSessionHandler, HomeHandler
from appliance.server.interview import InterviewHandler
from appliance.server.launch import LaunchHandler
from appliance.server.leaving import LeavingHandler
from appliance.server.mail import (
    BY_HAND,
    MailByHandHandler,
    MailFileHandler,
    MailHandler,
    OpenMailHandler,
    mail_limit,
)
from appliance.server.my_interviews import (
    DeleteAllHandler,
    DeleteOneHandler,
    MyInterviewsHandler,
    NameSessionHandler,
)
from appliance.server.network import (
    NetworkHandler,
    PlainHandler,
    ShareHandler,
    TrustFileHandler,
    TrustHandler,
    open_in_the_clear,
)
from appliance.server.new_accounts import InvitationHandler, RegisterHandler
from appliance.server.origins import SAFE_METHODS, is_foreign
from appliance.server.outbox import DECISIONS, MailDecisionHandler, MailDraftHandler, OutboxHandler
from appliance.server.packages import INSTALL, package_limit
from appliance.server.page_updates import FOLLOWED, PageUpdates, PageUpdatesSocket
from appliance.server.parts import Parts
from appliance.server.passwords import (
    ChangePasswordHandler,
    ForgotHandler,
    LostInterviewsHandler,
    NewRecoveryCodeHandler,
    ResetHandler,
)
from appliance.server.profile import ProfileHandler, SignOutEverywhereHandler
from appliance.server.refresh_loops import RefreshLoops
from appliance.server.restore import RestoreHandler
from appliance.server.schedule import RunEventHandler, ScheduleHandler
from appliance.server.security import host_allowed, host_name
from appliance.server.short_addresses import ShortAddressHandler
from appliance.server.sign_in import SignInHandler, SignOutHandler
from appliance.server.sockets import OpenSockets
from appliance.server.tabs import NoticeSocket, Tabs
from appliance.server.tasks import TaskHandler, TasksHandler
from appliance.server.told_paths import PathTeller
from appliance.server.variables import VariablesHandler
from appliance.server.welcome import WelcomeHandler, WelcomePlaceHandler, WelcomeShareHandler

__all__ = ["Parts", "ServerApplication", "make_application"]

access = logging.getLogger("appliance.access")
_READ_AND_DROP = 16
"""How many times the limit is read and thrown away, so that a browser that sends too much sees the page about it."""

_REST_OF_FORM = 64 * 1024
"""What may come beside a mail that is brought by hand, in bytes."""

_MOST_PARTS = 5000
"""How many fields and files a form may have; Tornado's own limit of 100 refuses what people send from a phone."""


class _NotFoundHandler(BaseHandler):
    admits = Admission.ANYONE

    async def prepare(self) -> None:
        raise Refused(404, "This page does not exist", "The address may be wrong, or the page may have been removed.",
                      "404")


class _RefusingHandler(BaseHandler):
    """Refuses before anything is known of the visitor."""

    admits = Admission.ANYONE

    def initialize(self, refused: Refused) -> None:
        self.refused = refused

    def check_xsrf_cookie(self) -> None:
        """Refused in any case."""

    async def prepare(self) -> None:
        raise self.refused


@stream_request_body
class _TooLargeHandler(_RefusingHandler):
    """Reads and drops what is sent, then says that it was too much; closing would look like a broken network."""

    async def prepare(self) -> None:
        """Wait for the body, unless it is beyond all measure."""
        length = int(self.request.headers.get("Content-Length", "0"))
        limit = self.server.body_limit * _READ_AND_DROP
        if length > limit:
            self.set_header("Connection", "close")
            raise self.refused
        self.request.connection.set_max_body_size(length)  # type: ignore[union-attr]

    def data_received(self, chunk: bytes) -> None:
        """Drop it."""

    def post(self) -> None:
        raise self.refused

    put = patch = delete = post


class ServerApplication(Application):
    """The handlers, and what they share: the parts, the front-end files, the open tabs."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.assets = Assets()
        self.tabs = Tabs(parts.turns)
        self.connected = Connected()
        self.sockets = OpenSockets(parts.accounts.signed_in, self.connected)
        self.refresh_loops = RefreshLoops()
        self.updates = {page: PageUpdates() for page in FOLLOWED}
        self.body_limit = int(parts.settings.get("maximum content length", 16 * 1024 * 1024))
        self._mail_limit = mail_limit(parts.settings) + _REST_OF_FORM
        self.names = _configured_names(parts)
        routes = _routes()
        self.told_path = PathTeller(str(route.regex.pattern) for route in routes)
        self._shared = False
        super().__init__(
            routes, default_handler_class=_NotFoundHandler, cookie_secret=parts.secrets.cookie_secret,
            xsrf_cookies=True, xsrf_cookie_kwargs={"expires_days": 365}, log_function=_log_request,
            websocket_ping_interval=20, websocket_max_message_size=64 * 1024)

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
        """The handler of a request; refuses foreign names and bodies beyond the limit first."""
        refused = self._refusal(request)
        if refused is not None:
            handler = _TooLargeHandler if refused.status_code == 413 else _RefusingHandler
            return self.get_handler_delegate(request, handler, {"refused": refused})
        if is_shared(request) and request.protocol != "https" and not open_in_the_clear(request.path):
            return self.get_handler_delegate(request, PlainHandler)
        connection = request.connection
        if connection is not None and hasattr(connection, "set_max_body_size"):
            connection.set_max_body_size(self._limit_of(request))
        return super().find_handler(request, **kwargs)

    def _limit_of(self, request: HTTPServerRequest) -> int:
        """How much may be sent at once; a mail that is brought by hand may be as large as any other mail."""
        if request.path == INSTALL:   # taken from administrators only, whoever sends it
            return max(self.body_limit, package_limit())
        return max(self.body_limit, self._mail_limit) if request.path == BY_HAND else self.body_limit

    def _refusal(self, request: HTTPServerRequest) -> Refused | None:
        length = request.headers.get("Content-Length", "0")
        limit = self._limit_of(request)
        if length.isascii() and length.isdigit() and int(length) > limit:
            words = (f"At most {_megabytes(limit)} can be sent at once. "
                     "Nothing of it was saved; what you saved before is still there.")
            return Refused(413, "This is too much at once", words, "too_large")
        if not host_allowed(request.host, self.names | self._shared_names(request)):
            return Refused(421, "This server has another name", "The address in your browser does not belong to this "
                           "server. Please use the address that was shown when it was started.", "wrong_host")
        if request.method not in SAFE_METHODS and is_foreign(request, self.names):
            return Refused(403, "This was sent from elsewhere", "A page that does not belong to this server tried to "
                           "send something in your name. Nothing was done.", "foreign")
        return None

    def user_changed(self, user_id: int) -> None:
        """Somebody's sign-ins, privileges or account are others now: nothing open or remembered outlives them."""
        self.parts.turns.user_changed(user_id)
        self.sockets.user_changed(user_id)

    def network_changed(self) -> None:
        """It is shared from now on, or not any more, or under another address."""
        network = self.parts.network
        if network is not None and network.state.shared != self._shared:
            self._shared = network.state.shared
            self.connected.begin()
        self.updates["network"].changed()

    def _shared_names(self, request: HTTPServerRequest) -> frozenset[str]:
        """Those that only who comes from the network may use: at the laptop nobody needs them."""
        network = self.parts.network
        return network.hosts if network is not None and is_shared(request) else frozenset()


def make_application(parts: Parts) -> ServerApplication:
    """The server over its parts. New notices go to the open tabs from here on."""
    application = ServerApplication(parts)
    set_parse_body_config(ParseBodyConfig(multipart=ParseMultipartConfig(max_parts=_MOST_PARTS)))
    parts.turns.listeners.on_notice = application.tabs.push
    parts.accounts.on_changed = application.user_changed
    parts.turns.listeners.on_tasks_changed = application.updates["tasks"].changed
    application.connected.on_changed = application.updates["network"].changed
    if parts.network is not None:
        parts.network.on_changed = application.network_changed
    if parts.outgoing is not None:
        parts.outgoing.on_changed = application.updates["outbox"].changed
    if parts.schedule is not None:
        parts.schedule.on_changed = application.updates["schedule"].changed
    if parts.mail is not None:
        changed = application.updates["mail"].changed
        parts.mail.on_changed = changed
        application.updates["tasks"].also.append(changed)   # what a mail's action did is what its task did
    return application


def _routes() -> list[URLSpec]:
    ways_out = ("exit", "leave", "restart_session", "new_session", "exit_logout")
    return [
        URLSpec(r"/interview", InterviewHandler),
        URLSpec(r"/(run|start)/([\w.-]{1,100})(?:/([\w.-]{1,200}))?", ShortAddressHandler),
        URLSpec(r"/launch", LaunchHandler),
        URLSpec(r"/checkin", CheckInHandler),
        URLSpec(r"/interview/notices", NoticeSocket),
        URLSpec(r"/interview/variables", VariablesHandler),
        URLSpec(r"/uploadedfile/(\d{1,15})(?:\.(\w{1,10}))?(?:/([^/]*))?", UploadedFileHandler),
        URLSpec(r"/static/(.*)", AssetHandler, {"path": ""}),
        URLSpec(r"/packagestatic/(.*)", PackageFileHandler, {"path": ""}),
        URLSpec(r"/", HomeHandler),
        URLSpec(r"/checkout", CheckOutHandler),
        URLSpec(r"/sessions/delete", DeleteSessionHandler),
        URLSpec(r"/interviews", MyInterviewsHandler),
        URLSpec(r"/interviews/name", NameSessionHandler),
        URLSpec(r"/interviews/delete", DeleteOneHandler),
        URLSpec(r"/interviews/delete-all", DeleteAllHandler),
        URLSpec(r"/dark_mode", DarkModeHandler),
        URLSpec(r"/user/sign-in", SignInHandler),
        URLSpec(r"/user/sign-out", SignOutHandler),
        URLSpec(r"/user/sign-out-everywhere", SignOutEverywhereHandler),
        URLSpec(r"/user/register", RegisterHandler),
        URLSpec(r"/user/invitation", InvitationHandler),
        URLSpec(r"/user/forgot", ForgotHandler),
        URLSpec(r"/user/reset", ResetHandler),
        URLSpec(r"/user/profile", ProfileHandler),
        URLSpec(r"/user/change-email", ChangeEmailHandler),
        URLSpec(r"/user/change-password", ChangePasswordHandler),
        URLSpec(r"/user/recovery-code", NewRecoveryCodeHandler),
        URLSpec(r"/user/lost-interviews", LostInterviewsHandler),
        URLSpec(r"/user/manage", DeleteAccountHandler),
        URLSpec(r"/tasks", TasksHandler),
        *(URLSpec(f"/{page}/updates", PageUpdatesSocket, {"page": page}) for page in FOLLOWED),
        *(URLSpec(f"/tasks/{kind}", TaskHandler, {"kind": kind}) for kind in ("revoke", "again", "dismiss")),
        URLSpec(r"/mail", MailHandler),
        URLSpec(BY_HAND, MailByHandHandler),
        URLSpec(r"/mail/(\d{1,15})", OpenMailHandler),
        URLSpec(r"/mail/(\d{1,15})/original", MailFileHandler),
        URLSpec(r"/mail/(\d{1,15})/parts/(\d{1,6})", MailFileHandler),
        URLSpec(r"/network", NetworkHandler),
        URLSpec(r"/network/share", ShareHandler),
        URLSpec(r"/trust", TrustHandler),
        URLSpec(r"/trust/(interview-appliance\.(?:crt|mobileconfig))", TrustFileHandler),
        URLSpec(r"/schedule", ScheduleHandler),
        URLSpec(r"/schedule/run", RunEventHandler),
        URLSpec(r"/outbox", OutboxHandler),
        *(URLSpec(f"/outbox/{kind}", MailDecisionHandler, {"kind": kind}) for kind in DECISIONS),
        URLSpec(r"/outbox/(\d{1,15})/mail\.eml", MailDraftHandler),
        URLSpec(r"/backup", BackupHandler),
        URLSpec(r"/backup/delete", DeleteBackupHandler),
        URLSpec(r"/backup/code", RecoveryCodeHandler),
        URLSpec(r"/backup/restore", RestoreHandler),
        URLSpec(r"/backup/([\w.-]{1,100}\.backup)", BackupFileHandler),
        URLSpec(r"/welcome", WelcomeHandler),
        URLSpec(r"/welcome/place", WelcomePlaceHandler),
        URLSpec(r"/welcome/share", WelcomeShareHandler),
        *administration_routes(),
        URLSpec(r"/health", HealthHandler),
        URLSpec(COMMANDS, CommandHandler),
        URLSpec(r"/(favicon\.(?:ico|svg))", _FaviconHandler, {"path": ""}),
        *(URLSpec(f"/{kind}", LeavingHandler, {"kind": kind}) for kind in ways_out),
    ]


class _FaviconHandler(AssetHandler):
    async def get(self, path: str, include_body: bool = True) -> None:  # noqa: ARG002 - there is one icon
        await super().get("favicon.svg", include_body)


def _configured_names(parts: Parts) -> frozenset[str]:
    """The names beside the loopback's that the server answers to."""
    names = {host_name(str(parts.settings.get("external hostname", "") or ""))}
    root = str(parts.settings.get("url root", "") or "")
    names.add(host_name(root.partition("://")[2].partition("/")[0]))
    return frozenset(names - {""})


def _megabytes(size: int) -> str:
    return f"{size / 1024 / 1024:g} MB" if size >= 1024 * 1024 else f"{size // 1024} kB"


def _log_request(handler: RequestHandler) -> None:
    """One line without the query and names in the path, which may hold what a person typed."""
    if getattr(handler, "unlogged", False):
        return
    request = handler.request
    took, path = 1000 * request.request_time(), cast("ServerApplication", handler.application).told_path(request.path)
    access.info("%d %s %s %.1fms", handler.get_status(), request.method, path, took)
