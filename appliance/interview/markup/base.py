"""Python-Markdown's extension points under our names, in one place."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor

__all__ = ["Inline", "Part"]


class Part(Extension, ABC):
    """A part of our markup, which registers its processors."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802  (Python-Markdown's name)
        self.register(md)

    @abstractmethod
    def register(self, md: Markdown) -> None: ...


class Inline(InlineProcessor, ABC):
    """Something within a line that a pattern finds and :meth:`found` replaces."""

    def handleMatch(  # type: ignore[override]  # noqa: N802  (Python-Markdown's name)
        self, m: re.Match[str], data: str  # noqa: ARG002
    ) -> tuple[Element | str | None, int | None, int | None]:
        replacement = self.found(m)
        return (None, None, None) if replacement is None else (replacement, m.start(0), m.end(0))

    @abstractmethod
    def found(self, match: re.Match[str]) -> Element | str | None:
        """What stands there instead; None to leave the text as it is."""

    def raw(self, html: str) -> str:
        """`html` as a replacement that nothing else looks into."""
        return self.md.htmlStash.store(html)
