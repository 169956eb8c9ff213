"""Links to elsewhere open in a new tab, those to ourselves do not; dangerous ones lead nowhere, and pictures from
elsewhere become links.
"""

from __future__ import annotations

import html
import re
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.treeprocessors import Treeprocessor

from appliance.interview.markup.base import Part

__all__ = ["Links", "is_dangerous"]

DANGEROUS = ("javascript:", "data:", "vbscript:")
IGNORED_BY_BROWSERS = re.compile(r"[\x00-\x20]")
ELSEWHERE = re.compile(r"(?:https?:)?//", re.IGNORECASE)
AFTER_UNESCAPING = -10   # Python-Markdown puts back \: and the like at 0; what is judged must be what the browser gets


def is_dangerous(url: str) -> bool:
    r"""Whether a browser would run `url` instead of going there, however it is disguised.

    >>> is_dangerous("java\nscript&#58;alert(1)")
    True
    """
    return IGNORED_BY_BROWSERS.sub("", html.unescape(url)).lower().startswith(DANGEROUS)


class LinksProcessor(Treeprocessor):
    """Works on Markdown's links only: raw HTML is the author's own, people's text cannot contain any."""

    own = ""

    def run(self, root: Element) -> None:
        for element in root.iter():
            if element.tag == "a" and "href" in element.attrib:
                self.link(element)
            elif element.tag == "img":
                self.picture(element)
            elif element.tag == "blockquote":
                element.set("class", f"{element.get('class', '')} blockquote".strip())

    def link(self, element: Element) -> None:
        url = element.get("href", "")
        if is_dangerous(url):
            del element.attrib["href"]
        elif ELSEWHERE.match(url) and not self.is_own(url):
            if "target" not in element.attrib:
                element.set("target", "_blank")
            if element.get("target") == "_blank":
                element.set("rel", "noopener")

    def is_own(self, url: str) -> bool:
        """Whether it leads to where the page is from."""
        return bool(self.own) and (url == self.own or url.startswith(f"{self.own}/"))

    def picture(self, element: Element) -> None:
        """Nothing is fetched from another host, so a picture that is there becomes a link with its description."""
        url = element.get("src", "")
        if is_dangerous(url):
            del element.attrib["src"]
        elif ELSEWHERE.match(url):
            element.tag = "a"
            element.text = element.get("alt") or url
            for name in ("src", "alt"):
                element.attrib.pop(name, None)
            element.attrib.update({"href": url, "target": "_blank", "rel": "noopener"})


class Links(Part):
    processor: LinksProcessor

    def register(self, md: Markdown) -> None:
        self.processor = LinksProcessor(md)
        md.treeprocessors.register(self.processor, "da_links", AFTER_UNESCAPING)

    def use(self, own: str) -> None:
        """Take `own` for the address of ourselves."""
        self.processor.own = own
