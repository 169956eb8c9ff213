"""What the pages share whose lists follow by themselves: tasks, schedule, outbox, mail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from appliance.server import security
from appliance.server.base import BaseHandler

__all__ = ["MOST", "LivePage"]

MOST = 50
"""How many entries are shown under one heading, unless somebody asks for more."""


class LivePage(BaseHandler):
    """A page ``NAME.html`` around a list ``NAME_list.html``; with ``fragment=1`` the list alone, for the page's script
    (``ui/static/following.js``). The list holds no token, so that it is the same as long as nothing has changed.

    :cvar most_of_all: so many entries under one heading can be asked for.
    """

    name: str
    most_of_all = 1000

    def show(self, names: dict[str, Any], *, message: str = "") -> None:
        """Send the page, or its list.

        :param names: what both templates speak of.
        :param message: what came of the button that was pressed, for a browser without script.
        """
        if self.get_query_argument("fragment", ""):
            self.finish(self.render_string(f"{self.name}_list.html", **names))
            return
        self.set_header("Content-Security-Policy", security.live_page_policy(self.request.host))
        self.finish(self.render_string(f"{self.name}.html", message=message, **names))

    @property
    def most(self) -> int:
        """How many entries are shown under one heading."""
        try:
            asked = int(self.get_query_argument("show", str(MOST)))
        except ValueError:
            asked = MOST
        return min(max(asked, 1), self.most_of_all)

    def interview_names(self) -> Callable[[str], str]:
        """Gives an interview's name for people."""
        titles = {one.interview: one.title for one in self.parts.packages.listed()}
        return lambda interview: titles.get(interview) or interview.rpartition("/")[2]
