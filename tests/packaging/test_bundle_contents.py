"""What goes into a bundle, and what its program does."""

from __future__ import annotations

import pickle
import subprocess
import sys
from importlib.metadata import Distribution
from pathlib import Path

import babel
import pytest
from appliance_program import is_window
from bundle_contents import closure, data_of, modules_of, standard_library
from bundle_trimming import excluded, smaller_locale_data, trimmed
from packaging.utils import canonicalize_name
from qt_trimming import only_needed

import appliance

PROGRAM = Path(__file__).parent.parent.parent / "packaging" / "appliance_program.py"


def test_authors_find_the_standard_library() -> None:
    """Modules that nothing of ours imports are carried too; those of developers are not."""
    there = set(standard_library())
    assert {"sqlite3", "zoneinfo", "xml.dom.minidom", "csv", "statistics", "wsgiref.simple_server"} <= there
    assert not {"tkinter", "test", "idlelib", "ensurepip", "venv"} & there


def test_everything_that_is_needed_is_carried() -> None:
    """Each requirement that counts here is in, with its modules, and with what it says of itself; its tests are not."""
    carried: dict[str, Distribution] = {canonicalize_name(one.metadata["Name"]): one
                                        for one in closure("interview-appliance")}
    assert {"interview-appliance", "distributed", "tornado", "babel", "jinja2", "pypdf"} <= set(carried)
    assert "pip" not in carried
    assert {"distributed.nanny", "distributed.shuffle"} <= set(modules_of(carried["distributed"]))
    assert not [name for name in modules_of(carried["distributed"]) if ".tests" in name]
    data = {Path(source).name for source, _ in data_of(carried["pycountry"])}
    assert {"METADATA", "iso3166-1.mo", "iso639-3.json"} <= data
    assert "iso639-3.mo" not in data


def test_the_data_of_languages_say_the_same(tmp_path: Path) -> None:
    """Smaller, and but for units the same; what is no data of languages is left alone."""
    source = Path(babel.__file__).parent / "locale-data" / "de.dat"
    other = ("babel/global.dat", str(source.parent.parent / "global.dat"), "DATA")
    [entry, same] = smaller_locale_data([("babel/locale-data/de.dat", str(source), "DATA"), other], tmp_path / "new")
    before, after = pickle.loads(source.read_bytes()), pickle.loads(Path(entry[1]).read_bytes())
    assert {key for key in before if key not in after} == {"unit_patterns", "unit_display_names",
                                                          "compound_unit_patterns"}
    assert after["territories"] == before["territories"]
    assert after["months"]["format"]["wide"] == before["months"]["format"]["wide"]
    assert Path(entry[1]).stat().st_size < source.stat().st_size * 0.7
    assert same == other


def test_each_window_gets_its_own_libraries() -> None:
    """With the system's WebKitGTK nothing of the system is carried; with Qt nothing but what the window needs."""
    library = ("libssl.so.3", "/usr/lib/x86_64-linux-gnu/libssl.so.3", "BINARY")
    python = ("libpython3.11.so.1.0", "/usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0", "BINARY")
    assert trimmed([library, python], "gtk") == [python]
    assert trimmed([library, python], "system") == [library, python]
    assert excluded("webview.platforms.qt", "gtk")
    assert not excluded("webview.platforms.qt", "qt")
    qt = [(f"PySide6/Qt/{path}", "/nowhere", "DATA") for path in (
        "resources/icudtl.dat", "resources/qtwebengine_devtools_resources.pak", "qml/QtQuick/qmldir",
        "translations/qtbase_de.qm", "translations/qtwebengine_locales/de.pak",
        "translations/qtwebengine_locales/sw.pak")]
    assert [Path(target).name for target, _, _ in only_needed(qt)] == ["icudtl.dat", "de.pak"]


@pytest.mark.parametrize(("arguments", "window"), [
    ([], True), (["--background"], True), (["--data", "x"], True), (["open", "a.zip"], True),
    (["serve"], False), (["backup", "f"], False), (["install", "a.zip"], False)])
def test_which_processes_come_back_after_an_upgrade(arguments: list[str], window: bool) -> None:
    """The window and the small program in the background; a command is not begun twice."""
    assert is_window(arguments) is window


def test_the_program_is_the_command_and_python(tmp_path: Path) -> None:
    """It takes the command line, and what is started as ``python -m`` and ``python -c`` finds what it expects."""
    def said(*arguments: str) -> str:
        return subprocess.run([sys.executable, PROGRAM, *arguments], check=True, capture_output=True, text=True,
                              cwd=tmp_path).stdout.strip()

    assert said("--version") == f"Interview Appliance {appliance.__version__}"
    assert said("-c", "import sys; print(sys.argv, __name__)", "a") == "['-c', 'a'] __main__"
    assert said("-m", "base64", "-t").splitlines()[-1].startswith("b'")
