"""Texts made ready for a sentence, a list, a document or a form."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from typing import Any

from appliance.library.languages import language_function, word
from appliance.library.state import turn_state

__all__ = [
    "add_separators",
    "bold",
    "comma_and_list",
    "comma_list",
    "fix_punctuation",
    "from_b64_json",
    "indent",
    "italic",
    "name_suffix",
    "noyes",
    "period_list",
    "plain",
    "quote_paragraphs",
    "redact",
    "single_paragraph",
    "single_to_double_newlines",
    "space_to_underscore",
    "split",
    "verbatim",
    "yesno",
]


def items_of(pargs: tuple[Any, ...]) -> list[str]:
    """The arguments as texts; lists among them, of any kind, are unpacked."""
    items: list[str] = []
    for each in pargs:
        if isinstance(each, Iterable) and not isinstance(each, (str, bytes)):
            items.extend(str(item) for item in each)
        else:
            items.append(str(each))
    return items


@language_function
def comma_and_list(
    *pargs: Any, oxford: bool = True, and_string: str | None = None, comma_string: str = ", ", before_and: str = " ",
    after_and: str = " ", **_kwargs: Any,
) -> str:
    """The items as part of a sentence.

    >>> comma_and_list(["lions", "tigers", "bears"]), comma_and_list("fish", "toads", and_string="or")
    ('lions, tigers, and bears', 'fish or toads')
    >>> comma_and_list("a", "b", "c", oxford=False), comma_and_list("a", "b", "c", comma_string="; ")
    ('a, b and c', 'a; b; and c')
    """
    items = items_of(pargs)
    if len(items) < 2:
        return "".join(items)
    comma = comma_string.rstrip() if oxford and len(items) > 2 else ""
    conjunction = word("and") if and_string is None else and_string
    return f"{comma_string.join(items[:-1])}{comma}{before_and}{conjunction}{after_and}{items[-1]}"


@language_function
def comma_list(*pargs: Any, comma_string: str = ", ", **_kwargs: Any) -> str:
    """The items with commas between them.

    >>> comma_list(["lions", "tigers", "bears"], comma_string="; ")
    'lions; tigers; bears'
    """
    return comma_string.join(items_of(pargs))


@language_function
def add_separators(
    items: Iterable[Any], separator: str = ";", last_separator: str | None = None, end_mark: str = ".", **_kwargs: Any
) -> list[str]:
    """The items as the points of a list that is one sentence.

    >>> add_separators(["apples", "pears", "plums"])
    ['apples;', 'pears; and', 'plums.']
    """
    texts = [str(item) for item in items]
    if not texts:
        return []
    before_last = f"; {word('and')}" if last_separator is None else last_separator
    ends = [separator] * (len(texts) - 2) + [before_last] * (len(texts) > 1) + [end_mark]
    return [text.rstrip() + end for text, end in zip(texts, ends, strict=True)]


@language_function
def period_list(**_kwargs: Any) -> list[list[Any]]:
    """Choices for how often a year something is paid."""
    return [[12, word("Per Month")], [1, word("Per Year")], [52, word("Per Week")], [24, word("Twice Per Month")],
            [26, word("Every Two Weeks")]]


@language_function
def name_suffix(**_kwargs: Any) -> list[str]:
    """Choices for the suffix of a name."""
    return ["Jr", "Sr", "II", "III", "IV", "V", "VI"]


def plain(text: Any, default: Any = None) -> str:
    """`text`, or `default` where it is empty.

    >>> plain("", default="not available")
    'not available'
    """
    shown = "" if text is None else str(text)
    return shown if shown.strip() else "" if default is None else str(default)


def bold(text: Any, default: Any = None) -> str:
    """`text` in bold, or nothing at all where it is empty.

    >>> bold("apple"), bold("")
    ('**apple**', '')
    """
    shown = plain(text, default)
    return f"**{shown}**" if shown else ""


def italic(text: Any, default: Any = None) -> str:
    """`text` in italics, or nothing at all where it is empty.

    >>> italic("apple")
    '_apple_'
    """
    shown = plain(text, default)
    return f"_{shown}_" if shown else ""


def space_to_underscore(a: Any) -> str:
    """`a` as a safe name for a file.

    >>> space_to_underscore("John Wilkes Booth"), space_to_underscore("../../Muñoz & Co.")
    ('John_Wilkes_Booth', 'Muñoz_Co')
    """
    words = re.sub(r"[^\w.\-]+", " ", str(a).replace("/", " ").replace("\\", " ")).split()
    return "_".join(each for each in words if each.strip(".")).strip("._")


def single_to_double_newlines(text: Any) -> str:
    r"""`text` with each of its lines as a paragraph.

    >>> single_to_double_newlines("one\ntwo\n\nthree")
    'one\n\ntwo\n\nthree'
    """
    return re.sub(r"[\r\n]+", "\n\n", str(text))


def single_paragraph(text: Any) -> str:
    r"""`text` on one line.

    >>> single_paragraph("one\n\ntwo")
    'one two'
    """
    return re.sub(r"[\r\n]+", " ", str(text))


def quote_paragraphs(text: Any) -> str:
    r"""`text` as a quotation in Markdown.

    >>> quote_paragraphs("one\n\ntwo")
    '> one\n>\n> two'
    """
    return "\n".join(f"> {line}".rstrip() for line in str(text).strip().splitlines())


def indent(text: Any, by: int | None = None) -> str:
    r"""`text` with `by` (four) spaces before each line, so that it belongs to an item of a list.

    >>> indent("one\ntwo")
    '    one\n    two'
    """
    spaces = " " * (4 if by is None else by)
    return "\n".join(spaces + line for line in str(text).split("\n"))


def fix_punctuation(text: Any, mark: str | None = None, other_marks: list[str] | None = None) -> str:
    """`text` with a punctuation mark at its end.

    >>> fix_punctuation("I have a claim"), fix_punctuation("Do I have a claim?"), fix_punctuation("No", mark="!")
    ('I have a claim.', 'Do I have a claim?', 'No!')
    """
    shown = str(text).rstrip()
    wanted = "." if mark is None else mark
    marks = (*(other_marks or (".", "?", "!")), wanted)
    return shown if not shown or shown.rstrip("\"'”’)").endswith(marks) else shown + wanted


_MARKDOWN = re.compile(r"[!-/:-@\[-`{-~]")


def verbatim(text: Any) -> str:
    """`text` so that neither Markdown nor HTML in it has an effect.

    >>> verbatim("*a* < b")
    '&#42;a&#42; &#60; b'
    """
    shown = _MARKDOWN.sub(lambda character: f"&#{ord(character[0])};", str(text))
    # Spaces and digits only have a meaning at the beginning of a line; the dot after a digit is escaped already.
    return re.sub(r"^[ \t]+", "", shown, flags=re.MULTILINE)


def redact(text: Any) -> str:
    """A black bar instead of `text`, unless the document that is being assembled says ``redact: False``.

    >>> redact("123-45-6789")
    '███████████'
    """
    if not turn_state().get("redact", True):
        return str(text)
    return re.sub(r"\S", "█", str(text))


def from_b64_json(string: str) -> Any:
    """The object that base64 of JSON stands for.

    >>> from_b64_json("eyJhIjogMX0=")
    {'a': 1}
    """
    return json.loads(base64.b64decode(string))


def yesno(the_value: Any, invert: bool = False) -> str:
    """``'Yes'`` or ``'No'``, for a checkbox of a PDF form.

    >>> yesno(True), yesno(True, invert=True)
    ('Yes', 'No')
    """
    return "Yes" if bool(the_value) is not invert else "No"


def noyes(the_value: Any, invert: bool = False) -> str:
    return yesno(the_value, invert=not invert)


def split(text: Any, breaks: int | list[int], index: int) -> str:
    """Part `index` of `text`, cut into parts of at most so many characters, between words where it can be.

    >>> [split("The quick brown fox jumped over the lazy dog", [12, 22], i) for i in range(4)]
    ['The quick', 'brown fox jumped over', 'the lazy dog', '']
    """
    widths = [breaks] if isinstance(breaks, int) else list(breaks)
    rest = " ".join(str(text).split())
    parts: list[str] = []
    for width in widths:
        if len(rest) <= width:
            cut = len(rest)
        else:
            space = rest.rfind(" ", 0, width + 1)
            cut = space if space > 0 else width
        parts.append(rest[:cut].strip())
        rest = rest[cut:].strip()
    parts.append(rest)
    return parts[index] if -len(parts) <= index < len(parts) else ""
