"""``/schedule``: the scheduled events, for people: how they went, when they come, and what will be deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from appliance import clock
from appliance.server.admission import Admission
from appliance.server.base import BaseHandler
from appliance.server.errors import Refused
from appliance.server.live_page import LivePage
from appliance.server.parts import AccountToDelete, Schedule, Spared, ToDelete
from appliance.server.replies import interview_url
from appliance.server.schedule_views import Clock, shown_events, to_go, to_stay
from appliance.sessions.task_list import is_administrator

__all__ = ["RunEventHandler", "ScheduleHandler"]

_DAYS = 7
_MOST = 100

_TOLD = {"yes": "It runs now.", "runs": "It runs already."}


class ScheduleHandler(LivePage):
    """The page.

    Administrators see the events and all sessions that will be deleted, everybody else those of their own sessions.
    """

    admits = Admission.HERE_OR_SIGNED_IN
    name = "schedule"

    async def get(self) -> None:
        self.show(await self.names(), message=_TOLD.get(self.get_query_argument("run", ""), ""))

    async def names(self) -> dict[str, Any]:
        """What the templates speak of."""
        sees_all = is_administrator(self.visitor)
        schedule, retention = self.parts.schedule, self.parts.retention
        events = await schedule.overview() if schedule is not None and sees_all else []
        going: Sequence[ToDelete] = ()
        staying: Sequence[Spared] = ()
        accounts: Sequence[AccountToDelete] = ()
        if retention is not None and self.known_browser:
            going = await retention.preview(_DAYS, self.visitor, _MOST)
            staying = await retention.spared(self.visitor, _MOST)
            accounts = await retention.accounts(_DAYS) if sees_all else ()
        failed = {one.session_id for event in events for one in event.failures if one.session_id is not None}
        titles = await self.parts.turns.titles_of(
            failed | {one.session_id for one in going} | {one.session_id for one in staying}, self.visitor)
        title = self.interview_names()
        times = Clock.configured(clock.now(), self.parts.settings.get("timezone", None))
        return {
            "events": shown_events(events, times, titles, title), "going": to_go(going, times, titles, title),
            "staying": to_stay(staying, times, titles, title), "accounts": accounts, "times": times, "most": _MOST,
            "days": self.parts.settings.get("interview delete days", 0), "sees_all": sees_all, "now": times.now,
            "interview_url": interview_url}


class RunEventHandler(BaseHandler):
    """``POST /schedule/run`` with ``event=``: begins a round of it at once."""

    admits = Admission.ADMINISTRATORS   # events run in the sessions of other people too

    async def post(self) -> None:
        """:raises Refused: for an event that the page does not know."""
        schedule = self.parts.schedule
        if schedule is None:
            raise Refused(404, "There is no schedule", "This appliance runs no events.", "404")
        event = self.get_body_argument("event", "")
        if await self._runs(schedule, event):
            came = "runs"
        else:
            await schedule.run_now(event)
            came = "yes"
        if self.by_script:
            self.send_json({"success": came == "yes", "message": _TOLD[came]})
        else:
            self.redirect(f"/schedule?{urlencode({'run': came})}", status=303)

    async def _runs(self, schedule: Schedule, event: str) -> bool:
        found = next((one for one in await schedule.overview() if one.event == event), None)
        if found is None:
            raise Refused(404, "There is no such event", "Please go back to the Schedule page and choose one.",
                          "no_such_event")
        return found.running
