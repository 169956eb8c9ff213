"""An appliance that sends a mail and stands still at one point, for whoever kills it there.

Run as ``python -m tests.mail.dying FOLDER PORT POINT``; it says when it is there. Without a point it ends when all is
sent.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from appliance.mail.lane import Lane
from appliance.mail.mail_server import MailServer
from appliance.mail.outbox import Outbox
from appliance.sessions.commit import Commit
from tests.sessions.house import House

INTERVIEW = """
question: Where to?
fields:
  - Address: address
---
mandatory: True
question: |
  ${ sent }
---
code: |
  sent = send_email(to=address, subject='Your hearing', body='On Tuesday')
"""

POINTS = ("before_the_commit", "after_the_commit", "before_the_connection", "after_the_250", "after_the_mark")


def stand_still(*_arguments: Any) -> None:
    """Say so, and wait for the end."""
    print("here", flush=True)
    threading.Event().wait()


def first(blocks: Callable[..., None], function: Callable[..., Any]) -> Callable[..., Any]:
    def both(*arguments: Any) -> Any:
        blocks(*arguments)
        return function(*arguments)
    return both


def arm(point: str, house: House) -> None:
    """From now on the appliance stands still at this point."""
    if point == "before_the_commit":
        Commit.write = first(stand_still, Commit.write)   # type: ignore[method-assign]
    elif point == "after_the_commit":
        house.turns.listeners.on_mail = stand_still
    elif point == "before_the_connection":
        MailServer.connected = first(stand_still, MailServer.connected)   # type: ignore[method-assign]
    elif point == "after_the_250":
        Lane._mark = first(stand_still, Lane._mark)   # type: ignore[method-assign]
    elif point == "after_the_mark":
        Lane._mark = first(Lane._mark, stand_still)   # type: ignore[method-assign]


async def main(folder: Path, port: int, point: str) -> None:
    house = House(folder, INTERVIEW)
    outbox = Outbox(house.store, house.key, {"": MailServer("127.0.0.1", port, "c@example.com", use_tls=False)},
                    folder / "logs")
    loop, changed = asyncio.get_running_loop(), asyncio.Event()
    outbox.on_changed = partial(loop.call_soon_threadsafe, changed.set)   # type: ignore[assignment]
    outbox.start()
    async with asyncio.timeout(30):
        while house.rows("SELECT 1 FROM outbox WHERE state = 'waiting'"):   # what the last one left
            await changed.wait()
            changed.clear()
    if point:
        screen = await house.begin()
        arm(point, house)
        if point != "after_the_commit":
            house.turns.listeners.on_mail = outbox.wake
        await house.submit(screen, address=f"{point}@example.com")
        await asyncio.sleep(30)
    await outbox.stop()
    await house.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
