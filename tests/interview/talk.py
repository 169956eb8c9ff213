"""Talking to an interview in memory: start it, answer its screens, look at what it says."""

from __future__ import annotations

import textwrap
from typing import Any

from appliance.interview.answers import freeze, new_answers, thaw
from appliance.interview.cache import Interviews
from appliance.interview.evaluate import evaluate
from appliance.interview.files import Upload
from appliance.interview.screen import Screen, html_name
from appliance.interview.sources import MemorySources
from appliance.interview.turn import Action, Begin, Ending, Outcome, Posted, Refresh, ShowScreen, Submit, Turn
from appliance.library.modules import install_import_hook
from tests.memory_host import MemoryHost

__all__ = ["Talk"]

install_import_hook(None)

REFERENCE = "tests:data/questions/main.yml"


class Talk:
    """A session of one interview; every turn goes through bytes, as it does in the store.

    :param text: the interview, indented as the test is.
    :param files: other files by name, for ``include``.
    """

    def __init__(self, text: str, files: dict[str, str] | None = None, host: MemoryHost | None = None) -> None:
        texts = {REFERENCE: textwrap.dedent(text)}
        for name, other in (files or {}).items():
            texts[name if ":" in name else f"tests:data/questions/{name}"] = textwrap.dedent(other)
        self.host = host or MemoryHost()
        self.interview = Interviews(MemorySources(texts)).get(REFERENCE)
        self.stored = freeze(new_answers({}, self.host.now()))
        self.before: bytes | None = None
        self.ending: Ending = None
        self.outcome: Outcome | None = None
        self.turn(Begin())

    def turn(self, turn: Turn, *, prior: bytes | None = None) -> Ending:
        answers = thaw(self.stored)
        self.outcome = evaluate(self.interview, answers, turn, self.host, prior=thaw(prior) if prior else None)
        refused = isinstance(self.outcome.ending, ShowScreen) and self.outcome.ending.errors
        if not refused:
            self.before, self.stored = self.stored, freeze(self.outcome.answers)
            self.host.stores.commit(self.outcome.effects)
        self.ending = self.outcome.ending
        return self.ending

    @property
    def screen(self) -> Screen:
        assert isinstance(self.ending, ShowScreen), self.ending
        return self.ending.screen

    @property
    def question(self) -> str:
        return self.screen.question_text

    @property
    def errors(self) -> dict[int, str]:
        assert isinstance(self.ending, ShowScreen), self.ending
        return self.ending.errors

    @property
    def answers(self) -> dict[str, Any]:
        return thaw(self.stored)

    def submit(self, button: str | None = None, **values: str) -> Ending:
        """Fill in fields by variable and press the button with this label (none: Continue)."""
        return self.post({html_name(name): [value] for name, value in values.items()}, button)

    def upload(self, *files: Upload, button: str | None = None, **values: str) -> Ending:
        """Send files with the form, and fill in other fields by variable."""
        return self.post({html_name(name): [value] for name, value in values.items()}, button, files)

    def post(self, posted: Posted, button: str | None = None, uploads: tuple[Upload, ...] = ()) -> Ending:
        if button is not None:
            number = next(b.number for b in self.screen.buttons if b.label_html == button)
            posted = {**posted, "_button": [str(number)]}
        return self.turn(Submit(self.screen, posted, uploads))

    @property
    def drafts(self) -> Posted:
        """What a form that was refused starts with."""
        assert isinstance(self.ending, ShowScreen), self.ending
        return self.ending.drafts

    def choose(self, key: str) -> Ending:
        """Pick an option of the screen's only field and continue."""
        return self.post({self.screen.fields[0].html_name: [key]})

    def act(self, name: str, **arguments: Any) -> Ending:
        return self.turn(Action(name, arguments))

    def back(self) -> Ending:
        """Undo the last step, whose answers become the defaults."""
        assert self.before is not None
        undone, self.stored = self.stored, self.before
        return self.turn(Refresh(), prior=undone)
