"""Who may talk to the server, and what a page may do: host names, policies, the browser's secret, safe links."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

__all__ = [
    "OWN_WINDOW",
    "PAGE_POLICY",
    "browser_secret",
    "host_allowed",
    "host_name",
    "is_browser_secret",
    "is_loopback_name",
    "live_page_policy",
    "path_on",
    "safe_next",
    "safe_target",
    "screen_policy",
]

PAGE_POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
               "connect-src 'self'; form-action 'self'; frame-ancestors 'self'; base-uri 'none'")
"""For our own pages: nothing inline, nothing from elsewhere."""

OWN_WINDOW = "ApplianceWindow"
"""What the appliance's own window adds to the name of its browser (``appliance/shell/surface.py``)."""

_LONGEST_HOST = 300
"""Letters of a Host header; a name has 253 at most, and a port comes behind it."""

_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


def live_page_policy(host: str) -> str:
    """As :data:`PAGE_POLICY`, for a page with a WebSocket; some browsers do not count that as ``'self'``."""
    return PAGE_POLICY.replace("connect-src 'self'", f"connect-src 'self' ws://{host} wss://{host}")


def screen_policy(host: str) -> str:
    """The policy of interview screens: authors' inline scripts and ``'javascript'`` answers run, foreign ones do not.

    :param host: the request's host and port; some browsers do not count the WebSocket as ``'self'``.
    """
    return ("default-src 'self' data: blob:; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
            f"style-src 'self' 'unsafe-inline'; connect-src 'self' ws://{host} wss://{host}; object-src 'none'; "
            "frame-ancestors 'self'; base-uri 'none'")


def browser_secret() -> str:
    """A new secret for a browser that has none: 32 random bytes as text."""
    return secrets.token_urlsafe(32)


def is_browser_secret(text: str | None) -> bool:
    """Whether a cookie's value has the form of a secret that :func:`browser_secret` made."""
    return text is not None and _SECRET.fullmatch(text) is not None


def host_name(host: str) -> str:
    """The name in a Host header: without port and brackets, in small letters; empty if it is none.

    >>> host_name("[::1]:8080"), host_name("LocalHost:80")
    ('::1', 'localhost')
    """
    try:
        parts = urlsplit(f"//{host}")
        parts.port  # noqa: B018 - reading it checks it
    except ValueError:
        return ""
    if parts.username is not None or parts.path or parts.query or parts.fragment:
        return ""
    return (parts.hostname or "").rstrip(".")


def host_allowed(host: str, names: Iterable[str]) -> bool:
    """Whether a request for `host` is meant for us.

    A foreign name that resolves to 127.0.0.1 (DNS rebinding) would let a web page elsewhere read what is answered here.

    :param names: configured names besides those of the loopback interface.
    """
    name = host_name(host)
    return is_loopback_name(host) or (name != "" and name in names)


def is_loopback_name(host: str) -> bool:
    """Whether a Host header names this very computer, so that nobody elsewhere can have meant us by it."""
    return len(host) <= _LONGEST_HOST and _is_loopback_name(host)


@lru_cache(maxsize=256)   # a server has few names, and each request asks twice
def _is_loopback_name(host: str) -> bool:
    name = host_name(host)
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False   # a name, not an address


def safe_next(target: str | None, default: str = "/") -> str:
    """`target` if it is a path on this site, else `default`: so a link to us cannot send people elsewhere.

    >>> safe_next("/interview?i=x"), safe_next("//evil.example/"), safe_next("https://evil.example/")
    ('/interview?i=x', '/', '/')
    """
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return default
    if any(ord(letter) < 32 or letter == "\\" for letter in target):
        return default
    return target


def path_on(url: str, host: str) -> str:
    """Path and query of an address if it is one of `host`, else an empty text; for what a Referer says.

    >>> path_on("http://localhost:8080/mail?show=5", "localhost:8080")
    '/mail?show=5'
    >>> path_on("http://evil.example/", "localhost:8080")
    ''
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.netloc != host:
        return ""
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def safe_target(url: str, default: str = "/") -> str:
    """`url` if it is a web, mail or telephone address or a relative one, else (``javascript:``) `default`."""
    if any(ord(letter) < 32 for letter in url):
        return default
    try:
        scheme = urlsplit(url.strip()).scheme.lower()
    except ValueError:
        return default
    return url.strip() if url.strip() and scheme in {"", "http", "https", "mailto", "tel"} else default
