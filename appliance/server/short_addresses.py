"""``/run/PACKAGE/FILE``, ``/run/NAME``: short addresses of interviews, as ``interview_url(style="short")`` gives them.

``/start/…`` likewise, and always begins a session. Names are those of the directive ``dispatch``.
"""

from __future__ import annotations

from urllib.parse import urlencode

from appliance.server.admission import Admission
from appliance.server.base import BaseHandler
from appliance.server.errors import Refused
from appliance.server.replies import interview_url

__all__ = ["ShortAddressHandler"]


class ShortAddressHandler(BaseHandler):
    """Leads to the interview's own address, which decides who may see it."""

    admits = Admission.INTERVIEWS

    def get(self, way: str, name: str, file: str | None = None) -> None:
        """:param way: ``run`` or ``start``.
        :param name: of the package, without ``docassemble.``; or what the configuration calls the interview.
        :param file: in ``data/questions``, with or without its extension.
        :raises Refused: if the configuration knows no such name.
        """
        given = [(key, self.get_query_argument(key, strip=False)) for key in self.request.query_arguments
                 if key not in {"i", "new_session"} or (key == "new_session" and way == "run")]
        if way == "start":
            given.append(("new_session", "1"))
        address = interview_url(self.named(name) if file is None else
                                f"docassemble.{name}:data/questions/{file.removesuffix('.yml')}.yml")
        self.redirect(f"{address}&{urlencode(given)}" if given else address)

    def named(self, name: str) -> str:
        """The interview of this name in ``dispatch``."""
        names = self.parts.settings.get("dispatch", None) or {}
        if name not in names:
            raise Refused(404, "There is no interview of this name", "The address may be wrong, or the interview may "
                          "have been renamed. The home page shows what can be started.", "unknown_interview")
        return str(names[name])
