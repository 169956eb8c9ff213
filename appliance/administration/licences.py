"""What is inside the appliance, with licences, as the packages themselves say."""

from __future__ import annotations

import functools
import importlib.metadata
import json
from dataclasses import dataclass
from importlib.metadata import PackageMetadata
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

__all__ = ["Ingredient", "front_end", "ingredients", "licence_text"]

OURS = "interview-appliance"
_FRONT_END = Path(__file__).parent.parent / "ui" / "vendor"
_FONTS = Path(__file__).parent.parent / "documents" / "vendor"
_PHRASES = {"cc by 4.0": "CC-BY-4.0", "sil open font license": "OFL-1.1", "sil ofl": "OFL-1.1",
            "bitstream vera": "Bitstream-Vera",
            "permission is hereby granted, free of charge, to any person obtaining a copy of this software": "MIT"}
_LONGEST = 60
"""Characters up to which a field `License` is a name; some packages put the whole text there."""


@dataclass(frozen=True)
class Ingredient:
    """A package of others that the appliance is made with.

    :param licence: its name; empty where the package does not tell.
    """

    name: str
    version: str
    licence: str


@functools.cache
def ingredients() -> list[Ingredient]:
    """The Python packages that the appliance needs, and those that these need; empty where nobody can tell, as in an
    app that was put together without what packages say of themselves.
    """
    found: dict[str, Ingredient] = {}
    waiting = [OURS]
    while waiting:
        name = waiting.pop()
        if canonicalize_name(name) in found:
            continue
        try:
            known = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue   # for another system, or another Python
        found[canonicalize_name(name)] = Ingredient(known.metadata["Name"], known.version, _licence(known.metadata))
        waiting += _needed(known.requires or [])
    found.pop(OURS, None)
    return sorted(found.values(), key=lambda one: one.name.casefold())


def front_end() -> list[Ingredient]:
    """What pages and documents are made with; the licences lie beside their files."""
    found = []
    for folder in (_FRONT_END, _FONTS):
        try:
            versions = json.loads((folder / "versions.json").read_text(encoding="utf-8"))["versions"]
        except (FileNotFoundError, KeyError, ValueError):
            continue
        found += [Ingredient(name, str(version), _recognised(folder / name)) for name, version in versions.items()]
    return sorted(found, key=lambda one: one.name.casefold())


def licence_text(name: str) -> str:
    """The texts of a package's licences, of those in :func:`ingredients`; empty if it brings none."""
    if canonicalize_name(name) not in {canonicalize_name(one.name) for one in ingredients()}:
        return ""
    files = importlib.metadata.distribution(name).files or []
    texts = []
    for file in files:
        if file.name.upper().startswith(("LICENSE", "LICENCE", "COPYING", "NOTICE")) and ".dist-info" in str(file):
            path = Path(str(file.locate()))
            if path.is_file():
                texts.append(path.read_text(encoding="utf-8", errors="replace"))
    return "\n\n".join(texts)


def _licence(metadata: PackageMetadata) -> str:
    told = metadata.json
    expression, plain = str(told.get("license_expression", "") or ""), str(told.get("license", "") or "").strip()
    if expression:
        return expression
    if plain and len(plain) <= _LONGEST and "\n" not in plain:
        return plain
    marks = [one.rpartition(" :: ")[2] for one in _list(told.get("classifier")) if one.startswith("License :: ")]
    return ", ".join(mark for mark in marks if mark != "OSI Approved") or plain.partition("\n")[0][:_LONGEST]


def _list(value: str | list[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else value or []


def _needed(requires: list[str]) -> list[str]:
    names = []
    for text in requires:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            names.append(requirement.name)
    return names


def _recognised(folder: Path) -> str:
    """The licences whose texts lie in a folder; a font's own file says more about it than that of its package."""
    files = sorted(folder.glob("LICENSE_FONT*")) or sorted(folder.glob("LICENSE*"))
    text = " ".join(" ".join(file.read_text(encoding="utf-8", errors="replace").split()) for file in files).casefold()
    return ", ".join(dict.fromkeys(name for phrase, name in _PHRASES.items() if phrase in text))
