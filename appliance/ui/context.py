"""What the server tells the drawing about the page around a screen: tokens, addresses, who looks at it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from appliance.interview.host import UserInfo
from appliance.interview.turn import Ending
from appliance.sessions.progress import TaskProgress

__all__ = ["Drawable", "PageContext"]


class Drawable(Protocol):
    """The part of a session's reply that drawing reads (``sessions.turns.Reply`` has it)."""

    @property
    def session_id(self) -> str: ...

    @property
    def interview(self) -> str: ...

    @property
    def revision(self) -> int: ...

    @property
    def turn_id(self) -> str: ...

    @property
    def ending(self) -> Ending: ...

    @property
    def steps(self) -> int: ...

    @property
    def can_go_back(self) -> bool: ...

    @property
    def message(self) -> str: ...


def _static(path: str) -> str:
    return f"/static/{path}"


def _package_file(reference: str) -> str:
    package, _, path = reference.rpartition(":")
    return f"/packagestatic/{package}/{path.removeprefix('data/static/')}"


@dataclass(frozen=True)
class PageContext:
    """The surroundings of one drawn screen, made by the server for each request.

    :param xsrf: the token that goes into ``_xsrf`` and ``csrf_token``.
    :param action: the address the form posts to: ``/interview?i=…&session=…``.
    :param user: who looks at the page.
    :param static_url: gives the (versioned) address of a file of ``ui/static``: ``appliance.css``,
        ``vendor/bootstrap/bootstrap.min.css``.
    :param package_file_url: gives the address of a file that the interview's ``features`` name, from a full reference
        ``PACKAGE:data/static/FILE``; full web addresses are never asked for.
    :param socket_url: of the WebSocket for notices; empty: the page only polls.
    :param checkin_url: what the page polls.
    :param checkin_interval: milliseconds between two polls; 0: never.
    :param scripts: our JavaScript modules, as paths under ``ui/static``, in order.
    :param sign_in_url: empty: the menu has no such entry.
    :param sign_in_label: its words.
    :param profile_url: empty: the menu has no such entry.
    :param sign_out_url: empty: the menu has no such entry.
    :param sessions_url: the page that lists what can be resumed.
    :param exit_url: where the menu's exit link goes when the interview shows one.
    :param color_scheme: ``light`` or ``dark`` where the person chose one; empty: what the system says.
    :param nonce: for inline scripts of ours, where the page's policy asks for one.
    :param progress: how far the session's background tasks are, for a screen that waits.
    :param message: a message of the server above the question, plain text, besides the reply's own.
    """

    xsrf: str
    action: str
    user: UserInfo = field(default_factory=UserInfo)
    static_url: Callable[[str], str] = _static
    package_file_url: Callable[[str], str] = _package_file
    socket_url: str = ""
    checkin_url: str = ""
    checkin_interval: int = 6000
    scripts: tuple[str, ...] = ("screen.js",)
    sign_in_url: str = ""
    sign_in_label: str = "Sign in"
    profile_url: str = ""
    sign_out_url: str = ""
    sessions_url: str = "/interviews"
    exit_url: str = "/exit"
    color_scheme: str = ""
    nonce: str = ""
    progress: TaskProgress = field(default_factory=TaskProgress)
    message: str = ""
