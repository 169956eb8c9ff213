"""Addresses: of the interview, of its actions, of files, and the buttons and menu items that lead there."""

from __future__ import annotations

import base64
import json
from html import escape
from typing import Any
from urllib.parse import quote, urlencode

from appliance.interview.host import current
from appliance.interview.markup.icons import font_awesome
from appliance.interview.markup.media import static_url
from appliance.interview.sources import join_reference, one_name, split_reference
from appliance.library.expiring import expiring
from appliance.library.languages import word
from appliance.library.session import get_config
from appliance.library.state import interview_file, interview_package, setting

__all__ = [
    "action_button_html",
    "action_menu_item",
    "interview_url",
    "interview_url_action",
    "interview_url_action_as_qr",
    "interview_url_as_qr",
    "qr_code",
    "referring_url",
    "static_image",
    "url_action",
    "url_ask",
    "url_of",
]

ASK_ACTION = "_da_force_ask"
"""The action of :func:`url_ask`: like ``force_ask(*variables)``."""

PLACES = {
    "root": "/",
    "interview": "/interview",
    "interviews": "/interviews",
    "dispatch": "/",
    "start": "/",
    "login": "/user/sign-in",
    "signin": "/user/sign-in",
    "register": "/user/register",
    "logout": "/user/sign-out",
    "profile": "/user/profile",
    "change_password": "/user/change-password",
    "manage": "/user/manage",
    "config": "/config",
    "configuration": "/config",
    "help": "#dahelp",
}
WAYS_OUT = {
    "exit": "/exit", "leave": "/leave", "exit_logout": "/exit_logout", "restart": "/restart_session",
    "new_session": "/new_session",
}
FOLDER = "data/questions/"
SHORT_STYLES = {"short", "short_package"}
PLAYGROUND = "playground"
WITH_SESSION = {"i", "session"}
SPECIAL = {"local", "style", "temporary", "once_temporary", "new_session", "reset"}


def encoded_action(action: str, arguments: dict[str, Any]) -> str:
    """The value of ``action=`` in an address: JSON in URL-safe base64.

    :raises ValueError: where an argument cannot be written as JSON.
    """
    try:
        text = json.dumps({"action": action, "arguments": arguments}, default=as_json)
    except TypeError as error:
        raise ValueError(f"the action {action!r} takes texts, numbers or lists of them: {error}") from error
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def as_json(value: Any) -> str:
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    raise TypeError(f"{type(value).__name__} has no form in an address")


def url_action(action: str, **kwargs: Any) -> str:
    """The address that runs an action with these arguments in this session, for the person of the session."""
    session = {"i": interview_file(), "session": current().host.session_id}
    return f"/interview?{urlencode({**session, 'action': encoded_action(action, kwargs)})}"


def url_ask(data: Any) -> str:
    """The address that asks a variable, or a list of names and commands as ``force_ask()`` takes them."""
    return url_action(ASK_ACTION, variables=list(data) if isinstance(data, (list, tuple)) else [data])


def interview_url(**kwargs: Any) -> str:
    """The address of this session, with `i` of another interview, with `i` and `session` of another session.

    ``local=True`` leaves out the server, ``style='short'`` names package and file only, ``new_session`` and ``reset``
    begin anew, ``temporary=HOURS`` lets it expire, ``once_temporary=HOURS`` also when it is used; other arguments
    become ``url_args``.
    """
    return address_of_interview(kwargs, {})


def interview_url_action(action: str, **kwargs: Any) -> str:
    """:func:`interview_url` for an action; `i`, `session`, `local`, `new_session` and `reset` are not its arguments."""
    own = {key: value for key, value in kwargs.items() if key not in WITH_SESSION | SPECIAL}
    place = {key: value for key, value in kwargs.items() if key in WITH_SESSION | SPECIAL}
    return address_of_interview(place, {"action": encoded_action(action, own)})


def address_of_interview(kwargs: dict[str, Any], more: dict[str, str]) -> str:
    interview = whole_name(str(kwargs["i"])) if kwargs.get("i") else interview_file()
    query: dict[str, Any] = {}
    if is_on(kwargs.get("new_session")):
        query["new_session"] = "1"
    elif kwargs.get("session"):
        query["session"] = kwargs["session"]
    elif not kwargs.get("i"):
        query["session"] = current().host.session_id
    if is_on(kwargs.get("reset")):
        query["reset"] = "1"
    query.update({key: value for key, value in kwargs.items() if key not in WITH_SESSION | SPECIAL})
    query.update(more)
    address = address_of(interview, query, kwargs.get("style"))
    for way in ("once_temporary", "temporary"):
        if kwargs.get(way) is not None and kwargs[way] is not False:
            address = expiring(address, kwargs[way], once=way == "once_temporary")
            break
    return address if kwargs.get("local") else f"{current().host.url_root}{address}"


def address_of(interview: str, query: dict[str, Any], style: Any) -> str:
    short = short_address(interview, dispatched=style == "short") if style in SHORT_STYLES else ""
    return with_query(short, query) if short else f"/interview?{urlencode({'i': interview, **query})}"


def is_on(value: Any) -> bool:
    """Whether an argument is a true value; ``0`` may come as text, as it stands in addresses."""
    return bool(value) and str(value) not in {"0", "False", "false"}


def whole_name(interview: str) -> str:
    """The name of an interview in full; one that names no package is of the package of this interview."""
    package, path = split_reference(interview)
    return interview if package else one_name(join_reference(interview_package(), path))


def short_address(interview: str, *, dispatched: bool = False) -> str:
    """The address of an interview that names its package and file only; empty where there is none.

    :param dispatched: by what the directive ``dispatch`` calls it, if it does.

    >>> short_address("docassemble.demo:data/questions/questions.yml"), short_address("appliance.interviews:a.yml")
    ('/run/demo/questions', '')
    """
    for short, listed in (setting("dispatch", None) or {}).items() if dispatched else ():
        if one_name(str(listed)) == one_name(interview):
            return f"/run/{quote(short)}"
    package, path = split_reference(interview)
    name = path.removeprefix(FOLDER).removesuffix(".yml")
    if not package.startswith("docassemble.") or "/" in name or not path.endswith(".yml"):
        return ""
    return f"/run/{quote(package.removeprefix('docassemble.'))}/{quote(name)}"


def url_of(file_reference: Any, **kwargs: Any) -> str:
    """The address of a page by its name (``'exit'``, ``'signin'`` …), of a static file, or of anything with parameters.

    :param _external: with the server.
    :param _attachment: for downloading the file.
    :raises ValueError: where there is nothing of that name.
    """
    external = kwargs.pop("_external", False)
    attachment = kwargs.pop("_attachment", False)
    if hasattr(file_reference, "url_for"):
        return str(file_reference.url_for(attachment=attachment, external=external))
    reference = str(file_reference)
    if "://" in reference or reference.startswith(("mailto:", "tel:", "sms:")):
        return with_query(reference, kwargs)
    if reference in WAYS_OUT:
        here = {"i": interview_file(), "session": current().host.session_id}
        url = with_query(WAYS_OUT[reference], {**here, **kwargs})
    elif reference in PLACES:
        if kwargs.get("next"):   # of this server, whatever it is called where the address is used
            kwargs["next"] = str(kwargs["next"]).removeprefix(current().host.url_root)
        url = with_query(PLACES[reference], kwargs)
    else:
        found = static_url(reference, interview_package())
        if found is None and reference.startswith(PLAYGROUND):
            raise ValueError(f"url_of({reference!r}): there is no Playground here; interviews come in packages")
        if found is None:
            raise ValueError(f"url_of() knows no page or file {reference!r}")
        url = with_query(found, {**kwargs, "attachment": "1"} if attachment else kwargs)
    return f"{current().host.url_root}{url}" if external else url


def with_query(url: str, arguments: dict[str, Any]) -> str:
    """`url` with `arguments` as its query.

    >>> with_query("https://example.com", {"query": "Hello, world!"})
    'https://example.com?query=Hello%2C+world%21'
    >>> with_query("mailto:a@b.org", {"subject": "Hi you"})
    'mailto:a@b.org?subject=Hi%20you'
    """
    if not arguments:
        return url
    query = urlencode(arguments, quote_via=quote) if url.startswith("mailto:") else urlencode(arguments)
    return f"{url}{'&' if '?' in url else '?'}{query}"


def action_menu_item(label: Any, action: str, _screen_size: str | None = None, **kwargs: Any) -> dict[str, str]:
    """An item for ``menu_items`` that runs an action."""
    item = {"label": str(label), "url": url_action(action, **kwargs)}
    if _screen_size is not None:
        item["screen_size"] = _screen_size
    return item


def action_button_html(
    url: str, icon: str | None = None, color: str = "dark", size: str = "sm", block: bool = False, label: str = "Edit",
    classname: str | None = None, new_window: bool | str | None = True, id_tag: str | None = None,
) -> str:
    """The HTML of a link that looks like a button."""
    classes = ["btn", f"btn-{size}", f"btn-{color}", "btn-darevisit"]
    if block:
        classes.append("d-block")
    if classname:
        classes.append(classname)
    attributes = f'href="{escape(str(url))}" class="{escape(" ".join(classes))}"'
    if id_tag:
        attributes += f' id="{escape(id_tag)}"'
    if isinstance(new_window, str):
        attributes += f' target="{escape(new_window)}"'
    elif new_window is False:
        attributes += ' target="_self"'
    elif str(url).startswith(("http:", "https:")):
        attributes += ' target="_blank" rel="noopener"'
    picture = f"{font_awesome(icon)} " if icon else ""
    return f"<a {attributes}>{picture}{escape(word(label), quote=False)}</a>"


def referring_url(default: Any = None, current: bool = False) -> Any:
    """The page that led to the interview, else `default`, else the configuration's ``exitpage``."""
    from appliance.interview import host

    evaluation = host.current()
    came_from = evaluation.internal.get("referer") or evaluation.host.device.get("referer")
    if came_from:
        return came_from
    return get_config("exitpage", "/") if default is None else default


def qr_code(string: Any, width: str | None = None, alt_text: str | None = None) -> str:
    """The ``[QR …]`` markup.

    >>> qr_code("https://news.google.com", width="200px")
    '[QR https://news.google.com, 200px]'
    """
    return tag("QR", string, width, alt_text)


def static_image(filename: Any, width: str | None = None, alt_text: str | None = None) -> str:
    """The ``[FILE …]`` markup of a static picture.

    >>> static_image("docassemble.demo:crawling.png", width="2in", alt_text="A baby")
    '[FILE docassemble.demo:crawling.png, 2in, A baby]'
    """
    return tag("FILE", filename, width, alt_text)


def tag(name: str, content: Any, width: str | None, alt_text: str | None) -> str:
    parts = [str(content)]
    if width is not None or alt_text is not None:
        parts.append("None" if width is None else str(width))
    if alt_text is not None:
        parts.append(str(alt_text))
    return f"[{name} {', '.join(parts)}]"


def interview_url_as_qr(alt_text: str | None = None, width: str | None = None, **kwargs: Any) -> str:
    return qr_code(interview_url(**kwargs), width=width, alt_text=alt_text)


def interview_url_action_as_qr(
    action: str, alt_text: str | None = None, width: str | None = None, **kwargs: Any
) -> str:
    return qr_code(interview_url_action(action, **kwargs), width=width, alt_text=alt_text)
