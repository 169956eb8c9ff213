"""``[BEGIN_TWOCOL] … [BREAK] … [END_TWOCOL]`` and the caption of a pleading: two columns side by side."""

from __future__ import annotations

import re

from markdown import Markdown
from markdown.preprocessors import Preprocessor

from appliance.interview.markup.base import Part

__all__ = ["Columns"]

COLUMN = '<div class="col-md-6" markdown="block">'
OPENING = f'<div class="row" markdown="block">\n\n{COLUMN}'
CAPTION_OPENING = '<div class="row dacaption" markdown="block">\n\n<div class="col-md-6 border-end" markdown="block">'
HTML = {
    "BEGIN_TWOCOL": OPENING,
    "BREAK": f"</div>\n\n{COLUMN}",
    "END_TWOCOL": "</div>\n\n</div>",
    "BEGIN_CAPTION": CAPTION_OPENING,
    "VERTICAL_LINE": f"</div>\n\n{COLUMN}",
    "END_CAPTION": "</div>\n\n</div>",
}
WHOLE = re.compile(
    r"^ {0,3}(\[BEGIN_TWOCOL\].*?\[BREAK\].*?\[END_TWOCOL\]|\[BEGIN_CAPTION\].*?\[VERTICAL_LINE\].*?\[END_CAPTION\])",
    re.DOTALL | re.MULTILINE,
)
TAG = re.compile(rf"\[({'|'.join(HTML)})\]")
BEFORE_HTML_BLOCKS = 25   # after white space is normalised (30), before md_in_html reads the tags (20)


class ColumnsProcessor(Preprocessor):
    """Writes the tags as HTML that the md_in_html extension then reads, so that columns may hold any Markdown."""

    def run(self, lines: list[str]) -> list[str]:
        text = "\n".join(lines)
        if "[BEGIN_" not in text:
            return lines
        return WHOLE.sub(lambda whole: TAG.sub(lambda tag: f"\n\n{HTML[tag[1]]}\n\n", whole[1]), text).split("\n")


class Columns(Part):
    def register(self, md: Markdown) -> None:
        md.preprocessors.register(ColumnsProcessor(md), "da_columns", BEFORE_HTML_BLOCKS)
