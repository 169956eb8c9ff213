"""Who knocks at a session's door: what the server knows of the person behind a request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from appliance.interview.host import UserInfo

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
    """

    browser_secret: str = field(repr=False)
    user: UserInfo = field(default_factory=UserInfo)
    device: dict[str, Any] = field(default_factory=dict)
    url_root: str = ""
    interface: str = "web"
    user_key: bytes | None = field(default=None, repr=False)
    from_network: bool = False
