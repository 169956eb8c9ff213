"""``worker.log`` tells of tasks without what people typed."""

from __future__ import annotations

import doctest
import pickle
from pathlib import Path

from appliance.compute.report import Report
from appliance.compute.task_log import TaskLog
from appliance.interview import errors
from appliance.interview.host import UserInfo
from appliance.interview.tasks import ErrorDetails, TaskEnd, TaskJob


def test_keys_that_are_texts_are_left_out_of_names(tmp_path: Path) -> None:
    """The items of a dictionary are named after what a person typed; so are the actions and variables of each."""
    log = TaskLog(tmp_path)
    log.started(TaskJob("t1", "s", "a:data/questions/x.yml", "people['Zebedee'].work", pickle.dumps({}), b"",
                        UserInfo()))
    error = ErrorDetails("UnknownVariable", "Zebedee", "Zebedee", ('people["Zebedee"].name', "fruits[0]"))
    log.ended(Report(TaskEnd("t1", error=error)))
    log.close()
    written = (tmp_path / "worker.log").read_text(encoding="utf-8")
    assert "people['…'].work" in written
    assert "seeking people['…'].name, fruits[0]" in written
    assert "Zebedee" not in written


def test_the_examples_in_its_docstrings_hold() -> None:
    assert doctest.testmod(errors).failed == 0
