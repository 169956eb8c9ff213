"""Who uses the interview, and where its code runs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from appliance.interview.accounts import PROFILE
from appliance.interview.host import current
from appliance.library.accounts import asker, own_account

__all__ = ["current_context", "user_has_privilege", "user_info", "user_logged_in", "user_privileges"]


def user_logged_in() -> bool:
    """Whether the person is signed in; True also for the user of scheduled events."""
    return current().user.logged_in


def user_privileges() -> list[str]:
    """The person's privileges; ``['user']`` for one who is not signed in, ``['cron']`` in a scheduled event."""
    if current().host.interface == "cron":
        return ["cron"]
    return list(asker().privileges) or ["user"]


def user_has_privilege(*pargs: Any) -> bool:
    """Whether the person has any of these privileges; lists among them are unpacked."""
    wanted: set[str] = set()
    for each in pargs:
        wanted.update([each] if isinstance(each, str) else map(str, each))
    return bool(wanted & set(user_privileges()))


def user_info() -> SimpleNamespace:
    """What is known of the person: ``id``, ``email``, ``first_name``, ``last_name``, ``country``,
    ``subdivision_first``, ``subdivision_second``, ``subdivision_third``, ``organization``, ``language`` and
    ``timezone``, which are empty texts where nothing is known (the ``id`` is None); and what
    :func:`current_context` has.
    """
    user = current().user
    first, second, third = user.subdivision
    told: dict[str, Any] = {
        "id": user.user_id, "email": user.email, "first_name": user.first_name, "last_name": user.last_name,
        "country": user.country, "subdivision_first": first, "subdivision_second": second, "subdivision_third": third,
        "organization": user.organization, "language": user.language, "timezone": user.timezone}
    changed = own_account()
    if changed is not None:
        told.update({name.replace("subdivision", "subdivision_"): changed.profile.get(name, "") for name in PROFILE})
    return SimpleNamespace(**told, **vars(current_context()))


def current_context() -> SimpleNamespace:
    """Where the code runs: ``session``, ``filename`` and ``package`` of the interview; ``question_id``,
    ``current_filename``, ``current_package`` and ``current_section`` of the question that is being asked (None, and
    those of the interview, where there is none); ``variable``, the name that is being sought.
    """
    evaluation = current()
    reference = evaluation.interview.reference
    asked = evaluation.asked
    place = reference if asked is None else asked.file
    return SimpleNamespace(
        session=evaluation.host.session_id, filename=reference, package=_package(reference),
        question_id=None if asked is None else asked.id or None,
        current_filename=place, current_package=_package(place),
        current_section=None if asked is None or asked.section is None else asked.section.render(
            evaluation.answers).strip(),
        variable=evaluation.sought[-1] if evaluation.sought else None)


def _package(reference: str) -> str:
    return reference.partition(":")[0]
