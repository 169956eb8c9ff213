"""Markup of interview texts: Markdown, smart typography and docassemble's tags, to HTML for screens."""

from __future__ import annotations

from appliance.interview.markup.convert import plain_text, to_html
from appliance.interview.markup.media import file_numbers
from appliance.interview.markup.tags import put_targets

__all__ = ["file_numbers", "plain_text", "put_targets", "to_html"]
