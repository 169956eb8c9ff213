"""``/network``: the switch that lets other computers in; ``/trust``: how a device is told to trust this server."""

from __future__ import annotations

import re
from typing import Any

from tornado.escape import xhtml_escape

from appliance import clock
from appliance.network.state import CannotShare, Network
from appliance.network.trust import Trust
from appliance.server import security
from appliance.server.admission import Admission
from appliance.server.base import BaseHandler
from appliance.server.errors import Refused
from appliance.server.live_page import LivePage

__all__ = ["NetworkHandler", "PlainHandler", "ShareHandler", "TrustFileHandler", "TrustHandler", "open_in_the_clear"]

_OPEN_IN_THE_CLEAR = re.compile(r"/trust(?:/.*)?|/static/.*|/favicon\..*")

_MOBILE_CONFIG = "application/x-apple-aspen-config"
_CERTIFICATE = "application/x-x509-ca-cert"
_TOLD = {"shared": "Other computers on the network can reach the appliance now.",
         "stopped": "Only this computer can reach the appliance now."}


def open_in_the_clear(path: str) -> bool:
    """Whether other computers get a page without TLS: the one that tells how to trust us, and nothing of anybody's."""
    return _OPEN_IN_THE_CLEAR.fullmatch(path) is not None


class _WithNetwork(BaseHandler):
    @property
    def network(self) -> Network:
        """:raises Refused: where there is no such part."""
        if self.parts.network is None:
            raise Refused(404, "This appliance is for one computer", "It cannot be shared on the network.", "404")
        return self.parts.network


class NetworkHandler(LivePage, _WithNetwork):
    """The page."""

    name = "network"
    admits = Admission.ADMINISTRATORS

    async def get(self) -> None:
        self.show(self.names(), message=_TOLD.get(self.get_query_argument("done", ""), ""))

    def names(self, failed: str = "") -> dict[str, Any]:
        """What the templates speak of."""
        state = self.network.state
        first = state.addresses[0] if state.addresses else ""
        public = self.parts.settings.get("public interviews", None) or []
        return {"state": state, "from_network": self.visitor.from_network, "failed": failed,
                "first": first, "qr": _qr(first), "plain_qr": _qr(state.plain),
                "trust": self.network.trust, "connected": self.server.connected, "now": clock.now(),
                "public": [public] if isinstance(public, str) else public, "breakable": _breakable}


class ShareHandler(NetworkHandler):
    """``POST /network/share`` with ``share=on`` or ``off``."""

    admits = Admission.ADMINISTRATORS

    async def post(self) -> None:
        wanted = self.get_body_argument("share", "")
        if wanted not in {"on", "off"}:
            raise Refused(400, "The switch is on or off", "Please use the buttons of the Network page.", "400")
        by = self.visitor.user
        if wanted == "on":
            try:
                await self.network.share()
            except CannotShare as problem:
                self.set_status(409)
                self.show(self.names(str(problem)))
                return
            await self.parts.audit.note("network", by, shared="on")
        else:
            # First the log: whoever comes from the network hears nothing after that.
            await self.parts.audit.note("network", by, shared="off")
            await self.network.stop()
        self.redirect(f"/network?done={'shared' if wanted == 'on' else 'stopped'}", status=303)


class _ForAnyDevice(_WithNetwork):
    """A page for devices that may not trust this server yet: it knows nobody, and sets no cookie."""

    admits = Admission.ANYONE

    async def prepare(self) -> None:
        """Nobody needs to be known for this."""

    @property
    def trust(self) -> Trust:
        """:raises Refused: where there is nothing to trust."""
        trust = self.network.trust
        if trust is None:
            raise Refused(404, "There is nothing to do here", "Either the appliance is not shared on the network, or "
                          "its certificate is one that devices know already.", "404")
        return trust


class TrustHandler(_ForAnyDevice):
    """``GET /trust``: how to trust this server, for each system."""

    async def get(self) -> None:
        onward = _https(self.network, self.request.host) or "/"
        self.page("trust.html", trust=self.trust, onward=onward, breakable=_breakable,
                  system=_system(self.request.headers.get("User-Agent", "")))

    head = get


class TrustFileHandler(_ForAnyDevice):
    """The authority's certificate as a file."""

    async def get(self, name: str) -> None:
        profile = name.endswith(".mobileconfig")
        self.set_header("Content-Type", _MOBILE_CONFIG if profile else _CERTIFICATE)
        self.set_header("Content-Disposition", f'attachment; filename="{name}"')
        self.finish(self.trust.profile if profile else self.trust.der)

    head = get


class PlainHandler(_ForAnyDevice):
    """What comes without TLS from another computer: sent on to where it is encrypted. Nothing is done in the clear."""

    def check_xsrf_cookie(self) -> None:
        """Refused in any case."""

    async def get(self) -> None:
        self.redirect(f"https://{self.request.host}{self.request.uri}", status=307)

    head = get

    def post(self) -> None:
        """:raises Refused: what was sent has been seen by others already."""
        raise Refused(403, "This was sent without encryption", "Please open the address that begins with https.",
                      "unencrypted")

    put = patch = delete = post


def _https(network: Network, host: str) -> str:
    """Where a device goes on from the page: the same name, encrypted."""
    return f"https://{host}/" if security.host_name(host) in network.hosts else next(iter(network.state.addresses), "")


def _qr(address: str) -> str:
    """A QR code as SVG for a page: without styles, which the page's policy does not let through."""
    if not address:
        return ""
    import segno  # imported late: no other page draws one

    return str(segno.make(address, error="m", micro=False).svg_inline(
        scale=4, border=4, omitsize=True, dark="#000", light="#fff", svgclass="da-qr", lineclass=None,
        title=f"QR code of {address}"))


def _breakable(text: str) -> str:
    """An address or a fingerprint as HTML whose lines end between its parts, where they must end."""
    return "://".join(part.replace(":", "<wbr>:").replace("/", "<wbr>/")
                      for part in str(xhtml_escape(text)).split("://"))


def _system(user_agent: str) -> str:
    """Whose steps are opened on the page: as the browser says, which need not be so."""
    for mark, system in (("iPhone", "ios"), ("iPad", "ios"), ("Android", "android"), ("Windows", "windows"),
                         ("Mac OS X", "macos")):
        if mark in user_agent:
            return system
    return ""
