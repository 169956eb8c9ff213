"""Text to HTML: the Markdown converter, set up once per thread, and a cache in front of it.

Most texts of an interview are static and shown again and again, so results are kept by text and options.
"""

from __future__ import annotations

import html as entities
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from markdown import Markdown

from appliance.interview.files import FileInfo
from appliance.interview.markup.alignment import Alignment
from appliance.interview.markup.columns import Columns
from appliance.interview.markup.icons import Icons
from appliance.interview.markup.links import Links
from appliance.interview.markup.loose import put_back, set_aside
from appliance.interview.markup.media import Media
from appliance.interview.markup.tables import TableStyle
from appliance.interview.markup.tags import Tags
from appliance.interview.markup.terms import Terms

__all__ = ["plain_text", "to_html"]

TYPOGRAPHY = {
    "left-single-quote": "‘",
    "right-single-quote": "’",
    "left-double-quote": "“",
    "right-double-quote": "”",
    "left-angle-quote": "«",
    "right-angle-quote": "»",
    "ellipsis": "…",
    "ndash": "–",
    "mdash": "—",
}
"""The characters themselves rather than entities, so that the HTML can be searched and compared as text."""

LONGEST_CACHED = 20_000
NO_ICONS = re.compile(r"(?<![ \t])[ \t]*\[NO_EMOJIS\][ \t]*\n?")


@dataclass(frozen=True)
class Options:
    """What a conversion depends on besides its text; hashable, because it is half of the cache's key."""

    inline: bool = False
    terms: tuple[tuple[str, str], ...] = ()
    auto_terms: tuple[tuple[str, str], ...] = ()
    icons: tuple[tuple[str, str], ...] = ()
    package: str = ""
    table_css_class: str = "table table-striped"
    files: tuple[FileInfo, ...] = ()
    own: str = ""


DEFAULT = Options()
DEFAULT_INLINE = Options(inline=True)


def to_html(
    text: str,
    *,
    inline: bool = False,
    terms: Mapping[str, str] | None = None,
    auto_terms: Mapping[str, str] | None = None,
    icons: Mapping[str, str] | None = None,
    package: str = "",
    table_css_class: str | None = None,
    files: Sequence[FileInfo] = (),
    own: str = "",
) -> str:
    """The HTML of a text that an author wrote in Markdown with docassemble's tags.

    :param inline: for labels, choices and questions: a single paragraph loses its ``<p>``.
    :param terms: definitions (HTML) of the terms that ``{braces}`` refer to.
    :param auto_terms: definitions of terms that are found without braces.
    :param icons: HTML for ``:name:`` and ``[FILE name]`` of ``image sets`` and ``images``; other names are taken to be
        those of Font Awesome.
    :param package: the package that ``[FILE picture.jpg]`` is looked for in when it names none.
    :param table_css_class: classes of tables written in Markdown (``table css class``).
    :param files: the files of the session that ``[FILE 123]`` shows.
    :param own: our own address, whose links open in the same tab.

    >>> to_html("It's *here*", inline=True)
    'It’s <em>here</em>'
    """
    # Options that the text cannot make use of stay out of the key, so that the everyday call is one look-up.
    own = own if own and own in text else ""
    used: object = own or auto_terms or table_css_class or (terms and "{" in text)
    used = used or ("[" in text and (icons or package or files))
    if not used and not (icons and ":" in text):
        options = DEFAULT_INLINE if inline else DEFAULT
    else:
        options = Options(
            inline=inline,
            terms=tuple((terms or {}).items()),
            auto_terms=tuple((auto_terms or {}).items()),
            icons=tuple((icons or {}).items()),
            package=package,
            table_css_class=table_css_class or DEFAULT.table_css_class,
            files=tuple(files),
            own=own,
        )
    if len(text) > LONGEST_CACHED:
        return convert(text, options)
    return cached(text, options)


def plain_text(html: str) -> str:
    """The text of a piece of HTML on one line, for titles and messages.

    >>> plain_text("<p>Tom &amp; <b>Jerry</b></p><p>ride</p>")
    'Tom & Jerry ride'
    """
    text = UNSHOWN.sub(" ", html)
    text = BREAKING_TAG.sub(" ", text)
    return " ".join(entities.unescape(ANY_TAG.sub("", text)).split())


UNSHOWN = re.compile(r"<(script|style)\b.*?</\1\s*>|<!--.*?-->", re.DOTALL | re.IGNORECASE)
BREAKING_TAG = re.compile(
    r"</?(?:p|br|div|li|ul|ol|tr|td|th|h[1-6]|table|blockquote|pre|dt|dd|hr)\b[^>]*>", re.IGNORECASE
)
ANY_TAG = re.compile(r"</?[A-Za-z][^<>]*>")

SOLE_PARAGRAPH = re.compile(r"<p(?P<attributes>(?: [^>]*)?)>(?P<content>(?:(?!<p[ >]).)*)</p>", re.DOTALL)


def convert(text: str, options: Options) -> str:
    """:func:`to_html` without the cache."""
    if "[NO_EMOJIS]" in text:
        text, icons_allowed = NO_ICONS.sub("", text), False
    else:
        icons_allowed = True
    converter = this_thread.converter()
    converter.reset()
    converter.prepare(options, icons_allowed)
    result = put_back(converter.convert(set_aside(text)))
    return without_paragraph(result) if options.inline else result


@lru_cache(maxsize=4096)
def cached(text: str, options: Options) -> str:
    return convert(text, options)


def without_paragraph(html: str) -> str:
    """`html` without the paragraph around it, when it is one paragraph; its alignment is kept in a span.

    >>> without_paragraph('<p class="text-center">Hi</p>')
    '<span class="d-block text-center">Hi</span>'
    """
    match = SOLE_PARAGRAPH.fullmatch(html)
    if match is None:
        return html
    attributes, content = match["attributes"], match["content"]
    if not attributes:
        return content
    if ' class="' in attributes:
        attributes = attributes.replace(' class="', ' class="d-block ', 1)
    else:
        attributes = f' class="d-block"{attributes}'
    return f"<span{attributes}>{content}</span>"


class Converter(Markdown):
    """Python-Markdown with the extensions docassemble documents, and ours."""

    def __init__(self) -> None:
        self.terms = Terms()
        self.icons = Icons()
        self.links = Links()
        self.media = Media()
        self.tables = TableStyle()
        super().__init__(
            extensions=[
                "markdown.extensions.smarty",
                "markdown.extensions.tables",
                "markdown.extensions.attr_list",
                "markdown.extensions.def_list",
                "markdown.extensions.footnotes",
                "markdown.extensions.md_in_html",
                "markdown.extensions.sane_lists",
                Columns(),
                Alignment(),
                Tags(),
                self.links,
                self.terms,
                self.icons,
                self.media,
                self.tables,
            ],
            extension_configs={"markdown.extensions.smarty": {"substitutions": TYPOGRAPHY}},
            output_format="html",
        )

    def prepare(self, options: Options, icons_allowed: bool) -> None:
        """Set what the next conversion depends on."""
        pictures = dict(options.icons)
        self.terms.use(dict(options.terms), dict(options.auto_terms))
        self.icons.use(pictures, icons_allowed)
        self.media.use(pictures, options.package, {file.number: file for file in options.files})
        self.tables.css_class = options.table_css_class
        self.links.use(options.own)


class PerThread(threading.local):
    """Markdown objects hold state while they convert, and turns are evaluated in several threads."""

    def __init__(self) -> None:
        self._converter: Converter | None = None

    def converter(self) -> Converter:
        if self._converter is None:
            self._converter = Converter()
        return self._converter


this_thread = PerThread()
