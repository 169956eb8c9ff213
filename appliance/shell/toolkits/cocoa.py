"""Windows of macOS with WKWebView (Safari's engine). Written from Apple's reference; it has not been run by the
project's own tests, which have no Mac. It needs macOS 11.3, where WKWebView learnt to download.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import AppKit
import Foundation
import objc
import WebKit
from PyObjCTools import AppHelper
from webview.platforms import cocoa

from appliance import __version__
from appliance.shell.guard import Guard, Verdict
from appliance.shell.memory import Rectangle, fitted, next_zoom
from appliance.shell.saving import asks_where, cancelled, failed, saved, saving
from appliance.shell.surface import WINDOW, Choice, Notice, Surface
from appliance.shell.toolkits.cocoa_bar import NoticeBar

__all__ = ["CocoaSurface", "prepare"]

BrowserView: Any = cocoa.BrowserView

_CANCEL, _ALLOW, _DOWNLOAD = 0, 1, 2
"""WKNavigationActionPolicy and WKNavigationResponsePolicy, which share their numbers."""

_EDITS = {"undo": "undo:", "redo": "redo:", "cut": "cut:", "copy": "copy:", "paste": "paste:",
          "select_all": "selectAll:"}

_UNWANTED = frozenset({"WKMenuItemIdentifierInspectElement", "WKMenuItemIdentifierOpenLinkInNewWindow",
                       "WKMenuItemIdentifierOpenImageInNewWindow", "WKMenuItemIdentifierOpenFrameInNewWindow",
                       "WKMenuItemIdentifierShareMenu"})
"""Lines of the engine's context menu that are of no use here."""

_PROMPT, _DENY = 0, 2
"""WKPermissionDecision."""


def prepare(window: Any, guard: Guard) -> Surface:
    """As :func:`appliance.shell.toolkits.prepare`."""
    browser = BrowserView.instances[window.uid]
    surface = CocoaSurface(browser, guard)
    browser.webview.setNavigationDelegate_(surface.delegate)
    browser.webview.setUIDelegate_(surface.delegate)
    browser.webview.configuration().setApplicationNameForUserAgent_(f"{WINDOW}/{__version__}")
    agent = browser.webview.valueForKey_("userAgent")   # the configuration counts for windows made from now on
    browser.webview.setCustomUserAgent_(f"{agent} {WINDOW}/{__version__}")
    browser.webview.setPageZoom_(guard.memory.placement.zoom)
    surface.put()
    window.events.closing += surface.note_place
    window.events.closed += guard.memory.save
    return surface


def willOpenMenu_withEvent_(_self: Any, menu: Any, _event: Any) -> None:  # noqa: N802 - Cocoa's name
    """In place of pywebview's, which empties the menu."""
    for item in list(menu.itemArray()):
        if str(item.identifier()) in _UNWANTED:
            menu.removeItem_(item)


objc.classAddMethods(BrowserView.WebKitHost, [willOpenMenu_withEvent_])


class CocoaSurface(Surface):
    """pywebview's window."""

    def __init__(self, browser: Any, guard: Guard) -> None:
        self.browser = browser
        self.guard = guard
        self.delegate = _Delegate.alloc().initWithSurface_(self)
        self._notice_bar = NoticeBar(browser.window)
        self._sought = ""

    def later(self, do: Callable[[], object]) -> None:
        AppHelper.callAfter(do)

    def is_there(self) -> bool:
        return self.browser.webview is not None and bool(self.browser.window.isVisible())

    def load(self, address: str) -> None:
        url = Foundation.NSURL.URLWithString_(address)
        self.browser.webview.loadRequest_(Foundation.NSURLRequest.requestWithURL_(url))

    def address(self) -> str:
        url = self.browser.webview.URL()
        return "" if url is None else str(url.absoluteString())

    def reload(self) -> None:
        self.browser.webview.reload_(None)

    def go(self, steps: int) -> None:
        if steps < 0:
            self.browser.webview.goBack_(None)
        else:
            self.browser.webview.goForward_(None)

    def zoom(self, steps: int) -> None:
        level = next_zoom(self.browser.webview.pageZoom(), steps)
        self.browser.webview.setPageZoom_(level)
        self.guard.memory.note(zoom=level)

    def find(self) -> None:
        words = BrowserView.display_input_dialog("Find", "Cancel", "Find in this page", self._sought)
        if not words:
            return
        self._sought = str(words)
        how = WebKit.WKFindConfiguration.alloc().init()
        how.setWraps_(True)
        how.setCaseSensitive_(False)

        def found(result: Any) -> None:
            if not result.matchFound():
                self.notify(Notice(f"“{self._sought}” is not in this page."))
        self.browser.webview.findString_withConfiguration_completionHandler_(self._sought, how, found)

    def print(self) -> None:
        BrowserView.print_webview(self.browser.webview)

    def full_screen(self) -> None:
        self.browser.toggle_fullscreen()

    def edit(self, what: str) -> None:
        AppKit.NSApp.sendAction_to_from_(_EDITS[what], None, None)   # to whatever the cursor is in

    def close(self) -> None:
        self.browser.window.performClose_(None)

    def notify(self, notice: Notice) -> None:
        self._notice_bar.show(notice)

    def choose(self, choice: Choice, chosen: Callable[[list[Path]], None]) -> None:
        panel = AppKit.NSOpenPanel.openPanel()
        panel.setMessage_(choice.title)
        panel.setCanChooseFiles_(not choice.folder)
        panel.setCanChooseDirectories_(choice.folder)
        panel.setCanCreateDirectories_(choice.folder)
        panel.setAllowsMultipleSelection_(choice.many)
        if choice.endings:
            panel.setAllowedFileTypes_(list(choice.endings))
        well = panel.runModal() == AppKit.NSModalResponseOK
        chosen([Path(str(url.path())) for url in panel.URLs()] if well else [])

    def ask(self, title: str, words: str, answers: Sequence[str], answered: Callable[[int | None], None]) -> None:
        alert = AppKit.NSAlert.alloc().init()
        alert.setMessageText_(title)
        alert.setInformativeText_(words)
        alert.addButtonWithTitle_("Cancel")   # the first is what Return presses
        for one in answers:
            alert.addButtonWithTitle_(one)
        number = alert.runModal() - AppKit.NSAlertSecondButtonReturn
        answered(number if number >= 0 else None)

    # -- its size and place ----------------------------------------------------------------------------

    def put(self) -> None:
        """Where and how large it was the last time. Cocoa counts from the lower edge, and so does what is kept."""
        areas = [screen.visibleFrame() for screen in AppKit.NSScreen.screens()]
        placement = fitted(self.guard.memory.placement, [
            Rectangle(int(area.origin.x), int(area.origin.y), int(area.size.width), int(area.size.height))
            for area in areas])
        area, window = areas[0], self.browser.window
        x = area.origin.x + (area.size.width - placement.width) / 2 if placement.x is None else placement.x
        y = area.origin.y + (area.size.height - placement.height) / 2 if placement.y is None else placement.y
        window.setFrame_display_(AppKit.NSMakeRect(x, y, placement.width, placement.height), True)

    def note_place(self) -> None:
        """Remember how the window stands."""
        if self.browser.is_fullscreen:
            return
        frame = self.browser.window.frame()
        self.guard.memory.note(x=int(frame.origin.x), y=int(frame.origin.y), width=int(frame.size.width),
                               height=int(frame.size.height))


class _Delegate(BrowserView.BrowserDelegate):  # type: ignore[misc]
    """pywebview's delegate, with our answers to where pages may lead. The names are Cocoa's."""

    def initWithSurface_(self, surface: CocoaSurface) -> Any:  # noqa: N802
        made: Any = objc.super(_Delegate, self).init()
        made.surface = surface
        made.downloads = []
        return made

    def webViewWebContentProcessDidTerminate_(self, _view: Any) -> None:  # noqa: N802
        self.surface.engine_died()

    def webView_decidePolicyForNavigationAction_decisionHandler_(  # noqa: N802
            self, _view: Any, action: Any, handler: Any) -> None:
        url = action.request().URL()
        inside = self.surface.guard.follow("" if url is None else str(url.absoluteString()))
        if inside and action.shouldPerformDownload():
            handler(_DOWNLOAD)
        else:
            handler(_ALLOW if inside else _CANCEL)

    def webView_decidePolicyForNavigationResponse_decisionHandler_(  # noqa: N802
            self, _view: Any, answer: Any, handler: Any) -> None:
        response = answer.response()
        headers = response.allHeaderFields() if hasattr(response, "allHeaderFields") else {}
        attached = str(headers.get("Content-Disposition") or "").lower().startswith("attachment")
        handler(_ALLOW if answer.canShowMIMEType() and not attached else _DOWNLOAD)

    def webView_navigationAction_didBecomeDownload_(self, _view: Any, _action: Any, download: Any) -> None:  # noqa: N802
        self._follow(download, seen=False)

    def webView_navigationResponse_didBecomeDownload_(  # noqa: N802
            self, _view: Any, answer: Any, download: Any) -> None:
        self._follow(download, seen=not answer.canShowMIMEType())

    def webView_createWebViewWithConfiguration_forNavigationAction_windowFeatures_(  # noqa: N802
            self, view: Any, _configuration: Any, action: Any, _features: Any) -> Any:
        """A page that is to open in a window of its own takes the place of the one that wants it; Back leads back."""
        url = action.request().URL()
        if url is not None and self.surface.guard.follow(str(url.absoluteString())):
            view.loadRequest_(action.request())

    def webView_requestMediaCapturePermissionForOrigin_initiatedByFrame_type_decisionHandler_(  # noqa: N802
            self, _view: Any, origin: Any, _frame: Any, _kind: Any, handler: Any) -> None:
        address = f"{origin.protocol()}://{origin.host()}:{origin.port()}"
        handler(_PROMPT if self.surface.guard.is_ours(address) else _DENY)

    @objc.python_method  # type: ignore[untyped-decorator]
    def _follow(self, download: Any, *, seen: bool) -> None:
        """:param seen: it was meant to be seen, so it is opened when it is there."""
        follower = _Download.alloc().initWithSurface_(self.surface)
        follower.seen = seen
        self.downloads.append(follower)   # a download does not keep its delegate
        download.setDelegate_(follower)


class _Download(AppKit.NSObject):  # type: ignore[misc]
    """One download. The names are Cocoa's."""

    def initWithSurface_(self, surface: CocoaSurface) -> Any:  # noqa: N802
        made: Any = objc.super(_Download, self).init()
        made.surface = surface
        made.path = None
        made.seen = made.cancelled = False
        return made

    def download_decideDestinationUsingResponse_suggestedFilename_completionHandler_(  # noqa: N802
            self, download: Any, response: Any, suggested: Any, handler: Any) -> None:
        guard, url = self.surface.guard, response.URL()
        address = "" if url is None else str(url.absoluteString())
        if guard.verdict(address) is not Verdict.INSIDE:
            handler(None)
            return
        try:
            path = guard.downloads.place(str(suggested))
        except OSError as problem:
            handler(None)
            self.tell(failed(str(suggested), problem.strerror or ""))
            return
        if asks_where(address.removeprefix(guard.origin)):
            guard.downloads.done(path)
            path = self.asked(path)
            if path is None:
                handler(None)
                self.tell(cancelled())
                return
            path.unlink(missing_ok=True)   # the dialog has asked; the engine writes over nothing
        self.path = path
        self.tell(saving(path.name, lambda: self.stop(download)))
        handler(Foundation.NSURL.fileURLWithPath_(str(path)))

    def downloadDidFinish_(self, _download: Any) -> None:  # noqa: N802
        self.surface.guard.downloads.done(self.path)
        self.tell(saved(self.path, self.surface.guard.downloads, opened=self.seen))

    def download_didFailWithError_resumeData_(self, _download: Any, error: Any, _data: Any) -> None:  # noqa: N802
        if self.path is None:
            return
        self.surface.guard.downloads.done(self.path)
        self.tell(cancelled() if self.cancelled else failed(self.path.name, str(error.localizedDescription())))

    @objc.python_method  # type: ignore[untyped-decorator]
    def stop(self, download: Any) -> None:
        """Somebody does not want it any more."""
        self.cancelled = True
        download.cancel_(lambda _data: self.tell(cancelled()))

    @objc.python_method  # type: ignore[untyped-decorator]
    def asked(self, path: Path) -> Path | None:
        """Where somebody wants it."""
        panel = AppKit.NSSavePanel.savePanel()
        panel.setDirectoryURL_(Foundation.NSURL.fileURLWithPath_(str(path.parent)))
        panel.setNameFieldStringValue_(path.name)
        return Path(str(panel.URL().path())) if panel.runModal() == AppKit.NSModalResponseOK else None

    @objc.python_method  # type: ignore[untyped-decorator]
    def tell(self, notice: Notice) -> None:
        """Show it in the window."""
        self.surface.guard.bridge.tell(notice, self.surface)
