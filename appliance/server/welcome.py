"""``/welcome``: what is asked at the first start of the app: the office's name, where its data lives, the network."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from appliance import data_folder
from appliance.administration.settings_file import BadSettings, SettingsFile
from appliance.administration.settings_text import Slot
from appliance.attendance import Attendance
from appliance.backup.errors import BackupError
from appliance.backup.restoring import restore_key
from appliance.config import DIRECTIVES, PRODUCT, mistake
from appliance.first_start.moving import prepare_move
from appliance.first_start.places import Place, judge, room
from appliance.first_start.state import Answers, FirstStart
from appliance.interviews import DEMO
from appliance.network.firewall import firewall_words
from appliance.network.state import CannotShare
from appliance.server.administration import AdministrationPage, waiting_address
from appliance.server.admission import Admission
from appliance.server.errors import Refused
from appliance.store.appliance_key import system_keyring

__all__ = ["WelcomeHandler", "WelcomePage", "WelcomePlaceHandler", "WelcomeShareHandler"]

_NAME, _SHARE = Slot("appname"), Slot("network: share")
_NOT_WRITTEN = "This could not be written down: {}."


class WelcomePage(AdministrationPage):
    """What the steps share."""

    admits = Admission.ADMINISTRATORS_HERE

    async def prepare(self) -> None:
        """:raises Refused: where no first start can be."""
        await super().prepare()
        if not (self.first_start.waits and self.attendance.is_attended):
            self.redirect("/")

    @property
    def first_start(self) -> FirstStart:
        """:raises Refused: where there is no such part."""
        if self.parts.first_start is None:
            raise Refused(404, "This page does not exist", "There is no first start here.", "404")
        return self.parts.first_start

    @property
    def attendance(self) -> Attendance:
        """:raises Refused: where there is no such part."""
        if self.parts.attendance is None:
            raise Refused(404, "This page does not exist", "There is no first start here.", "404")
        return self.parts.attendance

    @property
    def answers(self) -> Answers:
        """What was answered so far."""
        return self.first_start.answers or Answers()


    def get_template_namespace(self) -> dict[str, Any]:
        return super().get_template_namespace() | {"brandname": self.answers.name or self.appname}


class WelcomeHandler(WelcomePage):
    """The first step: what the office is called."""

    async def get(self) -> None:
        name = self.answers.name or self.appname
        self.show("" if name == PRODUCT else name)

    async def post(self) -> None:
        name = " ".join(self.get_body_argument("name", "").split())
        problem = mistake(DIRECTIVES["appname"], name) if name else None
        if problem is not None:
            self.set_status(422)
            self.show(name, f"This {problem.rpartition(': ')[0]}.")
            return
        try:
            self.first_start.remember(name=name)
        except OSError as error:
            self.set_status(422)
            self.show(name, _NOT_WRITTEN.format(error.strerror))
            return
        self.redirect("/welcome/place", status=303)

    def show(self, name: str, problem: str = "") -> None:
        """Send the page."""
        self.page("welcome.html", name=name, problem=problem)


class WelcomePlaceHandler(WelcomePage):
    """The second step: where the data lives."""

    async def get(self) -> None:
        chosen = self.parts.chosen.take("folder")
        if chosen:
            await self.show(await self.judged(chosen), other=True)
        else:
            folder = self.answers.folder
            await self.show(None, typed=folder, other=bool(folder))

    async def post(self) -> None:
        if not self.may_move or self.get_body_argument("where", "usual") != "other":
            await self.go_on("")
            return
        place = await self.judged(self.get_body_argument("folder", ""))
        agreed = self.get_body_argument("agreed", "") == str(place.folder)
        if not self.first_start.waits:   # another tab has answered everything while we looked
            self.redirect("/")
        elif place.problem or (place.warnings and not agreed):
            self.set_status(422)
            await self.show(place, other=True)
        elif place.folder == self.first_start.data:
            await self.go_on("")
        elif place.appliance is None:
            await self.go_on(str(place.folder))
        elif not agreed:   # shown what is there first
            await self.show(place, other=True)
        else:
            await self.take_over(place)

    async def go_on(self, folder: str) -> None:
        """Keep the answer, and lead on to the third step.

        :param folder: empty for where the data is.
        """
        try:
            self.first_start.remember(folder=folder)
        except OSError as error:
            self.set_status(422)
            await self.show(None, typed=folder, other=bool(folder), problem=_NOT_WRITTEN.format(error.strerror))
        else:
            self.redirect("/welcome/share", status=303)

    @property
    def may_move(self) -> bool:
        """Not where whoever started the appliance said where the data is: the next start would say so again."""
        try:
            return data_folder.find() == self.first_start.data
        except data_folder.DataFolderAway:
            return False

    async def judged(self, typed: str) -> Place:
        """What is to be said of a folder; looking may take a while on a slow disk."""
        return await asyncio.to_thread(judge, typed, self.first_start.data)

    async def take_over(self, place: Place) -> None:
        """Use the data of an appliance that is in the folder."""
        try:
            if place.needs_code:
                code = self.get_body_argument("code", "")
                await asyncio.to_thread(restore_key, place.folder, code, keyring=system_keyring())
            await prepare_move(self.first_start.data, place.folder, None)
        except BackupError as problem:
            self.set_status(422)
            await self.show(place, other=True, problem=str(problem))
        except OSError as error:
            self.set_status(422)
            await self.show(place, other=True, problem=_NOT_WRITTEN.format(error.strerror))
        else:
            self.move(place.folder)

    def move(self, folder: Path) -> None:
        """Have the window start the appliance on the other folder, and say so."""
        self.page("welcome_moving.html", folder=folder, waiting=waiting_address("/"),
                  attended=self.attendance.tell({"move": str(folder)}))

    async def show(self, place: Place | None, *, typed: str = "", other: bool, problem: str = "") -> None:
        """Send the page.

        :param place: the folder that was looked at; None for what was answered before.
        :param other: whether another folder than this one is chosen.
        """
        here = self.first_start.data
        suggested = place.suggestion if place is not None else None
        self.page("welcome_place.html", here=here, free=_gigabytes(await asyncio.to_thread(room, here)),
                  place=place, other=other, may_move=self.may_move,
                  typed=typed or str(suggested or (place.folder if place is not None and place.folder != here else "")),
                  problem=problem or (place.problem if place is not None else ""),
                  there=_gigabytes(place.free) if place is not None and place.free else "")


class WelcomeShareHandler(WelcomePlaceHandler):
    """The third step: whether other computers may come in; and then it is over."""

    async def get(self) -> None:
        self.show_step(share=self.answers.share)

    async def post(self) -> None:
        share = self.get_body_argument("share", "no") == "yes"
        try:
            answers = self.first_start.remember(share=share)
            if answers.folder and self.may_move:
                place = await self.judged(answers.folder)
                if place.problem or place.appliance is not None:   # something has come into it meanwhile
                    self.redirect("/welcome/place", status=303)
                    return
                settings = SettingsFile(place.folder)
                await prepare_move(self.first_start.data, place.folder, lambda: settings.change(_changes(answers)))
                self.move(place.folder)
            else:
                await self.settle(answers)
        except BadSettings as problem:
            self.set_status(422)
            self.show_step(share=share, problem=str(problem))
        except OSError as error:
            self.set_status(422)
            self.show_step(share=share, problem=_NOT_WRITTEN.format(error.strerror))

    async def settle(self, answers: Answers) -> None:
        """Write everything down, and lead on to the demo."""
        changes = _changes(answers)
        was_shared = self.parts.settings.get("network: share")   # as somebody has answered who was killed after that
        await self.administration.settings.change(changes)
        for slot, value in changes.items():
            self.administration.settings_now(slot.name, value)
            if value is not None:
                await self.parts.audit.note("setting", self.user, name=slot.name, value=str(value))
        problem = ""
        if answers.share and self.parts.network is not None:
            try:
                await self.parts.network.share()
            except CannotShare as failed:
                problem = str(failed)
        elif was_shared and self.parts.network is not None:
            await self.parts.network.stop()
        self.first_start.end()
        if problem:
            self.page("welcome_done.html", problem=problem, demo=_DEMO_ADDRESS)
        else:
            self.redirect(_DEMO_ADDRESS, status=303)

    def show_step(self, *, share: bool, problem: str = "") -> None:
        """Send the page."""
        port = int(self.parts.settings.get("network: port", 8443))
        self.page("welcome_share.html", share=share, problem=problem,
                  firewall=firewall_words(port) if sys.platform in {"win32", "darwin"} else "")


_DEMO_ADDRESS = f"/interview?{urlencode({'i': DEMO}, safe='/:')}"


def _changes(answers: Answers) -> dict[Slot, Any]:
    """What becomes of ``config.yml``; a default stays out of it. What is not wanted is taken out, too: whoever was
    killed after it was written is asked again, and may answer otherwise.
    """
    return {_NAME: answers.name or None, _SHARE: True if answers.share else None}


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.0f} GB" if size >= 10e9 else f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
