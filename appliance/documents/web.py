"""HTML files: what the preview shows, as a page of its own."""

from __future__ import annotations

from html import escape

from appliance.documents.scripts import RTL_LANGUAGES
from appliance.interview.files import Document
from appliance.interview.markup import plain_text, to_html

__all__ = ["write_html"]

_STYLE = ("body{max-width:42em;margin:2em auto;padding:0 1em;font-family:'Times New Roman',Tinos,serif;line-height:1.4}"
          "table{border-collapse:collapse}td,th{border:1px solid #888;padding:.2em .5em}.text-center{text-align:center}"
          ".text-end{text-align:end}.fw-bold{font-weight:bold}.border{border:1px solid #888;padding:.5em}"
          ".ms-5{margin-inline-start:3em}.row{display:flex;gap:1em}.row>div{flex:1}")


def write_html(document: Document) -> bytes:
    """The HTML file of a document."""
    language = escape(document.language)
    direction = "rtl" if document.language.lower().partition("-")[0] in RTL_LANGUAGES else "ltr"
    body = to_html(document.markdown, package=document.package)
    title = escape(plain_text(to_html(document.name, inline=True)))
    return (f'<!DOCTYPE html>\n<html lang="{language}" dir="{direction}"><head><meta charset="utf-8">'
            f"<title>{title}</title><style>{_STYLE}</style></head>\n<body>\n{body}\n</body></html>\n"
            ).encode()
