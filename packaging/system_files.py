"""The files by which a Linux desktop knows a program: menu entry, type of files, description, manual page."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from appliance import __version__, cli

__all__ = ["Facts", "filled", "man_page"]

LINUX = Path(__file__).resolve().parent / "linux"


@dataclass(frozen=True)
class Facts:
    """What the files say.

    :param made: when the package was made; of the last commit, so that the same source gives the same package.
    """

    made: datetime
    version: str = __version__

    @property
    def date(self) -> str:
        """2027-01-31."""
        return self.made.astimezone(UTC).strftime("%Y-%m-%d")

    @property
    def date_in_mail(self) -> str:
        """As changelogs want it."""
        return format_datetime(self.made.astimezone(UTC))


def filled(name: str, facts: Facts, **more: str) -> str:
    """A file of the folder ``linux`` with its ``@WORDS@`` replaced.

    :param more: words, in small letters, and what they stand for.
    :raises ValueError: if one is left.
    """
    text = (LINUX / name).read_text(encoding="utf-8")
    for word, value in {"version": facts.version, "date": facts.date, **more}.items():
        text = text.replace(f"@{word.upper()}@", value)
    if "@" in text:
        raise ValueError(f"{name} has a word that nobody knows: {text.partition('@')[2][:20]}")
    return text


def man_page(facts: Facts) -> str:
    """The manual page; its commands are those of the program."""
    return filled("appliance.1", facts, commands=_commands().replace("@", ""))


def _commands() -> str:
    lines = []
    for group in (one for one in cli._parser()._actions if isinstance(one, argparse._SubParsersAction)):  # noqa: SLF001
        for choice in group._get_subactions():   # noqa: SLF001 - argparse offers no other way to its commands
            parser: argparse.ArgumentParser = group.choices[choice.dest]
            usage = parser.format_usage().removeprefix("usage: ").split()
            shown = [word for word in usage if word != "[-h]"]
            lines += [".TP", f".B {_plain(' '.join(shown))}", f"{_plain(str(choice.help))}."]
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Text for roff: a hyphen that is typed stays one, and nothing looks like a request."""
    return text.replace("\\", "\\e").replace("-", "\\-")
