"""``template`` blocks: texts that a variable stands for, rendered anew wherever it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from appliance.interview.blocks.base import Block, BlockSource, keys
from appliance.interview.code import Expression
from appliance.interview.screen import Screen
from appliance.interview.templates import TextTemplate
from appliance.interview.yaml_source import YamlMap

if TYPE_CHECKING:
    from appliance.interview.evaluate import Evaluation
    from appliance.interview.interview import Interview

__all__ = ["TemplateBlock"]


class TemplateBlock(Block):
    """A variable whose ``content`` and ``subject`` are texts with Mako in them."""

    kind = "template"
    own_keys = keys(
        ("template", "name", "the variable"),
        ("content", "text", "the text"),
        ("content file", "any", "a file of data/templates that holds the text"),
        ("subject", "text", "the heading"),
        ("target", "text", "the place on the screen that the text goes to"),
        ("decoration", "text", "a picture"),
        ("terms", "any", "explanations of words"),
    )

    def __init__(self, source: BlockSource, number: int, interview: Interview) -> None:
        super().__init__(source, number)
        self.variable = source.name("template")
        self.content = source.template("content")
        self.files: list[TextTemplate] = []
        self.file_code: Expression | None = None
        if self.content is None:
            self._read_files(source, interview)
        self.subject = source.template("subject")
        self.decoration = source.template("decoration")
        self.target = source.template("target")
        self.set_offers([self.variable])

    def _read_files(self, source: BlockSource, interview: Interview) -> None:
        """``content file``: files of ``data/templates``, or code that names one."""
        value = source.data.get("content file")
        if value is None:
            raise source.error("a template needs 'content'", "template")
        if isinstance(value, YamlMap):
            self.file_code = source.expression("code", value)
            if self.file_code is None:
                raise source.error("'content file' takes the name of a file, or 'code'", "content file")
            return
        for name in source.texts("content file"):
            self.files.append(interview.template_file(name, source.file))

    def text(self, part: str, evaluation: Evaluation) -> str:
        """The ``content``, ``subject`` or ``decoration``, filled in; empty where there is none."""
        if part == "content" and self.content is None:
            files = self.files
            if self.file_code is not None:
                name = str(self.file_code.value(evaluation.answers))
                files = [evaluation.interview.template_file(name, self.file)]
            return "\n".join(file.render(evaluation.answers) for file in files)
        template = {"content": self.content, "subject": self.subject, "decoration": self.decoration}.get(part)
        return template.render(evaluation.answers) if template is not None else ""

    def attempt(self, evaluation: Evaluation, name: str | None) -> Screen | None:
        evaluation.prepare(self)
        variable = evaluation.resolve(self.variable)
        if self.target is not None and evaluation.checking_in:
            evaluation.fill_target(self)
        evaluation.ensure_parent(variable)
        evaluation.assign(variable, evaluation.new_template(variable, self))
        return None
