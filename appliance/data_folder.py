"""Where the data lives unless a command says so: the system's place for a user's data, or the folder that was chosen.

The choice is one line in the user's configuration folder, outside every data folder, so that each command finds it. A
folder that was chosen and is not there (a USB stick that is not plugged in) is never replaced by a new, empty one.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from appliance.durable import new_file, sync_folder

__all__ = ["DataFolderAway", "choose", "chosen", "find", "holds_data", "pointer", "usual"]

_APP = "interview-appliance"
_POINTER = "data-folder.txt"
_SIGNS = ("appliance.db", "config.yml", "restoring.json", "first-start.json")
"""A folder that was chosen has one of these at any moment."""


class DataFolderAway(Exception):
    """The folder that was chosen is not there.

    :param folder: the folder; None where the file that names it is damaged.
    :param named_in: the file that names it.
    """

    def __init__(self, folder: Path | None, named_in: Path) -> None:
        what = (f"The data of the appliance is in {folder}, and that cannot be found now. If it is on another disk or "
                "on a USB stick, plug it in and start again; nothing of it is lost." if folder is not None else
                "It is not known where the data of the appliance is.")
        super().__init__(f"{what} If the folder was moved, name it with --data, or write its new place into "
                         f"{named_in}; without that file, the appliance begins anew in the usual place.")
        self.folder = folder
        self.named_in = named_in


def usual() -> Path:
    """The system's place for a user's data."""
    import platformdirs  # imported late, as each command asks

    return platformdirs.user_data_path(_APP, appauthor=False)


def pointer() -> Path:
    """The file that names the folder where it was chosen."""
    import platformdirs

    return platformdirs.user_config_path(_APP, appauthor=False) / _POINTER


def chosen() -> Path | None:
    """The folder that was chosen, whether it is there or not; None where none was.

    :raises DataFolderAway: if the file that names it names none.
    """
    file = pointer()
    try:
        # People may have changed it, with editors that put a mark before UTF-8.
        text = file.read_text(encoding="utf-8-sig", errors="surrogateescape").strip("\r\n")
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise DataFolderAway(None, file) from problem
    folder = Path(text)
    if "\0" in text or not folder.is_absolute():
        raise DataFolderAway(None, file)
    return folder


def find() -> Path:
    """The data folder of commands that name none.

    :raises DataFolderAway: if the one that was chosen is not there.
    """
    folder = chosen()
    if folder is None:
        return usual()
    if not holds_data(folder):
        raise DataFolderAway(folder, pointer())
    return folder


def holds_data(folder: Path) -> bool:
    """Whether there is a data folder: an empty one of that name is where a disk would appear that is not plugged in."""
    try:
        return any((folder / name).is_file() for name in _SIGNS)
    except OSError:   # the network or the disk is gone
        return False


def choose(folder: Path) -> None:
    """From now on the data lives in `folder`, an absolute path; on disk when this returns.

    :raises OSError: if that cannot be written down; nothing has changed then.
    """
    file = pointer()
    if folder == usual():
        file.unlink(missing_ok=True)
        if file.parent.is_dir():
            sync_folder(file.parent)
        return
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    try:
        with new_file(beside) as stream:
            stream.write(f"{folder}\n".encode(errors="surrogateescape"))
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
    sync_folder(file.parent)
