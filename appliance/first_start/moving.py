"""The data is to live in another folder than the one that the first start began in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from appliance import data_folder
from appliance.first_start.leaving import remove_untouched
from appliance.first_start.state import FirstStart, continue_from

__all__ = ["end_move", "prepare_move"]

logger = logging.getLogger(__name__)


async def prepare_move(left: Path, folder: Path, write_settings: Callable[[], Awaitable[None]] | None) -> None:
    """Have every start from now on use `folder`; whoever is killed in between finds the old one as it was.

    :param left: the folder that the first start began in; the next start removes it.
    :param write_settings: writes ``config.yml`` of the new folder; None where an appliance has its data there already.
    :raises OSError: if the folder or the user's configuration cannot be written.
    """
    await asyncio.to_thread(_begin, left, folder, taken_over=write_settings is None)
    if write_settings is not None:
        await write_settings()
    await asyncio.to_thread(data_folder.choose, folder)


def _begin(left: Path, folder: Path, *, taken_over: bool) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    continue_from(left, folder, taken_over=taken_over)


def end_move(first_start: FirstStart) -> None:
    """In the folder that was chosen: remove the one that was left, unless somebody has used it. May take a while."""
    answers = first_start.answers
    if answers is None or not answers.over:
        return
    left = Path(answers.came_from)
    if answers.came_from and left != first_start.data and not remove_untouched(left):
        logger.warning("the folder of the first start is kept: it is in use, or somebody has used it")
    first_start.end()
