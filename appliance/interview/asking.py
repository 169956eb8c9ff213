"""Drawing up a screen: a question block and the answers become a :class:`Screen`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from appliance.interview.attached import attach
from appliance.interview.blocks.choices import ChoiceSpec
from appliance.interview.blocks.fields import MANY, FieldSpec, fields_by_code
from appliance.interview.blocks.question import SPECIAL, YES_NO, QuestionBlock
from appliance.interview.blocks.template import TemplateBlock
from appliance.interview.errors import InterviewError
from appliance.interview.markup import file_numbers, plain_text, to_html
from appliance.interview.message import SPECIAL_COLORS
from appliance.interview.reviewed import put_review
from appliance.interview.screen import Button, Choice, HelpSection, Screen, ShownField
from appliance.interview.signals import BackgroundResponseSignal
from appliance.interview.templates import TextTemplate
from appliance.interview.variables import Variables

__all__ = ["CHOICE_VARIABLE", "Asking"]

CHOICE_VARIABLE = "_choice"
"""Stands for the variable of a list of choices that sets none: its options hold blocks or special words."""

_RELOAD_USUAL, _RELOAD_LEAST = 10.0, 4.0
_SCREEN_PARTS = {
    "continue button label": "continue_label_html",
    "under": "under_html",
    "right": "right_html",
    "pre": "pre_html",
    "post": "post_html",
    "submit": "submit_html",
}
_PLAIN_PARTS = {
    "subtitle": "subtitle",
    "tab title": "tab_title",
    "short title": "short_title",
    "logo": "logo_html",
    "exit link": "exit_link",
    "exit label": "exit_label",
    "back button label": "back_button_label",
    "help label": "help_label",
    "css class": "css_class",
}


class Asking(Variables):
    """The part of an Evaluation that makes screens."""

    # -- texts -----------------------------------------------------------------------------------------

    @property
    def language(self) -> str:
        """The language that words and blocks are chosen for."""
        spoken = self.interview.namespace.get("get_language")
        return str(spoken()) if spoken is not None else self.interview.defaults.get("default language", "en")

    def word(self, text: str) -> str:
        """`text` in the language in use."""
        return str(self.interview.namespace["word"](text)) if "word" in self.interview.namespace else text

    def html(self, template: TextTemplate, *, inline: bool = False) -> str:
        """The HTML of a text of the file, filled in."""
        return self._markup(template.render(self.answers), inline)

    def inline(self, text: Any) -> str:
        """The HTML of a short text that code gave."""
        return self._markup(str(text), True)

    def block(self, text: Any) -> str:
        """The HTML of a text that code gave; empty for an empty one."""
        text = str(text)
        return self._markup(text, False) if text else ""

    def _markup(self, text: str, inline: bool) -> str:
        interview = self.interview
        terms = self._definitions(text, interview.terms, self._question_terms) if "{" in text else None
        found_anywhere = interview.auto_terms or self._question_auto_terms
        auto = self._definitions(text, interview.auto_terms, self._question_auto_terms) if found_anywhere else None
        package = interview.package if "[FILE" in text else ""
        files = [info for number in file_numbers(text) if (info := self.host.file(number)) is not None]
        return to_html(text, inline=inline, terms=terms, auto_terms=auto, package=package, files=files,
                       own=self.host.url_root)

    _question_terms: dict[str, TextTemplate]
    _question_auto_terms: dict[str, TextTemplate]

    def _definitions(self, text: str, *tables: dict[str, TextTemplate]) -> dict[str, str]:
        """The explanations of the terms that `text` mentions; the others may need what is not known yet."""
        mentioned = " ".join(text.lower().split())
        found: dict[str, str] = {}
        for table in tables:
            for term, definition in table.items():
                if term in mentioned:
                    found[term] = to_html(definition.render(self.answers), inline=True)
        return found

    # -- a question ------------------------------------------------------------------------------------

    def ask(self, block: QuestionBlock) -> Screen | None:
        """The screen of a question; None if there is nothing to ask because all its lists of choices are empty.

        :raises NameError: for whatever it mentions and is not defined.
        """
        self.prepare(block)  # type: ignore[attr-defined]
        self._question_terms, self._question_auto_terms = block.terms, block.auto_terms
        answers = self.answers
        question = self.html(block.question, inline=True).strip()
        screen = Screen(block.name, "end", question, plain_text(question), id=block.id, language=self.language)
        parts = block.parts
        if "subquestion" in parts:
            screen.subquestion_html = self.html(parts["subquestion"])
        self._put_parts(screen, block)
        nothing_left = self._put_fields(screen, block)
        if nothing_left:
            return None
        self._put_options(screen, block)
        later = list(block.later)
        if block.review is not None:
            later.extend(dict.fromkeys(put_review(self, screen, block)))  # type: ignore[arg-type]
        self._put_continue(screen, block)
        if block.action_buttons is not None:
            before, after = block.action_buttons.show(self)  # type: ignore[arg-type]
            screen.buttons = [*before, *screen.buttons, *after]
        self._put_switches(screen, block)
        self._put_help(screen, block)
        if block.attachments or block.attachment_code is not None:
            attach(self, screen, block)  # type: ignore[arg-type]
        for needed in block.need_after:
            needed.value(answers)
        if later:
            screen.extras["later"] = later
            screen.under_html = self._later_note(later) + screen.under_html
        self._question_terms, self._question_auto_terms = {}, {}
        return screen

    def _later_note(self, features: list[str]) -> str:
        named = ", ".join(f"<code>{feature}</code>" for feature in features)
        return (
            f'<div class="alert alert-warning" role="note">This screen also uses {named}, '
            "which this version of the appliance does not have yet.</div>"
        )

    def _put_parts(self, screen: Screen, block: QuestionBlock) -> None:
        answers, parts = self.answers, block.parts
        defaults = self.interview.screen_parts
        changed: dict[str, str] = self.internal.get("parts", {})
        for key, attribute in _SCREEN_PARTS.items():
            if key in parts:
                setattr(screen, attribute, self.html(parts[key], inline=key == "continue button label"))
            elif key in changed:
                setattr(screen, attribute, self._markup(changed[key], key == "continue button label"))
            elif defaults.get(key) is not None:
                setattr(screen, attribute, self.html(defaults[key], inline=key == "continue button label"))  # type: ignore[arg-type]
            elif key in self.interview.metadata and key != "continue button label":
                setattr(screen, attribute, self._markup(str(self.interview.metadata[key]), False))
        for key, attribute in _PLAIN_PARTS.items():
            setattr(screen, attribute, self._plain_part(key, block))
        screen.title = self._plain_part("title", block) or self.interview.title
        screen.short_title = screen.short_title or screen.title
        screen.tab_title = screen.tab_title or screen.title
        screen.script_html = self._tagged("script", block)
        screen.css_html = self._tagged("css", block)
        screen.decoration = parts["decoration"].render(answers).strip() if "decoration" in parts else ""
        screen.check_in = parts["check in"].render(answers).strip() if "check in" in parts else None
        screen.check_in_delay = block.check_in_delay
        screen.section = block.section.render(answers).strip() if block.section is not None else ""
        screen.menu = [dict(item) for item in self.answers.get("menu_items", []) if isinstance(item, dict)]
        screen.features = dict(self.interview.features)
        usual = self.host.setting("show login", True)
        screen.show_login = self.interview.metadata.get("show login", usual) is not False
        screen.reload_after = self._reload(block)

    def _tagged(self, key: str, block: QuestionBlock) -> str:
        """The author's ``script`` or ``css`` of the question and its fields, each in its tag where it has none."""
        tag = "script" if key == "script" else "style"
        found = [block.parts[key]] if key in block.parts else []
        found += [text for spec in block.fields if (text := spec.source.template(key, spec.data)) is not None]
        texts = [text.render(self.answers) for text in found]
        return "".join(text if f"<{tag}" in text.lower() else f"<{tag}>{text}</{tag}>" for text in texts)

    def _plain_part(self, key: str, block: QuestionBlock) -> str:
        if key in block.parts:
            return block.parts[key].render(self.answers).strip()
        changed: dict[str, str] = self.internal.get("parts", {})
        if key in changed:
            return changed[key]
        default = self.interview.screen_parts.get(key)
        if default is not None:
            return default.render(self.answers).strip()
        value = self.interview.metadata.get(key)
        if isinstance(value, dict):   # a text for each language
            value = value.get(self.language) or next(iter(value.values()), "")
        return str(value).strip() if isinstance(value, str) else ""

    def _reload(self, block: QuestionBlock) -> float | None:
        """Seconds until the screen is fetched again: True or nothing is 10, at least 4; only digits count."""
        if block.reload is False:
            return None
        if block.reload is True:
            return _RELOAD_USUAL
        if "reload" not in block.parts:
            return None
        text = block.parts["reload"].render(self.answers).strip()
        if text.lower() in ("false", "none"):
            return None
        digits = re.sub(r"[^0-9]", "", text)
        return max(_RELOAD_LEAST, float(digits)) if digits else _RELOAD_USUAL

    # -- fields ------------------------------------------------------------------------------------------

    def _put_fields(self, screen: Screen, block: QuestionBlock) -> bool:
        """Add the fields. True if there were inputs and all of them had no choices to offer: nothing is asked then."""
        inputs = 0
        empty: dict[str, bool] = {}
        for spec in self._expanded(block.fields):
            shown = spec.show(self)  # type: ignore[arg-type]
            if shown is None:
                continue
            if spec.choices is not None and not shown.choices and shown.variable is not None:
                empty[shown.variable] = spec.datatype in MANY
                continue
            inputs += shown.variable is not None
            screen.fields.append(shown)
        if block.fields:
            screen.kind = "fields"
        if empty and not inputs:
            self.assign_empty(empty)
            if block.continue_variable is not None:
                self.assign(self.resolve(block.continue_variable), True)
            self.question_answered(block)  # type: ignore[attr-defined]
            return True
        if empty:
            screen.extras["empty"] = empty
        return False

    def assign_empty(self, empty: dict[str, bool]) -> None:
        """Set the variables of fields that had no choices: to None, or (True) to a dictionary of none."""
        for variable, many in empty.items():
            none_of_many = self.interview.namespace["DADict"] if many else None
            self.assign(variable, none_of_many(variable, gathered=True) if none_of_many is not None else None)

    def _expanded(self, specs: Iterable[FieldSpec]) -> list[FieldSpec]:
        found: list[FieldSpec] = []
        for spec in specs:
            if spec.code is None:
                found.append(spec)
            else:
                found.extend(fields_by_code(spec, self, 1000 + 100 * len(found)))  # type: ignore[arg-type]
        return found

    def _put_options(self, screen: Screen, block: QuestionBlock) -> None:
        """The buttons or the list of a multiple-choice question."""
        if block.yes_no is not None:
            self._put_yes_no(screen, block)
        if block.style is None:
            return
        pairs = block.options.choices(self, block.datatype)  # type: ignore[arg-type]
        variable = self.resolve(block.variable) if block.variable is not None else None
        if variable is not None:
            self.ensure_parent(variable)
        if block.style == "buttons":
            screen.kind, screen.variable = "buttons", variable
            screen.buttons = [self._button(n, choice, spec, block) for n, (choice, spec) in enumerate(pairs)]
            return
        screen.kind = "fields"
        if variable is None or any(spec is not None and spec.block is not None for _, spec in pairs):
            variable, pairs = CHOICE_VARIABLE, self._numbered(screen, pairs, block)
        choices = [choice for choice, _ in pairs]
        shown = ShownField(
            0, variable, "radio" if block.style == "choices" else block.style, None, label_html=None, choices=choices
        )
        shown.default = self._default_choice(block, variable, choices)
        if block.switches["shuffle"]:
            shown.shuffle = True
        screen.fields.append(shown)
        screen.extras["question choices"] = True

    def _put_yes_no(self, screen: Screen, block: QuestionBlock) -> None:
        assert block.variable is not None
        assert block.yes_no is not None
        variable = self.resolve(block.variable)
        self.ensure_parent(variable)
        screen.kind, screen.variable = "buttons", variable
        labels = (self.word("Yes"), self.word("No"), self.word("I don't know"))
        colors = ("primary", "secondary", "warning")
        for n, value in enumerate(YES_NO[block.yes_no]):
            label = self.inline(labels[n])
            choice = Choice(value, label, key=str(value))
            screen.buttons.append(Button(n, label, "value", choice=choice, color=colors[n]))
        screen.extras["yesno"] = True

    def _default_choice(self, block: QuestionBlock, variable: str, choices: list[Choice]) -> Any:
        known, value = self.default_value(variable) if variable != CHOICE_VARIABLE else (False, None)
        if known:
            return value
        if "default" in block.parts:
            return block.parts["default"].render(self.answers).strip()
        return next((choice.value for choice in choices if choice.default), None)

    def _button(self, number: int, choice: Choice, spec: ChoiceSpec | None, block: QuestionBlock) -> Button:
        common: dict[str, Any] = {
            "color": choice.color or "primary",
            "css_class": choice.css_class,
            "image": choice.image,
            "help_html": choice.help_html,
        }
        outcome = self._outcome(choice, spec, block)
        if "set" in outcome:
            return Button(number, choice.label_html, "value", choice=choice, **common)
        if "embedded" in outcome:
            inside = Choice(outcome["embedded"], choice.label_html)
            return Button(number, choice.label_html, "value", name="embedded", choice=inside, **common)
        word, url = outcome["special"], outcome["url"]
        if word == "continue":
            return Button(
                number,
                choice.label_html,
                "value",
                name="continue",
                choice=Choice("continue", choice.label_html),
                **common,
            )
        if word == "link":
            return Button(number, choice.label_html, "link", url=url, **common)
        common["color"] = choice.color or SPECIAL_COLORS.get(word, "primary")
        return Button(number, choice.label_html, "special", name=word, url=url, **common)

    def _outcome(self, choice: Choice, spec: ChoiceSpec | None, block: QuestionBlock) -> dict[str, Any]:
        """What choosing an option leads to where it may hold a block or the question has no variable."""
        url = spec.url.render(self.answers).strip() if spec is not None and spec.url is not None else ""
        if spec is not None and spec.block is not None:
            return {"embedded": block.options.specs.index(spec)}
        if block.variable is not None:
            return {"set": (self.resolve(block.variable), choice.value)}
        word = str(choice.value)
        if word in SPECIAL:
            return {"special": word, "url": url}
        if url:
            return {"special": "link", "url": url}
        raise InterviewError(
            f"The choice {plain_text(choice.label_html)!r} sets nothing: the question has no 'field'.",
            file=block.file,
            line=block.line,
        )

    def _numbered(
        self, screen: Screen, pairs: list[tuple[Choice, ChoiceSpec | None]], block: QuestionBlock
    ) -> list[tuple[Choice, ChoiceSpec | None]]:
        """Options of a list without a variable: each posts its number, and `screen` remembers what that means."""
        screen.extras["outcomes"] = [self._outcome(choice, spec, block) for choice, spec in pairs]
        for n, (choice, _) in enumerate(pairs):
            choice.value, choice.key = str(n), str(n)
        return pairs

    # -- the rest of the screen ------------------------------------------------------------------------

    def _put_continue(self, screen: Screen, block: QuestionBlock) -> None:
        if block.continue_variable is not None:
            screen.continue_variable = self.resolve(block.continue_variable)
            self.ensure_parent(screen.continue_variable)
            if screen.kind == "end":
                screen.kind = "continue"
        key = "continue button"
        if block.review is not None and screen.kind == "end":   # no variable: the button only closes the review
            screen.kind, key = "continue", "resume button"
            label = block.parts.get("resume button label") or self.interview.screen_parts.get("resume button label")
            screen.continue_label_html = (
                self.html(label, inline=True) if label is not None else self.inline(self.word("Resume")))
        if not screen.continue_label_html:
            screen.continue_label_html = self.inline(self.word("Continue"))
        color = block.parts.get(f"{key} color") or self.interview.screen_parts.get(f"{key} color")
        if screen.kind in ("fields", "continue"):
            button = Button(
                0,
                screen.continue_label_html,
                "continue",
                color=color.render(self.answers).strip() if color is not None else "primary",
            )
            screen.buttons.append(button)

    def _put_switches(self, screen: Screen, block: QuestionBlock) -> None:
        def on(key: str, feature: str | None = None) -> bool:
            value = block.switches[key]
            if value is False:
                return bool(self.interview.features.get(feature or key, False))
            return value is True or bool(value.value(self.answers))

        screen.hide_continue_button = on("hide continue button")
        screen.disable_continue_button = on("disable continue button")
        screen.question_back_button = on("back button", "question back button")
        screen.labels_above, screen.floating_labels = on("labels above fields"), on("floating labels")
        screen.can_go_back = not (on("prevent going back") or self.internal.get("prevent_going_back", False))
        if "progress" in block.parts:
            text = block.parts["progress"].render(self.answers).strip()
            if re.fullmatch(r"\d+(\.\d+)?", text):
                self.internal["progress"] = float(text)
        if self.interview.features.get("progress bar"):
            screen.progress = float(self.internal.get("progress", 0))

    def _put_help(self, screen: Screen, block: QuestionBlock) -> None:
        sections = ([block.help] if block.help is not None else []) + self.interview.help
        for n, section in enumerate(sections):
            heading = section["heading"]
            screen.help.append(
                HelpSection(
                    self.html(heading, inline=True) if heading is not None else "", self.html(section["content"])
                )
            )
            if n == 0 and section.get("label") is not None:
                screen.help_label = section["label"].render(self.answers).strip()

    # -- templates ---------------------------------------------------------------------------------------

    def new_object(self, made: Any, name: str) -> Any:
        """An object for an ``objects`` block: `made` is a class or what ``CLASS.using(…)`` gave."""
        return made(name)

    def new_template(self, variable: str, block: TemplateBlock) -> Any:
        """The object that stands for a template; its texts are rendered whenever they are used."""
        self.internal.setdefault("templates", {})[variable] = (block.name, dict(self.bindings))
        return self.interview.namespace["DALazyTemplate"](variable)

    def render_template(self, variable: str, part: str) -> str:
        """The ``content``, ``subject`` or ``decoration`` of a template, filled in; empty where it has none.

        :raises NameError: for what is not defined.
        """
        name, bindings = self.internal.get("templates", {}).get(variable, (None, {}))
        block = self.interview.block_named(name) if name is not None else None
        if not isinstance(block, TemplateBlock):
            return ""
        with self.letters(bindings):
            return block.text(part, self)  # type: ignore[arg-type]

    def aimed_templates(self) -> list[str]:
        """The variables that stand for templates with a target. A check-in's code that mentions one is to meet it as
        not defined, whoever has used it before: that is how its text gets to the screen.
        """
        return [variable for variable, (name, _) in self.internal.get("templates", {}).items()
                if getattr(self.interview.block_named(name), "target", None) is not None]

    def fill_target(self, block: TemplateBlock) -> None:
        """Answer a check-in with the text of a template that has a target."""
        assert block.target is not None
        content = self._markup(block.text("content", self), False)  # type: ignore[arg-type]
        raise BackgroundResponseSignal(
            {"target": block.target.render(self.answers).strip(), "content": content}, "backgroundresponse"
        )
