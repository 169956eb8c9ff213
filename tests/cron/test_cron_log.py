"""``cron.log``: authors' texts in the clear, errors by type and place, in lines that nobody can forge."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from appliance.cron import cron_log
from appliance.cron.cron_log import CronLog
from appliance.interview.tasks import ErrorDetails
from appliance.sessions.events import EventResult
from appliance.store.sessions import new_session_id

INTERVIEW = "demo:data/questions/x.yml"


def lines(folder: Path) -> list[str]:
    """What was written, without the time."""
    text = (folder / "cron.log").read_text(encoding="utf-8")
    return [line[24:] if line[:2] == "20" else line for line in text.splitlines()]


def test_texts_and_errors(tmp_path: Path) -> None:
    """A text stands below time, event, interview and session; of an error only type, file and line."""
    log = CronLog(tmp_path / "logs")
    log.ran(INTERVIEW, "S1", "cron_daily", EventResult("saved", "Mail was sent to Zoë.\nOnce.\n"))
    log.ran(INTERVIEW, "S2", "cron_daily", EventResult("saved"))
    log.ran(INTERVIEW, "S3", "cron_daily", EventResult(
        "failed", error_type="ValueError", error_where=f"{INTERVIEW}, line 7", error=ErrorDetails("ValueError", "Ann")))
    log.ran(INTERVIEW, "S4", "people['Ann'].wake", EventResult("saved", asked_at=f"{INTERVIEW}, line 9"))
    log.close()
    log.ran(INTERVIEW, "S5", "cron_daily", EventResult("saved", "too late"))
    assert lines(tmp_path / "logs") == [
        f"INFO cron_daily of {INTERVIEW}, session S1:", "    Mail was sent to Zoë.", "    Once.",
        f"ERROR cron_daily of {INTERVIEW}, session S3 failed: ValueError at {INTERVIEW}, line 7",
        f"WARNING people['…'].wake of {INTERVIEW}, session S4 did not get past the question at {INTERVIEW}, line 9"]


def test_no_whole_session_id(tmp_path: Path) -> None:
    """It alone would open a session that several people may use."""
    log, session_id = CronLog(tmp_path), new_session_id()
    log.ran(INTERVIEW, session_id, "cron_daily", EventResult("saved", "Mail was sent."))
    log.close()
    assert lines(tmp_path)[0] == f"INFO cron_daily of {INTERVIEW}, session {session_id[:8]}:"


def test_no_text_passes_for_an_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line is indented, however it is broken; what a terminal obeys is left out, and nothing is endless."""
    monkeypatch.setattr(cron_log, "_LONGEST_TEXT", 60)
    log = CronLog(tmp_path)
    text = "a\r\n2030-01-01 00:00:00,000 ERROR\x85b\u2028c\x1b[2J\td" + "x" * 99
    log.ran(INTERVIEW, "S", "cron_daily", EventResult("saved", text))
    log.close()
    written = lines(tmp_path)
    assert written[1:4] == ["    a", "    2030-01-01 00:00:00,000 ERROR", "    b"]
    assert written[4:] == ["    c[2J    d" + "x" * (60 - text.index("x")) + "…"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps who may read a file with its folder")
def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    """Also the file that follows when it is full."""
    log = CronLog(tmp_path)
    log._handler.maxBytes = 2000
    for number in range(40):
        log.ran(INTERVIEW, "S", "cron_daily", EventResult("saved", f"text {number}"))
    log.close()
    files = sorted(tmp_path.iterdir())
    assert len(files) > 1
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
