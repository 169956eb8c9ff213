"""Markup of interview texts: Markdown, smart typography and docassemble's tags, to HTML for screens."""

from __future__ import annotations

from appliance.interview.markup.convert import plain_text, to_html

__all__ = ["plain_text", "to_html"]
