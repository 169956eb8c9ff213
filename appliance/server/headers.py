"""What every answer tells the browser, whatever it is about and also where it refuses: believe little, keep nothing."""

from __future__ import annotations

from tornado.web import RequestHandler

from appliance.server import security

__all__ = ["SafeHeaders"]


class SafeHeaders(RequestHandler):
    """Sets the headers that pages, files and sockets share; subclasses say more where they want another policy."""

    def set_default_headers(self) -> None:
        """A strict policy, no guessing of kinds, no address told to others, no cache, no name of the server."""
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "same-origin")
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Security-Policy", security.PAGE_POLICY)
        self.clear_header("Server")
