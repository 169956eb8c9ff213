"""Which interviews somebody on the network may open without signing in."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

from appliance.interview.sources import one_name
from appliance.sessions.errors import SignInNeeded
from appliance.sessions.visitor import Visitor

__all__ = ["DIRECTIVE", "PublicInterviews", "needs_invitation"]

DIRECTIVE = "public interviews"


class PublicInterviews:
    """What the configuration says is open to anyone on the network.

    :param settings: name and default to a configuration directive; asked each time.
    """

    def __init__(self, settings: Callable[[str, Any], Any]) -> None:
        self._settings = settings

    def __contains__(self, interview: str) -> bool:
        """Whether `interview`, as it is written in an address, is one of the directive's names or fits a pattern."""
        wanted = self._settings(DIRECTIVE, None) or ()
        patterns = (wanted,) if isinstance(wanted, str) else wanted
        # In patterns brackets mean themselves.
        return any(fnmatchcase(one_name(interview), one_name(pattern).replace("[", "[[]")) for pattern in patterns)

    def admit(self, interview: str, visitor: Visitor) -> None:
        """Let the visitor through to the interview, and to sessions of it that they hold a key or link to.

        :raises SignInNeeded: if they are on the network, nobody knows who they are, and the interview is not public.
        """
        if needs_invitation(visitor) and interview not in self:
            raise SignInNeeded


def needs_invitation(visitor: Visitor) -> bool:
    """Whether the visitor may only open what is public."""
    return visitor.from_network and not visitor.user.logged_in
