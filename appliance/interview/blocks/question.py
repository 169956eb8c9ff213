"""``question`` blocks as written: what they ask, in which way, and which variables they define."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from appliance.interview.blocks.action_buttons import read_action_buttons
from appliance.interview.blocks.attachment import read_attachments
from appliance.interview.blocks.base import Block, BlockSource, keys
from appliance.interview.blocks.choices import ChoiceList, ChoiceSpec
from appliance.interview.blocks.fields import FieldSpec, read_fields
from appliance.interview.blocks.review import read_review
from appliance.interview.blocks.settings import read_terms
from appliance.interview.code import CodeText
from appliance.interview.roles import check_role
from appliance.interview.templates import TextTemplate
from appliance.interview.yaml_source import YamlMap

if TYPE_CHECKING:
    from appliance.interview.evaluate import Evaluation
    from appliance.interview.interview import Interview
    from appliance.interview.screen import Screen

__all__ = ["LATER_MODIFIERS", "SPECIAL", "QuestionBlock"]

SPECIAL = frozenset(
    {"exit", "leave", "restart", "refresh", "continue", "signin", "register", "logout", "new_session", "exit_logout"}
)
"""Values of buttons and choices that do something instead of being stored (documented under "Special buttons")."""

STYLES = ("buttons", "choices", "dropdown", "combobox")
YES_NO = {
    "yesno": (True, False),
    "noyes": (False, True),
    "yesnomaybe": (True, False, None),
    "noyesmaybe": (False, True, None),
}

LATER_MODIFIERS = (
    "signature",
    "table",
    "list collect",
    "audio",
    "video",
    "question metadata",
)
"""Parts of a question that come in a later version; the screen says so where one is used."""

LEAST_DELAY = 100
"""Milliseconds: less is not felt, and only makes the server work."""

DOCUMENT_SWITCHES = ("include attachment notice", "include download tab", "describe file types", "allow downloading",
                     "manual attachment list")
"""What an author may switch on and off of the documents under a question."""

QUESTION_KEYS = keys(
    ("question", "text", "the heading of the screen"),
    ("subquestion", "text", "the text under the heading"),
    ("fields", "list", "the fields to fill in"),
    ("field", "name", "the variable that the screen sets"),
    ("yesno", "name", "the variable that Yes makes True"),
    ("noyes", "name", "the variable that Yes makes False"),
    ("yesnomaybe", "name", "like yesno, with a third button"),
    ("noyesmaybe", "name", "like noyes, with a third button"),
    ("buttons", "list", "the options, as buttons"),
    ("choices", "list", "the options, as radio buttons"),
    ("dropdown", "list", "the options, as a list that opens"),
    ("combobox", "list", "the options, as a list that takes other answers"),
    ("continue button field", "name", "the variable that the Continue button makes True"),
    ("continue button label", "text", "the words on the Continue button"),
    ("continue button color", "text", "the colour of the Continue button"),
    ("resume button label", "text", "the words on the button of a review screen"),
    ("resume button color", "text", "the colour of that button"),
    ("hide continue button", "any", "whether the Continue button is hidden"),
    ("disable continue button", "any", "whether the Continue button is disabled"),
    ("datatype", "text", "the type of the value that the options give"),
    ("default", "text", "the option to start with"),
    ("shuffle", "any", "whether the options stand in random order"),
    ("none of the above", "text", "the label of the box that means none"),
    ("under", "text", "a text below the buttons"),
    ("right", "text", "a text to the right"),
    ("pre", "text", "a text above the heading"),
    ("post", "text", "a text below everything"),
    ("submit", "text", "a text above the buttons"),
    ("help", "any", "a help text for the screen"),
    ("terms", "any", "words that are explained where they stand in braces"),
    ("auto terms", "any", "words that are explained wherever they stand"),
    ("reload", "any", "seconds after which the screen is loaded again"),
    ("check in", "text", "the action that runs while the person types"),
    ("check in delay", "number", "milliseconds after the last key until it runs"),
    ("prevent going back", "any", "whether the person cannot go back from here"),
    ("back button", "any", "whether there is a Back button in the question"),
    ("back button label", "text", "the words on the Back button"),
    ("back button color", "text", "the colour of the Back button"),
    ("help label", "text", "the words on the Help button"),
    ("validation code", "code", "Python that refuses what was entered"),
    ("script", "text", "JavaScript for the screen"),
    ("css", "text", "styles for the screen"),
    ("css class", "text", "a CSS class of the page"),
    ("decoration", "text", "a picture beside the heading"),
    ("progress", "any", "how far the interview is, in per cent"),
    ("breadcrumb", "text", "a short name of the screen"),
    ("image", "text", "a picture"),
    ("labels above fields", "any", "put labels above fields"),
    ("floating labels", "any", "put labels into fields"),
    ("inline", "any", "put fields in a line"),
    ("field metadata", "any", "facts about the field"),
    ("audio", "any", "a sound"),
    ("video", "any", "a film"),
    ("action buttons", "list", "buttons that run actions"),
    ("signature", "name", "the variable that the person signs"),
    ("required", "any", "whether the signature is needed"),
    ("pen color", "text", "the colour of the signature"),
    ("review", "list", "answers to look at again"),
    ("skip undefined", "flag", "False: ask for what the review mentions and is not defined, instead of leaving it out"),
    ("tabular", "any", "show the review as a table"),
    ("table", "any", "a table"),
    ("list collect", "any", "gather a list on one screen"),
    ("question metadata", "any", "facts about the question"),
    ("attachment", "any", "a document to make"),
    ("attachments", "any", "documents to make"),
    ("attachment code", "python", "an expression that gives documents"),
    ("attachments code", "python", "an expression that gives documents"),
    ("attachment options", "any", "options for documents"),
    ("allow downloading", "any", "whether all documents can be downloaded at once"),
    ("allow emailing", "any", "whether documents can be e-mailed"),
    ("zip filename", "text", "the name of the file with all documents"),
    ("email subject", "text", "the subject of that e-mail"),
    ("email body", "text", "the text of that e-mail"),
    ("email template", "text", "the template of that e-mail"),
    ("email address default", "text", "the address to start with"),
    ("email default", "text", "the address to start with"),
    ("always include editable files", "any", "send editable files as well"),
    ("include attachment notice", "any", "say that documents were made"),
    ("include download tab", "any", "show the download tab"),
    ("describe file types", "any", "explain the file types"),
    ("manual attachment list", "any", "leave the list of documents out"),
    ("response", "text", "an answer that is not a screen"),
    ("content type", "text", "the type of that answer"),
)


class QuestionBlock(Block):
    """A screen: :mod:`~appliance.interview.asking` draws it up, :mod:`~appliance.interview.submit` reads it back."""

    kind = "question"
    own_keys = QUESTION_KEYS

    def __init__(self, source: BlockSource, number: int, interview: Interview) -> None:
        super().__init__(source, number)
        self.source = source
        question = source.template("question")
        self.question: TextTemplate = question if question is not None else source.text_of("", self.line)
        self.parts: dict[str, TextTemplate] = {}
        for key in (
            "subquestion",
            "under",
            "right",
            "pre",
            "post",
            "submit",
            "script",
            "css",
            "css class",
            "decoration",
            "continue button label",
            "continue button color",
            "resume button label",
            "resume button color",
            "back button label",
            "help label",
            "default",
            "reload",
            "check in",
            "progress",
            "breadcrumb",
            "zip filename",
        ):
            template = None if isinstance(source.data.get(key), bool | YamlMap) else source.template(key)
            if template is not None:
                self.parts[key] = template
        self.reload: bool | None = (
            source.data["reload"]
            if isinstance(source.data.get("reload"), bool)
            else (True if "reload" in source and source.data["reload"] is None else None)
        )
        self.switches = {
            key: source.condition(key)
            for key in (
                "hide continue button",
                "disable continue button",
                "prevent going back",
                "back button",
                "shuffle",
                "labels above fields",
                "floating labels",
            )
        }
        self.check_in_delay = _check_in_delay(source)
        self.help = _help(source)
        self.terms = read_terms(source, "terms") if "terms" in source else {}
        self.auto_terms = read_terms(source, "auto terms") if "auto terms" in source else {}
        self.validation: CodeText | None = source.code("validation code") if "validation code" in source else None
        self.datatype = str(source.data["datatype"]).strip() if "datatype" in source else None
        self.action_buttons = read_action_buttons(source)
        self.roles = tuple(source.texts("role"))
        self.later = [key for key in LATER_MODIFIERS if key in source]
        self.review = read_review(source) if source.data.get("review") is not None else None
        self._read_documents(source, interview)
        self.fields: list[FieldSpec] = read_fields(source) if "fields" in source else []
        self.continue_variable = source.name("continue button field") if "continue button field" in source else None
        self._read_options(source)
        self.embedded: dict[int, Block] = {}
        self._read_embedded(interview)
        self.set_offers(self._variables(source))

    def _read_documents(self, source: BlockSource, interview: Interview) -> None:
        self.attachments = read_attachments(source, interview)
        self.later.extend(dict.fromkeys(one.later for one in self.attachments if one.later is not None))
        self.attachment_code = source.expression("attachment code") or source.expression("attachments code")
        self.document_switches = {key: source.condition(key) for key in DOCUMENT_SWITCHES if key in source}

    def _read_options(self, source: BlockSource) -> None:
        self.style: str | None = next((key for key in STYLES if key in source), None)
        self.yes_no = next((key for key in YES_NO if key in source), None)
        self.variable = source.name(self.yes_no) if self.yes_no else source.name("field") if "field" in source else None
        self.options = ChoiceList.read(source, self.style) if self.style else ChoiceList()
        if self.style and "fields" in source:
            raise source.error(f"a question has either 'fields' or {self.style!r}", self.style)
        if self.style is None and self.yes_no is None and self.variable is not None and self.continue_variable is None:
            self.continue_variable, self.variable = self.variable, None
        if self.variable is None:
            for spec in self.options.specs:
                self._check_without_variable(source, spec)

    def _check_without_variable(self, source: BlockSource, spec: ChoiceSpec) -> None:
        if (
            spec.block is None
            and not (isinstance(spec.value, str) and spec.value in SPECIAL)
            and spec.url is None
            and not isinstance(spec.value, TextTemplate)
        ):
            raise source.error(
                f"the choice {spec.label.text.strip()!r} sets nothing: the question has no 'field'",
                self.style,
                hint="add 'field: variable'",
            )

    def _read_embedded(self, interview: Interview) -> None:
        for index, spec in enumerate(self.options.specs):
            if spec.block is not None:
                block = interview.embedded_block(BlockSource(spec.block, self.file), self, index)
                self.embedded[index] = block
                if isinstance(block, QuestionBlock):
                    block.roles = block.roles or self.roles

    def _variables(self, source: BlockSource) -> list[str]:
        found = [spec.variable for spec in self.fields if spec.variable is not None]
        found.extend(name for name in (self.variable, self.continue_variable) if name is not None)
        for block in self.embedded.values():
            found.extend(block.offers)
        found.extend(one.variable for one in self.attachments if one.variable is not None)
        if isinstance(source.data.get("signature"), str):
            found.append(source.name("signature"))
        return found

    def attempt(self, evaluation: Evaluation, name: str | None) -> Screen | None:
        chosen = evaluation.internal["answers"].get(evaluation.result_key(self))
        if chosen is not None and chosen in self.embedded:
            block = self.embedded[chosen]
            if name is None and block.name in evaluation.internal["answered"]:
                return None
            return block.attempt(evaluation, name)
        check_role(evaluation, self)
        evaluation.asked = self
        try:
            return evaluation.ask(self)
        finally:
            evaluation.asked = None


def _check_in_delay(source: BlockSource) -> int | None:
    """``check in delay``: milliseconds after the last key; an extension of ours."""
    key = "check in delay"
    if key not in source:
        return None
    value = source.data[key]
    if isinstance(value, bool) or not isinstance(value, int) or value < LEAST_DELAY:
        raise source.error(f"{key!r} must be a whole number of milliseconds, at least {LEAST_DELAY}", key)
    if source.data.get("check in") is None:
        raise source.error(f"{key!r} says when an action runs, and there is none", key, "add 'check in: ACTION'")
    return value


def _help(source: BlockSource) -> dict[str, Any] | None:
    """The ``help`` of a question: a text, or a mapping with ``content``, ``heading`` and ``label``."""
    value = source.data.get("help")
    if value is None:
        return None
    if isinstance(value, YamlMap):
        if "content" not in value:
            raise source.error("'help' needs 'content'", "help")
        return {key: source.template(key, value) for key in ("content", "heading", "label")}
    return {"content": source.template("help"), "heading": None, "label": None}
