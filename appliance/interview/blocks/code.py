"""``code`` blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.interview.blocks.base import Block, BlockSource, keys

if TYPE_CHECKING:
    from appliance.interview.evaluate import Evaluation
    from appliance.interview.screen import Screen

__all__ = ["CodeBlock"]


class CodeBlock(Block):
    """Python that runs when one of the variables it assigns is needed, or because it is mandatory or initial."""

    kind = "code"
    own_keys = keys(("code", "code", "the Python statements"))

    def __init__(self, source: BlockSource, number: int) -> None:
        super().__init__(source, number)
        self.code = source.code("code")
        self.set_offers(self.code.assigned)

    def attempt(self, evaluation: Evaluation, name: str | None) -> Screen | None:
        evaluation.prepare(self)
        evaluation.run_code(self.code)
        for needed in self.need_after:
            needed.value(evaluation.answers)
        return None
