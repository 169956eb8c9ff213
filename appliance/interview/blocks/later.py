"""Blocks whose features come in a later version: read and checked for their names, refused where they are used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.interview.blocks.base import Block, BlockSource, keys
from appliance.interview.errors import InterviewError
from appliance.interview.names import canonical, is_name
from appliance.interview.yaml_source import YamlMap

if TYPE_CHECKING:
    from appliance.interview.evaluate import Evaluation
    from appliance.interview.screen import Screen

__all__ = ["LATER_KEYS", "LaterBlock"]

LATER_KEYS = (
    "table",
    "objects from file",
    "attachment code",
    "attachments code",
    "ml",
)


class LaterBlock(Block):
    """A block that defines a variable in a way this version does not know yet."""

    kind = "later"
    own_keys = keys(*((key, "any", "comes in a later version") for key in LATER_KEYS))

    def __init__(self, source: BlockSource, number: int) -> None:
        super().__init__(source, number)
        self.feature = next((key for key in LATER_KEYS if key in source), "")
        single = [source.data.get(key) for key in ("variable name", "table")]
        found = [canonical(name) for name in single if isinstance(name, str) and is_name(name)]
        if "objects from file" in source:
            value = source.data["objects from file"]
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, YamlMap):
                    found.extend(canonical(key) for key in item if is_name(key))
        self.set_offers(found)

    def attempt(self, evaluation: Evaluation, name: str | None) -> Screen | None:
        raise InterviewError(
            f"This interview uses {self.feature!r}, which is not there yet in this version.",
            file=self.file,
            line=self.line,
        )
