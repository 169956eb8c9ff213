"""A command that is killed in the middle of a restore, as by a power cut."""

from __future__ import annotations

__all__ = ["dies_before_move", "dies_while_unpacking"]

_DYING = """
import sys
from pathlib import Path
import psutil
from appliance import cli
from appliance.backup import reading

def dies_where(condition, function):
    def step(*arguments):
        if condition(*arguments):
            psutil.Process().kill()
        return function(*arguments)
    return step
"""
_RUN = """
sys.exit(cli.main(sys.argv[1:]))
"""


def dies_before_move(name: str, *, outwards: bool = False) -> str:
    """A program that takes the arguments of ``appliance``, and is killed when it is to move the file or folder `name`.

    :param outwards: from the data folder, to what was there before; else from the backup to the data folder.
    """
    return (f"{_DYING}\nPath.replace = dies_where(lambda path, target: path.name == {name!r} and "
            f"('before-restore-' in str(target)) is {outwards}, Path.replace)\n{_RUN}")


def dies_while_unpacking(name: str) -> str:
    """The same, killed when a file of the backup is to be written."""
    return (f"{_DYING}\nreading._written = dies_where(lambda archive, info, folder: info.name == {name!r}, "
            f"reading._written)\n{_RUN}")
