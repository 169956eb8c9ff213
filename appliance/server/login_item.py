"""``POST /config/login-item``: whether the appliance starts when somebody signs in to this computer."""

from __future__ import annotations

import asyncio

from appliance.server.administration import AdministrationPage
from appliance.server.admission import Admission
from appliance.server.errors import Refused

__all__ = ["LoginItemHandler"]


class LoginItemHandler(AdministrationPage):
    """With ``start``: ``on`` or ``off``."""

    admits = Admission.ADMINISTRATORS_HERE

    async def post(self) -> None:
        item, wanted = self.parts.login_item, self.get_body_argument("start", "")
        if item is None or wanted not in {"on", "off"}:
            raise Refused(400, "The switch is on or off", "Please use the button of the Settings page.", "400")
        try:
            await asyncio.to_thread(item.switch, on=wanted == "on")
        except OSError as problem:
            raise Refused(409, "The system does not let us", f"It says: {problem.strerror or problem}. Nothing was "
                          "changed.", "login_item") from problem
        await self.parts.audit.note("setting", self.user, name="start at login", value=wanted)
        self.redirect(f"/config?done=login-{wanted}", status=303)
