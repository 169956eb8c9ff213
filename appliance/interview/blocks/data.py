"""``data`` and ``data from code``: a structure written in YAML that a variable stands for."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from appliance.interview import namespace
from appliance.interview.blocks.base import Block, BlockSource, keys
from appliance.interview.code import Expression
from appliance.interview.errors import InterviewError
from appliance.interview.templates import TextTemplate
from appliance.interview.yaml_source import YamlMap

if TYPE_CHECKING:
    from appliance.interview.evaluate import Evaluation
    from appliance.interview.screen import Screen

__all__ = ["DataBlock"]

_CONTEXT = frozenset({"question", "document", "docx", "pdf", "pandoc"})
"""The keys of a dictionary that becomes a ``DAContext``; it has the first two, and none but these."""


class DataBlock(Block):
    """A variable whose value stands in the block: lists and dictionaries of texts with Mako, or of expressions.

    With ``use objects: True`` they become ``DAList`` and ``DADict``; with ``use objects: objects`` also objects of a
    class, where a dictionary has ``object`` and ``item`` or ``items``, as in a file for ``objects from file``.
    """

    kind = "data"
    own_keys = keys(
        ("variable name", "name", "the variable"),
        ("data", "any", "its value: texts, numbers, lists and dictionaries"),
        ("data from code", "any", "its value, with an expression in place of each text"),
        ("use objects", "any", "True: DAList and DADict; 'objects': also objects of classes"),
        ("gathered", "flag", "False: the lists and dictionaries are still to be gathered"),
    )

    def __init__(self, source: BlockSource, number: int) -> None:
        super().__init__(source, number)
        if "variable name" not in source:
            raise source.error("a data block needs 'variable name'", hint="add 'variable name: …'")
        self.variable = source.name("variable name")
        key = "data from code" if "data from code" in source else "data"
        if source.data.get("use objects", False) not in (True, False, "objects"):
            raise source.error("'use objects' is True, False or 'objects'", "use objects")
        self.objects: bool | str = source.data.get("use objects", False)
        self.gathered = source.flag("gathered", True)
        self._as_code = key == "data from code"
        self.data = self._read(source, source.data[key], source.data.text_line(key))
        self.set_offers([self.variable])

    def _read(self, source: BlockSource, value: Any, line: int) -> Any:
        """`value` with its texts compiled."""
        if isinstance(value, YamlMap):
            return {key: item if key in ("object", "module") and self.objects == "objects" and isinstance(item, str)
                    else self._read(source, item, value.text_line(key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self._read(source, item, line) for item in value]
        if self._as_code and value is not None and not isinstance(value, bool):
            return Expression(str(value), source.file, line, "'data from code'")
        return source.text_of(value, line) if isinstance(value, str) else value

    def attempt(self, evaluation: Evaluation, name: str | None) -> Screen | None:
        evaluation.prepare(self)
        variable = evaluation.resolve(self.variable)
        if name is None and evaluation.is_defined(variable):
            return None
        evaluation.ensure_parent(variable)
        value = self._value(self.data, evaluation)
        evaluation.assign(variable, self._with_objects(value, variable) if self.objects else value)
        return None

    def _value(self, data: Any, evaluation: Evaluation) -> Any:
        """`data` with its texts filled in and its expressions worked out.

        :raises NameError: for what is not defined.
        """
        if isinstance(data, TextTemplate):
            return data.render(evaluation.answers)
        if isinstance(data, Expression):
            return data.value(evaluation.answers)
        if isinstance(data, dict):
            return {key: self._value(item, evaluation) for key, item in data.items()}
        if isinstance(data, list):
            return [self._value(item, evaluation) for item in data]
        return data

    # -- objects ---------------------------------------------------------------------------------------

    def _with_objects(self, value: Any, name: str) -> Any:
        """`value` made of objects that are called `name` and what follows from it."""
        library = namespace.library()
        if isinstance(value, list):
            return self._list(value, name, self._with_objects)
        if not isinstance(value, dict):
            return value
        if self.objects == "objects" and "object" in value and ("item" in value or "items" in value):
            cls = self._class(str(value["object"]), value.get("module"))
            if "items" in value:
                return self._list(value["items"], name, lambda item, own: self._object(cls, item, own))
            return self._object(cls, value["item"], name)
        if {"question", "document"} <= value.keys() <= _CONTEXT and "DAContext" in library:
            return library["DAContext"](name, **value)
        made = library["DADict"](name)
        for key, item in value.items():
            made[key] = self._with_objects(item, f"{name}[{key!r}]")
        made.gathered = self.gathered
        return made

    def _list(self, values: list[Any], name: str, make: Callable[[Any, str], Any]) -> Any:
        made = namespace.library()["DAList"](name)
        for number, item in enumerate(values):
            made.append(make(item, f"{name}[{number}]"))
        made.gathered = self.gathered
        return made

    def _object(self, cls: Any, attributes: Any, name: str) -> Any:
        made = cls(name)
        for attribute, value in attributes.items() if isinstance(attributes, dict) else ():
            setattr(made, attribute, self._with_objects(value, f"{name}.{attribute}"))
        return made

    def _class(self, name: str, module: Any) -> Any:
        """The class that ``object`` names, of ``module`` where that is given."""
        try:
            found = getattr(importlib.import_module(str(module)), name) if module else namespace.library()[name]
        except (ImportError, AttributeError, KeyError) as error:
            where = f" in {module}" if module else ""
            raise InterviewError(f"There is no class {name!r}{where}.", file=self.file, line=self.line) from error
        return found
