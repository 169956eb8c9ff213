"""Markdown to blocks: the dialect of screens, with docassemble's tags for paper."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from threading import local
from typing import Any

from markdown import Markdown

from appliance.documents.model import (
    PLAIN,
    Block,
    Columns,
    Listing,
    Look,
    PageBreak,
    Paragraph,
    Rule,
    Run,
    Setting,
    Skip,
    Spacing,
    Table,
)
from appliance.documents.page import INCH, length, spacing_named
from appliance.documents.tags import ELEMENT, PICTURE, DocumentTags
from appliance.interview.markup.alignment import Alignment
from appliance.interview.markup.columns import Columns as ColumnTags
from appliance.interview.markup.convert import TYPOGRAPHY

__all__ = ["read_inline", "read_markdown"]

_VOID = frozenset({"br", "hr", "img", "col", "wbr", "input", "meta", "link"})
_UNSHOWN = frozenset({"script", "style", "head", "title", "template", "svg"})
_BLOCKS = frozenset({
    "p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "table", "thead", "tbody", "tfoot", "tr", "td",
    "th", "blockquote", "pre", "hr", "dl", "dt", "dd", "section", "article", "figure", "center",
})
_LOOKS: dict[str, dict[str, Any]] = {
    "strong": {"bold": True}, "b": {"bold": True}, "em": {"italic": True}, "i": {"italic": True},
    "cite": {"italic": True}, "u": {"underline": True}, "ins": {"underline": True}, "s": {"strike": True},
    "strike": {"strike": True}, "del": {"strike": True}, "code": {"code": True}, "kbd": {"code": True},
    "tt": {"code": True}, "sup": {"raised": "super"}, "sub": {"raised": "sub"},
}
_RUNS = {"BR": Run("break"), "NEWLINE": Run("break"), "TAB": Run("tab"), "PAGENUM": Run("page"),
         "TOTALPAGES": Run("pages"), "BLANKFILL": Run("fill")}
_LINK = re.compile(r"(?:https?://|mailto:|tel:)\S", re.IGNORECASE)
"""Where links may lead: a document is opened far from here, by programs that would open local files or run code."""
_LINE_ENDS = re.compile("[\x0b\x0c\x85\u2028\u2029]")
_NO_TEXT = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Characters that neither XML nor fonts know."""
_MARGIN = re.compile(r"margin-(left|right):\s*([^;]+)")


class _Node:
    """An element of the HTML, with its children: texts and elements."""

    def __init__(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag, self.attributes = tag, attributes
        self.children: list[_Node | str] = []

    def of(self, *tags: str) -> list[_Node]:
        return [child for child in self.children if isinstance(child, _Node) and child.tag in tags]

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()


class _Tree(HTMLParser):
    """Reads HTML into nodes; what an author left open is closed, what was never opened is let pass."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = _Node("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = _Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(node)
        if tag not in _VOID:
            self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].children.append(_Node(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        for depth in range(len(self.open) - 1, 0, -1):
            if self.open[depth].tag == tag:
                del self.open[depth:]
                return

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


class _Thread(local):
    """Markdown objects hold state while they convert, and documents are made in several threads."""

    def __init__(self) -> None:
        self.converter = Markdown(
            extensions=["markdown.extensions.smarty", "markdown.extensions.tables", "markdown.extensions.attr_list",
                        "markdown.extensions.def_list", "markdown.extensions.footnotes",
                        "markdown.extensions.md_in_html", "markdown.extensions.sane_lists",
                        "markdown.extensions.fenced_code",
                        ColumnTags(), Alignment(), DocumentTags()],
            extension_configs={"markdown.extensions.smarty": {"substitutions": TYPOGRAPHY},
                               "markdown.extensions.footnotes": {"BACKLINK_TEXT": ""}},
            output_format="html")


_thread = _Thread()


def read_markdown(text: str, spacing: Spacing, *, number_sections: bool = False) -> list[Block]:
    """The blocks of a text.

    :param spacing: of paragraphs, until a tag says otherwise.
    """
    tree = _Tree()
    text = _NO_TEXT.sub("", _LINE_ENDS.sub("\n", text))
    tree.feed(_thread.converter.reset().convert(text))
    tree.close()
    return _Reader(spacing, number_sections).blocks(tree.root)


def read_inline(text: str) -> list[Run]:
    """The runs of a text of a header or footer; its paragraphs become lines."""
    runs: list[Run] = []
    for block in read_markdown(text, Spacing(1.0, 0.0, 0.0)):
        if isinstance(block, Paragraph):
            runs.extend([Run("break")] if runs else [])
            runs.extend(block.runs)
    return runs


class _Reader:
    """Walks the nodes; what tags say "from now on" is kept on the way."""

    def __init__(self, spacing: Spacing, number_sections: bool) -> None:
        self.spacing = spacing
        self.usual_indent = spacing.indent or 0.5 * INCH
        self.number_sections = number_sections
        self.section = [0] * 6
        self.borders = 0

    # -- blocks --------------------------------------------------------------------------------------

    def blocks(self, node: _Node, setting: Setting | None = None) -> list[Block]:
        """What an element holds; text beside blocks becomes paragraphs."""
        setting = setting or Setting()
        found: list[Block] = []
        loose: list[_Node | str] = []
        for child in node.children:
            if isinstance(child, str) or child.tag not in _BLOCKS:
                loose.append(child)
                continue
            found.extend(self._paragraphs(loose, setting))
            loose = []
            found.extend(self._block(child, setting))
        found.extend(self._paragraphs(loose, setting))
        return found

    def _block(self, node: _Node, setting: Setting) -> list[Block]:
        tag = node.tag
        if tag == "p":
            return self._paragraphs(node.children, self._set(node, setting), bold="fw-bold" in node.classes)
        if tag in ("h1", "h2", "h3", "h4", "h5", "h6"):
            return self._heading(node, int(tag[1]), self._set(node, setting))
        if tag in ("ul", "ol"):
            return [self._list(node, setting)]
        if tag == "table":
            return [self._table(node)]
        if tag == "hr":
            return [Rule()]
        if tag == "pre":
            return [Paragraph(_code_lines(_text(node)), replace(setting, first=0.0, spacing=_SINGLE), code=True)]
        if tag == "blockquote":
            inside = replace(setting, left=setting.left + 0.5 * INCH, right=setting.right + 0.5 * INCH, first=0.0)
            return self.blocks(node, inside)
        if tag == "dl":
            return self._definitions(node, setting)
        if tag == "center":
            return self.blocks(node, replace(setting, align="center", first=0.0))
        if tag == "div":
            return self._division(node, setting)
        return self.blocks(node, setting)

    def _division(self, node: _Node, setting: Setting) -> list[Block]:
        if "row" in node.classes:
            caption = "dacaption" in node.classes
            single = self.spacing
            self.spacing = replace(_SINGLE, after=1.0)
            columns = [self.blocks(column, Setting(first=0.0)) for column in node.of("div")]
            self.spacing = single
            return [Columns(columns, caption)]
        if "footnote" in node.classes:
            before, self.spacing = self.spacing, replace(_SINGLE, after=0.0)
            notes = [self.blocks(item, Setting(first=0.0)) for listed in node.of("ol") for item in listed.of("li")]
            self.spacing = before
            return [Rule(), Listing(notes, ordered=True, marks=[str(n + 1) for n in range(len(notes))])]
        return self.blocks(node, self._set(node, setting))

    def _heading(self, node: _Node, level: int, setting: Setting) -> list[Block]:
        self.section[level - 1] += 1
        self.section[level:] = [0] * (6 - level)
        runs = self._runs(node.children, Look(bold=True))
        if self.number_sections:
            runs.insert(0, Run(text=f"{self._section_number()} ", look=Look(bold=True)))
        return [Paragraph(_trimmed(runs), replace(setting, first=0.0, spacing=self.spacing), level)]

    def _section_number(self) -> str:
        numbers = [str(number) for number in self.section if number]
        return ".".join(numbers)

    def _list(self, node: _Node, setting: Setting) -> Listing:
        before = self.spacing
        self.spacing = replace(before, indent=0.0)
        items = [self.blocks(item, Setting(spacing=setting.spacing, first=0.0)) for item in node.of("li")]
        self.spacing = replace(self.spacing, indent=before.indent)
        start = node.attributes.get("start", "1")
        return Listing(items, node.tag == "ol", int(start) if start.isdecimal() and len(start) < 10 else 1)

    def _definitions(self, node: _Node, setting: Setting) -> list[Block]:
        found: list[Block] = []
        for child in node.of("dt", "dd"):
            if child.tag == "dt":
                found.extend(self._paragraphs(child.children, replace(setting, first=0.0), bold=True))
            else:
                found.extend(self.blocks(child, replace(setting, left=setting.left + 0.5 * INCH, first=0.0)))
        return found

    def _table(self, node: _Node) -> Table:
        before = self.spacing
        self.spacing = replace(_SINGLE, after=0.0)
        rows: list[list[list[Block]]] = []
        headings = 0
        for part in [node, *node.of("thead", "tbody", "tfoot")]:
            for row in part.of("tr"):
                cells = row.of("td", "th")
                is_heading = part.tag == "thead" or all(cell.tag == "th" for cell in cells)
                headings += is_heading and headings == len(rows)
                rows.append([self._cell(cell) for cell in cells])
        self.spacing = before
        wide = max((len(row) for row in rows), default=0)
        return Table([row + [[] for _ in range(wide - len(row))] for row in rows], headings)

    def _cell(self, cell: _Node) -> list[Block]:
        said = f"{cell.attributes.get('style', '')} {cell.attributes.get('align', '')} {' '.join(cell.classes)}"
        setting = Setting(first=0.0)
        if "center" in said:
            setting = replace(setting, align="center")
        elif "right" in said or "text-end" in said:
            setting = replace(setting, align="right")
        inside = self.blocks(cell, setting)
        if cell.tag == "th":
            for block in inside:
                if isinstance(block, Paragraph):
                    block.runs = [replace(run, look=replace(run.look, bold=True)) for run in block.runs]
        return inside

    def _set(self, node: _Node, setting: Setting) -> Setting:
        """What the classes and the style that alignment tags became say of a paragraph."""
        classes = node.classes
        for name, align in (("text-center", "center"), ("text-end", "right")):
            if name in classes:
                setting = replace(setting, align=align, first=0.0)  # type: ignore[arg-type]
        if "text-start" in classes:
            setting = replace(setting, first=0.0)
        if "ms-5" in classes:
            setting = replace(setting, left=setting.left + 0.5 * INCH)
        if "border" in classes:
            self.borders += 1
            setting = replace(setting, border=self.borders)
        for side, value in _MARGIN.findall(node.attributes.get("style", "")):
            amount = length(value) or 0.0
            setting = replace(setting, left=setting.left + amount) if side == "left" else replace(
                setting, right=setting.right + amount)
        return setting

    # -- text ----------------------------------------------------------------------------------------

    def _paragraphs(self, children: list[_Node | str], setting: Setting, *, bold: bool = False) -> list[Block]:
        """The paragraphs of a run of text: one, or several where tags break it."""
        found: list[Block] = []
        pending: list[Run] = []

        def close() -> None:
            runs = _trimmed(pending)
            if runs:
                found.append(Paragraph(runs, replace(setting, spacing=self.spacing)))
            pending.clear()

        for run in self._runs(children, Look(bold=bold)):
            name = run.source if run.kind == "text" and run.text == _SIGN else ""
            if not name:
                pending.append(run)
                continue
            if name in ("PAGEBREAK", "SKIPLINE", "NEWPAR"):
                close()
                if name != "NEWPAR":
                    found.append(PageBreak() if name == "PAGEBREAK" else Skip())
            else:
                self._from_now_on(name)
        close()
        return found

    def _from_now_on(self, name: str) -> None:
        if name in ("START_INDENTATION", "INDENTATION"):
            self.spacing = replace(self.spacing, indent=self.usual_indent)
        elif name in ("STOP_INDENTATION", "NOINDENTATION"):
            self.spacing = replace(self.spacing, indent=0.0)
        else:
            self.spacing = spacing_named(name, self.usual_indent) or self.spacing

    def _runs(self, children: list[_Node | str], look: Look) -> list[Run]:
        found: list[Run] = []
        for child in children:
            if isinstance(child, str):
                text = re.sub(r"[ \t\r\n]+", " ", child)
                if text:
                    found.append(Run(text=text, look=look))
            elif child.tag == ELEMENT:
                found.append(self._tag(child.attributes.get("name", ""), look))
            elif child.tag == "br":
                found.append(Run("break"))
            elif child.tag in (PICTURE, "img"):
                found.append(Run("picture", child.attributes.get("alt", ""), look, child.attributes.get("src", ""),
                                 child.attributes.get("width", "")))
            elif child.tag not in _UNSHOWN and "footnote-backref" not in child.classes:
                found.extend(self._runs(child.children, _look(child, look)))
        return found

    def _tag(self, name: str, look: Look) -> Run:
        if name in _RUNS:
            return replace(_RUNS[name], look=look)
        if name == "SECTIONNUM":
            return Run(text=self._section_number(), look=look)
        return Run(text=_SIGN, source=name)


_SINGLE = Spacing(1.0, 1.0, 0.0)
_SIGN = "\0"
"""The text of a run that stands for a tag between paragraphs; no text has this character."""


def _look(node: _Node, look: Look) -> Look:
    """The look inside an element."""
    look = replace(look, **_LOOKS.get(node.tag, {}))
    address = node.attributes.get("href", "").strip()
    if node.tag == "a" and _LINK.match(address):
        look = replace(look, link=address)
    return look


def _text(node: _Node | str) -> str:
    return node if isinstance(node, str) else "".join(_text(child) for child in node.children)


def _code_lines(text: str) -> list[Run]:
    runs: list[Run] = []
    for line in text.rstrip("\n").split("\n"):
        runs.extend([Run("break")] if runs else [])
        runs.append(Run(text=line.expandtabs(4), look=Look(code=True)))
    return runs


def _trimmed(runs: list[Run]) -> list[Run]:
    """Runs of one look joined, without spaces at the ends, beside line breaks and beside other spaces."""
    joined: list[Run] = []
    for run in runs:
        last = joined[-1] if joined else None
        if run.kind == "text":
            text = run.text.replace(_SIGN, "")
            if last is None or last.kind in ("break", "tab") or (last.kind == "text" and last.text.endswith(" ")):
                text = text.lstrip(" ")
            if not text:
                continue
            if last is not None and last.kind == "text" and last.look == run.look:
                joined[-1] = replace(last, text=last.text + text)
                continue
            run = replace(run, text=text)
        elif run.kind == "break" and last is not None and last.kind == "text":
            joined[-1] = replace(last, text=last.text.rstrip(" "))
        joined.append(run)
    while joined and (joined[-1].kind == "break" or (joined[-1].kind == "text" and not joined[-1].text.strip(" "))):
        joined.pop()
    if joined and joined[-1].kind == "text":
        joined[-1] = replace(joined[-1], text=joined[-1].text.rstrip(" \u00a0"))
    return joined or [run for run in runs if run.look != PLAIN and run.kind != "text"]
