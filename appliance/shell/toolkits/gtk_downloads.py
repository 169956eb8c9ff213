"""Downloads of WebKitGTK."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import Gtk  # noqa: E402 - the version must be named before
from gi.repository import WebKit2 as WebKit  # noqa: E402

from appliance.shell.guard import Guard, Verdict  # noqa: E402
from appliance.shell.saving import asks_where, cancelled, failed, saved, saving  # noqa: E402
from appliance.shell.surface import Notice, Surface  # noqa: E402

__all__ = ["GtkDownloads"]


class GtkDownloads:
    """The downloads of all windows that share a context."""

    def __init__(self, context: WebKit.WebContext, guard: Guard) -> None:
        self._guard = guard
        self._surfaces: dict[WebKit.WebView, Surface] = {}
        self._opened: set[str] = set()
        self._afterwards: dict[str, Callable[[], None]] = {}
        context.connect("download-started", self._started)

    def watch(self, view: WebKit.WebView, surface: Surface) -> None:
        """Tell this surface of the downloads of its page."""
        self._surfaces[view] = surface
        view.connect("destroy", lambda *_: self._surfaces.pop(view, None))

    def open_when_saved(self, address: str) -> None:
        """What comes from there was meant to be seen."""
        self._opened.add(address)

    def when_ended(self, address: str, do: Callable[[], None]) -> None:
        """Do this when what comes from there is saved, or will not be."""
        self._afterwards[address] = do

    def _started(self, _context: WebKit.WebContext, download: WebKit.Download) -> None:
        address = download.get_request().get_uri()
        if self._guard.verdict(address) is not Verdict.INSIDE:
            download.cancel()
            return
        surface = self._surfaces.get(download.get_web_view())
        ended = self._afterwards.pop(address, None)
        if ended is not None:
            download.connect("finished", lambda *_: ended())   # which comes after a failure too
        _Download(download, surface, self._guard, open_it=address in self._opened)
        self._opened.discard(address)


class _Download:
    """One download, from the question where to until it is there or not."""

    def __init__(self, download: WebKit.Download, surface: Surface | None, guard: Guard, *,
                 open_it: bool) -> None:
        self._download = download
        self._surface = surface
        self._guard = guard
        self._open_it = open_it
        self._path: Path | None = None
        self._cancelled = False
        download.connect("decide-destination", self._decide)
        download.connect("finished", self._finished)
        download.connect("failed", self._failed)

    def _decide(self, download: WebKit.Download, suggested: str) -> bool:
        try:
            path = self._guard.downloads.place(suggested)
        except OSError as problem:
            download.cancel()
            self._tell(failed(suggested, problem.strerror or ""))
            return True
        if asks_where(urlsplit(download.get_request().get_uri()).path):
            self._guard.downloads.done(path)
            chosen = self._asked(path)
            if chosen is None:
                self._cancelled = True
                download.cancel()
                return True
            path = chosen
            download.set_allow_overwrite(True)   # the dialog has asked
        self._path = path
        download.set_destination(path.as_uri())
        self._tell(saving(path.name, self._cancel))
        return True

    def _asked(self, path: Path) -> Path | None:
        dialog = Gtk.FileChooserNative.new("Save", getattr(self._surface, "window", None), Gtk.FileChooserAction.SAVE,
                                           None, None)
        dialog.set_do_overwrite_confirmation(True)
        dialog.set_current_folder(str(path.parent))
        dialog.set_current_name(path.name)
        response = dialog.run()
        name = dialog.get_filename()
        dialog.destroy()
        return Path(name) if response == Gtk.ResponseType.ACCEPT and name else None

    def _tell(self, notice: Notice) -> None:
        self._guard.bridge.tell(notice, self._surface)

    def _cancel(self) -> None:
        self._cancelled = True
        self._download.cancel()

    def _finished(self, _download: Any) -> None:
        """Also called after a failure, when the path has been forgotten."""
        if self._path is None:
            return
        path, self._path = self._path, None
        self._guard.downloads.done(path)
        self._tell(saved(path, self._guard.downloads, opened=self._open_it))

    def _failed(self, _download: Any, error: Any) -> None:
        path, self._path = self._path, None
        if path is not None:
            self._guard.downloads.done(path)
        if self._cancelled:
            self._tell(cancelled())
        elif path is not None:
            self._tell(failed(path.name, error.message))
