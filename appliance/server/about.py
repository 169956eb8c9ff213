"""``/about``: how the appliance is, in plain words with what to do, and what is inside it, with licences."""

from __future__ import annotations

import asyncio
import inspect
import platform
from collections.abc import Mapping
from typing import Any

import appliance
from appliance.administration.licences import front_end, ingredients, licence_text
from appliance.server.about_views import Line, health_lines
from appliance.server.administration import AdministrationPage
from appliance.server.errors import Refused

__all__ = ["AboutHandler", "LicenceHandler"]


class AboutHandler(AdministrationPage):
    """The page."""

    async def get(self) -> None:
        told = await self._health()
        facts = [("Version", appliance.__version__), ("Data folder", str(self.administration.data)),
                 ("Python", platform.python_version()), ("System", platform.platform(terse=True))]
        lines: list[Line] = await asyncio.to_thread(health_lines, told, self.administration.data)
        self.page("about.html", facts=facts, lines=lines, ingredients=await asyncio.to_thread(ingredients),
                  front_end=await asyncio.to_thread(front_end))

    async def _health(self) -> Mapping[str, Any]:
        """What the parts say of themselves; of one that cannot, its error's type."""
        compute = self.parts.compute
        told: dict[str, Any] = {} if compute is None else dict(compute.health())
        for name, ask in self.parts.health.items():
            try:
                answer = ask()
                told[name] = await answer if inspect.isawaitable(answer) else answer
            except Exception as error:  # noqa: BLE001 - a broken part is what this page is there to tell
                told[name] = {"status": "failed", "error": type(error).__name__}
        return told


class LicenceHandler(AdministrationPage):
    """``GET /about/licence?name=…``: the text of a package's licence."""

    async def get(self) -> None:
        name = self.get_query_argument("name", "")
        text = await asyncio.to_thread(licence_text, name)
        if not text:
            raise Refused(404, "There is no text of this licence here", "The package names its licence, and brings no "
                          "text of it.", "404")
        self.page("licence.html", name=name, text=text)
