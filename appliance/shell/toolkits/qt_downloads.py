"""Downloads of Qt WebEngine."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from qtpy.QtWebEngineCore import QWebEngineDownloadRequest, QWebEnginePage, QWebEngineProfile
from qtpy.QtWidgets import QFileDialog

from appliance.shell.guard import Guard, Verdict
from appliance.shell.saving import asks_where, cancelled, failed, saved, saving
from appliance.shell.surface import Notice, Surface

__all__ = ["QtDownloads"]

_State = QWebEngineDownloadRequest.DownloadState


class QtDownloads:
    """The downloads of all windows that share a profile."""

    def __init__(self, profile: QWebEngineProfile, guard: Guard) -> None:
        self.profile = profile
        self._guard = guard
        self._surfaces: dict[QWebEnginePage, Surface] = {}
        self._running: list[_Download] = []
        self._led_to: deque[str] = deque(maxlen=50)
        profile.downloadRequested.connect(self._requested)

    def watch(self, page: QWebEnginePage, surface: Surface) -> None:
        """Tell this surface of the downloads of its page."""
        self._surfaces[page] = surface
        page.destroyed.connect(lambda *_: self._surfaces.pop(page, None))

    def led_to(self, address: str) -> None:
        """A window is to show what is there; a link for saving leads no window anywhere."""
        self._led_to.append(address)

    def when_ended(self, page: QWebEnginePage, do: Callable[[], object]) -> None:
        """Do this when no download of the page runs any more."""
        running = [one for one in self._running if one.page is page]
        if running:
            running[0].afterwards.append(do)
        else:
            do()

    def _requested(self, request: QWebEngineDownloadRequest) -> None:
        address = request.url().toString()
        if self._guard.verdict(address) is not Verdict.INSIDE:
            request.cancel()
            return
        surface = self._surfaces.get(request.page())
        download = _Download(request, surface, self._guard, seen=address in self._led_to)
        if download.begin():
            self._running.append(download)
            download.afterwards.append(lambda: self._running.remove(download))


class _Download:
    """One download, from the question where to until it is there or not."""

    def __init__(self, request: QWebEngineDownloadRequest, surface: Surface | None, guard: Guard, *,
                 seen: bool) -> None:
        self._request = request
        self._surface = surface
        self._guard = guard
        self._seen = seen
        self._path: Path | None = None
        self.page = request.page()
        self.afterwards: list[Callable[[], object]] = []

    def begin(self) -> bool:
        """Begin it, unless it has no place or nobody wants it."""
        suggested = self._request.suggestedFileName()
        address = urlsplit(self._request.url().toString())
        try:
            path = self._guard.downloads.place(suggested)
        except OSError as problem:
            self._request.cancel()
            self._tell(failed(suggested, problem.strerror or ""))
            return False
        if asks_where(address.path):
            self._guard.downloads.done(path)
            chosen, _ = QFileDialog.getSaveFileName(getattr(self._surface, "window", None), "Save", str(path))
            if not chosen:
                self._request.cancel()
                self._tell(cancelled())
                return False
            path = Path(chosen)
        self._path = path
        self._request.setDownloadDirectory(str(path.parent))
        self._request.setDownloadFileName(path.name)
        self._request.stateChanged.connect(self._state_changed)
        self._request.accept()
        self._tell(saving(path.name, self._request.cancel))
        return True

    def _meant_to_be_seen(self) -> bool:
        """Whether a window was led to it. Qt does not tell whether the server wants it saved; our links for that do."""
        return self._seen and "attachment" not in parse_qs(urlsplit(self._request.url().toString()).query)

    def _state_changed(self, state: Any) -> None:
        if self._path is None or state not in {_State.DownloadCompleted, _State.DownloadCancelled,
                                               _State.DownloadInterrupted}:
            return
        path, self._path = self._path, None
        self._guard.downloads.done(path)
        if state == _State.DownloadCompleted:
            self._tell(saved(path, self._guard.downloads, opened=self._meant_to_be_seen()))
        elif state == _State.DownloadCancelled:
            self._tell(cancelled())
        else:
            self._tell(failed(path.name, self._request.interruptReasonString()))
            self._request.cancel()   # or the engine keeps the half of it for a second try
        for do in self.afterwards:
            do()

    def _tell(self, notice: Notice) -> None:
        self._guard.bridge.tell(notice, self._surface)
