"""The bars of the background tasks that tell how far they are, on a screen that waits."""

from __future__ import annotations

from markupsafe import Markup, escape

from appliance.interview.screen import Screen
from appliance.sessions.progress import Bar, TaskProgress

__all__ = ["draw_progress"]


def draw_progress(screen: Screen, progress: TaskProgress) -> Markup:
    """The place of the bars with those there are; nothing on a screen that does not wait.

    ``ui/static/progress.js`` draws the same when a task tells something new.
    """
    if not (screen.reload_after or screen.check_in or screen.kind == "end"):
        return Markup("")
    bars = "".join(_bar(one) for one in progress.bars)
    return Markup(  # noqa: S704 - made of escaped parts
        f'<div id="da-task-progress" data-da-version="{progress.version}"><div class="da-tasks">{bars}</div>'
        '<p class="visually-hidden" role="status"></p></div>')


def _bar(bar: Bar) -> str:
    known = bar.fraction is not None
    percent = round(100 * (bar.fraction or 0))
    now = f' aria-valuenow="{percent}"' if known else ""
    inside = "" if known else " progress-bar-striped progress-bar-animated"
    return (f'<div class="da-task" data-da-number="{bar.number}">'
            f'<div class="progress" role="progressbar" aria-label="Work in the background" aria-valuemin="0"'
            f' aria-valuemax="100" aria-describedby="da-task-{bar.number}"{now}>'
            f'<div class="progress-bar{inside}" style="width: {percent if known else 100}%"></div></div>'
            f'<p class="da-task-words"><span id="da-task-{bar.number}">{escape(bar.text)}</span>'
            f'<span class="da-task-percent" aria-hidden="true">{f"{percent} %" if known else ""}</span></p></div>')
