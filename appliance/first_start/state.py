"""What is known of a first start: a small file in the data folder, from before its database is made until it is over.

It is written when a program that attends its server starts on an empty folder, keeps what was answered so far, and goes
when everything is answered; so whatever is killed in between, the next start asks again. In a folder that was chosen
instead of another one it says that all is answered, and which folder was left.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from appliance.durable import sync_folder

__all__ = ["Answers", "FirstStart", "begin", "continue_from"]

_FILE = "first-start.json"
_DATABASE = "appliance.db"


@dataclass(frozen=True)
class Answers:
    """What was answered so far.

    :param name: of the office.
    :param folder: where the data is to live; empty for where it is.
    :param share: whether other computers are let in from each start on.
    :param over: nothing is left to ask.
    :param came_from: the folder that was left for this one.
    :param taken_over: an appliance had its data here already.
    """

    name: str = ""
    folder: str = ""
    share: bool = False
    over: bool = False
    came_from: str = ""
    taken_over: bool = False


class FirstStart:
    """The first start of a data folder.

    :param data: the data folder.
    """

    def __init__(self, data: Path) -> None:
        self.data = data
        self._file = data / _FILE

    @property
    def answers(self) -> Answers | None:
        """What is known; None where there is nothing to ask and nothing to clear away."""
        try:
            told = json.loads(self._file.read_text(encoding="utf-8"))
            return Answers(str(told["name"]), str(told["folder"]), told["share"] is True, told["over"] is True,
                           str(told["came_from"]), told["taken_over"] is True)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):   # damaged: asked again
            return Answers()

    @property
    def waits(self) -> bool:
        """Whether somebody is to be asked."""
        answers = self.answers
        return answers is not None and not answers.over

    def remember(self, **answered: str | bool) -> Answers:
        """Keep what was answered; gives all of it.

        :param answered: of :class:`Answers`.
        :raises OSError: if it cannot be written.
        """
        answers = replace(self.answers or Answers(), **answered)   # type: ignore[arg-type]  # the types are the same
        self._write(answers)
        return answers

    def end(self) -> None:
        """Nothing is left to be asked.

        :raises OSError: if that cannot be written.
        """
        self._file.unlink(missing_ok=True)
        sync_folder(self.data)

    def _write(self, answers: Answers) -> None:
        beside = self._file.with_name(f"{_FILE}.new")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(json.dumps(asdict(answers)))
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(self._file)
        sync_folder(self.data)


def begin(data: Path) -> None:
    """Before the database is opened: have somebody asked if there is none yet.

    :raises OSError: if that cannot be written.
    """
    if not (data / _DATABASE).exists() and not (data / _FILE).exists():
        FirstStart(data).remember()


def continue_from(left: Path, data: Path, *, taken_over: bool) -> None:
    """Have `data` know, before anybody else does, that all is answered and that it takes the place of `left`.

    :param taken_over: whether an appliance had its data there already.
    :raises OSError: if that cannot be written.
    """
    FirstStart(data).remember(over=True, came_from=str(left), taken_over=taken_over)
