"""The window: a splash, then the server's pages; what it says while the server is away, what it asks when closed."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import webview
from webview.errors import WebViewException

from appliance.shell.guard import Guard
from appliance.shell.menus import menus
from appliance.shell.server import Server, UnderWay, Up
from appliance.shell.surface import Notice
from appliance.shell.toolkit import Toolkit
from appliance.shell.toolkits import prepare, started

__all__ = ["Ending", "Window"]

logger = logging.getLogger(__name__)

TITLE = "Interview Appliance"

_RESTARTS = "The appliance starts anew. This takes a few seconds."
_AWAY = "The appliance stopped by itself and is being started again. What was acknowledged is safe."


class Ending(Enum):
    """How a window was closed."""

    STOP = "stop"
    KEEP = "keep"
    AFTER_TASKS = "after tasks"


class Window:
    """Shows the server that it is told of (it is a :class:`appliance.shell.server.Shell`).

    :param toolkit: that draws it.
    :param guard: says what may load inside, and has the window's dialogs.
    :param files: packages that somebody opened with the appliance.
    :param on_moved: called with the folder that the data lives in from now on.
    :ivar wanted_again: somebody started the appliance a second time while this window was being closed.
    """

    def __init__(self, toolkit: Toolkit, guard: Guard, *, files: Sequence[Path],
                 on_moved: Callable[[Path], None]) -> None:
        self._toolkit = toolkit
        self._guard = guard
        self._files = list(files)
        self._on_moved = on_moved
        self._server: Server | None = None
        self._up: Up | None = None
        self._ready = threading.Event()
        self._asking = threading.Lock()
        self._ending: Ending | None = None
        self.wanted_again = False
        self._window = _made(
            TITLE, html=_text_of("splash.html"), width=1100, height=800, min_size=(360, 400),
            background_color="#f8f9fa", text_select=True)
        self._window.events.initialized += started
        self._window.events.before_show += self._before_show
        self._window.events.loaded += self._ready.set
        self._window.events.closing += self._closing

    def run(self, server: Server) -> Ending:
        """Show it until it is closed; on the main thread."""
        self._server = server
        webview.settings["ALLOW_FILE_URLS"] = False
        webview.start(server.start, gui=self._toolkit, private_mode=True, menu=menus(self._guard), icon=_icon())
        return self._ending or Ending.STOP

    @property
    def files(self) -> list[Path]:
        """Those that were not offered yet."""
        return list(self._files)

    # -- the server's thread ---------------------------------------------------------------------------

    def up(self, up: Up) -> None:
        """Show the start page; or, where the server was here before, what was shown."""
        if self._ending is not None:
            return
        before, self._up = self._up, up
        self._guard.serve_from(up.address)
        if before is None or up.anew:
            self._show_page(up.sign_in)
        elif before.address != up.address or not self._still_shows_a_page():
            self._show_page(_with_next(up.sign_in, self._window.get_current_url() or "/"))
        if before is not None:
            self._notify(Notice("The appliance is here again."))
        self._offer_files()

    def down(self, *, wanted: bool) -> None:
        """Say that the server is being started again."""
        self._notify(Notice(_RESTARTS if wanted else _AWAY, problem=not wanted, stays=True))

    def failed(self, words: str) -> None:
        """Say why there is no server."""
        if self._ending is not None:
            return
        self._ready.wait()
        if self._up is not None:
            self._window.load_html(_text_of("splash.html"))
            self._up = None
        self._run_js(f"cannotStart({json.dumps(words)})")
        self._notify(Notice("The appliance could not be started.", (("Try again", self._try_again),), problem=True,
                            stays=True))

    def told(self, what: Mapping[str, Any]) -> None:
        """Come forward; offer to install what was opened."""
        if "show" in what:
            self._files += map(Path, what["show"])
            if self._ending is not None:
                self.wanted_again = True
                return
            self.come_forward()
            self._offer_files()

    def moved(self, data: Path) -> None:
        """Show the next server as at a start."""
        self._up = None
        self._window.load_html(_text_of("splash.html"))
        self._on_moved(data)

    def ended(self) -> None:
        """The server is gone as it was told to."""
        self._close()

    # -- any thread ------------------------------------------------------------------------------------

    def come_forward(self) -> None:
        """Bring the window before the others."""
        self._window.show()
        self._window.restore()

    def end(self, ending: Ending) -> None:
        """Close the window without asking."""
        self._ending = ending
        self._close()

    def _close(self) -> None:
        if self._ending is None:
            self._ending = Ending.STOP
        self._window.destroy()

    def _show_page(self, address: str) -> None:
        self._window.events.shown.wait()
        self._window.load_url(address)

    def _still_shows_a_page(self) -> bool:
        """Whether it is a page of ours that is shown, which finds the server again by itself."""
        return bool(self._run_js("!!document.querySelector('main, #dabody')"))

    def _notify(self, notice: Notice) -> None:
        surface = self._guard.bridge.surface
        if surface is not None:
            surface.later(lambda: surface.notify(notice))

    def _offer_files(self) -> None:
        files, self._files = self._files, []
        self._guard.bridge.install_files(files)

    def _try_again(self) -> None:
        if self._server is not None:
            # A button calls this in the toolkit's thread, which has to run the script meanwhile.
            threading.Thread(target=self._run_js, args=("starting()",), daemon=True).start()
            self._server.try_again()

    def _run_js(self, script: str) -> Any:
        try:
            return self._window.run_js(script)
        except WebViewException as problem:   # no page is there yet, or the window is being closed
            logger.warning("a script could not run in the window: %s", problem)
            return None

    # -- the main thread -------------------------------------------------------------------------------

    def _before_show(self) -> None:
        prepare(self._window, self._guard)

    def _closing(self) -> bool:
        """Whether it may close now. It may not ask here: the toolkit waits for the answer."""
        if self._ending is not None or _session_ends():
            return True
        if self._asking.acquire(blocking=False):   # else it is being asked already
            threading.Thread(target=self._ask_and_close, name="closing", daemon=True).start()
        return False

    def _ask_and_close(self) -> None:
        """In a thread: while it is asked what is under way, and while the person thinks, the window lives."""
        now = UnderWay()
        if self._server is not None and self._up is not None and self._up.follows:   # another one is left running
            now = self._server.under_way()
        surface = self._guard.bridge.surface
        if surface is None or now == UnderWay():
            self._asking.release()
            self.end(Ending.STOP)
            return
        words, stopped = ("Stop when the tasks are done", Ending.AFTER_TASKS) if now.tasks else ("Stop", Ending.STOP)

        def answered(number: int | None) -> None:
            self._asking.release()
            if number is not None:
                self.end((Ending.KEEP, stopped)[number])
        surface.later(lambda: surface.ask("The appliance is in use", _words_for(now),
                                          ("Close the window, keep it running", words), answered))


def _made(title: str, **options: Any) -> webview.Window:
    window = webview.create_window(title, **options)
    if window is None:
        raise RuntimeError("nothing of ours refuses a window")
    return window


def _words_for(now: UnderWay) -> str:
    def count(number: int, one: str, more: str) -> list[str]:
        return [one if number == 1 else more.format(number)] if number else []
    parts = [*count(now.tasks, "A background task is running.", "{} background tasks are running or waiting."),
             *count(now.people, "Somebody on another computer has an interview open.",
                    "{} interviews are open on other computers.")]
    return " ".join(parts)


def _text_of(name: str) -> str:
    return resources.files("appliance.shell").joinpath(name).read_text(encoding="utf-8")


def _with_next(sign_in: str, shown: str) -> str:
    """The address that signs in, going to the page that was shown of the server when it had another address."""
    parts, page = urlsplit(sign_in), urlsplit(shown)
    query = dict(parse_qsl(parts.query)) | {"next": urlunsplit(("", "", page.path or "/", page.query, ""))}
    return urlunsplit(parts._replace(query=urlencode(query)))


def _icon() -> str:
    return str(Path(str(resources.files("appliance.shell"))) / "icon.png")


def _session_ends() -> bool:
    """Whether the system closes the window because the person logs off or shuts down: then nobody can be asked."""
    if sys.platform == "win32":
        import ctypes

        return bool(ctypes.windll.user32.GetSystemMetrics(0x2000))   # SM_SHUTTINGDOWN
    if sys.platform == "darwin":
        from Foundation import NSAppleEventManager

        event = NSAppleEventManager.sharedAppleEventManager().currentAppleEvent()
        # kAEQuitReason, with the reasons of Apple's "Handling Apple Events Sent by the Mac OS"
        reason = event.attributeDescriptorForKeyword_(int.from_bytes(b"why?", "big")) if event is not None else None
        return reason is not None and reason.typeCodeValue().to_bytes(4, "big") in {
            b"logo", b"rlgo", b"rrst", b"rsdn", b"shut"}
    return False

