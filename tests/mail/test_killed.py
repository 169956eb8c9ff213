"""`kill -9` at every step of a mail: it goes out once, or a second time with the same Message-ID in one case only."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.mail.dying import POINTS
from tests.mail.receiver import receiver

ROOT = Path(__file__).parent.parent.parent


async def lives(folder: Path, port: int, point: str) -> None:
    """Start an appliance, and kill it where it stands still; without a point it ends by itself."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.mail.dying", str(folder), str(port), point, cwd=ROOT,
        stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    if point:
        assert await process.stdout.readline() == b"here\n"
        process.kill()
    code = await process.wait()
    assert point or code == 0


def test_a_kill_at_any_step_loses_no_mail(tmp_path: Path) -> None:
    """One data folder, five deaths: what the person was told is sent is sent; only the kill between the server's 250
    and the mark repeats a mail, which keeps its Message-ID.
    """
    async def test() -> None:
        async with receiver() as there, asyncio.timeout(90):
            for point in (*POINTS, ""):
                await lives(tmp_path, there.port, point)
            received = {point: [mail.message["Message-ID"] for mail in there.mails
                                if mail.recipients == (f"{point}@example.com",)] for point in POINTS}
            assert {point: len(ids) for point, ids in received.items()} == {
                "before_the_commit": 0, "after_the_commit": 1, "before_the_connection": 1, "after_the_250": 2,
                "after_the_mark": 1}
            assert len(set(received["after_the_250"])) == 1
            assert len(there.mails) == 5
    asyncio.run(test())
