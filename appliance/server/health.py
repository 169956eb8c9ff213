"""``/health``: how the parts are, for programs and for a person who was asked to look."""

from __future__ import annotations

import inspect
from typing import Any

import appliance
from appliance.server.admission import Admission, is_from_network
from appliance.server.base import BaseHandler
from appliance.server.parts import Health

__all__ = ["HealthHandler"]


class HealthHandler(BaseHandler):
    """JSON: version, database, workers, queue, schedule, mail."""

    admits = Admission.ANYONE

    async def prepare(self) -> None:
        """Nobody needs to be known for this."""

    async def get(self) -> None:
        compute = self.parts.compute
        told: dict[str, Any] = {"version": appliance.__version__, "database": {"status": "ok"}, "workers": None,
                                "queue": None, "schedule": {"status": "off"}, "mail": {"status": "off"}}
        if compute is not None:
            told |= compute.health()
        failed = False
        for name, ask in self.parts.health.items():
            try:
                told[name] = await _answer(ask)
            except Exception as error:  # noqa: BLE001 - a broken part is what this page is there to tell
                told[name] = {"status": "failed", "error": type(error).__name__}
                failed = True
        self.set_status(503 if failed else 200)
        if is_from_network(self.request):   # how busy people here are, and what the parts are, is nobody's business
            told = {"version": told["version"], "status": "failed" if failed else "ok"}
        self.send_json(told)


async def _answer(ask: Health) -> Any:
    answer = ask()
    return await answer if inspect.isawaitable(answer) else answer
