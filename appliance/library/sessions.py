"""Other sessions: making them, reading and changing them, and lists of them. What is changed is seen at once, and done
with the turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlencode

from appliance.interview.answers import freeze, thaw
from appliance.interview.host import current
from appliance.interview.namespace import LOCAL
from appliance.interview.other_sessions import (
    CreateSession,
    DeleteSession,
    GoBack,
    ListedSession,
    ListQuery,
    OtherInterview,
    RunAction,
    SessionEffect,
    SetVariables,
)
from appliance.interview.screen_data import screen_data
from appliance.interview.sources import one_name
from appliance.library.dates import format_datetime
from appliance.library.errors import DAError
from appliance.library.file_copies import borrow, files_in
from appliance.library.overlay import pickled
from appliance.library.plain import plain_answers
from appliance.library.session_query import Condition
from appliance.library.state import setting

__all__ = ["create_session", "get_question_data", "get_session_variables", "go_back_in_session", "interview_list",
           "interview_menu", "run_action_in_session", "set_session_variables"]

_PAGE = 100
_NOT_SHOWN = {"__builtins__", *LOCAL}


# -- one session -------------------------------------------------------------------------------------------------


def create_session(yaml_filename: str, secret: Any = None, url_args: Mapping[str, Any] | None = None) -> str:
    """Begin a session of an interview for the person that the code runs for; gives its id.

    The interview runs to its first screen. The session is there when this turn (or task) has ended well, and for this
    turn at once.

    :param secret: is not needed, and not looked at: only the person's own key opens the session.
    :param url_args: what the interview finds in ``url_args``.
    :raises InterviewError: where the interview cannot run.
    """
    session_id = current().host.sessions.new_session_id()
    arguments = {str(name): str(value) for name, value in (url_args or {}).items()}
    _ask(CreateSession(session_id, _text(yaml_filename), arguments))
    return session_id


def get_session_variables(yaml_filename: str, session_id: str, secret: Any = None, simplify: bool = True) -> Any:
    """The variables of a session that the person can open; simplified, they can be written as JSON.

    Files among the objects are copies, like everything else.

    :param secret: is not needed, and not looked at.
    :raises InterviewError: if there is no such session, or it is somebody else's.
    """
    answers = thaw(current().host.sessions.answers(_text(yaml_filename), _text(session_id)))
    found = {name: value for name, value in answers.items() if name not in _NOT_SHOWN}
    if simplify:
        return plain_answers(found)
    if _text(session_id) != current().host.session_id:
        borrow(found, _text(yaml_filename), _text(session_id))
    return found


def set_session_variables(yaml_filename: str, session_id: str, variables: Mapping[str, Any], secret: Any = None,
                          question_name: str | None = None, overwrite: bool = False,
                          process_objects: bool = False, delete: Any = None) -> bool:
    """Assign variables of another session, like ``{"defense['latches']": False}``. It gets copies of the files in them.

    :param secret: is not needed, and not looked at.
    :param question_name: of a mandatory question that counts as answered then.
    :param overwrite: without a step that the person could undo with Back.
    :param delete: a name, or names, to undefine.
    :raises InterviewError: if the session cannot be reached, or something cannot be assigned.
    """
    if process_objects:
        raise DAError("set_session_variables() takes objects as they are; process_objects is not there.")
    values = {str(name): value for name, value in variables.items() if name not in _NOT_SHOWN}
    names = [delete] if isinstance(delete, str) else list(delete or ())
    frozen = freeze(values)
    _ask(SetVariables(_text(session_id), _text(yaml_filename), frozen, bool(overwrite), str(question_name or ""),
                      tuple(str(name) for name in names), files_in(thaw(frozen))))
    return True


def run_action_in_session(yaml_filename: str, session_id: str, action: str, arguments: Mapping[str, Any] | None = None,
                          secret: Any = None, persistent: bool = False, overwrite: bool = False) -> bool:
    """Run an action in another session.

    :param arguments: what ``action_argument()`` finds there.
    :param secret: is not needed, and not looked at.
    :param persistent: a question that the action comes to is what the session asks from then on.
    :param overwrite: without a step that the person could undo with Back.
    :raises InterviewError: if the session cannot be reached, or the action fails.
    """
    given = pickled(dict(arguments or {}), "What run_action_in_session() was given")
    _ask(RunAction(_text(session_id), _text(yaml_filename), str(action), given, bool(overwrite), bool(persistent)))
    return True


def go_back_in_session(yaml_filename: str, session_id: str, secret: Any = None) -> bool:
    """Do in another session what its Back button does.

    :raises InterviewError: if the session cannot be reached.
    """
    _ask(GoBack(_text(session_id), _text(yaml_filename)))
    return True


def get_question_data(yaml_filename: str, session_id: str, secret: Any = None) -> dict[str, Any]:
    """What another session asks now: texts, and variable, datatype, label and choices of each field.

    :raises InterviewError: if the session cannot be reached, or its interview fails.
    """
    interview = one_name(_text(yaml_filename))
    screen, steps = current().host.sessions.screen(interview, _text(session_id))
    about = {"interviewName": interview, "i": interview, "session": _text(session_id), "steps": steps}
    return {**about, "questionType": "undefined"} if screen is None else {**about, **screen_data(screen)}


# -- lists -------------------------------------------------------------------------------------------------------


def interview_list(
    exclude_invalid: bool = True, action: Literal["delete", "delete_all"] | None = None, filename: str | None = None,
    session: str | None = None, user_id: Any = None, query: Condition | None = None, include_dict: bool = True,
    delete_shared: bool = False, next_id: Any = None, tag: str | None = None,
) -> Any:
    """The person's sessions, as dictionaries, page by page; or, with an `action`, delete them.

    :param exclude_invalid: leave out those that this person cannot resume.
    :param action: ``delete`` the one that `session` (and `filename`) names, or ``delete_all`` that are listed
        otherwise, but not the session that the code runs in.
    :param filename: only those of this interview. `tag`: only those with this tag.
    :param user_id: of another person, by number, or ``all``; for whoever may see sessions of others.
    :param query: a condition (:mod:`appliance.library.session_query`).
    :param include_dict: with the variables of each, where they can be opened.
    :param delete_shared: also where somebody else has joined the session; otherwise it only leaves the person's list.
    :param next_id: where to go on: what the call before gave with its sessions.
    :returns: the sessions, and the `next_id` of those that follow, None where none do; with an `action`, how many were
        deleted.
    :raises InterviewError: where the sessions are none of the person's business.
    """
    if query is not None and not isinstance(query, Condition):
        raise DAError("interview_list() takes a condition as 'query', like DA.Sessions.title == 'Intake'.")
    wanted = ListQuery(_whose(user_id), one_name(_text(filename or "")), _text(session or ""), str(tag or ""),
                       bool(include_dict), bool(exclude_invalid), str(next_id or ""), _page_size())
    if action == "delete":
        if not session:
            raise DAError("interview_list(action='delete') needs the session to delete.")
        return _deleted(wanted, query, shared=bool(delete_shared), own=True)
    if action == "delete_all":
        return _deleted(wanted, query, shared=bool(delete_shared), own=False)
    if action is not None:
        raise DAError(f"interview_list() knows no action {action!r}; there are 'delete' and 'delete_all'.")
    found, after = _page(wanted, query)
    return found, after or None


def _page(wanted: ListQuery, query: Condition | None) -> tuple[list[dict[str, Any]], str]:
    """As many as make a page of those that fit, told, and where the next one begins; empty after the last.

    A session whose answers do not open any more (a class that they need is gone) is none that can be resumed.
    """
    kept: list[dict[str, Any]] = []
    before = ""
    while True:
        found, after = current().host.sessions.listed(wanted)
        emails = _emails(found)
        for one in found:
            if len(kept) >= wanted.most and one.place:
                return kept, before
            told, before = _told(one, emails), one.place
            if (query is None or query.holds(told)) and (told["valid"] or not wanted.valid):
                kept.append(told)
        if not after or len(kept) >= wanted.most:
            return kept, after
        wanted = replace(wanted, after=after)


def _deleted(wanted: ListQuery, query: Condition | None, *, shared: bool, own: bool) -> int:
    """Delete what is listed.

    :param own: the session that the code runs in may be among it.
    """
    here = current().host.session_id
    found = list(_all(replace(wanted, answers=False, valid=False, after="")))
    emails = {} if query is None else _emails(found)
    holders: dict[str, tuple[str, ...]] = {}   # of all people a session is listed once for each
    for one in found:
        if (one.session_id != here or own) and (query is None or query.holds(_told(one, emails))):
            holders[one.session_id] = (*holders.get(one.session_id, ()), one.holder)
    for session_id, names in holders.items():
        _ask(DeleteSession(session_id, names, shared))
    return len(holders)


def _all(wanted: ListQuery) -> Iterator[ListedSession]:
    while True:
        found, after = current().host.sessions.listed(wanted)
        yield from found
        if not after:
            return
        wanted = replace(wanted, after=after)


def _told(one: ListedSession, emails: Mapping[int, str]) -> dict[str, Any]:
    answers = None if one.answers is None else _opened(one.answers)
    valid = one.valid and (one.answers is None or answers is not None)
    parts = {} if answers is None else answers["_internal"].get("parts", {})
    started, changed = (datetime.fromtimestamp(moment, UTC) for moment in (one.created, one.modified))
    told: dict[str, Any] = {
        "session": one.session_id, "filename": one.interview, "title": one.title,
        "subtitle": parts.get("subtitle", one.metadata.get("subtitle")), "tags": set(one.tags),
        "metadata": dict(one.metadata), "user_id": one.user_id, "temp_user_id": one.visitor,
        "email": None if one.user_id is None else emails.get(one.user_id),
        "starttime": _written(started), "modtime": _written(changed), "utc_starttime": started,
        "utc_modtime": changed, "valid": valid}
    if answers is not None:
        told["dict"] = {name: value for name, value in answers.items() if name not in _NOT_SHOWN}
    elif not valid:
        told["dict"] = None
    return told


def _opened(frozen: bytes) -> dict[str, Any] | None:
    """A session's answers; None where they cannot be opened any more."""
    try:
        return thaw(frozen)
    except Exception as error:  # noqa: BLE001 - objects of authors may fail in any way when they are opened
        current().host.log(f"The answers of a session cannot be opened any more ({type(error).__name__}).")
        return None


def _written(moment: datetime) -> str:
    """For the person, in their time zone."""
    from appliance.library.datetimes import zone

    try:
        there = zone(current().user.timezone or None)
    except ValueError:   # a profile may say anything
        there = zone()
    return format_datetime(moment.astimezone(there), format="medium")


def _emails(found: list[ListedSession]) -> dict[int, str]:
    """The addresses of the people of these sessions."""
    evaluation = current()
    known = {} if evaluation.user.user_id is None else {evaluation.user.user_id: evaluation.user.email}
    for user_id in {one.user_id for one in found if one.user_id is not None} - known.keys():
        account = evaluation.host.people.account(user_id)
        if account is not None:
            known[user_id] = account.email
    return known


def _whose(user_id: Any) -> Any:
    if user_id is None or user_id == "all":
        return user_id or "own"
    try:
        return int(user_id)
    except (TypeError, ValueError, OverflowError) as error:
        raise DAError(f"interview_list() takes the number of a user, or 'all', not {user_id!r}.") from error


def _page_size() -> int:
    try:
        return max(1, int(setting("pagination limit", _PAGE)))
    except (TypeError, ValueError):
        return _PAGE


# -- what can be started -----------------------------------------------------------------------------------------


def interview_menu(absolute_urls: bool = False, start_new: bool = False,
                   tag: str | None = None) -> list[dict[str, Any]]:
    """The interviews that the person can start, as dictionaries: those of the configuration's ``dispatch``, or all.

    :param absolute_urls: links name the server. `start_new`: they begin anew.
    :param tag: only those whose metadata have it.
    """
    root = current().host.url_root if absolute_urls else ""
    found = []
    for one in _dispatched(current().host.sessions.menu()):
        metadata = {key: value for key, value in one.metadata.items() if key != "tags"}
        tags = one.metadata.get("tags") or []
        tags = sorted(map(str, [tags] if isinstance(tags, str) else tags))
        if tag is not None and str(tag) not in tags:
            continue
        query = urlencode({"i": one.reference, **({"reset": "1"} if start_new else {})}, safe=":/")
        found.append({
            "title": str(metadata.get("title") or one.title), "subtitle": metadata.get("subtitle"),
            "filename": one.reference, "link": f"{root}/interview?{query}", "metadata": metadata,
            "package": one.reference.partition(":")[0], "tags": tags,
            "status_class": "dainterviewhaserror" if one.broken else None,
            "subtitle_class": "invisible" if one.broken else None})
    return found


def _dispatched(offered: list[OtherInterview]) -> list[OtherInterview]:
    chosen = setting("dispatch")
    if not isinstance(chosen, Mapping) or not chosen:
        return offered
    by_name = {one.reference: one for one in offered}
    return [by_name[name] for name in map(one_name, map(str, chosen.values())) if name in by_name]


def _text(value: Any) -> str:
    """As a text that can be looked up; what no text can hold is not found."""
    return str(value).encode("utf-8", "replace").decode()


def _ask(effect: SessionEffect) -> None:
    """See to it at once, and commit it with the turn."""
    evaluation = current()
    evaluation.host.sessions.apply(effect)
    evaluation.effects.append(effect)
