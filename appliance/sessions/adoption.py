"""What a browser began before somebody signed in with it belongs to them afterwards."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Iterable

from sqlite_utils import Database

from appliance.sessions.errors import NoSuchSession, NotYours
from appliance.sessions.runner import Runner
from appliance.sessions.visitor import Visitor
from appliance.store.errors import WrongKey
from appliance.store.key_marks import is_current
from appliance.store.keys import Holder, browser_holder, wrap
from appliance.store.sessions import move_key, told_session
from appliance.store.value_moves import adopt_values
from appliance.store.values import personal_holder

__all__ = ["Adoption"]

logger = logging.getLogger(__name__)

_MOST_SETTLED = 10_000
_UNDER_WAY = 30.0
"""Seconds; what a tab has sent before it knew of the sign-in has arrived by then."""


class Adoption:
    """Moves the keys of sessions from a browser to a user, each in its place in the line.

    The browser keeps its secret meanwhile, so that a session that is not moved yet is open to them all the same; what a
    crash cuts off is moved when they come again.

    :param holders: what a visitor can open sessions with, a user's key before the browser's.
    """

    def __init__(self, runner: Runner, holders: Callable[[Visitor], Awaitable[list[Holder]]]) -> None:
        self._runner = runner
        self._holders = holders
        self._settled: dict[str, int] = {}
        self._running: dict[tuple[str, int | None], asyncio.Future[int]] = {}
        self._lately: dict[str, tuple[Holder, float]] = {}

    def is_settled(self, visitor: Visitor) -> bool:
        """Whether nothing is left to adopt of the browser that a signed-in visitor comes with, or it is being done."""
        name, user_id = browser_holder(visitor.browser_secret).name, visitor.user.user_id
        return self._settled.get(name) == user_id or (name, user_id) in self._running

    def begun(self, visitor: Visitor) -> None:
        """A browser holds a session more: look again when somebody is signed in with it."""
        self.begun_under([browser_holder(visitor.browser_secret).name])

    def begun_under(self, names: Iterable[str]) -> None:
        """The same, of these holders."""
        for name in names:
            self._settled.pop(name, None)

    def lately(self, visitor: Visitor) -> list[Holder]:
        """Who took over what the browser held, for a request that another tab sent before the answer to the sign-in
        came: it waited in line behind the adoption, and must not find the door shut.
        """
        holder, until = self._lately.get(browser_holder(visitor.browser_secret).name, (None, 0.0))
        return [holder] if holder is not None and time.monotonic() < until else []

    def parted(self, visitor: Visitor) -> None:
        """Somebody signs out: their browser has nothing to do with them any more."""
        name = browser_holder(visitor.browser_secret).name
        self._settled.pop(name, None)
        self._lately.pop(name, None)

    def user_changed(self, user_id: int) -> None:
        """A user may have been signed out somewhere: only cookies say from now on who comes in their name."""
        self._lately = {name: one for name, one in self._lately.items() if one[0].name != f"user:{user_id}"}

    async def adopt(self, before: Visitor, after: Visitor) -> int:
        """Give what the browser of `before` holds to the user of `after`; when it returns, all is on disk.

        It runs to its end, whether or not somebody waits; who asks for the same meanwhile waits for the same.

        :param after: signed in.
        :returns: how many sessions were given.
        :raises StoreError: if it could not be written; the rest is done the next time.
        """
        user_id, browser = after.user.user_id, browser_holder(before.browser_secret)
        holder = (await self._holders(after))[0]
        if user_id is None or holder.name.partition(":")[0] != "user":
            return 0   # nobody, or somebody whose key is not there
        running = self._running.get((browser.name, user_id))
        if running is None:
            work = self._runner.to_its_end(self._adopt(browser, holder, user_id))
            running = self._running[browser.name, user_id] = asyncio.ensure_future(work)
            running.add_done_callback(lambda _done: self._running.pop((browser.name, user_id), None))
        return await asyncio.shield(running)

    async def _adopt(self, browser: Holder, holder: Holder, user_id: int) -> int:
        self._remember(browser, holder)
        seen: set[str] = set()
        moved = 0
        try:
            while left := await self._left(browser, user_id) - seen:
                seen |= left
                # One after the other would wait for the disk each time; those that come together share its fsync.
                moved += sum(await asyncio.gather(
                    *(self._move(one, browser, holder, user_id) for one in sorted(left))))

            def follow(database: Database) -> None:
                if not is_current(database, personal_holder(holder)):
                    return
                _move_ended(database, browser.name, holder.name)
                adopt_values(database, self._runner.appliance_key, browser, holder, user_id)
            await self._runner.write(follow)
        except BaseException:
            self._settled.pop(browser.name, None)
            raise
        return moved

    async def _left(self, browser: Holder, user_id: int) -> set[str]:
        """What the browser holds. It counts as settled from before the look: :meth:`begun` may say otherwise since."""
        if len(self._settled) >= _MOST_SETTLED:
            self._settled.clear()   # only costs a look each, when they come again
        self._settled[browser.name] = user_id
        return set(await self._runner.read(lambda database: _held(database, browser.name)))

    def _remember(self, browser: Holder, holder: Holder) -> None:
        now = time.monotonic()
        self._lately = {name: one for name, one in self._lately.items() if now < one[1]}
        self._lately[browser.name] = (holder, now + _UNDER_WAY)

    async def _move(self, session_id: str, browser: Holder, holder: Holder, user_id: int) -> bool:
        async def turn() -> bool:
            try:
                key = await self._runner.vault.key_for(session_id, [browser])
            except (NoSuchSession, NotYours):   # ended, or adopted by another tab, while this one waited
                return False
            except WrongKey:
                logger.warning("the session %s is damaged and stays with its browser", told_session(session_id))
                return False
            sealed = wrap(holder, session_id, key)
            moved = await self._runner.write(   # under a key that was replaced meanwhile nobody would find it again
                lambda database: is_current(database, personal_holder(holder))
                and move_key(database, session_id, browser.name, holder.name, sealed, user_id))
            self._runner.vault.shelf.forget(session_id)   # what it has in memory names the former holder
            return moved
        moved: bool = await self._runner.in_order(session_id, turn)
        return moved


def _held(database: Database, holder: str) -> list[str]:
    return [str(row[0]) for row in database.execute("SELECT session_id FROM session_keys WHERE holder = ?", [holder])]


def _move_ended(database: Database, before: str, after: str) -> None:
    """Mail of sessions that have ended, which is shown to those who held them."""
    found = database.execute("SELECT number, holders FROM outbox_ended WHERE instr(holders, ?)", [before]).fetchall()
    for number, holders in found:
        moved = sorted({after if one == before else one for one in json.loads(holders)})
        database.execute("UPDATE outbox_ended SET holders = ? WHERE number = ?", [json.dumps(moved), number])
