"""Retention: what goes and when, what stays and why, and that nothing goes by halves or under somebody's hands."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance import clock
from appliance.accounts.accounts import Accounts
from appliance.accounts.signed_in import Device
from appliance.cron.retention import RetentionResult
from appliance.interview.host import UserInfo
from appliance.sessions.errors import NoSuchSession
from appliance.sessions.visitor import Visitor
from appliance.store.database import Store
from appliance.store.files import FOLDER
from appliance.store.retention import _IDLE, DAY
from appliance.store.sealing import new_key
from tests.cron.old_house import BEGINNING, OldHouse, reference, years
from tests.sessions.house import ANN, BOB
from tests.support.people import CHEAP


def blobs(house: OldHouse) -> list[Path]:
    return list((house.folder / "data" / FOLDER).glob("??/*"))


# -- when ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "deleted"), [(89, 0), (89.999, 0), (90, 1), (91, 1), (4000, 1)])
def test_a_session_goes_when_its_days_are_over(tmp_path: Path, days: float, deleted: int) -> None:
    async def test(house: OldHouse) -> None:
        await house.old(days=days)
        assert await house.delete() == deleted
        assert len(house.sessions()) == 1 - deleted
    years(tmp_path, test)


def test_days_may_be_another_number_for_an_interview(tmp_path: Path) -> None:
    """Fewer, more, and 0 for never; its name may be the one without the folder."""
    async def test(house: OldHouse) -> None:
        await house.answered("files")
        kept = [(await house.answered("no_events")).session_id]
        for days, left in ((4, 2), (5, 1), (90, 1), (900, 1)):
            house.time = BEGINNING + days * DAY
            await house.delete()
            assert len(house.sessions()) == left
        assert house.sessions() == kept
    years(tmp_path, test, interview_delete_days_by_filename={"tests:files.yml": 5, reference("no_events"): 0})


def test_nothing_goes_where_the_days_are_0(tmp_path: Path) -> None:
    """But for interviews that have days of their own."""
    async def test(house: OldHouse) -> None:
        await house.answered("files")
        await house.old("no_events", days=4000)
        assert await house.delete() == 1
        assert house.rows("SELECT interview FROM sessions") == [(reference("files"),)]
    years(tmp_path, test, interview_delete_days=0,
          interview_delete_days_by_filename={reference("no_events"): 10})


def test_each_visit_of_a_person_begins_the_days_anew(tmp_path: Path) -> None:
    """To look is enough; what tasks do is not."""
    async def test(house: OldHouse) -> None:
        reply = await house.old(days=80)
        await house.turns.refresh(reply.session_id, ANN)
        house.time += 50 * DAY
        await house.turns.action(reply.session_id, ANN, "ask", {})
        house.time += 80 * DAY
        await house.end(await house.only_task(), "done")
        assert await house.delete() == 0
        house.time += 10 * DAY
        assert await house.delete() == 1
    years(tmp_path, test)


def test_received_mail_counts_as_a_visit(tmp_path: Path) -> None:
    async def test(house: OldHouse) -> None:
        reply = await house.old(days=80)
        house.store.write(lambda database: (
            database.execute("INSERT INTO email_addresses (code, session_id, mark, created, sealed_label)"
                             " VALUES ('kjrmqv', ?, x'00', 0, x'00')", [reply.session_id]),
            database.execute("INSERT INTO received_mail (code, blob, size, received, digest, way, state,"
                             " sealed_envelope) VALUES ('kjrmqv', 'none', 1, ?, x'00', 'smtp', 'taken', x'00')",
                             [house.time]))).result()
        for days, deleted in ((10, 0), (79, 0), (1, 1)):
            house.time += days * DAY
            assert await house.delete() == deleted
        assert house.rows("SELECT * FROM received_mail") == []
    years(tmp_path, test)


# -- what goes -------------------------------------------------------------------------------------------------


def test_all_that_belongs_to_a_session_goes_with_it(tmp_path: Path) -> None:
    """No table knows it any more, its file is off the disk, and the shelf has forgotten it; others keep theirs."""
    async def test(house: OldHouse) -> None:
        reply = await house.old(days=10, visitor=BOB)
        kept = await house.answered()
        house.mail(kept.session_id, "sent")
        await house.turns.action(reply.session_id, BOB, "ask", {})
        await house.end(await house.only_task(), "done")
        for state in ("sent", "failed"):
            house.mail(reply.session_id, state)
        house.time += 89 * DAY
        await house.turns.refresh(kept.session_id, ANN)
        house.time += DAY
        assert len(blobs(house)) == 2
        assert await house.delete() == 1
        tables = [name for (name,) in house.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
                  if ("session_id",) in house.rows(f"SELECT name FROM pragma_table_info('{name}')")]
        assert {"steps", "tasks", "files", "session_keys", "outbox", "notices", "turn_ids"} <= set(tables)
        for table in tables:
            assert reply.session_id not in str(house.rows(f"SELECT session_id FROM {table}")), table
        assert house.rows("SELECT session_id, state FROM outbox") == [(kept.session_id, "sent")]
        await asyncio.get_running_loop().run_in_executor(None, int)   # the blob goes beside the loop
        assert len(blobs(house)) == len(house.rows("SELECT * FROM files")) == 1
        with pytest.raises(NoSuchSession):
            await house.turns.refresh(reply.session_id, BOB)
        with pytest.raises(NoSuchSession):
            await house.submit(reply, BOB, name="Again")
    years(tmp_path, test)


def test_mail_of_nobody_is_tidied(tmp_path: Path) -> None:
    """Sent and refused mail after the days of sessions, failed mail after a year; what waits stays."""
    async def test(house: OldHouse) -> None:
        for state in ("sent", "failed", "waiting"):
            house.mail(None, state)
        house.store.write(lambda database: database.execute(
            "INSERT INTO refused_mail (created, way, reason, sealed) VALUES (?, 'smtp', 'unknown', x'00')",
            [house.time])).result()
        for days, mails, left in ((89, 0, 3), (1, 2, 2), (274, 0, 2), (1, 1, 1), (1000, 0, 1)):
            house.time += days * DAY
            assert await house.run() == RetentionResult(mails=mails)
            assert house.rows("SELECT count(*) FROM outbox") == [(left,)]
        assert house.rows("SELECT * FROM refused_mail") == []
    years(tmp_path, test)


STORES = """
objects:
  - mine: DAStore
  - mine_in_the_open: DAStore.using(encrypted=False)
  - of_all: DAStore.using(base='global')
---
question: Name?
fields:
  - Name: name
---
mandatory: True
code: |
  mine.set('name', name)
  mine_in_the_open.set('open name', name)
  of_all.set(name, name)
---
mandatory: True
question: Hello ${ name }
"""


def test_what_a_browser_stored_goes_after_its_last_session(tmp_path: Path) -> None:
    """When its own days are over too, encrypted or not; not what an account stored, nor what is for everybody."""
    async def test(house: OldHouse) -> None:
        house.sources.texts[reference("stores")] = STORES
        await house.answered("stores", "Ann", ANN)
        await house.answered("stores", "Bob", BOB)
        house.store.write(lambda database: database.execute(
            "INSERT INTO users (id, email_mark, created) VALUES (11, 'mark', ?)", [house.time])).result()
        cora = replace(ANN, user=UserInfo(11, "cora@example.com"), user_key=b"c" * 32)
        await house.answered("stores", "Cora", cora)

        def left() -> list[str]:
            return [str(holder).partition(":")[0] for (holder,) in house.rows(
                "SELECT holder FROM stored_values ORDER BY holder")]
        everything = ["appliance"] * 4 + ["browser"] * 2 + ["open"] * 2 + ["user"]
        house.time += 80 * DAY
        await house.answered(visitor=BOB)
        house.time += 10 * DAY
        assert left() == everything
        assert await house.run() == RetentionResult(sessions=3, values=2)
        assert left() == ["appliance"] * 4 + ["browser", "open", "user"]
        house.time += 80 * DAY
        assert await house.run() == RetentionResult(sessions=1, values=2)
        assert left() == ["appliance"] * 4 + ["user"]
    years(tmp_path, test)


def test_what_browsers_stored_stays_where_sessions_are_kept_for_ever(tmp_path: Path) -> None:
    async def test(house: OldHouse) -> None:
        house.sources.texts[reference("stores")] = STORES
        reply = await house.answered("stores", "Ann", ANN)
        await house.turns.delete(reply.session_id, ANN)
        house.time += 4000 * DAY
        assert await house.run() == RetentionResult()
        assert len(house.rows("SELECT * FROM stored_values")) == 3
    years(tmp_path, test, interview_delete_days=0)


# -- what stays ------------------------------------------------------------------------------------------------


def test_a_session_that_waits_for_events_stays(tmp_path: Path) -> None:
    """And the same answers without an event to wait for go; the page says which stay, and why."""
    async def test(house: OldHouse) -> None:
        waits = await house.answered("events")
        await house.old("no_events")
        assert await house.delete() == 1
        assert house.sessions() == [waits.session_id]
        house.time += 1000 * DAY
        assert await house.delete() == 0
        [spared] = await house.retention.spared(ANN)
        assert (spared.session_id, spared.why, spared.age) == (waits.session_id, "event", 1090)
        assert spared.title == "A reminder"
        assert await house.retention.preview() == []
    years(tmp_path, test)


def test_a_session_that_does_not_let_events_in_goes(tmp_path: Path) -> None:
    """That its interview offers one is not enough."""
    async def test(house: OldHouse) -> None:
        for line in ("multi_user = True", "allow_cron = True"):
            house.sources.texts[reference("events")] = house.sources.texts[reference("events")].replace(line, "pass")
            await house.old("events")
            assert await house.delete() == 1
    years(tmp_path, test)


def test_an_interview_that_cannot_be_read_is_said_once_for_each_of_its_states(
        tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Pages ask again and again; the log is told when the file is broken, broken in another way, and broken anew."""
    async def test(house: OldHouse) -> None:
        await house.old("events")
        broken, whole = reference("events"), house.sources.texts[reference("events")]
        told = []
        for text in ("question: [\n", "\n\nquesion: Hello\n", whole, "question: [\n"):
            house.sources.texts[broken] = text
            for _ in range(3):
                await house.retention.preview()
                await house.retention.spared()
            told.append(sum("cannot be read" in record.getMessage() for record in caplog.records))
        assert told == [1, 2, 2, 3]
    years(tmp_path, test)


def test_an_interview_that_cannot_be_read_may_offer_events(tmp_path: Path) -> None:
    """A broken file or a package that was removed deletes none of the sessions that allow cron."""
    async def test(house: OldHouse) -> None:
        await house.answered("no_events")
        await house.old("files")
        whole = house.sources.texts[reference("no_events")]
        house.sources.texts[reference("no_events")] = "question: [\n"
        del house.sources.texts[reference("files")]
        assert await house.delete() == 1   # the one that no event could come into
        assert [one.why for one in await house.retention.spared()] == ["unreadable"]
        del house.sources.texts[reference("no_events")]
        assert await house.delete() == 0
        house.sources.texts[reference("no_events")] = whole
        assert await house.delete() == 1
    years(tmp_path, test)


def test_an_administrator_may_set_days_for_those_that_wait_for_events(tmp_path: Path) -> None:
    """They count from the last person too, and are never fewer than those of other sessions."""
    async def test(house: OldHouse) -> None:
        await house.old("events", days=399)
        assert await house.delete() == 0
        [coming] = await house.retention.preview()
        assert coming.days == 400
        house.time += DAY
        assert await house.delete() == 1
        house.settings["interview delete days with events"] = 10
        await house.old("events", days=89)
        assert await house.delete() == 0
        house.time += DAY
        assert await house.delete() == 1
    years(tmp_path, test, interview_delete_days_with_events=400)


def test_a_session_with_an_unfinished_task_stays_until_it_has_ended(tmp_path: Path) -> None:
    async def test(house: OldHouse) -> None:
        reply = await house.answered()
        await house.turns.action(reply.session_id, ANN, "ask", {})
        task_id = await house.only_task()
        house.time += 100 * DAY
        assert await house.delete() == 0
        assert await house.journal.mark_running(task_id, "a worker")
        assert await house.delete() == 0
        assert [one.why for one in await house.retention.spared()] == ["task"]
        await house.end(task_id, "done")
        assert await house.delete() == 1
    years(tmp_path, test)


def test_a_session_with_mail_that_waits_stays_until_it_is_out(tmp_path: Path) -> None:
    async def test(house: OldHouse) -> None:
        reply = await house.answered()
        house.mail(reply.session_id)
        house.time += 100 * DAY
        assert await house.delete() == 0
        assert [one.why for one in await house.retention.spared()] == ["mail"]
        house.store.write(lambda database: database.execute("UPDATE outbox SET state = 'failed', ended = 1")).result()
        assert await house.delete() == 1
    years(tmp_path, test)


# -- what was not announced --------------------------------------------------------------------------------------


async def goes_after_a_week(house: OldHouse, session_id: str) -> None:
    """The next run deletes nothing, and says what goes a week later; so it does then, and not before."""
    begun = house.time
    house.settings["user auto delete: enable"] = True
    for day in range(7):
        house.time = begun + day * DAY
        [coming] = await house.retention.preview()
        assert coming.session_id == session_id
        assert begun + 7 * DAY <= coming.due < begun + 8 * DAY
        assert await house.retention.own(ANN) == {session_id: coming.due}
        assert [one.due for one in await house.retention.accounts()] == [coming.due]
        assert await house.retention.run(house.time) == RetentionResult()
    house.time = coming.due
    assert await house.retention.run(house.time) == RetentionResult(1, 1, 1)
    house.settings["user auto delete: enable"] = False


def _idle(house: OldHouse) -> None:
    _account(house, "cleo@example.com")
    house.mail(None, "sent")


def test_after_months_in_a_drawer_it_is_announced_first(tmp_path: Path) -> None:
    """Sessions, accounts and mail: the laptop ran until the tenth day, and again after half a year."""
    async def test(house: OldHouse) -> None:
        _idle(house)
        reply = await house.old(days=10)
        house.time += 800 * DAY
        await goes_after_a_week(house, reply.session_id)
        later = await house.old()
        assert [one.session_id for one in await house.retention.preview()] == [later.session_id]
        assert await house.delete() == 1
    years(tmp_path, test)


def test_an_old_data_folder_is_announced_first(tmp_path: Path) -> None:
    """No run has been in it: an earlier version made it, or it was restored, or the clock was dead when it was made."""
    async def test(house: OldHouse) -> None:
        _idle(house)
        reply = await house.answered()
        house.time += 800 * DAY
        await goes_after_a_week(house, reply.session_id)
    years(tmp_path, test)


def test_who_asks_for_it_deletes_at_once(tmp_path: Path) -> None:
    """What is overdue; the rest of what has not been announced is, from then on."""
    async def test(house: OldHouse) -> None:
        await house.answered()
        house.time += 88 * DAY
        young = await house.answered("no_events")
        house.time += 3 * DAY
        assert (await house.retention.run(house.time, at_once=True)).sessions == 1
        house.time = BEGINNING + 92 * DAY
        house.settings["interview delete days"] = 2
        assert (await house.retention.run(house.time)).sessions == 0
        assert house.sessions() == [young.session_id]
    years(tmp_path, test)


def test_a_week_between_runs_is_no_break(tmp_path: Path) -> None:
    """What the last run said has stood there for a week; a clock that is set back by a day says nothing else."""
    async def test(house: OldHouse) -> None:
        await house.old(days=84)
        for days, deleted in ((-1, 0), (7, 1)):
            house.time += days * DAY
            assert (await house.retention.run(house.time)).sessions == deleted
    years(tmp_path, test)


def test_a_clock_years_ahead_deletes_nothing(tmp_path: Path) -> None:
    """Nor does it keep anything longer, when it is put right: announcing begins anew, and that is all."""
    async def test(house: OldHouse) -> None:
        reply = await house.old(days=80)
        now = house.time
        house.time += 3650 * DAY
        assert (await house.retention.run(house.time)).sessions == 0
        house.time = now + DAY
        assert (await house.retention.run(house.time)).sessions == 0
        [coming] = await house.retention.preview(12)
        assert coming.due < BEGINNING + 91 * DAY
        for _ in range(9):
            assert reply.session_id in house.sessions()
            house.time += DAY
            await house.retention.run(house.time)
        assert house.sessions() == []
    years(tmp_path, test)


def test_looking_for_idle_accounts_reads_no_session_of_others(tmp_path: Path) -> None:
    """Ten thousand sessions times a hundred accounts would be felt: the page looks each time it is shown."""
    async def test(house: OldHouse) -> None:
        plan = house.store.read(lambda database: database.execute(
            "EXPLAIN QUERY PLAN " + _IDLE,
            {"days": 1, "privileges": "[]", "never": "[]", "until": 1.0, "only": None}).fetchall()).result()
        steps = [row[3] for row in plan if " sessions " in row[3]]
        assert steps
        assert all("(user_id=?" in step for step in steps), steps
    years(tmp_path, test)


# -- beside people -----------------------------------------------------------------------------------------------


def test_whoever_comes_back_at_that_second_keeps_the_session(tmp_path: Path) -> None:
    """Whether they come before retention gets to the session, or are in it just then."""
    async def test(house: OldHouse) -> None:
        reply = await house.old()
        expire = house.turns.expire

        async def somebody_first(*arguments: Any) -> list[str]:
            await house.turns.refresh(reply.session_id, ANN)
            return await expire(*arguments)
        house.turns.expire = somebody_first  # type: ignore[method-assign, assignment]
        assert await house.delete() == 0
        house.turns.expire = expire  # type: ignore[method-assign]

        house.time += 90 * DAY
        refreshing = asyncio.create_task(house.turns.refresh(reply.session_id, ANN))
        await asyncio.sleep(0)
        deleted, _ = await asyncio.gather(house.delete(), refreshing)
        assert deleted == 0
        house.time += 90 * DAY
        assert await house.delete() == 1
    years(tmp_path, test)


def test_people_are_served_while_many_sessions_go(tmp_path: Path) -> None:
    """No write holds the database for more than one session, so a submit gets in between."""
    async def test(house: OldHouse) -> None:
        await house.answered()

        def copy(database: Any) -> None:
            database.execute(
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400) INSERT INTO sessions"
                " (id, interview, created, modified, person_active, revision, step, multi_user, allow_cron, callbacks,"
                " sealed_title) SELECT 'copy' || i, interview, created, modified, person_active, 1, 1, 0, 0, 0, x''"
                " FROM sessions, n")
        house.store.write(copy).result()
        house.time += 90 * DAY
        reply = await house.turns.begin(reference("files"), BOB)
        deleting = asyncio.create_task(house.delete())
        left = 401
        while left > 340:
            await asyncio.sleep(0)
            left = len(house.sessions()) - 1
        assert left > 240
        await house.submit(reply, BOB, name="Bob")
        assert not deleting.done()
        assert await deleting == 401
        assert house.sessions() == [reply.session_id]
    years(tmp_path, test)


_MANY = 60


def _many(folder: str) -> None:
    """In a process of its own: deletes many sessions and says so of each, until somebody kills it."""
    async def test(house: OldHouse) -> None:
        house.time = BEGINNING + 90 * DAY
        expire = house.turns.expire

        async def told(*arguments: Any) -> list[str]:
            deleted = await expire(*arguments)
            print(*deleted, flush=True)
            return deleted
        house.turns.expire = told  # type: ignore[method-assign, assignment]
        await house.delete()
    years(Path(folder), test)


@pytest.mark.parametrize("after", [1, 19])
def test_a_kill_leaves_nothing_half_deleted(tmp_path: Path, after: int) -> None:
    """Killed in the middle, each session is whole or gone with everything; the next run deletes the rest."""
    async def fill(house: OldHouse) -> None:
        first, second = await house.answered(), await house.answered("events")
        for number in range(_MANY - 2):
            await house.answered(name=f"Robin {number}")
        assert first.session_id != second.session_id
    years(tmp_path, fill)
    child = subprocess.Popen(
        [sys.executable, "-c", f"from tests.cron.test_retention import _many; _many({str(tmp_path)!r})"],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    assert child.stdout is not None
    for _ in range(after):
        assert child.stdout.readline()
    child.kill()
    child.wait()
    child.stdout.close()

    async def whole(house: OldHouse) -> None:
        left = house.sessions()
        assert 1 <= len(left) <= _MANY - after
        assert house.rows("PRAGMA foreign_key_check") == []
        for table in ("steps", "session_keys", "files"):
            having = house.rows(f"SELECT DISTINCT session_id FROM {table}")
            assert len(having) == len(left) - (table == "files"), table   # the one with events has no file
        await house.turns.resume()   # as a start does
        assert len(blobs(house)) == len(left) - 1
        for session_id in left:
            house.time = BEGINNING + 1
            assert (await house.turns.refresh(session_id, ANN)).session_id == session_id
        house.time = BEGINNING + 91 * DAY
        assert await house.delete() == len(left) - 1
        assert len(house.sessions()) == 1
    years(tmp_path, whole)


def test_two_years_of_daily_runs(tmp_path: Path) -> None:
    """Sessions that people come back to at random live exactly until the run after their 90th day alone."""
    chance = random.Random(5)
    visits: dict[int, set[int]] = {number: {day for day in range(number * 7, 560) if chance.random() < 0.02}
                                   for number in range(30)}

    async def test(house: OldHouse) -> None:
        ids: dict[int, str] = {}
        last: dict[int, int] = {}
        for day in range(730):
            house.time = BEGINNING + day * DAY
            for number, days in visits.items():
                if day == number * 7:
                    ids[number], last[number] = (await house.answered()).session_id, day
                elif day in days and number in last:
                    await house.turns.refresh(ids[number], ANN)
                    last[number] = day
            house.time += 0.25 * DAY
            await house.delete()
            gone = [number for number, when in last.items() if day - when == 90]
            for number in gone:
                del last[number]
            assert set(house.sessions()) == {ids[number] for number in last}, day
        assert not last
    years(tmp_path, test)


# -- saying so beforehand ---------------------------------------------------------------------------------------


def test_what_goes_within_a_week_is_told_with_its_day(tmp_path: Path) -> None:
    """The day is that of the first run after the days are over, and the run of that day deletes just these."""
    async def test(house: OldHouse) -> None:
        first = await house.old(days=3)
        second = await house.old(days=83.5)
        coming = await house.retention.preview()
        assert [one.session_id for one in coming] == [first.session_id, second.session_id]
        assert [one.reason for one in coming] == ["nobody was here for 90 days"] * 2
        assert all(one.due % DAY == 0 and one.due - DAY < one.active + 90 * DAY <= one.due for one in coming)
        assert {one.session_id: one.due for one in coming} == await house.retention.own(ANN)
        assert await house.retention.own(BOB) == {}
        for one in coming:
            house.time = one.due - DAY
            assert await house.delete() == 0
            house.time = one.due
            assert await house.delete() == 1
            assert one.session_id not in house.sessions()
    years(tmp_path, test)


def test_what_is_overdue_goes_with_the_next_run(tmp_path: Path) -> None:
    """After a long sleep; at most as many rows as are asked for."""
    async def test(house: OldHouse) -> None:
        await house.old()
        await house.old(days=1000)
        coming = await house.retention.preview(most=1)
        assert [one.due for one in coming] == [(house.time // DAY + 1) * DAY]
        assert len(await house.retention.preview()) == 2
        assert await house.retention.preview(days=0) == []
    years(tmp_path, test)


def test_titles_are_opened_for_those_who_may_see_them(tmp_path: Path) -> None:
    """One's own; for an administrator those that several people can open; without a visitor none."""
    async def test(house: OldHouse) -> None:
        admin = Visitor("the owner's browser secret, long too", user=house.owner)
        await house.answered(visitor=BOB, name="Bob")
        await house.old(visitor=BOB, name="Shared", days=85)

        async def seen(visitor: Visitor | None) -> set[str]:
            return {one.title for one in await house.retention.preview(visitor=visitor)}
        assert await seen(BOB) == {"A letter"}
        assert await seen(admin) == {"", "A letter"}
        assert await seen(ANN) == set()
        assert await seen(None) == {""}
    years(tmp_path, test)


# -- accounts ----------------------------------------------------------------------------------------------------


def _account(house: OldHouse, email: str, *privileges: str) -> Visitor:
    user = house.users.add(email, privileges or ("user",))
    return Visitor(f"the secret of {email}, long and random", user=user, user_key=new_key())


def _emails(house: OldHouse) -> set[str]:
    ids = [row[0] for row in house.rows("SELECT id FROM users WHERE kind = 'person'")]
    return {user.email for user in map(house.users.get, ids) if user is not None}


@pytest.mark.parametrize(("days", "left"), [(99, 1), (100, 0)])
def test_an_account_that_nobody_uses_goes_with_its_sessions(tmp_path: Path, days: int, left: int) -> None:
    """Those of other people stay, and its key opens nothing any more."""
    async def test(house: OldHouse) -> None:
        user = _account(house, "cleo@example.com")
        await house.answered(visitor=user)
        kept = await house.answered(visitor=ANN)
        house.time += days * DAY
        result = await house.run()
        assert result.accounts == 1 - left
        assert len(_emails(house)) == left
        assert len(house.sessions()) == 1 + left
        assert kept.session_id in house.sessions()
        assert house.rows("SELECT count(*) FROM user_privileges WHERE user_id > 2") == [(left,)]
    years(tmp_path, test, interview_delete_days=0, user_auto_delete__enable=True,
          user_auto_delete__inactive_days=100)


def test_turns_and_signing_in_keep_an_account(tmp_path: Path) -> None:
    """At most one write an hour; an account that was never used counts from its making."""
    async def test(house: OldHouse) -> None:
        user = _account(house, "cleo@example.com")
        _account(house, "never@example.com")
        reply = await house.old(visitor=user, days=60)

        def last_active() -> Any:
            return house.rows(f"SELECT last_active FROM users WHERE id = {user.user.user_id}")[0][0]
        assert last_active() == BEGINNING
        await house.turns.refresh(reply.session_id, user)
        assert last_active() == house.time
        house.time += 1800
        await house.turns.refresh(reply.session_id, user)
        assert last_active() == house.time - 1800
        house.time += 50 * DAY
        assert [one.email for one in await house.retention.accounts()] == ["never@example.com"]
        assert (await house.run()).accounts == 1
        assert _emails(house) == {"cleo@example.com"}
        accounts = Accounts(house.store, house.key, cost=CHEAP)
        await accounts.accept(await accounts.invite(None, user.user.email), "three grey herons", {}, Device())
        accounts.close()
        assert last_active() == house.time
        house.time += 95 * DAY
        [coming] = await house.retention.accounts()
        assert coming.due >= last_active() + 100 * DAY
        house.time = coming.due
        assert (await house.run()).accounts == 1
    years(tmp_path, test, interview_delete_days=0, user_auto_delete__enable=True,
          user_auto_delete__inactive_days=100)


def test_only_accounts_with_none_but_the_named_privileges_go(tmp_path: Path) -> None:
    """Never the owner and the cron user, whatever is named; nobody where it is not switched on."""
    async def test(house: OldHouse) -> None:
        for privileges in (("user",), ("user", "advocate"), ("advocate",), ("user", "developer")):
            _account(house, f"{'.'.join(privileges)}@example.com", *privileges)
        house.time += 1000 * DAY
        house.settings["user auto delete: enable"] = False
        assert (await house.run()).accounts == 0
        house.settings["user auto delete: enable"] = True
        assert (await house.run()).accounts == 1
        assert "user@example.com" not in _emails(house)
        house.settings["user auto delete: privileges"] = ["user", "advocate", "admin", "developer", "cron"]
        assert (await house.run()).accounts == 3
        assert house.rows("SELECT count(*) FROM users") == [(2,)]
    years(tmp_path, test, user_auto_delete__inactive_days=100)


@pytest.mark.parametrize("delete_shared", [False, True])
def test_shared_sessions_lose_their_user_or_go(tmp_path: Path, delete_shared: bool) -> None:
    async def test(house: OldHouse) -> None:
        user = _account(house, "cleo@example.com")
        shared = await house.answered(visitor=user, name="Shared")
        await house.old(visitor=user, name="Own", days=100)
        assert (await house.run()).accounts == 1
        if delete_shared:
            assert house.sessions() == []
            return
        assert house.rows("SELECT id, user_id FROM sessions") == [(shared.session_id, None)]
        assert house.rows("SELECT holder FROM session_keys") == [("appliance",)]
        assert (await house.turns.refresh(shared.session_id, BOB)).session_id == shared.session_id
    years(tmp_path, test, interview_delete_days=0, user_auto_delete__enable=True,
          user_auto_delete__inactive_days=100, user_auto_delete__delete_shared=delete_shared)


def test_an_account_stays_while_something_is_still_to_happen(tmp_path: Path) -> None:
    """Its session has mail that waits, or the person comes back at that second: then all of it stays."""
    async def test(house: OldHouse) -> None:
        user = _account(house, "cleo@example.com")
        reply = await house.answered(visitor=user)
        house.mail(reply.session_id)
        house.time += 100 * DAY
        assert (await house.run()).accounts == 0
        house.store.write(lambda database: database.execute("DELETE FROM outbox")).result()
        refreshing = asyncio.create_task(house.turns.refresh(reply.session_id, user))
        await asyncio.sleep(0)
        result, _ = await asyncio.gather(house.run(), refreshing)
        assert result == RetentionResult()
        assert house.sessions() == [reply.session_id]
        house.time += 100 * DAY
        assert (await house.run()).accounts == 1
    years(tmp_path, test, interview_delete_days=0, user_auto_delete__enable=True,
          user_auto_delete__inactive_days=100)


def test_the_clock_of_these_tests_is_the_house_s(tmp_path: Path) -> None:
    """Else all of the above proves nothing."""
    async def test(house: OldHouse) -> None:
        assert isinstance(house.store, Store)
        assert clock.now() == house.time == BEGINNING
    years(tmp_path, test)
