"""Drawing of interview screens: :func:`draw_body` for ajax replies, :func:`draw_page` for the whole document.

What the server gives: a :class:`~appliance.ui.context.PageContext` for each request. What the scripts find on the
page (ids, ``data-da-…`` attributes) is the table at the top of ``templates/screen.html``.
"""

from __future__ import annotations

from appliance.ui.context import Drawable, PageContext

__all__ = ["PageContext", "draw_body", "draw_page"]


def draw_body(reply: Drawable, page: PageContext) -> str:
    """The inside of ``#dabody`` for a reply whose ending is a ``ShowScreen``.

    :raises TypeError: if the reply shows no screen.
    """
    raise TypeError("this reply shows no screen")


def draw_page(reply: Drawable, page: PageContext) -> str:
    """The whole HTML document around :func:`draw_body`.

    :raises TypeError: if the reply shows no screen.
    """
    raise TypeError("this reply shows no screen")
