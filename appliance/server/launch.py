"""``/launch?c=CODE``: the links that expire, as ``interview_url(temporary=…)`` and ``once_temporary`` give them."""

from __future__ import annotations

from appliance.server.admission import Admission
from appliance.server.base import BaseHandler
from appliance.server.errors import Refused

__all__ = ["LaunchHandler"]

_LOOKS_AHEAD = frozenset({"prefetch", "prerender", "preview"})


class LaunchHandler(BaseHandler):
    """Leads to what the link is for, which decides who may see it."""

    admits = Admission.INTERVIEWS

    async def get(self) -> None:
        """:raises Refused: if the link is over, was used up, or is not whole."""
        if self.looks_ahead():
            raise Refused(425, "This link is not followed in advance", "Please open it.", "prefetch")
        address = await self.parts.turns.follow_link(self.get_query_argument("c", ""))
        if address is None:
            raise Refused(410, "This link does not work any more", "It has expired, or it was made to be used once and "
                          "has been used, or it is not complete. Please ask whoever gave it to you for a new one.",
                          "link_over")
        self.redirect(address)

    def looks_ahead(self) -> bool:
        """Whether nobody has opened the link: browsers that fetch what might be wanted next would use it up."""
        headers = self.request.headers
        said = f"{headers.get('Sec-Purpose', '')};{headers.get('Purpose', '')};{headers.get('X-Purpose', '')}"
        return any(word.strip().lower() in _LOOKS_AHEAD for word in said.replace(",", ";").split(";"))
