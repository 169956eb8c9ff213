"""Who knocks at a session's door: what the server knows of the person behind a request."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from appliance.interview.host import UserInfo
from appliance.store.sealing import derive

__all__ = ["Visitor"]


@dataclass(frozen=True)
class Visitor:
    """Made by the server from the cookies and headers of one request.

    :param browser_secret: the random text in the browser's cookie; opens what this browser began.
    :param user: anonymous, or signed in.
    :param device: what is known of the browser: ``user_agent``, ``ip``, ``languages``.
    :param url_root: the address the appliance was reached under, without a slash at the end.
    :param from_network: whether the request came from another computer; at the laptop itself more is open.
    :param interface: ``web``, ``json`` or ``cron``; what ``interface()`` answers.
    :param user_key: the key a sign-in with a password opened; None for the owner, whose key the appliance opens.
    :param browser_run: the random text in a cookie that goes when the browser is closed or somebody signs out; empty
        where nothing is known of it.
    :param browser_device: the random text in a cookie that stays; likewise.
    """

    browser_secret: str = field(repr=False)
    user: UserInfo = field(default_factory=UserInfo)
    device: dict[str, Any] = field(default_factory=dict)
    url_root: str = ""
    interface: str = "web"
    user_key: bytes | None = field(default=None, repr=False)
    from_network: bool = False
    browser_run: str = field(default="", repr=False)
    browser_device: str = field(default="", repr=False)

    @property
    def place_marks(self) -> tuple[str, str, str]:
        """For whom ``session_local``, ``device_local`` and ``user_local`` are; nothing can be made of the texts.

        Where the browser brings its secret alone (scripts of others may), that tells it apart.
        """
        run = _mark(self.browser_run or self.browser_secret, "run of a browser")
        device = _mark(self.browser_device or self.browser_secret, "device")
        return run, device, run if self.user.user_id is None else f"user:{self.user.user_id}"


@lru_cache(maxsize=4000)
def _mark(secret: str, what: str) -> str:
    return derive(secret.encode(), f"mark of a {what}").hex()[:32]
