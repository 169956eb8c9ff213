"""``config.yml`` of a data folder: read, changed and replaced, never by something that the appliance would refuse."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from appliance import clock, config
from appliance.administration import settings_text
from appliance.administration.settings_text import HIDDEN, Slot
from appliance.durable import sync_folder

__all__ = ["BadSettings", "ChangedMeanwhile", "SettingsFile", "SettingsState"]

_KEPT = 20
"""Former files that are kept in the folder of backups."""


class BadSettings(Exception):
    """What was to be written is not a configuration; nothing was changed. The message says why, with the line."""


class ChangedMeanwhile(BadSettings):
    """The file is another one than the one that was looked at."""

    def __init__(self) -> None:
        super().__init__("The settings were changed by somebody else meanwhile, so nothing was saved. This is how they "
                         "are now; please make your change again.")


@dataclass(frozen=True)
class SettingsState:
    """The file as it is.

    :param fingerprint: another one whenever the file is; empty where there is none.
    :param values: what the file says.
    :param groups: groups that are there several times, and how often.
    :param unknown: names in it that are no directives.
    :param problem: why the appliance would not start with it, or an empty text.
    :param readable: whether it is YAML.
    """

    fingerprint: str
    text: str = field(repr=False)
    values: dict[Slot, Any] = field(repr=False)
    groups: dict[str, int]
    unknown: list[str]
    problem: str
    readable: bool = True

    @property
    def shown_text(self) -> str:
        """The text without its secrets; empty where it cannot be read, and so nobody knows what is secret in it."""
        return settings_text.without_secrets(self.text) if self.readable else ""


class SettingsFile:
    """The file.

    :param data: the data folder.
    """

    def __init__(self, data: Path) -> None:
        self.path = data / "config.yml"
        self._backups = data / "backups"
        self._lock = asyncio.Lock()

    async def state(self) -> SettingsState:
        """How it is now.

        :raises OSError: if it cannot be read.
        """
        return await asyncio.to_thread(self._state)

    async def change(self, changes: Mapping[Slot, Any], fingerprint: str | None = None) -> None:
        """Write other values; None takes a directive out, so that its default counts.

        :param fingerprint: of the file that was looked at; None for whatever there is.
        :raises BadSettings: if the appliance would refuse the file; nothing was changed.
        :raises OSError: if it cannot be written.
        """
        async with self._lock:
            await asyncio.to_thread(self._change, changes, fingerprint)

    async def replace(self, text: str, fingerprint: str) -> None:
        """Write another text; a secret that reads ``(not shown)`` stays what it was.

        :raises BadSettings: as :meth:`change` does.
        :raises OSError: if it cannot be written.
        """
        async with self._lock:
            await asyncio.to_thread(self._replace, text, fingerprint)

    # -- in a thread -------------------------------------------------------------------------------

    def _text(self) -> str | None:
        try:
            return self.path.read_bytes().decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n")
        except FileNotFoundError:
            return None

    def _state(self) -> SettingsState:
        text = self._text()
        if text is None:
            return SettingsState("", "", {}, {}, [], "")
        problem = _problem(self.path, self.path)
        fingerprint = hashlib.sha256(text.encode()).hexdigest()
        try:
            values = {slot: one.value for slot, one in settings_text.read(text).items()}
            return SettingsState(fingerprint, text, values, settings_text.groups(text), settings_text.unknown(text),
                                 problem)
        except yaml.YAMLError:
            return SettingsState(fingerprint, text, {}, {}, [], problem, readable=False)

    def _change(self, changes: Mapping[Slot, Any], fingerprint: str | None) -> None:
        state = self._checked_state(fingerprint)
        if not state.readable:
            raise BadSettings(state.problem)
        text = state.text
        for slot, value in changes.items():
            text = settings_text.changed(text, slot, value)
        wanted = {slot: value for slot, value in (state.values | dict(changes)).items() if value is not None}
        try:
            came = {slot: one.value for slot, one in settings_text.read(text).items()}
        except yaml.YAMLError:
            came = None
        if came != wanted:
            raise BadSettings("The file is written in a way that this form cannot change without harm. Please change "
                              "it as text, below.")
        self._write(text)

    def _replace(self, text: str, fingerprint: str) -> None:
        state = self._checked_state(fingerprint)
        text = text.replace("\r\n", "\n")
        try:
            if state.readable:
                text = settings_text.shown_again(text, state.text)
            hidden = [slot.name for slot, one in settings_text.read(text).items() if one.value == HIDDEN]
        except yaml.YAMLError:
            hidden = []   # the check before it is written says where it is no YAML
        if hidden:
            raise BadSettings(f"'{hidden[0]}' is new in this file, so its value is not known: please write it.")
        self._write(text if not text or text.endswith("\n") else f"{text}\n")

    def _checked_state(self, fingerprint: str | None) -> SettingsState:
        state = self._state()
        if fingerprint is not None and fingerprint != state.fingerprint:
            raise ChangedMeanwhile
        return state

    def _write(self, text: str) -> None:
        """Replace the file in one step by one that the appliance takes; what was there is kept beside the backups."""
        fresh = self.path.with_name("config.yml.new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            problem = _problem(fresh, self.path)
            if problem:
                raise BadSettings(problem)
            self._keep_former()
            fresh.replace(self.path)
        finally:
            fresh.unlink(missing_ok=True)
        sync_folder(self.path.parent)

    def _keep_former(self) -> None:
        text = self._text()
        if text is None:
            return
        self._backups.mkdir(mode=0o700, exist_ok=True)
        stamp = datetime.fromtimestamp(clock.now()).astimezone().strftime("%Y-%m-%d-%H%M%S-%f")
        kept = self._backups / f"config-{stamp}.yml"
        descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        for old in sorted(self._backups.glob("config-*.yml"))[:-_KEPT]:
            old.unlink(missing_ok=True)


def _problem(file: Path, named: Path) -> str:
    """Why the appliance would not start with `file`, in the words of somebody who sees no paths; else empty."""
    try:
        config.load(file)
    except config.BadConfiguration as problem:
        words = str(problem)
        for path in (file, named):
            words = words.removeprefix(f"{path}, ").removeprefix(f"{path}: ").replace(str(path), "The file")
        return words[:1].upper() + words[1:]
    return ""
