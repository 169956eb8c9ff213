"""What a window does like any program, with real windows on pages that the tests write."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import quote

import psutil

from appliance.server.security import OWN_WINDOW
from appliance.shell.surface import WINDOW
from tests.window.conftest import Desk, open_bare
from tests.window.driver import LIMIT, Program, Screen, missing, wait_until
from tests.window.pages import STRICT, Page, Pages

NOTICE = """
import threading
told = []
done = threading.Event()
def look():
    bar = guard.bridge.surface._notice_bar
    words = bar._words
    there = bar.widget.get_visible() if hasattr(bar, 'widget') else bar._bar.isVisible()
    told.append((words.get_text() if hasattr(words, 'get_text') else words.text()) if there else '')
    done.set()
guard.bridge.surface.later(look)
done.wait(30)
result = told[-1]
"""
"""What the window tells at its edge."""

PRESS = """
def press():
    buttons = guard.bridge.surface._notice_bar._buttons
    button = buttons[0] if isinstance(buttons, list) else buttons.get_children()[0]
    (button.click if hasattr(button, 'click') else button.clicked)()
guard.bridge.surface.later(press)
"""
"""Presses the first button of the notice."""

COUNT = """
bar = guard.bridge.surface._find_bar._count
result = bar.get_text() if hasattr(bar, 'get_text') else bar.text()
"""
PRETEND_DEVICES = """
if hasattr(surface.view, 'get_settings'):
    surface.later(lambda: surface.view.get_settings().set_enable_mock_capture_devices(True))
"""
"""Microphones of no sound; Qt has them by its command line."""

PLACEMENT = "p = guard.memory.placement\nresult = [p.width, p.height, p.x, p.y, p.zoom]"
ZOOM = "v = surface.view\nresult = v.get_zoom_level() if hasattr(v, 'get_zoom_level') else v.zoomFactor()"


def says(program: Program, words: str) -> None:
    wait_until(lambda: words in str(program.python(NOTICE)), f"a notice that says {words!r}")


def files(screen: Screen) -> list[str]:
    """The names of what was downloaded, without what is on the way."""
    return sorted(one.name for one in screen.downloads.iterdir() if one.suffix not in {".wkdownload", ".download"})


def _enough(look: Callable[[], list[str]], wanted: int) -> bool:
    return len(look()) >= wanted


def test_the_server_and_the_window_mean_the_same_by_its_name() -> None:
    """What the window adds to its browser's name is what the server looks for."""
    assert WINDOW == OWN_WINDOW


def test_what_leads_elsewhere_opens_elsewhere_or_nowhere(desk: Desk) -> None:
    """Links, new windows, forms, redirects, refreshes and scripts leave the window where it is; other schemes do
    nothing at all.
    """
    desk.show("<h1>Here</h1><a id=link href='https://example.org/link'>x</a> "
               "<a id=blank href='https://example.org/blank' target=_blank>x</a> "
               "<a id=mail href='mailto:a@example.org'>x</a> <a id=phone href='tel:+4930123'>x</a> "
               "<a id=redirect href='/redirect'>x</a> <a id=refresh href='/refresh'>x</a> "
               "<a id=file href='file:///etc/passwd'>x</a> <a id=custom href='steam://run/1'>x</a> "
               "<a id=port href='http://127.0.0.1:47899/'>x</a> <a id=user href='http://127.0.0.1:1@example.org/u'>x</a>"
               "<form action='https://example.org/form'><button id=form>x</button></form>"
               "<button id=opens onclick=\"window.open('https://example.org/opened')\">x</button>"
               "<button id=goes onclick=\"location='https://example.org/goes'\">x</button>")
    desk.pages.at["/redirect"] = Page(status=302, headers={"Location": "https://example.org/redirected"})
    desk.pages.page("/refresh", "<meta http-equiv=refresh content='0;url=https://example.org/refreshed'>")
    expected: list[str] = []
    for name, address in (("link", "https://example.org/link"), ("blank", "https://example.org/blank"),
                          ("mail", "mailto:a@example.org"), ("phone", "tel:+4930123"),
                          ("redirect", "https://example.org/redirected"), ("port", "http://127.0.0.1:47899/"),
                          ("user", "http://127.0.0.1:1@example.org/u"), ("file", ""), ("custom", ""),
                          ("form", "https://example.org/form"), ("opens", "https://example.org/opened"),
                          ("goes", "https://example.org/goes"), ("refresh", "https://example.org/refreshed")):
        desk.program.click(f"#{name}", desk.screen)
        expected += [address] if address else []
        wanted = len(expected)
        wait_until(partial(_enough, lambda: desk.screen.opened, wanted), f"{address or name} outside")
        assert [one.rstrip("?") for one in desk.screen.opened] == expected
        assert desk.program.js("document.querySelector('h1, meta') !== null")
    assert desk.screen.windows() == ["Test"]
    assert "/etc/passwd" not in desk.program.js("location.href")


def test_files_are_saved_under_names_of_their_own(desk: Desk) -> None:
    """Whatever name a page wishes, the file lies in the folder for downloads, over none that is there; and only what
    was meant to be seen is opened.
    """
    def attached(name: str) -> dict[str, str]:
        return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}

    desk.pages.at["/umlaut"] = Page(b"1", "text/html", headers=attached("Kündigung für Ömer.pdf"))
    desk.pages.at["/dots"] = Page(b"2", "text/plain", headers=attached("../../.bashrc"))
    desk.pages.at["/long"] = Page(b"3", "text/plain", headers=attached("ä" * 200 + ".txt"))
    desk.pages.at["/pdf"] = Page(b"%PDF-1.4", "application/pdf", headers={
        "Content-Disposition": 'inline; filename="a.pdf"'})
    desk.pages.at["/program"] = Page(b"#!/bin/sh", "application/x-sh", headers={
        "Content-Disposition": 'inline; filename="a.sh"'})
    desk.pages.page("/page.html", "not to be shown")
    names = ("umlaut", "dots", "long")
    links = "".join(f"<a id={name} href=/{name}?attachment=1>x</a> " for name in names)
    desk.show(f"<h1>Here</h1>{links}<a id=pdf href=/pdf>x</a> <a id=blank target=_blank href=/pdf>x</a> "
               "<a id=program href=/program>x</a> <a id=page download='page.html' href=/page.html>x</a> "
               "<a id=data download=data.txt href='data:text/plain,hello'>x</a> <a id=blob download=blob.csv>x</a>"
               "<script>document.querySelector('#blob').href = URL.createObjectURL(new Blob(['a;b']))</script>")
    for count, name in enumerate((*names, "pdf", "program", "umlaut", "blank", "page", "data", "blob"), 1):
        desk.program.click(f"#{name}", desk.screen)
        wait_until(partial(_enough, lambda: files(desk.screen), count), f"the file of {name}")
        says(desk.program, "Saved")
    there = files(desk.screen)
    assert {"Kündigung für Ömer.pdf", "Kündigung für Ömer (1).pdf", "a.pdf", "a (1).pdf", "a.sh", "data.txt",
            "blob.csv", "page.html"} <= set(there)
    [dots] = [one for one in there if "bashrc" in one]
    [long] = [one for one in there if one.startswith("ää")]
    assert not dots.startswith(".")
    assert long.endswith(".txt")
    assert len(long.encode()) <= 200
    assert (desk.screen.downloads / "blob.csv").read_text(encoding="utf-8") == "a;b"
    wait_until(lambda: len(desk.screen.opened) >= 2, "the documents in their program")
    assert desk.screen.opened == [str(desk.screen.downloads / "a.pdf"), str(desk.screen.downloads / "a (1).pdf")]
    assert desk.program.js("document.querySelector('h1').innerText") == "Here"
    assert desk.screen.windows() == ["Test"]


def test_a_download_that_is_called_off_leaves_nothing(desk: Desk) -> None:
    """While it comes, the window says so; who presses Cancel has no half of a file."""
    desk.pages.at["/slow"] = Page(b"x" * 200_000, "application/zip", stalls=True, headers={
        "Content-Disposition": "attachment; filename=slow.zip"})
    desk.show("<a id=slow href=/slow>x</a>")
    desk.program.click("#slow", desk.screen)
    says(desk.program, "Saving slow.zip…")
    desk.program.python(PRESS)
    says(desk.program, "Nothing was saved.")
    wait_until(lambda: not list(desk.screen.downloads.iterdir()), "an empty folder")


def test_what_is_kept_from_one_start_to_the_next_and_what_is_not(screen: Screen, pages: Pages) -> None:
    """Strict pages, the search, and storage work; a second window is signed in as the first is, and closes with it; the
    next start has the size, the place and the zoom of this one, and not its cookies.
    """
    pages.page("/", "<p>one word</p><p>another word</p><a id=blank target=_blank href=/second>x</a>",
               Content_Security_Policy=STRICT, Set_Cookie="who=owner; HttpOnly; Max-Age=9999")
    pages.page("/second", "second", Content_Security_Policy=STRICT)
    with open_bare(screen, pages) as program:
        assert program.js("sessionStorage.setItem('a', '1'), localStorage.setItem('b', '2'),"
                          "sessionStorage.getItem('a') + localStorage.getItem('b')") == "12"
        screen.key("ctrl+f")
        screen.write("word")
        wait_until(lambda: program.python(COUNT) in {"2 places", "1 of 2"}, "two places")
        screen.key("Escape")
        screen.key("ctrl+plus", "ctrl+plus")
        wait_until(lambda: program.python(PLACEMENT)[-1] == 1.25, "larger")
        program.python("surface.later(lambda: surface.window.resize(900, 600))")
        wait_until(lambda: program.python(PLACEMENT)[:2] == [900, 600], "smaller")
        before = program.python(PLACEMENT)
        program.js("document.querySelector('#blank').focus()")
        screen.key("Return")
        screen.wait_for_window("/second")
        assert [cookie for path, cookie in pages.asked if path == "/second"] == ["who=owner"]
        program.python("surface.later(surface.close)")
        assert program.process.wait(LIMIT) == 0
        log = program.log.read_text(encoding="utf-8")
        assert "EvalError" not in log
        assert "Traceback" not in log
    pages.asked.clear()
    with open_bare(screen, pages) as again:
        wait_until(lambda: again.python(PLACEMENT) == before, "as it was")
        wait_until(lambda: round(again.python(ZOOM), 2) == 1.25, "the page as large as before")
        assert not any(cookie for _, cookie in pages.asked)


def test_packages_are_chosen_in_a_dialog_and_handed_over(desk: Desk, tmp_path: Path) -> None:
    """A link of the page only opens the dialog; what is missing is told before anything is installed; the page learns
    no path.
    """
    desk.show("<a id=install href=/window/install>x</a>", Content_Security_Policy=STRICT)
    package = tmp_path / "p.zip"
    package.write_bytes(b"PK")
    desk.program.python("""
handed = []
def hand_over(name, arguments, say):
    handed.append([name, dict(arguments)])
    if not arguments['anyway']:
        say('Nothing was installed, because Python packages are missing: x needs y.')
        return 3
    say('docassemble.p 1.0 is installed.')
    return 0
""")
    desk.program.click("#install", desk.screen)
    desk.screen.wait_for_window("Install a package")
    desk.program.choose_file(package, desk.screen)
    wait_until(lambda: desk.program.python("result = handed"), "what is handed over")
    desk.screen.wait_for_window("Something that is needed is missing")
    desk.screen.key("Tab", "Return")
    says(desk.program, "docassemble.p 1.0 is installed.")
    assert desk.program.python("result = handed") == [
        ["install", {"files": [str(package)], "anyway": False, "ask": True}],
        ["install", {"files": [str(package)], "anyway": True, "ask": True}]]
    assert not [path for path, _ in desk.pages.asked if path == "/window/install"]


def test_files_are_uploaded_by_dialog_and_by_dropping(desk: Desk, tmp_path: Path) -> None:
    """A file field takes what is chosen in the system's dialog, and what is dropped on it; what is dropped elsewhere
    does not take the page's place.
    """
    desk.show("<form method=post enctype=multipart/form-data action=/sent><input type=file id=file name=file multiple>"
               "<button id=send>x</button></form>")
    desk.pages.page("/sent", "<p id=sent>thank you</p>")
    file = tmp_path / "letter.txt"
    file.write_text("Dear Sir", encoding="utf-8")
    desk.program.click("#file", desk.screen)
    wait_until(lambda: desk.screen.windows()[1:] and desk.screen.do("getwindowfocus", "getwindowname") != "Test",
               "a dialog")
    desk.program.choose_file(file, desk.screen)
    desk.program.wait_for("document.querySelector('#file').files.length === 1")
    if not missing("gtk"):
        other = tmp_path / "ärger 2.txt"
        other.write_text("Dear Madam", encoding="utf-8")
        desk.screen.drag_files([other], (900, 500))
        desk.screen.drag_files([file, other], desk.program.place_of("#file"))
        desk.program.wait_for("document.querySelector('#file').files.length === 2")
    desk.program.click("#send", desk.screen)
    desk.program.wait_for("!!document.querySelector('#sent')")
    assert b"Dear Sir" in desk.pages.sent[0]
    assert b"letter.txt" in desk.pages.sent[0]


def test_a_page_gets_the_microphone_or_the_place_only_by_leave(desk: Desk) -> None:
    """The window asks; who says no, or nothing, has said no."""
    desk.program.python(PRETEND_DEVICES)
    for button, keys, told in (("#mic", ["Escape"], "refused"), ("#mic", ["Tab", "Return"], "1 track"),
                               ("#place", ["Escape"], "error 1")):
        desk.show("<p id=told></p><button id=mic>x</button><button id=place>x</button><script>"
                  "const tell = (words) => { document.querySelector('#told').textContent = words; };"
                  "document.querySelector('#mic').onclick = () => { navigator.mediaDevices.getUserMedia({audio: true})"
                  ".then((stream) => tell(`${stream.getAudioTracks().length} track`), () => tell('refused')); };"
                  "document.querySelector('#place').onclick = () => { navigator.geolocation.getCurrentPosition("
                  "() => tell('here'), (error) => tell(`error ${error.code}`)); };</script>")
        desk.program.click(button, desk.screen)
        desk.screen.wait_for_window("May this page do that?")
        desk.screen.key(*keys)
        desk.program.wait_for(f"document.querySelector('#told').textContent === {json.dumps(told)}")


def test_answers_can_be_printed(desk: Desk) -> None:
    """window.print() and Ctrl+P bring the system's dialog."""
    desk.show("<button id=print onclick='print()'>x</button>")
    desk.program.click("#print", desk.screen)
    desk.screen.wait_for_window("Print")
    desk.screen.key("Escape")
    wait_until(lambda: desk.screen.windows() == ["Test"], "the dialog gone")
    desk.screen.key("ctrl+p")
    desk.screen.wait_for_window("Print")
    desk.screen.key("Escape")
    wait_until(lambda: desk.screen.windows() == ["Test"], "the dialog gone")


def test_a_page_reaches_nothing_of_the_program(desk: Desk) -> None:
    """What pywebview gives scripts leads to no function of ours, whatever name is called."""
    desk.show("<p>x</p>")
    assert desk.program.wait_for("window.pywebview && JSON.stringify(Object.keys(pywebview.api))") == json.dumps([])
    for name in ("fulfil", "_hand_over", "__init__.__globals__.clear", "surface.window.close"):
        desk.program.js(f"pywebview._jsApiCallback({json.dumps(name)}, [], 'x')")
    assert desk.program.js("1 + 1") == 2


def test_a_page_whose_engine_ends_is_loaded_anew(desk: Desk) -> None:
    """The web engine's process is killed: the page comes back, and the window says what happened."""
    desk.show("<h1>Here</h1>")
    asked = len([path for path, _ in desk.pages.asked if path == "/shown"])
    engines = [one for one in psutil.Process(desk.program.process.pid).children(recursive=True)
               if "WebKitWebProcess" in one.name() or "--type=renderer" in " ".join(one.cmdline())]
    assert engines
    for one in engines:
        one.kill()
    says(desk.program, "What draws the page stopped")
    wait_until(lambda: len([path for path, _ in desk.pages.asked if path == "/shown"]) > asked, "the page once more")
    desk.program.wait_for("document.querySelector('h1')?.innerText === 'Here'")
