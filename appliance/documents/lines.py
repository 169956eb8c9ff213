"""Runs to lines: where a line may break, which font each letter has, in which order the parts of a line stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from fpdf import FPDF
from fpdf.bidi import BidiParagraph
from fpdf.enums import TextDirection

from appliance.documents.fonts import BOX, Fonts
from appliance.documents.images import Images, Picture
from appliance.documents.model import PLAIN, Look, Paragraph, Run
from appliance.documents.page import INCH
from appliance.documents.scripts import is_combining, is_ideograph, is_rtl, script_of

__all__ = ["Line", "Lines", "Part", "is_rtl_text"]

_ASCENT, _LEADING = 0.95, 1.2
"""Of letters: how far they stand below the top of their line, and how far lines are apart, as parts of their size."""

RAISED_SIZE = 0.66
_TAB = 0.5 * INCH
_BREAK_AFTER = frozenset(" -–—\u200b\u00ad/")
_NOT_AT_START = frozenset(" 、。,.,.:;!?)]}」』】〉》〕’”!?…:;)-–—%/")
_NOT_AT_END = frozenset("([{「『【〈《〔‘“(")
_INVISIBLE = str.maketrans("", "", "\u200b\u2060\ufeff\u00ad\u200e\u200f\u061c")


@dataclass
class Part:
    """A piece of a line that is drawn at once.

    :param level: of the bidirectional text: odd is from right to left.
    :param line_break: whether a line may end after it.
    """

    kind: str
    text: str
    look: Look
    font: tuple[str, str]
    size: float
    level: int = 0
    width: float = 0.0
    line_break: bool = False
    picture: Picture | None = None
    height: float = 0.0


@dataclass
class Line:
    """Parts from left to right, with their places.

    :param x: of each part.
    :param ascent: how far below its top letters and pictures stand.
    """

    parts: list[Part] = field(default_factory=list)
    x: list[float] = field(default_factory=list)
    width: float = 0.0
    ascent: float = 0.0
    height: float = 0.0


def is_rtl_text(text: str, usual: bool = False) -> bool:
    """The direction of a paragraph: that of its first letter that has one."""
    for letter in text:
        if is_rtl(letter):
            return True
        if letter.isalpha():
            return False
    return usual


class Lines:
    """Breaks paragraphs into lines for one PDF file.

    :param height: of a page's text, which no picture is higher than.
    """

    def __init__(self, pdf: FPDF, fonts: Fonts, size: float, images: Images, height: float, rtl: bool) -> None:
        self.pdf, self.fonts, self.size, self.images, self.height, self.rtl = pdf, fonts, size, images, height, rtl
        self.numbers = {"page": "0", "pages": "0"}   # what page numbers are taken to be while lines are made
        self._widths: dict[tuple[Any, ...], float] = {}

    # -- measuring -----------------------------------------------------------------------------------

    def use(self, part: Part) -> None:
        """Make the part's font and direction those of the PDF file."""
        family, style = part.font
        self.pdf.set_font(family, style, part.size)
        self.pdf.set_text_shaping(True, direction="rtl" if part.level % 2 else "ltr")

    def measure(self, part: Part) -> float:
        """How wide it is."""
        key = (part.font, part.size, part.level % 2, part.text)
        if key not in self._widths:
            self.use(part)
            self._widths[key] = float(self.pdf.get_string_width(part.text, normalized=True)) if part.text else 0.0
        return self._widths[key]

    # -- breaking ------------------------------------------------------------------------------------

    def break_up(self, paragraph: Paragraph, width: float, first: float = 0.0, scale: float = 1.0) -> list[Line]:
        """The lines of a paragraph.

        :param width: between its indentations.
        :param first: how far its first line is indented.
        :param scale: of the letters, for headings.
        """
        rtl = is_rtl_text(paragraph.text, self.rtl)
        lines: list[Line] = []
        for piece in _at_breaks(paragraph.runs):
            indent = 0.0 if lines else first
            room = width - indent if piece and piece[0].kind == "picture" else width
            parts = self._parts(piece, room, rtl, scale)
            lines.extend(self._fill(parts, width, indent, rtl, keep_spaces=paragraph.code))
        for line in lines:
            if not line.height:
                line.height, line.ascent = self.size * scale * _LEADING, self.size * scale * _ASCENT
        return lines

    def _parts(self, runs: list[Run], width: float, rtl: bool, scale: float) -> list[Part]:
        """The runs as parts that no line break falls into, in the order in which they are read."""
        text = "".join(run.text if run.kind == "text" else "\ufffc" for run in runs)
        levels = _levels(text, rtl)
        found: list[Part] = []
        position = 0
        for run in runs:
            if run.kind == "text":
                found.extend(self._text_parts(run, levels[position:position + len(run.text)], text, position, scale))
                position += len(run.text)
            else:
                found.append(self._other(run, levels[position], width, scale))
                position += 1
        for part in found:
            if part.kind in ("text", "page", "pages"):
                part.width = self.measure(part)
        return found

    def _text_parts(self, run: Run, levels: list[int], text: str, position: int, scale: float) -> Iterator[Part]:
        size = self.size * scale * (RAISED_SIZE if run.look.raised else 1.0)
        letters, font, level, script = "", None, 0, ""
        for offset, letter in enumerate(run.text):
            wanted, shown = font, letter
            if font is None or not letters or not is_combining(letter):
                wanted = self._font(letter, run.look, font)
            if wanted is None:
                wanted, shown = self._font(BOX, PLAIN, None) or ("tinos", ""), BOX
            other = letter.isalpha() and script_of(letter) != script
            if letters and (wanted != font or levels[offset] != level or (other and script)):
                yield Part("text", letters, run.look, font or wanted, size, level)
                letters = ""
            script = script_of(letter) if other else script
            letters, font, level = letters + shown, wanted, levels[offset]
            place = position + offset
            if _may_break(letter, text[place + 1] if place + 1 < len(text) else ""):
                yield Part("text", letters, run.look, font, size, level, line_break=True)
                letters = ""
        if letters and font is not None:
            yield Part("text", letters, run.look, font, size, level)

    def _font(self, letter: str, look: Look, before: tuple[str, str] | None) -> tuple[str, str] | None:
        """The font of a letter; spaces and what is not seen take that of the letter before."""
        if before is not None and (letter == " " or letter.translate(_INVISIBLE) == ""):
            return before
        if letter.translate(_INVISIBLE) == "" or not letter.isprintable():
            letter = " "
        return self.fonts.key(letter, look)

    def _other(self, run: Run, level: int, width: float, scale: float) -> Part:
        size = self.size * scale
        font = self.fonts.key("0", run.look) or ("tinos", "")
        if run.kind == "picture":
            return self._picture(run, width, Part("text", run.text, run.look, font, size, level, line_break=True))
        part = Part(run.kind, self.numbers.get(run.kind, ""), run.look, font, size, level)
        if run.kind == "fill":
            part.line_break = True
        if run.kind == "tab":
            part.width = _TAB
        return part

    def _picture(self, run: Run, width: float, words: Part) -> Part:
        """A picture, no wider than the line and no higher than the page; its words where it is missing."""
        picture = self.images.of(run)
        if picture is None:
            return words
        wide, high = picture.size(run.width, width, self.height - 2 * self.size)
        return replace(words, kind="picture", width=wide, height=high, picture=picture)

    def _fill(self, parts: list[Part], width: float, first: float, rtl: bool, *, keep_spaces: bool) -> list[Line]:
        """Put parts into lines: as many as fit, broken where that is allowed, else within a word."""
        lines: list[Line] = []
        current: list[Part] = []
        used = first
        for word in _words(parts):
            wide = sum(part.width for part in word)
            bare = wide - self._space_at_end(word)
            if current and used + bare > width:
                lines.append(self._place(current, width, first if not lines else 0.0, rtl, keep_spaces))
                current, used = [], 0.0
            if used + bare > width:
                word, finished = self._split(word, width, used)
                for full in finished:
                    lines.append(self._place(full, width, first if not lines else 0.0, rtl, keep_spaces))
                    used = 0.0
                wide = sum(part.width for part in word)
            current.extend(word)
            used += wide
        lines.append(self._place(current, width, first if not lines else 0.0, rtl, keep_spaces))
        return lines

    def _space_at_end(self, word: list[Part]) -> float:
        last = word[-1]
        if last.kind != "text" or not last.text.endswith(" "):
            return 0.0
        return last.width - self.measure(replace(last, text=last.text.rstrip(" ")))

    def _split(self, word: list[Part], width: float, used: float) -> tuple[list[Part], list[list[Part]]]:
        """A word that is wider than a line: what stays for the next line, and the lines that it fills."""
        finished: list[list[Part]] = []
        current: list[Part] = []
        for part in word:
            if part.kind != "text":
                current.append(part)
                used += part.width
                continue
            letters = ""
            for cluster in _clusters(part.text):
                grown = replace(part, text=letters + cluster, line_break=False)
                if used + self.measure(grown) > width and (letters or current):
                    if letters:
                        current.append(self._sized(replace(part, text=letters)))
                    finished.append(current)
                    current, letters, used = [], "", 0.0
                letters += cluster
            if letters:
                current.append(self._sized(replace(part, text=letters)))
                used += current[-1].width
        return current, finished

    def _sized(self, part: Part) -> Part:
        part.width = self.measure(part)
        return part

    # -- placing -------------------------------------------------------------------------------------

    def _place(self, parts: list[Part], width: float, first: float, rtl: bool, keep_spaces: bool) -> Line:
        """A line of these parts: those that belong together joined, then in the order in which they are seen."""
        joined: list[Part] = []
        for part in parts:
            last = joined[-1] if joined else None
            if (last is not None and part.kind == last.kind == "text" and part.look == last.look
                    and part.font == last.font and part.level == last.level and part.size == last.size):
                joined[-1] = replace(last, text=last.text + part.text)
            else:
                joined.append(part)
        if joined and not keep_spaces and joined[-1].kind == "text":
            joined[-1] = replace(joined[-1], text=joined[-1].text.rstrip(" "))
        for part in joined:
            if part.kind == "text":
                part.text = part.text.translate(_INVISIBLE)
                self._sized(part)
        joined = [part for part in joined if part.text or part.kind != "text"]
        free = width - first - sum(part.width for part in joined)
        fills = [part for part in joined if part.kind == "fill"]
        for part in fills:
            part.width = max(free / len(fills), 0.0)
        line = Line(_visual(joined, rtl))
        place = 0.0
        for part in line.parts:
            line.x.append(place)
            place += part.width
            above = part.height if part.kind == "picture" else part.size * _ASCENT
            line.ascent = max(line.ascent, above)
            line.height = max(line.height, part.height + 0.3 * self.size if part.kind == "picture"
                              else part.size * _LEADING)
        line.width = place
        return line


def _at_breaks(runs: list[Run]) -> list[list[Run]]:
    """The runs between line breaks."""
    pieces: list[list[Run]] = [[]]
    for run in runs:
        if run.kind == "break":
            pieces.append([])
        else:
            pieces[-1].append(run)
    return pieces


def _levels(text: str, rtl: bool) -> list[int]:
    """The embedding level of each letter, by the Unicode bidirectional algorithm."""
    if not rtl and not any(is_rtl(letter) for letter in text):
        return [0] * len(text)
    paragraph = BidiParagraph(text, TextDirection.RTL if rtl else TextDirection.LTR, preserve_bn_chars=True)
    levels = [character.embedding_level for character in paragraph.get_characters_with_embedding_level()]
    return levels if len(levels) == len(text) else [1 if rtl else 0] * len(text)


def _may_break(letter: str, after: str) -> bool:
    """Whether a line may end between two letters."""
    if not after or after == " ":
        return False
    if letter in _BREAK_AFTER:
        return letter == " " or (after not in _NOT_AT_START and not after.isdigit())
    if after == "\ufffc" or letter in _NOT_AT_END or after in _NOT_AT_START or is_combining(after):
        return False
    return is_ideograph(letter) or is_ideograph(after)


def _words(parts: list[Part]) -> Iterator[list[Part]]:
    """Parts that stay on one line, if they fit there."""
    word: list[Part] = []
    for part in parts:
        word.append(part)
        if part.line_break:
            yield word
            word = []
    if word:
        yield word


def _clusters(text: str) -> Iterator[str]:
    """Letters with the marks that belong to them."""
    cluster = ""
    for letter in text:
        if cluster and not is_combining(letter):
            yield cluster
            cluster = ""
        cluster += letter
    if cluster:
        yield cluster


def _visual(parts: list[Part], rtl: bool) -> list[Part]:
    """Parts in the order in which they are seen: runs of a level and above are turned around, highest level first."""
    if not rtl and all(part.level == 0 for part in parts):
        return list(parts)
    ordered = list(parts)
    for level in range(max((part.level for part in parts), default=0), 0, -1):
        start = 0
        while start < len(ordered):
            if ordered[start].level < level:
                start += 1
                continue
            end = start
            while end < len(ordered) and ordered[end].level >= level:
                end += 1
            ordered[start:end] = ordered[start:end][::-1]
            start = end
    return ordered
