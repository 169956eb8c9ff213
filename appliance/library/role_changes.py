"""Mails to those whose turn it is, in interviews for several people."""

from __future__ import annotations

from typing import Any

from appliance.library.errors import DAError
from appliance.library.objects import DAObject
from appliance.library.send_email import send_email

__all__ = ["RoleChangeTracker"]


class RoleChangeTracker(DAObject):
    """Tells people by mail that the interview needs them now, each time that this changes, and not twice."""

    def init(self, *pargs: Any, **kwargs: Any) -> None:
        """Nobody was told yet."""
        self.last_role: str | None = None
        super().init(*pargs, **kwargs)

    def send_email(self, roles_needed: Any, **kwargs: Any) -> bool:
        """Mail whoever is needed, unless that is who was needed the last time.

        :param roles_needed: ``role_needed``: a role, or a list of roles of which one is needed.
        :param kwargs: role to a dictionary with ``to`` (a person) and ``email`` (a template).
        :returns: whether one of the people was told, now or before.
        :raises DAError: for a role without ``to`` or ``email``.
        """
        needed = [roles_needed] if isinstance(roles_needed, str) else [str(role) for role in roles_needed or ()]
        for role in needed:
            if role not in kwargs:
                continue
            letter = kwargs[role]
            if not isinstance(letter, dict) or not {"to", "email"} <= set(letter):
                raise DAError(f"send_email() needs for {role!r} a dictionary with 'to' and 'email'")
            if role == self.last_role:
                return True
            if send_email(to=letter["to"], template=letter["email"]):
                self.last_role = role
                return True
        return False
