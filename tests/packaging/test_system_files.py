"""The files by which a desktop knows the program say what is so."""

from __future__ import annotations

import configparser
import plistlib
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml
from draw_icons import drawn, write_icns, write_ico, write_pngs
from PIL import Image
from system_bundle import info_plist, version_resource
from system_files import Facts, filled, man_page

from appliance import __version__, cli

ROOT = Path(__file__).parent.parent.parent
FACTS = Facts(datetime(2027, 1, 31, 12, tzinfo=UTC))
BLUE, WHITE = (13, 110, 253, 255), (255, 255, 255, 255)


def test_the_icon_is_the_mark() -> None:
    """A blue square with round corners, a white bubble in it, blue lines in the bubble, at each size."""
    for size in (16, 32, 256):
        icon = drawn(size)
        assert icon.size == (size, size)
        assert icon.getpixel((0, 0))[3] < 128   # type: ignore[index]
        assert icon.getpixel((size // 2, size // 12)) == BLUE
    large = drawn(256)
    assert large.getpixel((80, 80)) == WHITE
    assert large.getpixel((128, 104)) == BLUE
    assert large.getpixel((70, 250)) == BLUE


def test_each_system_can_read_its_icon(tmp_path: Path) -> None:
    """ICO and ICNS hold the sizes that Windows and macOS ask for; the theme has the folders that desktops look into."""
    write_ico(tmp_path / "a.ico")
    write_icns(tmp_path / "a.icns")
    write_pngs(tmp_path / "hicolor")
    with Image.open(tmp_path / "a.ico") as ico, Image.open(tmp_path / "a.icns") as icns:
        assert {(16, 16), (32, 32), (48, 48), (256, 256)} <= ico.info["sizes"]
        assert (512, 512, 2) in icns.info["sizes"]
    with Image.open(tmp_path / "hicolor/48x48/apps/interview-appliance.png") as png:
        assert png.size == (48, 48)


def test_the_menu_entry_starts_what_the_program_takes() -> None:
    """Its commands are on the program's command line, with files and without; the type of files is the one declared."""
    entry = configparser.ConfigParser(interpolation=None)
    entry.optionxform = str   # type: ignore[method-assign, assignment]
    entry.read_string(filled("interview-appliance.desktop", FACTS))
    main = entry["Desktop Entry"]
    parser = cli._parser()
    for files in ([], ["/a b/docassemble-x.zip"]):
        words = [word for word in shlex.split(main["Exec"])[1:] if word != "%F"]
        assert parser.parse_args([*words, *files]).command == "open"
    for action in main["Actions"].strip(";").split(";"):
        parser.parse_args(shlex.split(entry[f"Desktop Action {action}"]["Exec"])[1:])
    types = ET.fromstring(filled("interview-appliance.xml", FACTS))
    declared = {one.attrib["type"] for one in types if one.tag.endswith("mime-type")}
    assert set(main["MimeType"].strip(";").split(";")) == declared
    described = ET.fromstring(filled("interview-appliance.metainfo.xml", FACTS))
    assert {one.text for one in described.iter("mediatype")} == declared
    assert [one.attrib for one in described.iter("release")] == [{"version": __version__, "date": "2027-01-31"}]


def test_the_manual_page_has_all_commands() -> None:
    """Each command of the program is in it, with what it takes."""
    page = man_page(FACTS)
    for command in cli._COMMANDS:
        assert command == "desktop" or f".B appliance {command}" in page
    assert "@" not in page


def test_a_word_that_nobody_knows_is_an_error() -> None:
    """A file with a placeholder that is not filled is not shipped."""
    with pytest.raises(ValueError, match="GLIBC"):
        filled("install.sh", FACTS, machine="x86_64")


def test_windows_and_macos_are_told_the_version(tmp_path: Path) -> None:
    """The property list is one that Apple's format can hold, the entitlements too; the resource names the version."""
    plist = plistlib.loads(plistlib.dumps(info_plist()))
    assert plist["CFBundleShortVersionString"] == __version__
    assert plistlib.loads((ROOT / "packaging/macos/entitlements.plist").read_bytes())
    assert f"'{__version__}'" in version_resource(tmp_path).read_text(encoding="utf-8")


def test_the_ci_definition_runs_scripts_that_are_there() -> None:
    """What package.yml calls exists, and it can be read."""
    text = (ROOT / ".github/workflows/package.yml").read_text(encoding="utf-8")
    assert set(yaml.safe_load(text)["jobs"]) == {"linux", "windows", "macos"}
    for script in ("packaging/macos/build.sh", "packaging/windows/build.ps1"):
        assert script in text.replace("\\", "/")
        assert (ROOT / script).is_file()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
@pytest.mark.parametrize("script", ["linux/install.sh", "linux/uninstall.sh", "linux/prerm", "linux/postinst",
                                    "linux/postrm", "macos/build.sh"])
def test_scripts_can_be_read_by_the_shell(script: str) -> None:
    """No script has a mistake that ends it before it begins."""
    subprocess.run(["sh", "-n", ROOT / "packaging" / script], check=True)
