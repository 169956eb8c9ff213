"""Names of downloads, and where the window stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from appliance.shell.downloads import Downloads, can_be_opened, safe_name
from appliance.shell.memory import Memory, Placement, Rectangle, fitted, next_zoom
from appliance.shell.saving import saved


@pytest.mark.parametrize(("suggested", "name"), [
    ("report.pdf", "report.pdf"),
    ("über uns.pdf", "über uns.pdf"),
    ("u\u0308ber.pdf", "über.pdf"),
    ("../../etc/passwd", "etc_passwd"),
    ("C:\\Windows\\x.exe", "C__Windows_x.exe"),
    ("a\nb\x00c\u202egpj.exe", "abcgpj.exe"),
    (".bashrc", "bashrc"),
    ("nul.txt", "_nul.txt"),
    ("NUL", "_NUL"),
    ("trailing. . ", "trailing"),
    ("", "download"),
    ("...", "download"),
    ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
    ("ä" * 200, "ä" * 100),
])
def test_a_name_is_one_part_of_a_path_on_every_system(suggested: str, name: str) -> None:
    """Whatever a page suggests."""
    assert safe_name(suggested) == name


def test_nothing_is_written_over(tmp_path: Path) -> None:
    """Neither what is there, nor what is being written, nor where a link leads, nor what differs in large letters."""
    downloads = Downloads(tmp_path)
    (tmp_path / "a.pdf").touch()
    (tmp_path / "a (1).pdf").symlink_to(tmp_path / "nowhere")
    first = downloads.place("a.pdf")
    assert first.name == "a (2).pdf"
    assert downloads.place("A.PDF").name not in {"a.pdf", "a (2).pdf"}
    assert downloads.place("a.pdf").name == "a (3).pdf"
    downloads.done(first)
    assert downloads.place("a.pdf").name == "a (2).pdf"


def test_only_what_is_shown_can_be_opened(tmp_path: Path) -> None:
    """No program is started by a press on Open, nor offered to be."""
    opened: list[Path] = []
    downloads = Downloads(tmp_path, open_it=opened.append, show_it=opened.append)
    for name in ("a.exe", "a.desktop", "a.sh", "a.html", "a.pdf.lnk", "a"):
        assert not can_be_opened(name)
        downloads.open(tmp_path / name)
        assert [label for label, _ in saved(tmp_path / name, downloads, opened=True).buttons] == ["Show in folder"]
    assert opened == []
    saved(tmp_path / "a.PDF", downloads, opened=True)
    assert opened == [tmp_path / "a.PDF"]


def test_the_window_comes_up_where_it_stood(tmp_path: Path) -> None:
    """What was noted is there at the next start; what nobody could have noted is not."""
    memory = Memory(tmp_path)
    assert memory.placement == Placement()
    memory.note(width=800, height=700, x=-1500, y=10, maximized=True, zoom=1.5)
    memory.save()
    assert Memory(tmp_path).placement == Placement(800, 700, -1500, 10, maximized=True, zoom=1.5)
    for written in ("", "[]", "{", json.dumps({"width": "x", "zoom": 99, "x": 1, "maximized": 1})):
        (tmp_path / "window.json").write_text(written, encoding="utf-8")
        assert Memory(tmp_path).placement == Placement()


@pytest.mark.parametrize(("placement", "expected"), [
    (Placement(800, 600, 100, 100), Placement(800, 600, 100, 100)),
    (Placement(3000, 2000, 0, 0), Placement(1280, 760, 0, 0)),
    (Placement(800, 600, 2000, 100), Placement(800, 600, None, None)),   # the second screen is not there any more
    (Placement(800, 600, 1200, 100), Placement(800, 600, None, None)),   # too little to get hold of
    (Placement(800, 600, 900, 700), Placement(800, 600, 480, 200)),
    (Placement(10, 10), Placement(480, 360)),
])
def test_it_is_put_where_people_can_get_hold_of_it(placement: Placement, expected: Placement) -> None:
    """On a screen of 1280×800."""
    assert fitted(placement, [Rectangle(0, 0, 1280, 800)]) == expected


def test_zoom_goes_in_steps_to_its_ends() -> None:
    """Up and down, and back to normal."""
    assert [next_zoom(1.0, 1), next_zoom(1.0, -1), next_zoom(3.0, 1), next_zoom(0.5, -1), next_zoom(2.5, 0)] == [
        1.1, 0.9, 3.0, 0.5, 1.0]
