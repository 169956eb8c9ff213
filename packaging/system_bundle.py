"""What Windows and macOS want to know of a program: its icon, its version, what it opens and what it may ask for."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from draw_icons import write_icns, write_ico

from appliance import __version__

__all__ = ["icon", "info_plist", "version_resource"]

NAME = "Interview Appliance"

_VERSION_RESOURCE = """\
VSVersionInfo(
  ffi=FixedFileInfo(filevers={numbers}, prodvers={numbers}, mask=0x3f, flags=0x0, OS=0x40004, fileType=0x1),
  kids=[
    StringFileInfo([StringTable('040904B0', [
      StringStruct('CompanyName', 'Interview Appliance contributors'),
      StringStruct('FileDescription', '{name}'),
      StringStruct('FileVersion', '{version}'),
      StringStruct('InternalName', 'appliance'),
      StringStruct('LegalCopyright', 'See COPYRIGHT.txt'),
      StringStruct('ProductName', '{name}'),
      StringStruct('ProductVersion', '{version}')])]),
    VarFileInfo([VarStruct('Translation', [1033, 1200])])
  ]
)
"""


def icon(folder: Path) -> Path:
    """The icon, in the form that this system wants, written into `folder`."""
    file = folder / ("appliance.icns" if sys.platform == "darwin" else "appliance.ico")
    (write_icns if sys.platform == "darwin" else write_ico)(file)
    return file


def version_resource(folder: Path) -> Path:
    """What Explorer shows under Properties, in the words of PyInstaller, written into `folder`."""
    numbers = tuple(([int(one) for one in __version__.split(".") if one.isdigit()] + [0] * 4)[:4])
    file = folder / "version.txt"
    file.write_text(_VERSION_RESOURCE.format(numbers=numbers, version=__version__, name=NAME), encoding="utf-8")
    return file


def info_plist() -> dict[str, Any]:
    """Apple's property list of the app."""
    return {
        "CFBundleName": NAME,
        "CFBundleDisplayName": NAME,
        "CFBundleShortVersionString": __version__,
        "CFBundleVersion": __version__,
        "LSApplicationCategoryType": "public.app-category.productivity",
        "LSMinimumSystemVersion": "12.0",
        "NSHighResolutionCapable": True,
        "NSRequiresAquaSystemAppearance": False,   # it knows the dark appearance
        "NSCameraUsageDescription": "An interview can ask for a photo, for instance of a document.",
        "NSMicrophoneUsageDescription": "An interview can ask for a spoken answer.",
        "NSLocalNetworkUsageDescription": "Others on your network can take part in interviews, where you allow that.",
        "NSBonjourServices": ["_https._tcp"],
        # Its own pages come from this computer, unencrypted.
        "NSAppTransportSecurity": {"NSAllowsLocalNetworking": True},
        # macOS knows types by the ends of names alone, so this is one of the programs for all of them.
        "CFBundleDocumentTypes": [{
            "CFBundleTypeName": "Interview package",
            "CFBundleTypeRole": "Viewer",
            "LSHandlerRank": "Alternate",
            "LSItemContentTypes": ["public.zip-archive", "interview-appliance.wheel"],
        }],
        "UTImportedTypeDeclarations": [{
            "UTTypeIdentifier": "interview-appliance.wheel",
            "UTTypeDescription": "Python package",
            "UTTypeConformsTo": ["public.zip-archive"],
            "UTTypeTagSpecification": {"public.filename-extension": ["whl"]},
        }],
    }
