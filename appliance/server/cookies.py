"""Our cookies over TLS have names of their own, so that those of the laptop's plain address never mix with them.

Cookies know no ports: what `http://127.0.0.1:8080` keeps is sent to `https://127.0.0.1:8443` too, and a browser does
not let the first overwrite what the second set. The prefix ``__Host-`` moreover has browsers take such a cookie only
over TLS and from this very host, so that another server of this computer cannot plant one.
"""

from __future__ import annotations

from typing import Any

from tornado.web import RequestHandler

__all__ = ["OwnCookies", "cookie_name"]

_OURS = frozenset({"browser", "browser_run", "browser_device", "user", "_xsrf"})


def cookie_name(name: str, protocol: str) -> str:
    """The name of one of our cookies in a browser that speaks `protocol` to us.

    >>> cookie_name("browser", "http"), cookie_name("browser", "https"), cookie_name("color_scheme", "https")
    ('browser', '__Host-browser', 'color_scheme')
    """
    return f"__Host-{name}" if protocol == "https" and name in _OURS else name


class OwnCookies(RequestHandler):
    """Reads and writes our cookies by their plain names."""

    def get_cookie(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
        """The cookie's value."""
        return super().get_cookie(cookie_name(name, self.request.protocol), default)

    def set_cookie(self, name: str, value: str | bytes, **options: Any) -> None:  # type: ignore[override]
        """Set a cookie that scripts cannot read, that other sites' forms do not send, and that TLS keeps to itself."""
        secure = self.request.protocol == "https"
        options = {"httponly": True, "samesite": "Lax", "secure": secure} | options
        super().set_cookie(cookie_name(name, self.request.protocol), value, **options)
