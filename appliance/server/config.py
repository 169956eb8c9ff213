"""``/config``: the settings, as a form made from the table of directives and as the text of ``config.yml``."""

from __future__ import annotations

from typing import Any

from appliance.administration.settings_file import BadSettings, ChangedMeanwhile, SettingsState
from appliance.administration.settings_form import Filled, fill, topics
from appliance.administration.settings_text import Slot
from appliance.config import DIRECTIVES
from appliance.server.administration import AdministrationPage

__all__ = ["ConfigHandler", "ConfigTextHandler"]

_SAVED = "The settings are saved. They count as soon as the appliance has started anew."
_NOT_WRITTEN = "The settings could not be written, so nothing was changed: {}."


class _SettingsPage(AdministrationPage):
    def show(self, state: SettingsState, *, filled: Filled | None = None, problem: str = "",
             text: str | None = None) -> None:
        """Send the page, with what was typed where something is wrong with it."""
        done = self.get_query_argument("done", "")
        item = None if self.visitor.from_network else self.parts.login_item
        self.page("config.html", login_item=item, state=state, topics=topics(state, filled), problem=problem,
                  problems=[] if filled is None else [
                      (slot, words) for slot, words in filled.problems.items()],
                  shown_text=state.shown_text if text is None else text, text_open=text is not None,
                  message={"saved": "The settings are saved, and count now.",
                           "same": "Nothing was changed.",
                           "login-on": "The appliance starts when you sign in to this computer.",
                           "login-off": "The appliance does not start by itself any more."}.get(done, ""))

    async def saved(self, changes: dict[str, str]) -> None:
        """Note what was changed, and have the appliance start anew."""
        for name, value in changes.items():
            await self.parts.audit.note("setting", self.user, name=name, value=value)
        self.restart(_SAVED, "/config?done=saved")


class ConfigHandler(_SettingsPage):
    """The form."""

    async def get(self) -> None:
        self.show(await self.administration.settings.state())

    async def post(self) -> None:
        settings = self.administration.settings
        state = await settings.state()
        posted = {name: self.get_body_argument(name, "", strip=False) for name in self.request.body_arguments}
        filled = fill(state, posted)
        if posted.get("fingerprint", "") != state.fingerprint:
            self.show(state, filled=filled, problem=str(ChangedMeanwhile()))
            return
        if filled.problems:
            self.show(state, filled=filled, problem="Nothing was saved yet: please look at what is marked below.")
            return
        if not filled.changes:
            self.redirect("/config?done=same", status=303)
            return
        try:
            await settings.change(filled.changes, state.fingerprint)
        except BadSettings as problem:
            self.show(await settings.state(), filled=filled, problem=str(problem))
        except OSError as problem:
            self.show(state, filled=filled, problem=_NOT_WRITTEN.format(problem.strerror))
        else:
            await self.saved({slot.field: _told(slot, value) for slot, value in filled.changes.items()})


class ConfigTextHandler(_SettingsPage):
    """``POST /config/text``: the whole file."""

    def get(self) -> None:
        self.redirect("/config#as-text")

    async def post(self) -> None:
        settings = self.administration.settings
        state = await settings.state()
        text = self.get_body_argument("text", "", strip=False)
        try:
            await settings.replace(text, self.get_body_argument("fingerprint", ""))
        except BadSettings as problem:
            self.show(state, problem=str(problem), text=text)
        except OSError as problem:
            self.show(state, problem=_NOT_WRITTEN.format(problem.strerror), text=text)
        else:
            after = (await settings.state()).values
            changed = {slot for slot in (*state.values, *after) if state.values.get(slot) != after.get(slot)}
            await self.saved({slot.field: _told(slot, after.get(slot)) for slot in changed})


def _told(slot: Slot, value: Any) -> str:
    """A value for the audit log: never a secret."""
    if value is None:
        return "(the default)"
    return "(a new secret)" if DIRECTIVES[slot.name].secret else str(value)
