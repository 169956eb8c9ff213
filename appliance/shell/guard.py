"""What may load inside a window: the appliance's own pages, and nothing else.

Everything else that a page leads to opens where the system opens such addresses, or nowhere. A few addresses on the
appliance's own origin are no pages but wishes that the window fulfils itself (:mod:`appliance.shell.bridge`): a page
asks by an ordinary link, so its policy may be as strict as it likes, and nothing of Python lies open to its scripts.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from urllib.parse import urlsplit

from appliance.shell.bridge import WISHES, Bridge
from appliance.shell.downloads import Downloads
from appliance.shell.memory import Memory
from appliance.shell.opening import open_address

__all__ = ["Guard", "Verdict"]

_ELSEWHERE = frozenset({"http", "https", "mailto", "tel"})
"""What people may follow out of the window; other schemes could start any program with any words."""

_BLANK = frozenset({"about:blank", "about:srcdoc", ""})


class Verdict(enum.Enum):
    """What is to be done with an address that a page leads to."""

    INSIDE = "it is ours, and loads in the window"
    ELSEWHERE = "the system's browser or mail program opens it"
    WISH = "the window does what is wished for itself"
    REFUSED = "nothing opens it"


class Guard:
    """Decides for all windows of this process. May be used from any thread.

    :param bridge: fulfils wishes.
    :param opener: opens an address outside.
    """

    def __init__(self, bridge: Bridge, *, downloads: Downloads | None = None, memory: Memory | None = None,
                 opener: Callable[[str], None] = open_address) -> None:
        self.bridge = bridge
        self.downloads = Downloads() if downloads is None else downloads
        self.memory = Memory() if memory is None else memory
        self._open = opener
        self._origin = ""

    @property
    def origin(self) -> str:
        """``http://127.0.0.1:8080``: where the pages come from; empty before a server runs."""
        return self._origin

    def serve_from(self, address: str) -> None:
        """From now on the pages of the server at `address` load inside, and those of no other."""
        self._origin = _origin(address)

    def verdict(self, url: str) -> Verdict:
        """What is to be done with `url`; see :meth:`follow`."""
        if url in _BLANK:
            return Verdict.INSIDE
        scheme = _scheme(url)
        if scheme == "data":   # for a download or a frame: every engine keeps pages from showing it as a page
            return Verdict.INSIDE
        if scheme == "blob":   # made by a page; what it may do is what its maker may
            return Verdict.INSIDE if self.is_ours(url.partition(":")[2]) else Verdict.REFUSED
        if scheme not in _ELSEWHERE:
            return Verdict.REFUSED
        if not self.is_ours(url):
            return Verdict.ELSEWHERE
        return Verdict.WISH if urlsplit(url).path in WISHES else Verdict.INSIDE

    def follow(self, url: str) -> bool:
        """Whether the window may load `url`. If not, what is to be done with it instead is begun."""
        verdict = self.verdict(url)
        if verdict is Verdict.ELSEWHERE:
            self._open(url)
        elif verdict is Verdict.WISH:
            self.bridge.fulfil(urlsplit(url).path)
        return verdict is Verdict.INSIDE

    def address_of(self, path: str) -> str:
        """The address of a page of ours."""
        return self._origin + path

    def is_ours(self, url: str) -> bool:
        """Whether an address is one of the server's."""
        return bool(self._origin) and _origin(url) == self._origin


def _scheme(url: str) -> str:
    try:
        return urlsplit(url).scheme.lower()
    except ValueError:
        return ""


def _origin(url: str) -> str:
    """Scheme, host and port, in one spelling; empty where it has none or bears a name and password.

    >>> _origin("HTTP://127.0.0.1:8080/x?y"), _origin("http://127.0.0.1:8080@evil.example/"), _origin("mailto:x")
    ('http://127.0.0.1:8080', '', '')
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    if not parts.hostname or parts.username is not None or "\\" in parts.netloc:
        return ""
    scheme = parts.scheme.lower()
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{scheme}://{host}:{port or {'http': 80, 'https': 443}.get(scheme, 0)}"
