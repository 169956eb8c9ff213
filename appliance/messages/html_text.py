"""HTML as people read it where mail is shown as plain text: paragraphs, lists, links with their address."""

from __future__ import annotations

from html import unescape
from html.parser import HTMLParser

__all__ = ["text_of"]

_BLOCKS = frozenset({"p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "blockquote", "pre",
                     "section", "article", "header", "footer", "figure", "center", "form", "fieldset", "address"})
_LINES = frozenset({"li", "tr", "dt", "dd", "caption", "figcaption"})
_UNSHOWN = frozenset({"script", "style", "title", "head", "template"})
_DEEPEST = 8
"""Quotes and lists in one another that are shown as such; hostile mail has thousands."""

_MOST_BROKEN = 20
"""Tags without an end up to which what follows is still read as HTML. Each is sought up to the end of the text."""

_WEB = ("http://", "https://", "mailto:", "tel:")


def text_of(html: str) -> str:
    r"""The text of HTML; in a time that grows as its length does, whoever wrote it.

    >>> text_of('<p>Hello, <b>Ann</b>!</p><ul><li>one</li><li>two</li></ul><p><a href="http://a.example">Open</a></p>')
    'Hello, Ann!\n\n* one\n* two\n\nOpen (http://a.example)\n'
    """
    parser = _Reader()
    parser.feed(html)
    parser.finish()
    return parser.text()


class _Reader(HTMLParser):
    """Writes words, and the line ends between them: `_pending` are those that are due before the next word."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._pending = 0
        self._space = False
        self._unshown = self._quoted = self._preformatted = 0
        self._lists: list[int | None] = []
        self._link: tuple[str, int] | None = None
        self._bulleted = False   # the last words were a bullet

    def text(self) -> str:
        text = "\n".join(line.rstrip(" \t") for line in "".join(self._parts).split("\n")).strip()
        return f"{text}\n" if text else ""

    def finish(self) -> None:
        """Instead of close(), which looks at all that is left again for each ``<`` in it."""
        for _ in range(_MOST_BROKEN):
            left = self.rawdata
            if not left.startswith("<") or self.cdata_elem is not None:
                break
            self.rawdata = ""
            self.handle_data("<")
            self.feed(left[1:])
        self.handle_data(unescape(self.rawdata))
        self.rawdata = ""

    # -- what HTMLParser calls ----------------------------------------------------------------------------

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSHOWN:
            self._unshown += 1
        elif tag == "br":
            self._pending += 1
            self._space = False
        elif tag == "hr":
            self._break(2)
            self._write("-" * 40)
            self._break(2)
        elif tag in ("td", "th"):
            self._space = True
        elif tag == "img":
            self._word(dict(attrs).get("alt") or "")
        elif tag == "a":
            self._link = (dict(attrs).get("href") or "", len(self._parts))   # links hold no links
        elif tag in _BLOCKS:
            self._begin(tag)
        elif tag in _LINES:
            self._break(1)
            if tag == "li":
                self._write(self._bullet())
                self._bulleted = True

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSHOWN:
            self._unshown = max(self._unshown - 1, 0)
        elif tag == "a" and self._link is not None:
            self._end_link(*self._link)
        elif tag in _BLOCKS:
            self._end(tag)
        elif tag in _LINES:
            self._break(1)

    def handle_data(self, data: str) -> None:
        if self._unshown:
            return
        if self._preformatted:
            self._write(data)
            return
        if data[:1].isspace():
            self._space = True
        for word in data.split():
            self._word(word)
            self._space = True
        if data.strip() and not data[-1].isspace():
            self._space = False

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """``<![if !vml]>`` of Outlook's and whatever else begins so: a comment, as for browsers; Python's raises."""
        return self.parse_bogus_comment(i, report)

    # -- inside ---------------------------------------------------------------------------------------------

    def _begin(self, tag: str) -> None:
        self._break(1 if tag in ("ul", "ol") and self._lists else 2)
        if tag in ("ul", "ol"):
            self._lists.append(0 if tag == "ol" else None)
        elif tag == "blockquote":
            self._quoted += 1
        elif tag == "pre":
            self._preformatted += 1

    def _end(self, tag: str) -> None:
        if tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        elif tag == "blockquote":
            self._quoted = max(self._quoted - 1, 0)
        elif tag == "pre":
            self._preformatted = max(self._preformatted - 1, 0)
        self._break(1 if self._lists else 2)

    def _bullet(self) -> str:
        indent = "  " * (min(len(self._lists), _DEEPEST) - 1)
        if not self._lists or self._lists[-1] is None:
            return f"{indent}* "
        self._lists[-1] += 1
        return f"{indent}{self._lists[-1]}. "

    def _end_link(self, href: str, begun: int) -> None:
        self._link = None
        said = "".join(self._parts[begun:])
        if href.startswith(_WEB) and href.partition(":")[2].lstrip("/") not in said:
            self._write(f" ({href})")
            self._space = False

    def _break(self, lines: int) -> None:
        if self._bulleted and self._pending == 0:
            return   # a paragraph inside an item of a list begins on the item's own line
        self._pending = max(self._pending, lines)
        self._space = False

    def _word(self, word: str) -> None:
        if word:
            apart = self._space and not self._pending and self._parts and not self._bulleted
            self._write(f" {word}" if apart else word)
            self._space = False

    def _write(self, text: str) -> None:
        quote = "> " * min(self._quoted, _DEEPEST)
        self._bulleted = False
        if self._pending and self._parts:
            self._parts.append("\n".join(["", *[quote] * (self._pending - 1), ""]))
        if quote and (self._pending or not self._parts):
            self._parts.append(quote)
        self._pending = 0
        self._parts.append(text.replace("\n", f"\n{quote}") if quote else text)
