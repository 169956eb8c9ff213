"""A screen as data: what is shown, and enough of it to read back what was posted.

A :class:`Screen` is stored with its step, so it holds plain, picklable data only. All ``*_html`` values are HTML that
is safe to insert as it is; all other texts are plain and must be escaped where they are drawn.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Button", "Choice", "HelpSection", "Screen", "ShowIf", "ShownField", "html_name", "variable_of"]


def html_name(variable: str) -> str:
    """The form field name of a Python variable: base64 without padding, as scripts in interviews compute it.

    >>> html_name("favorite_fruit")
    'ZmF2b3JpdGVfZnJ1aXQ'
    """
    return base64.b64encode(variable.encode()).decode().rstrip("=")


def variable_of(name: str) -> str:
    """The inverse of :func:`html_name`.

    :raises ValueError: if `name` is not base64 of UTF-8 text.
    """
    return base64.b64decode(name + "=" * (-len(name) % 4), validate=True).decode()


@dataclass
class Choice:
    """One option of a multiple-choice field or one button of a button question."""

    value: Any  # what the variable becomes (plain data)
    label_html: str
    key: str = ""  # what is posted: str(value) unless that would not be unique
    help_html: str = ""
    image: str = ""  # image set name, or a Font Awesome name, as the author gave it; or an <img> of a file
    default: bool = False
    css_class: str = ""
    color: str = ""  # Bootstrap colour name
    group: str = ""


@dataclass
class ShowIf:
    """When a field is visible, decided in the browser and decided again on the server.

    Either `variable` (another field's variable on the same screen) with the value `equals`, or `javascript` (an
    expression that calls ``val('name')``). `sign` is False for ``hide if``, ``disable if``. `mode` is ``"show"`` or
    ``"enable"``. Conditions in Python (``show if: {code: …}``) are decided before the screen is made.
    """

    variable: str | None = None
    equals: Any = True
    javascript: str | None = None
    sign: bool = True
    mode: Literal["show", "enable"] = "show"


@dataclass
class ShownField:
    """One row of a form: an input, or (``variable is None``) a note or a piece of HTML between inputs."""

    number: int
    variable: str | None
    datatype: str = "text"  # a name registered in appliance.interview.datatypes
    input_type: str | None = None  # 'radio', 'dropdown', 'combobox', 'datalist', 'area', 'hidden', …
    label_html: str | None = ""  # None: 'no label'
    label_above: bool = False
    floating_label: bool = False
    html: str = ""  # of a note / html / raw html row
    required: bool = True
    default: Any = None  # the value to start with: plain data of the datatype, None if there is none
    hint: str = ""
    help_html: str = ""
    choices: list[Choice] = field(default_factory=list)
    none_of_the_above: str | None = None  # its label; None: no such box
    all_of_the_above: str | None = None
    minimum: str | None = None  # text as the author gave it; the datatype reads it
    maximum: str | None = None
    step: str | None = None
    minlength: int | None = None
    maxlength: int | None = None
    rows: int | None = None
    scale: str | None = None
    currency_symbol: str | None = None
    shuffle: bool = False
    disable_others: bool | list[str] = False
    uncheck_others: bool | list[str] = False
    check_others: bool | list[str] = False
    disabled: bool = False
    css_class: str = ""
    grid: dict[str, Any] | int | None = None
    item_grid: dict[str, Any] | int | None = None
    under_text_html: str = ""
    show_if: list[ShowIf] = field(default_factory=list)
    validation_messages: dict[str, str] = field(default_factory=dict)
    extras: dict[str, Any] = field(default_factory=dict)  # keys of later datatypes, as plain data

    @property
    def html_name(self) -> str:
        """The name and id of the control in the form; of a note, an id of its own."""
        return html_name(self.variable) if self.variable is not None else f"danote{self.number}"


@dataclass
class Button:
    """A button at the foot of a screen.

    `kind` is ``continue`` (plain submit), ``value`` (sets the screen's variable to `choice`), ``special`` (``exit``,
    ``leave``, ``restart``, ``refresh``, ``signin``, ``register``, ``logout``, ``new_session``, ``exit_logout``; named
    by `name`) or ``link`` (goes to `url`). A ``value`` or ``special`` button posts its `number` as ``_button``.
    """

    number: int
    label_html: str
    kind: Literal["continue", "value", "special", "link"]
    name: str = ""
    url: str = ""
    choice: Choice | None = None
    color: str = "primary"
    css_class: str = ""
    image: str = ""
    help_html: str = ""
    window: str = ""  # of a link: '_blank', or the name of the window that it opens


@dataclass
class HelpSection:
    heading_html: str
    content_html: str


@dataclass
class Screen:
    """Everything the page needs, and everything the next submit is read against.

    `variable` is set by the buttons (a radio list or dropdown as the only field is in `fields` instead) or by
    a continue button (`continue button field`, ``field`` alone).
    """

    block: str  # the question block's name, unique in the interview; posted as _question_name
    kind: Literal["fields", "buttons", "continue", "end"]
    question_html: str
    question_text: str  # plain, for the page title
    subquestion_html: str = ""
    fields: list[ShownField] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)
    variable: str | None = None  # of a 'buttons' screen: what the pressed button sets
    continue_variable: str | None = None  # set True when the screen is submitted
    continue_label_html: str = ""
    under_html: str = ""
    right_html: str = ""
    pre_html: str = ""
    post_html: str = ""
    submit_html: str = ""
    help: list[HelpSection] = field(default_factory=list)
    help_label: str = ""
    terms: dict[str, str] = field(default_factory=dict)
    id: str = ""  # the block's id, for the body class question-<id>
    css_class: str = ""
    script_html: str = ""  # the author's `script:` and `css:`, inserted as they are
    css_html: str = ""
    decoration: str = ""
    section: str = ""
    show_login: bool = True   # whether the menu offers to sign in and out
    progress: float | None = None
    reload_after: float | None = None  # seconds
    check_in: str | None = None  # the action of the `check in` modifier
    check_in_delay: int | None = None  # milliseconds after the last key; None: only when a field is left
    can_go_back: bool = True  # what the author allows; whether there is a step to go back to is the session's matter
    back_button_label: str = ""  # of a Back button inside the question
    question_back_button: bool = False
    hide_continue_button: bool = False
    disable_continue_button: bool = False
    labels_above: bool = False
    floating_labels: bool = False
    language: str = "en"
    title: str = ""  # of the interview, in the navigation bar
    short_title: str = ""
    tab_title: str = ""
    subtitle: str = ""
    logo_html: str = ""
    exit_link: str = ""
    exit_label: str = ""
    menu: list[dict[str, str]] = field(default_factory=list)  # menu_items: {'label':, 'url':}
    bindings: dict[str, str] = field(default_factory=dict)  # x, i, j … as Python expressions
    features: dict[str, Any] = field(default_factory=dict)  # `features` that the page draws (javascript, css files …)
    event_action: dict[str, Any] | None = None  # {'action':, 'arguments':} this screen was shown in answer to
    sought: str | None = None  # the variable that led to this screen
    extras: dict[str, Any] = field(default_factory=dict)  # parts of later block kinds, as plain data
