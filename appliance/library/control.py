"""Functions that end the turn at once: with a response instead of a screen, a command, or a screen made by code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

from appliance.interview.signals import CommandSignal, MessageSignal, ResponseSignal
from appliance.library.errors import DAError

__all__ = ["command", "interview_exit", "json_response", "message", "response", "variables_as_json"]

COMMANDS = ("exit", "exit_logout", "leave", "logout", "new_session", "refresh", "register", "restart", "signin", "wait")


def response(*pargs: Any, **kwargs: Any) -> NoReturn:
    """End the turn with an HTTP response instead of a screen. Of a scheduled event the text goes to ``cron.log``.

    :param pargs: the text of the response (or ``response=``).
    :param binaryresponse: bytes instead. `content_type`: what they are.
    :param file: a file object, a path, or the name of a file of a package instead.
    :param url: where to send the browser instead.
    :param null: in a scheduled event, and there alone, nothing is to be saved; the text ``'null'`` says the same.
    :param all_variables: respond with the variables as JSON.
    :param response_code: the HTTP status, 200 unless given. `sleep`: seconds to pause before.
    """
    text = pargs[0] if pargs else kwargs.get("response")
    content_type = kwargs.get("content_type")
    status = kwargs.get("response_code")
    status = 200 if status is None else int(status)
    sleep = None if kwargs.get("sleep") is None else float(kwargs["sleep"])
    if kwargs.get("null"):
        raise ResponseSignal(null=True, status=status, sleep=sleep)
    if kwargs.get("url") is not None:
        raise ResponseSignal(redirect=str(kwargs["url"]), status=status, sleep=sleep)
    if kwargs.get("file") is not None:
        raise _file(kwargs["file"], content_type, status, sleep)
    if kwargs.get("binaryresponse") is not None:
        body = _as_bytes(kwargs["binaryresponse"])
        raise ResponseSignal(body, str(content_type or "application/octet-stream"), status, sleep=sleep)
    if kwargs.get("all_variables"):
        from appliance.library.logic import all_variables

        raise _json(all_variables(include_internal=bool(kwargs.get("include_internal"))), status, sleep)
    raise ResponseSignal(
        _as_bytes("" if text is None else text), str(content_type or "text/plain; charset=utf-8"), status, sleep=sleep
    )


def _file(file: Any, content_type: Any, status: int, sleep: float | None) -> ResponseSignal:
    """:raises DAError: where there is no such file."""
    from appliance.library.file_functions import path_and_mimetype

    path, mimetype = path_and_mimetype(file)
    if path is None:
        raise DAError(f"response() finds no file {str(file)!r}")
    return ResponseSignal(Path(path).read_bytes(), str(content_type or mimetype or "application/octet-stream"), status,
                          sleep=sleep)


def _as_bytes(body: Any) -> bytes:
    return bytes(body) if isinstance(body, bytes | bytearray | memoryview) else str(body).encode()


def json_response(data: Any, response_code: int | None = None) -> NoReturn:
    """End the turn with `data` as JSON."""
    raise _json(data, 200 if response_code is None else int(response_code), None)


def _json(data: Any, status: int, sleep: float | None) -> ResponseSignal:
    from appliance.library.plain import plain

    return ResponseSignal(json.dumps(plain(data)).encode(), "application/json", status, sleep=sleep)


def variables_as_json(include_internal: bool = False) -> NoReturn:
    """End the turn with all variables as JSON."""
    response(all_variables=True, include_internal=include_internal)


def command(*pargs: Any, **kwargs: Any) -> NoReturn:
    """End the turn with what a special button would do.

    :param pargs: ``exit`` (unless given), ``restart``, ``leave``, ``logout``, ``exit_logout``, ``new_session``,
        ``signin``, ``register``, ``refresh``, or ``wait``: the browser asks again after ``sleep=`` seconds.
    :param url: where the browser goes.
    :raises DAError: for any other command.
    """
    kind = str(pargs[0] if pargs else kwargs.get("type", "exit"))
    if kind not in COMMANDS:
        raise DAError(f"there is no command {kind!r}; there are {', '.join(COMMANDS)}")
    sleep = kwargs.get("sleep")
    raise CommandSignal(kind, str(kwargs.get("url") or ""), None if sleep is None else float(sleep))


def interview_exit(url: str = "") -> NoReturn:
    """The same as ``command('exit')``."""
    raise CommandSignal("exit", str(url or ""))


def message(*pargs: Any, **kwargs: Any) -> NoReturn:
    """End the interview's turn with a screen made by code.

    :param pargs: the question and the subquestion (or ``question=`` and ``subquestion=``).
    :param show_restart: and `show_exit` (both shown unless False), `show_leave`, `url` (where Exit goes), `buttons` (as
        in a question), `dead_end` (no buttons at all), `continue_button_label`.
    """
    options = dict(kwargs)
    question = pargs[0] if pargs else options.get("question", "")
    subquestion = pargs[1] if len(pargs) > 1 else options.get("subquestion", "")
    options.pop("question", None)
    options.pop("subquestion", None)
    raise MessageSignal(str(question), "" if subquestion is None else str(subquestion), **options)
