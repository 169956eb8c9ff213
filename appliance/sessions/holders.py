"""What a visitor opens sessions with, and who the turns of a visitor are for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from appliance.interview.other_sessions import Places
from appliance.sessions.host import Actor
from appliance.sessions.visitor import Visitor
from appliance.store.keys import Holder, browser_holder, user_holder
from appliance.store.values import personal_holder

__all__ = ["Holders"]


class Holders:
    """The keys of visitors.

    :param user_key: opens the key of a user who signs in without a password; may wait for the store.
    """

    def __init__(self, user_key: Callable[[int], bytes | None]) -> None:
        self._user_key = user_key
        self._user_keys: dict[int, bytes] = {}

    async def of(self, visitor: Visitor) -> list[Holder]:
        """What the visitor can open sessions with, a user's key before the browser's."""
        browser = browser_holder(visitor.browser_secret)
        user_id = visitor.user.user_id
        if user_id is None:
            return [browser]
        key = visitor.user_key or self._user_keys.get(user_id)
        if key is None:
            key = await asyncio.to_thread(self._user_key, user_id)
            if key is None:
                return [browser]
            self._user_keys[user_id] = key
        return [user_holder(user_id, key), browser]

    async def actor(self, visitor: Visitor) -> Actor:
        """Who the turns of this visitor are for."""
        holders = await self.of(visitor)
        first = holders[0]
        at_hand = visitor.user.user_id is None or first.name.startswith("user:")
        return Actor(visitor.interface, visitor.user, visitor.url_root, visitor.device,
                     personal_holder(first) if at_hand else None, tuple(holder.name for holder in holders),
                     tuple(holders), places=Places(*visitor.place_marks))

    def forget(self, user_id: int) -> None:
        """The user's account may be another one now."""
        self._user_keys.pop(user_id, None)
