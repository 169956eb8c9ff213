"""Drawing of interview screens: :func:`draw_body` for ajax replies, :func:`draw_page` for the whole document.

What the server gives: a :class:`~appliance.ui.context.PageContext` for each request. What the scripts find on the
page (ids, ``data-da-…`` attributes) is the table at the top of ``templates/screen.html``.
"""

from __future__ import annotations

import base64
import json
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape
from tornado.template import Loader, Template

from appliance.interview import datatypes
from appliance.interview.screen import Screen
from appliance.interview.turn import ShowScreen
from appliance.ui.attachments import draw_attachments
from appliance.ui.buttons import draw_buttons
from appliance.ui.context import Drawable, PageContext
from appliance.ui.progress import draw_progress
from appliance.ui.review import draw_review
from appliance.ui.rows import draw_rows, error_links

__all__ = ["PageContext", "body_class", "browser_title", "draw_body", "draw_page", "extra_css", "extra_scripts"]

_STYLES = ("vendor/bootstrap/css/bootstrap.min.css", "vendor/fontawesome/css/all.min.css", "appliance.css")
_SCRIPTS = ("vendor/jquery/jquery.min.js", "vendor/bootstrap/js/bootstrap.bundle.min.js")
_FORM_CLASS = {"fields": "daformfields", "buttons": "daformmultiplechoice", "continue": "daformcontinue",
               "end": "daformcontinueother"}


@cache
def _template(name: str) -> Template:
    loader = Loader(str(Path(__file__).parent / "templates"), whitespace="oneline")
    return loader.load(name)


def draw_body(reply: Drawable, page: PageContext) -> str:
    """The inside of ``#dabody`` for a reply whose ending is a ``ShowScreen``.

    :raises TypeError: if the reply shows no screen.
    :raises InterviewError: if a field needs a datatype that this version does not have.
    """
    shown = _shown(reply)
    screen = _shuffled(shown.screen, reply.session_id)
    can_go_back = reply.can_go_back and screen.can_go_back
    made = _template("screen.html").generate(
        screen=screen, page=page, reply=reply,
        messages=[text for text in (page.message, reply.message, shown.message) if text],
        errors=error_links(screen, shown.errors), can_go_back=can_go_back,
        rows=draw_rows(screen, shown.errors, shown.drafts), attachments=draw_attachments(screen),
        buttons=draw_buttons(screen, can_go_back=can_go_back),
        progress=draw_progress(screen, page.progress),
        form_class="daformreview" if "review" in screen.extras else _FORM_CLASS[screen.kind],
        review=draw_review(screen),
        hidden=_hidden(screen, reply, page),
        multipart=any(map(datatypes.is_file, screen.fields)),
        back_hidden=_inputs([*_common(reply, page), ("_back_one", "1")]),
        back_arrow=can_go_back and screen.features.get("navigation back button", True),
        who=page.user.first_name or page.user.email or "Menu",
        shows_login=screen.show_login)
    return made.decode()


def draw_page(reply: Drawable, page: PageContext) -> str:
    """The whole HTML document around :func:`draw_body`.

    :raises TypeError: if the reply shows no screen.
    :raises InterviewError: if a field needs a datatype that this version does not have.
    """
    screen = _shown(reply).screen
    made = _template("screen_page.html").generate(
        body=draw_body(reply, page), screen=screen, page=page, title=browser_title(screen),
        body_class=body_class(screen), styles=[page.static_url(path) for path in _STYLES],
        scripts=[page.static_url(path) for path in _SCRIPTS],
        modules=[page.static_url(path) for path in page.scripts],
        extra_css=extra_css(reply, page), extra_scripts=extra_scripts(reply, page), settings=_settings(reply, page))
    return made.decode()


def browser_title(screen: Screen) -> str:
    """The document's title."""
    return screen.tab_title or screen.title or screen.question_text


def body_class(screen: Screen) -> str:
    """The classes of ``<body>``."""
    return " ".join(filter(None, ["dabody", f"question-{screen.id}" if screen.id else "", screen.css_class]))


def extra_css(reply: Drawable, page: PageContext) -> str:
    """The style sheets that the interview's features name, and the author's ``css`` of this screen."""
    screen = _shown(reply).screen
    links = [f'<link rel="stylesheet" href="{escape(url)}">' for url in _files(reply, page, "css")]
    return "".join(links) + screen.css_html


def extra_scripts(reply: Drawable, page: PageContext) -> str:
    """The scripts that the interview's features name, and the author's ``script`` of this screen."""
    screen = _shown(reply).screen
    links = [f'<script src="{escape(url)}"></script>' for url in _files(reply, page, "javascript")]
    return "".join(links) + screen.script_html


def _files(reply: Drawable, page: PageContext, kind: str) -> Iterator[str]:
    """The addresses of the files that the feature `kind` lists."""
    listed = _shown(reply).screen.features.get(kind) or []
    for name in [listed] if isinstance(listed, str) else listed:
        if re.match(r"(https?:)?/", str(name)):
            yield str(name)
        elif ":" in str(name):
            yield page.package_file_url(str(name))
        else:
            package = reply.interview.partition(":")[0]
            yield page.package_file_url(f"{package}:data/static/{name}")


def _shown(reply: Drawable) -> ShowScreen:
    if not isinstance(reply.ending, ShowScreen):
        raise TypeError("this reply shows no screen")
    return reply.ending


def _shuffled(screen: Screen, session_id: str) -> Screen:
    """The screen with choices in this session's order: the same each time, so that nothing jumps after an error."""
    if not any(field.shuffle for field in screen.fields):
        return screen
    fields = []
    for field in screen.fields:
        if field.shuffle:
            order = random.Random(f"{session_id} {field.variable}")
            field = replace(field, choices=order.sample(field.choices, len(field.choices)))
        fields.append(field)
    return replace(screen, fields=fields)


def _common(reply: Drawable, page: PageContext) -> list[tuple[str, str]]:
    """The hidden inputs that say which page this is."""
    return [("_xsrf", page.xsrf), ("csrf_token", page.xsrf), ("_revision", str(reply.revision)),
            ("_turn", reply.turn_id), ("_session", reply.session_id)]


def _hidden(screen: Screen, reply: Drawable, page: PageContext) -> Markup:
    """The hidden inputs of the form, under the names that scripted clients know."""
    fields = [field for field in screen.fields if field.variable is not None]
    boxes = {field.html_name: field.datatype for field in fields
             if field.datatype in ("yesno", "yesnowide", "noyes", "noyeswide", "checkboxes", "multiselect")}
    event = [screen.event_action] if screen.event_action else []
    return _inputs([
        *_common(reply, page), ("_question_name", screen.block), ("_tracker", str(reply.steps)),
        ("_visible", ""), ("_event", _packed(event) if event else ""),
        ("_datatypes", _packed({field.html_name: field.datatype for field in fields})),
        ("_varnames", _packed({})), ("_checkboxes", _packed(boxes)), ("_empties", _packed({})),
        ("_files", _packed([field.html_name for field in fields if datatypes.is_file(field)])),
    ])


def _inputs(values: list[tuple[str, str]]) -> Markup:
    return Markup("".join(  # noqa: S704 - values are escaped, names are ours
        f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in values))


def _packed(value: Any) -> str:
    return base64.b64encode(json.dumps(value, default=str).encode()).decode()


def _settings(reply: Drawable, page: PageContext) -> Markup:
    """What the scripts need once for the page, as JSON that cannot end its own script element."""
    made = json.dumps({
        "interview": reply.interview, "session": reply.session_id, "action": page.action, "socket": page.socket_url,
        "checkin": page.checkin_url, "checkinInterval": page.checkin_interval,
        "language": _shown(reply).screen.language,
    })
    return Markup(made.replace("<", "\\u003c"))  # noqa: S704 - no "<" is left
