"""Whether a page of ours sent a request that changes something, as far as the browser tells; also for links that do."""

from __future__ import annotations

from collections.abc import Container
from urllib.parse import urlsplit

from tornado.httputil import HTTPServerRequest

from appliance.server.security import host_name

__all__ = ["SAFE_METHODS", "is_foreign", "is_ours"]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITES = frozenset({"same-origin", "none"})
"""What Sec-Fetch-Site is for our own pages and the person's own doing. `same-site` is another port of this computer:
another program's page."""


def is_foreign(request: HTTPServerRequest, names: Container[str]) -> bool:
    """Whether a browser says that a page elsewhere sent this. Programs that are no browsers say nothing.

    :param names: configured names, for a proxy that asks for us by another name than the browser does.
    """
    headers = request.headers
    if headers.get("Sec-Fetch-Site", "none").strip().lower() not in _OWN_SITES:
        return True
    if "Origin" in headers:
        origin = headers["Origin"]
        return not (is_ours(origin, request, names) and urlsplit(origin).path == "")
    return "Referer" in headers and not is_ours(headers["Referer"], request, names)


def is_ours(address: str, request: HTTPServerRequest, names: Container[str]) -> bool:
    """Whether an address is one of the pages of this very server, as the request reached it."""
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018 - reading it checks it
    except ValueError:
        return False
    if parts.username is not None or parts.scheme not in {"http", "https"}:
        return False
    if parts.netloc.lower() == request.host.lower():
        # A page that came in the clear may be anybody's: it sends nothing to us where we speak TLS.
        return parts.scheme == "https" or request.protocol != "https"
    return host_name(parts.netloc) in names
