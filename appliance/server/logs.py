"""``/logs``: what the appliance wrote about its work, to look through, to follow and to take along."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from tornado.iostream import StreamClosedError

from appliance import clock
from appliance.administration.log_files import LEVELS, Wanted
from appliance.server.administration import AdministrationPage
from appliance.server.errors import Refused
from appliance.server.files import disposition

__all__ = ["AllLogsHandler", "LogFileHandler", "LogsHandler"]

_MOST = 200
_MOST_OF_ALL = 5000
_CHUNK = 256 * 1024
_ABOUT = {"appliance.log": "The appliance", "worker.log": "Work in the background", "cron.log": "Scheduled events",
          "mail.log": "Mail"}
_LEVELS = {"INFO": "Everything", "WARNING": "Warnings and errors", "ERROR": "Errors"}
_TIMES: dict[str, tuple[str, float | None]] = {
    "": ("At any time", None), "hour": ("In the last hour", 3600.0), "day": ("In the last day", 86400.0),
    "week": ("In the last week", 7 * 86400.0)}


class LogsHandler(AdministrationPage):
    """The page; with ``fragment=1`` the entries alone, for its script (``ui/static/logs.js``)."""

    unlogged: ClassVar[bool] = True
    """A page that shows the log should not fill it."""

    async def get(self) -> None:
        names = await self._names()
        if self.get_query_argument("fragment", ""):
            self.finish(self.render_string("logs_list.html", **names))
            return
        logs = self.administration.logs
        self.page("logs.html", **names, levels=_LEVELS, times={key: words for key, (words, _) in _TIMES.items()},
                  logs=[(name, _ABOUT.get(name, name)) for name in logs.names()], files=logs.files(names["log"]))

    async def _names(self) -> dict[str, Any]:
        logs = self.administration.logs
        there = logs.names()
        log = self.get_query_argument("log", "")
        log = log if log in there else "appliance.log" if "appliance.log" in there else "".join(there[:1])
        level, when = self.get_query_argument("level", ""), self.get_query_argument("when", "")
        level, when = level if level in LEVELS else "INFO", when if when in _TIMES else ""
        words, most = self.get_query_argument("q", "")[:200], self._most()
        back = _TIMES[when][1]
        wanted = Wanted(words, level, None if back is None else clock.now() - back)
        entries, more = await asyncio.to_thread(logs.entries, log, wanted, most)
        query = {"log": log, "q": words, "level": level, "when": when}
        more_address = f"/logs?{urlencode(query | {'show': str(min(4 * most, _MOST_OF_ALL))})}"
        return {"entries": entries, "more": more_address if more and most < _MOST_OF_ALL else "", "cut": more,
                "log": log, "q": words, "level": level, "when": when, "about": _ABOUT.get(log, log)}

    def _most(self) -> int:
        asked = self.get_query_argument("show", "")
        return min(max(int(asked), 1), _MOST_OF_ALL) if asked.isascii() and asked.isdigit() else _MOST


class LogFileHandler(AdministrationPage):
    """``GET /logs/download?file=NAME``: one file as it is."""

    async def get(self) -> None:
        name = self.get_query_argument("file", "")
        path = await asyncio.to_thread(self.administration.logs.path, name)
        if path is None:
            raise Refused(404, "There is no such log", "It may have been replaced by a newer one. Please choose it on "
                          "the page of the logs.", "404")
        content = await asyncio.to_thread(path.read_bytes)
        _as_file(self, "text/plain; charset=utf-8", f"{name}.txt" if name[-1].isdigit() else name)
        self.finish(content)


class AllLogsHandler(AdministrationPage):
    """``GET /logs/all.zip``: all of them."""

    async def get(self) -> None:
        today = datetime.fromtimestamp(clock.now()).astimezone().strftime("%Y-%m-%d")
        _as_file(self, "application/zip", f"logs-{today}.zip")
        with await asyncio.to_thread(self.administration.logs.zipped) as archive:
            while chunk := await asyncio.to_thread(archive.read, _CHUNK):
                self.write(chunk)
                try:
                    await self.flush()
                except StreamClosedError:
                    return


def _as_file(page: AdministrationPage, kind: str, name: str) -> None:
    page.set_header("Content-Type", kind)
    page.set_header("Content-Disposition", disposition("attachment", name))
    page.set_header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
    page.set_header("Cache-Control", "private, no-store")
