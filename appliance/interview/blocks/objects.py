"""``objects`` blocks: variables that are objects of a class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.interview.blocks.base import Block, BlockSource, keys
from appliance.interview.code import Expression
from appliance.interview.names import canonical, is_name
from appliance.interview.yaml_source import YamlMap

if TYPE_CHECKING:
    from appliance.interview.evaluate import Evaluation
    from appliance.interview.screen import Screen

__all__ = ["ObjectsBlock"]


class ObjectsBlock(Block):
    """``- user: Individual`` or ``- fruits: DAList.using(object_type=Fruit)``; made when needed."""

    kind = "objects"
    own_keys = keys(("objects", "list", "pairs of a variable and a class"))

    def __init__(self, source: BlockSource, number: int) -> None:
        super().__init__(source, number)
        self.classes: dict[str, Expression] = {}
        value = source.data["objects"]
        for item in [value] if isinstance(value, YamlMap) else value if isinstance(value, list) else []:
            if not isinstance(item, YamlMap):
                raise source.error(f"an item of 'objects' must be 'variable: class', and {item!r} is not", "objects")
            for variable, expression in item.items():
                if not is_name(variable):
                    raise source.error(f"{variable!r} is not the name of a variable", variable, data=item)
                if not isinstance(expression, str):
                    raise source.error(f"{variable!r} needs the name of a class", variable, data=item)
                self.classes[canonical(variable)] = Expression(
                    expression, self.file, item.text_line(variable), "the class"
                )
        self.set_offers(self.classes)

    def attempt(self, evaluation: Evaluation, name: str | None) -> Screen | None:
        evaluation.prepare(self)
        for variable, expression in self.classes.items():
            full = evaluation.resolve(variable)
            wanted = name is None or name in {full, variable}
            if wanted and not (name is None and evaluation.is_defined(full)):
                evaluation.ensure_parent(full)
                evaluation.assign(full, evaluation.new_object(expression.value(evaluation.answers), full))
        return None
