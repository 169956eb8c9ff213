"""``/interview/variables``: the answers of a session as JSON, for ``get_interview_variables()`` of authors' scripts."""

from __future__ import annotations

from appliance.server.admission import Admission
from appliance.server.base import BaseHandler, is_author
from appliance.server.errors import Refused
from appliance.sessions.errors import NoSuchSession

__all__ = ["VariablesHandler"]


class VariablesHandler(BaseHandler):
    """Answers to whoever may open the session."""

    admits = Admission.INTERVIEWS

    @property
    def by_script(self) -> bool:
        """Always: nobody but scripts asks."""
        return True

    async def get(self) -> None:
        """Send ``success``, ``variables``, and what docassemble tells beside them.

        :raises Refused: where the interview keeps its variables from scripts.
        """
        turns = self.parts.turns
        session_id = self.get_query_argument("session", "")
        if not session_id and self.known_browser:
            session_id = await turns.find(self.get_query_argument("i", ""), self.visitor) or ""
        if not session_id:
            raise NoSuchSession("")
        known = await turns.variables(session_id, self.visitor)
        if known.private and not is_author(self.visitor.user):
            raise Refused(403, "The answers are not shown", "The author of this interview has decided that scripts "
                          "cannot read its variables.", "no_variable_access")
        self.send_json({"success": True, "variables": known.variables, "steps": known.steps, "i": known.interview,
                        "uid": known.session_id, "encrypted": known.encrypted})
