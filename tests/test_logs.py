"""appliance.log says what happened, and never what a person typed."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from appliance import log_file, logs


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log that some lines went into."""
    handler = logs.start(tmp_path)
    try:
        _say()
    finally:
        logs.stop(handler)
    return tmp_path / logs.FILE_NAME


def _say() -> None:
    logger = logging.getLogger("appliance.test")
    logger.info("a line of ours")
    chatty = logging.getLogger("somebody.else")
    chatty.setLevel(logging.DEBUG)
    chatty.info("their chatter")
    chatty.warning("their %s", "warning")
    logging.getLogger("the name of Mr. Smith").error("a logger of any name", stack_info=True)
    logging.getLogger("concurrent.futures").warning("a warning of Python's own")
    logging.getLogger("tornado.general").warning("Malformed message from %s: %r", "a stranger", "dear Mr. Smith")
    try:
        try:
            int("the salary of Mr. Smith")
        except ValueError as problem:
            raise LookupError("and his address") from problem
    except LookupError:
        logger.exception("a turn failed")


def test_our_lines_are_there_and_libraries_chatter_is_not(log: Path) -> None:
    text = log.read_text(encoding="utf-8")
    assert "INFO appliance.test: a line of ours" in text
    assert "WARNING concurrent.futures: a warning of Python's own" in text
    assert "chatter" not in text


def test_of_what_packages_log_only_the_place_is_there(log: Path) -> None:
    """Author code logs what people typed, to find its mistakes."""
    text = log.read_text(encoding="utf-8")
    assert f"WARNING a package: something was logged at {__file__}:" in text
    assert text.count(" in _say\n") >= 2
    assert "their warning" not in text
    assert "any name" not in text


def test_an_exception_is_its_type_and_places_without_its_message(log: Path) -> None:
    text = log.read_text(encoding="utf-8")
    assert "builtins.LookupError" in text
    assert "builtins.ValueError" in text
    assert f"{Path(__file__).name}:" in text
    assert "Smith" not in text
    assert "address" not in text


def test_what_the_web_servers_library_says_is_there_without_what_came_over_the_wire(log: Path) -> None:
    text = log.read_text(encoding="utf-8")
    assert "WARNING tornado.general: Malformed message from %s: %r" in text
    assert "stranger" not in text


def test_a_full_file_gives_way_to_a_new_one_and_few_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_file, "_MOST_BYTES", 2000)
    handler = logs.start(tmp_path)
    try:
        for number in range(200):
            logging.getLogger("appliance.test").info("line %d", number)
    finally:
        logs.stop(handler)
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["appliance.log", *(f"appliance.log.{number}" for number in (1, 2, 3))]
    assert all(file.stat().st_size < 2100 for file in files)
    assert files[0].read_text(encoding="utf-8").endswith("line 199\n")


def test_nothing_is_written_after_the_stop(log: Path) -> None:
    before = log.read_text(encoding="utf-8")
    logging.getLogger("appliance.test").warning("too late")
    assert log.read_text(encoding="utf-8") == before
