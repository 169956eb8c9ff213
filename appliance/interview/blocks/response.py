"""Blocks that answer the browser with something else than a screen: ``response`` and its kin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from appliance.interview import namespace
from appliance.interview.blocks.base import Block, BlockSource, keys
from appliance.interview.code import Expression
from appliance.interview.templates import TextTemplate

if TYPE_CHECKING:
    from appliance.interview.evaluate import Evaluation
    from appliance.interview.screen import Screen

__all__ = ["RESPONSE_KEYS", "ResponseBlock"]

RESPONSE_KEYS = ("response", "binaryresponse", "all_variables", "response filename", "redirect url", "null response",
                 "backgroundresponse")
"""What makes a block one of these; it has one of them."""


class ResponseBlock(Block):
    """What the function ``response()`` does, written as a block with ``event`` or ``mandatory``."""

    kind = "response"
    own_keys = keys(
        ("response", "text", "the text to answer with"),
        ("binaryresponse", "python", "an expression that gives the bytes to answer with"),
        ("all_variables", "flag", "answer with the variables as JSON"),
        ("include_internal", "flag", "and with docassemble's own among them"),
        ("response filename", "text", "the file to answer with"),
        ("redirect url", "text", "where the browser is sent"),
        ("null response", "flag", "answer with nothing"),
        ("backgroundresponse", "python", "an expression that gives the answer of a background action"),
        ("content type", "text", "the type of the answer"),
        ("response code", "any", "the HTTP status of the answer"),
        ("sleep", "any", "seconds to wait before the answer"),
    )

    def __init__(self, source: BlockSource, number: int) -> None:
        super().__init__(source, number)
        found = [key for key in RESPONSE_KEYS if key in source]
        if len(found) > 1:
            raise source.error(f"a block has either {found[0]!r} or {found[1]!r}", found[1])
        self.answer = found[0]
        self.text: TextTemplate | None = None
        self.value: Expression | None = None
        if self.answer in ("response", "response filename", "redirect url"):
            self.text = source.template(self.answer) or source.text_of("", self.line)
        elif self.answer in ("binaryresponse", "backgroundresponse"):
            self.value = source.expression(self.answer)
        elif not source.flag(self.answer):
            raise source.error(f"{self.answer!r} must be True", self.answer)
        self.include_internal = source.flag("include_internal", False)
        self.options = {key: template for key in ("content type", "response code", "sleep")
                        if (template := source.template(key)) is not None}
        self.set_offers([])

    def attempt(self, evaluation: Evaluation, name: str | None) -> Screen | None:
        """Never returns: what it raises ends the turn."""
        evaluation.prepare(self)
        answers = evaluation.answers
        library = namespace.library()
        if self.answer == "backgroundresponse":
            library["background_response"](self.value.value(answers) if self.value is not None else None)
        given: dict[str, Any] = {}
        if self.text is not None:
            text = self.text.render(answers)
            given = {"response": {"response": text}, "response filename": {"file": text.strip()},
                     "redirect url": {"url": text.strip()}}[self.answer]
        elif self.value is not None:
            given = {"binaryresponse": self.value.value(answers)}
        elif self.answer == "all_variables":
            given = {"all_variables": True, "include_internal": self.include_internal}
        else:
            given = {"null": True}
        library["response"](**given, **self._options(evaluation))
        return None

    def _options(self, evaluation: Evaluation) -> dict[str, Any]:
        texts = {key: template.render(evaluation.answers).strip() for key, template in self.options.items()}
        options: dict[str, Any] = {}
        if texts.get("content type"):
            options["content_type"] = texts["content type"]
        if texts.get("response code"):
            options["response_code"] = int(texts["response code"])
        if texts.get("sleep"):
            options["sleep"] = float(texts["sleep"])
        return options
