"""The licences of everything that a bundle carries, from what the packages themselves say."""

from __future__ import annotations

import json
import sys
import sysconfig
from collections.abc import Iterator
from importlib.metadata import Distribution
from pathlib import Path

from bundle_contents import closure

__all__ = ["copyright_text"]

ROOT = Path(__file__).resolve().parent.parent
_NAMES = ("LICENSE", "LICENCE", "COPYING", "NOTICE", "AUTHORS", "COPYRIGHT")
_RULE = "\n" + "-" * 79 + "\n\n"

_HEAD = """Interview Appliance

{licence}
The program carries Python and the packages below, unchanged but for what was left out of them. Each is under the
licence that stands with it.
"""

_WITH_SOURCE = """
Those under the GNU Lesser General Public License (LGPL) are modules or libraries of their own in the folder of the
program, and can be replaced there by changed ones. Their source is what PyPI, or Debian, has under the name and version
given.
"""


def copyright_text(window: str) -> str:
    """The text for /usr/share/doc, and for the folder of the other bundles.

    :param window: the kind of window in the bundle; what it needs of Qt or of GTK is carried too.
    """
    parts = [_HEAD.format(licence=(ROOT / "LICENSE").read_text(encoding="utf-8")) + _WITH_SOURCE,
             f"Python {sys.version.split()[0]}\n\n{_python()}"]
    roots = ["interview-appliance", *(["PySide6-Addons", "PySide6-Essentials", "qtpy"] if window == "qt" else [])]
    known = {one.metadata["Name"]: one for root in roots for one in closure(root)}
    parts += [_of(one) for name, one in sorted(known.items()) if name != "interview-appliance"]
    parts += list(_front_end())
    if window == "gtk":
        parts.append("PyGObject\n\nCopyright its authors, under the GNU Lesser General Public License, version 2.1 or "
                     "later:\nsee /usr/share/common-licenses/LGPL-2.1\n")
    return _RULE.join(parts)


def _python() -> str:
    for place in (Path(sysconfig.get_path("stdlib")) / "LICENSE.txt", Path(sys.base_prefix) / "LICENSE.txt"):
        if place.is_file():
            return place.read_text(encoding="utf-8", errors="replace")
    return "Python Software Foundation License Version 2\n"


def _of(distribution: Distribution) -> str:
    said = distribution.metadata
    told = said.json
    marks = told.get("classifier") or []
    licence = told.get("license_expression") or told.get("license") or ", ".join(
        one.rpartition(" :: ")[2] for one in marks if one.startswith("License"))
    texts = [Path(str(distribution.locate_file(file))).read_text(encoding="utf-8", errors="replace")
             for file in distribution.files or [] if file.name.upper().startswith(_NAMES) and file.suffix != ".py"
             and Path(str(distribution.locate_file(file))).is_file()]
    head = f"{said['Name']} {distribution.version}"
    return "\n\n".join([head, *(texts or [f"Licence: {licence or 'see its source'}\n"])])


def _front_end() -> Iterator[str]:
    """What pages and documents are made with."""
    for vendor in (ROOT / "appliance" / "ui" / "vendor", ROOT / "appliance" / "documents" / "vendor"):
        versions = json.loads((vendor / "versions.json").read_text(encoding="utf-8"))["versions"]
        for name, version in sorted(versions.items()):
            texts = [file.read_text(encoding="utf-8", errors="replace")
                     for file in sorted((vendor / name).iterdir()) if file.name.startswith(("LICENSE", "README"))]
            yield "\n\n".join([f"{name} {version}", *texts])
