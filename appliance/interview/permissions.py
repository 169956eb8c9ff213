"""What privileges permit: docassemble's permissions, by the names of its configuration's ``permissions``.

Administrators may do everything. What others may do beside what is here, the configuration says.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

__all__ = ["PERMISSIONS", "permissions_of", "permitted"]

PERMISSIONS = (
    "access_privileges", "access_sessions", "access_user_api_info", "access_user_info", "create_user", "delete_user",
    "demo_interviews", "edit_privileges", "edit_sessions", "edit_user_active_status", "edit_user_api_info",
    "edit_user_info", "edit_user_password", "edit_user_privileges", "interview_data", "log_user_in",
    "playground_control", "template_parse",
)
"""All there are. Not all of them have something here that they permit."""

_BUILT_IN: Mapping[str, frozenset[str]] = {
    "admin": frozenset(PERMISSIONS),
    "advocate": frozenset({"access_user_info", "access_sessions", "edit_sessions"}),
    "developer": frozenset({"demo_interviews", "template_parse", "interview_data"}),
}


def permissions_of(privilege: str, configured: Mapping[str, Iterable[str]] | None = None) -> frozenset[str]:
    """What a privilege permits.

    :param configured: privilege to what it permits beside that, as the configuration has it.
    """
    return _BUILT_IN.get(privilege, frozenset()) | frozenset((configured or {}).get(privilege, ()))


def permitted(permission: str, privileges: Collection[str],
              configured: Mapping[str, Iterable[str]] | None = None) -> bool:
    """Whether somebody with these privileges may.

    >>> permitted("create_user", ["user", "advocate"])
    False
    >>> permitted("create_user", ["intake"], {"intake": ["create_user"]})
    True
    """
    return any(permission in permissions_of(privilege, configured) for privilege in privileges)
