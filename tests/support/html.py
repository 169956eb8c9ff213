"""A page read without a browser: just enough of a tree to find a form's controls by the words beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

__all__ = ["Element", "read"]

_VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track",
                   "wbr"])
_UNSEEN = frozenset(["script", "style", "template", "noscript"])


@dataclass
class Element:
    """One element; `children` holds elements and texts in order."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    parent: Element | None = field(default=None, repr=False)
    children: list[Element | str] = field(default_factory=list, repr=False)

    def all(self, *tags: str) -> Iterator[Element]:
        """This element's descendants with one of these tags (any, without tags), in order of the page."""
        for child in self.children:
            if isinstance(child, Element):
                if not tags or child.tag in tags:
                    yield child
                yield from child.all(*tags)

    def find(self, identifier: str) -> Element | None:
        """The descendant with this id."""
        return next((one for one in self.all() if one.attributes.get("id") == identifier), None)

    def has_class(self, name: str) -> bool:
        return name in self.attributes.get("class", "").split()

    def above(self) -> Iterator[Element]:
        """The elements around this one, from the inside out."""
        element = self.parent
        while element is not None:
            yield element
            element = element.parent

    @property
    def text(self) -> str:
        """The words in it, with single spaces."""
        return " ".join("".join(self._pieces()).split())

    def _pieces(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            elif child.tag not in _UNSEEN:
                if child.tag in ("br", "p", "div", "li", "h1", "h2", "h3", "h4", "td", "option"):
                    yield " "
                yield from child._pieces()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("")
        self._open = self.root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, self._open)
        self._open.children.append(element)
        if tag not in _VOID:
            self._open = element

    def handle_endtag(self, tag: str) -> None:
        for element in (self._open, *self._open.above()):
            if element.tag == tag and element.parent is not None:
                self._open = element.parent
                return

    def handle_data(self, data: str) -> None:
        self._open.children.append(data)


def read(html: str) -> Element:
    """The tree of a page.

    >>> read("<p>Hello <b>you</b></p>").text
    'Hello you'
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.root
