"""``/run/PACKAGE/FILE``: an interview under a short address, as ``interview_url(style='short')`` gives it."""

from __future__ import annotations

from urllib.parse import urlencode

from appliance.server.admission import Admission
from appliance.server.base import BaseHandler
from appliance.server.replies import interview_url

__all__ = ["ShortAddressHandler"]


class ShortAddressHandler(BaseHandler):
    """Leads to the interview's own address, which decides who may see it."""

    admits = Admission.INTERVIEWS

    def get(self, package: str, name: str) -> None:
        """:param name: of the file in ``data/questions``, without its extension."""
        given = [(key, self.get_query_argument(key, strip=False)) for key in self.request.query_arguments if key != "i"]
        address = interview_url(f"docassemble.{package}:data/questions/{name.removesuffix('.yml')}.yml")
        self.redirect(f"{address}&{urlencode(given)}" if given else address)
