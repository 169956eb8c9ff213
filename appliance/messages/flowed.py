"""Plain text whose lines were broken for transport only (``format=flowed``, RFC 3676), made whole again."""

from __future__ import annotations

__all__ = ["unflowed"]


def unflowed(text: str, *, delsp: bool = False) -> str:
    r"""The text with its paragraphs on one line each.

    :param delsp: the space at which a line was broken was added for that.

    >>> unflowed("A long \nparagraph.\n> quoted \n> text\n-- \nAnn")
    'A long paragraph.\n> quoted text\n-- \nAnn'
    """
    lines: list[list[str]] = []   # in pieces: adding to a text again and again takes the square of its length
    open_depth = -1   # of the paragraph that goes on; -1 where none does
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        rest = line[depth:]
        rest = rest.removeprefix(" ")   # stuffed, so that it is not taken for a quotation
        signature = rest == "-- "
        flows = rest.endswith(" ") and not signature
        said = rest[:-1] if flows and delsp else rest
        if open_depth == depth and not signature:
            lines[-1].append(said)
        else:
            lines.append([f"{'>' * depth} {said}" if depth else said])
        open_depth = depth if flows else -1
    return "\n".join("".join(pieces) for pieces in lines)
