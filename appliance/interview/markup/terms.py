"""Terms: ``{creeper}``, ``{creeper|creepers}``, and automatic terms, as links that open their definition."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

from markdown import Markdown

from appliance.interview.markup.base import Inline, Part

__all__ = ["Terms"]

AFTER_RAW_HTML = 85   # below 90, where raw HTML is put aside, so that attributes are left alone


class Terms(Part):
    """`use` sets the definitions before each conversion."""

    def __init__(self) -> None:
        super().__init__()
        self.definitions: dict[str, str] = {}
        self.automatic: dict[str, str] = {}
        self.automatic_pattern: re.Pattern[str] | None = None

    def use(self, terms: Mapping[str, str], automatic: Mapping[str, str]) -> None:
        self.definitions = {normal(term): definition for term, definition in {**automatic, **terms}.items()}
        automatic = {normal(term): definition for term, definition in automatic.items()}
        if automatic != self.automatic:
            self.automatic = automatic
            self.automatic_pattern = any_of(automatic) if automatic else None

    def register(self, md: Markdown) -> None:
        md.inlinePatterns.register(BracedTerm(self, md), "da_terms", AFTER_RAW_HTML)
        md.inlinePatterns.register(AutomaticTerm(self, md), "da_auto_terms", AFTER_RAW_HTML - 1)

    def link(self, definition: str, shown: str) -> str:
        """A button in all but looks; the page's script gives it Bootstrap's popover."""
        return (
            '<a tabindex="0" role="button" class="daterm" data-bs-toggle="popover" data-bs-trigger="focus" '
            'data-bs-placement="bottom" data-bs-container="body" data-bs-html="true" '
            f'data-bs-content="{html.escape(definition)}">{html.escape(shown, quote=False)}</a>'
        )


class BracedTerm(Inline):
    ANCESTOR_EXCLUDES = ("a",)

    def __init__(self, terms: Terms, md: Markdown) -> None:
        super().__init__(r"\{([^{}|]+)(?:\|([^{}]+))?\}", md)
        self.terms = terms

    def found(self, match: re.Match[str]) -> str | None:
        definition = self.terms.definitions.get(normal(match[1]))
        if definition is None:
            return None
        return self.raw(self.terms.link(definition, " ".join((match[2] or match[1]).split())))


class AutomaticTerm(Inline):
    ANCESTOR_EXCLUDES = ("a",)

    def __init__(self, terms: Terms, md: Markdown) -> None:
        super().__init__(r"", md)
        self.terms = terms

    def getCompiledRegExp(self) -> re.Pattern[str]:  # noqa: N802  (Python-Markdown's name)
        return self.terms.automatic_pattern or NOTHING

    def found(self, match: re.Match[str]) -> str:
        definition = self.terms.automatic[normal(match[0])]
        return self.raw(self.terms.link(definition, match[0]))


NOTHING = re.compile(r"(?!)")


def normal(term: str) -> str:
    """Terms are compared without regard to case and to line breaks within them."""
    return " ".join(term.split()).lower()


def any_of(terms: Mapping[str, str]) -> re.Pattern[str]:
    """A pattern for any of `terms` as whole words, longest first."""
    longest_first = sorted(terms, key=len, reverse=True)
    words = "|".join(r"\s+".join(map(re.escape, term.split())) for term in longest_first)
    return re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)
