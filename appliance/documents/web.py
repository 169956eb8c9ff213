"""HTML files: what the preview shows, as a page of its own, with its pictures inside."""

from __future__ import annotations

import re
from base64 import b64encode
from html import escape
from pathlib import Path

from appliance.documents.images import Images
from appliance.documents.model import Run
from appliance.documents.scripts import RTL_LANGUAGES
from appliance.interview.files import Document
from appliance.interview.markup import plain_text, to_html
from appliance.interview.markup.media import parts

__all__ = ["write_html"]

_STYLE = ("body{max-width:42em;margin:2em auto;padding:0 1em;font-family:'Times New Roman',Tinos,serif;line-height:1.4}"
          "table{border-collapse:collapse}td,th{border:1px solid #888;padding:.2em .5em}.text-center{text-align:center}"
          ".text-end{text-align:end}.fw-bold{font-weight:bold}.border{border:1px solid #888;padding:.5em}"
          ".ms-5{margin-inline-start:3em}.row{display:flex;gap:1em}.row>div{flex:1}img{max-width:100%}")
_TAG = re.compile(r"\[FILE +([^\]\[]+)\]")
_PLACE = re.compile(r'src="picture:(\d+)"')
_USUAL_WIDTH = "4in"
_KINDS = {b"\x89PNG": "png", b"GIF8": "gif"}   # else JPEG


def write_html(document: Document, files: dict[str, str]) -> bytes:
    """The HTML file of a document.

    :param files: paths of pictures, by the references that the text has for them.
    """
    language = escape(document.language)
    direction = "rtl" if document.language.lower().partition("-")[0] in RTL_LANGUAGES else "ltr"
    title = escape(plain_text(to_html(document.name, inline=True)))
    body = _with_pictures(document, Images(files))
    return (f'<!DOCTYPE html>\n<html lang="{language}" dir="{direction}"><head><meta charset="utf-8">'
            f"<title>{title}</title><style>{_STYLE}</style></head>\n<body>\n{body}\n</body></html>\n"
            ).encode()


def _with_pictures(document: Document, images: Images) -> str:
    """The text as HTML. Pictures are put in at the end, so that Markdown need not read them."""
    found: list[str] = []

    def mark(match: re.Match[str]) -> str:
        reference, width, words = parts(match[1])
        picture = images.of(Run("picture", words, source=reference))
        if picture is None:
            return words
        content = picture.file.read_bytes() if isinstance(picture.file, Path) else picture.file
        kind = _KINDS.get(content[:4], "jpeg")
        found.append(f'src="data:image/{kind};base64,{b64encode(content).decode()}"')
        return f'<img src="picture:{len(found) - 1}" alt="{escape(words)}" style="width: {width or _USUAL_WIDTH}">'

    body = to_html(_TAG.sub(mark, document.markdown), package=document.package)
    return _PLACE.sub(lambda match: found[int(match[1])] if int(match[1]) < len(found) else "", body)
