"""What the administrator's pages stand on, in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from appliance.administration.log_files import LogFiles
from appliance.administration.package_shelf import PackageShelf
from appliance.administration.settings_file import SettingsFile
from appliance.administration.uploads import Uploads

__all__ = ["Administration"]


@dataclass(frozen=True)
class Administration:
    """Packages, settings and logs of a data folder.

    :param data: the data folder.
    :param settings_now: gives a directive another value at once, where it is asked for each time.
    :param restart: has server and workers start anew between turns; may be called from any thread.
    """

    data: Path
    packages: PackageShelf
    settings: SettingsFile
    logs: LogFiles
    uploads: Uploads
    settings_now: Callable[[str, object], None]
    restart: Callable[[], None]
