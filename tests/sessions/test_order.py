"""The line of a session."""

from __future__ import annotations

import asyncio

import pytest

from appliance.sessions.order import Order


def test_turns_of_one_session_keep_their_order_and_leave_nothing_behind() -> None:
    """A hundred turns come out as they went in, never two at once; afterwards the line is gone."""
    async def whole() -> None:
        order, seen, inside = Order(), [], 0

        async def turn(number: int) -> None:
            nonlocal inside
            async with order.turn("a"):
                inside += 1
                assert inside == 1
                await asyncio.sleep(0)
                seen.append(number)
                inside -= 1
        await asyncio.gather(*(turn(number) for number in range(100)))
        assert seen == list(range(100))
        assert len(order) == 0
    asyncio.run(whole())


def test_one_that_leaves_the_line_holds_up_nobody() -> None:
    """A cancelled waiter, also one cancelled in the moment it is called, lets the next one in."""
    async def whole() -> None:
        order, seen = Order(), []
        leave = asyncio.Event()

        async def first() -> None:
            async with order.turn("a"):
                await leave.wait()

        async def turn(number: int) -> None:
            async with order.turn("a"):
                seen.append(number)
        tasks = [asyncio.create_task(first()), *(asyncio.create_task(turn(number)) for number in range(4))]
        await asyncio.sleep(0)
        tasks[2].cancel()
        leave.set()
        await asyncio.sleep(0)
        tasks[1].cancel()  # it was called, but has not run yet
        await asyncio.gather(*tasks, return_exceptions=True)
        assert seen in ([2, 3], [0, 2, 3])
        assert len(order) == 0
    asyncio.run(whole())


def test_an_error_in_a_turn_lets_the_next_one_in() -> None:
    async def whole() -> None:
        order = Order()
        with pytest.raises(ZeroDivisionError):
            async with order.turn("a"):
                _ = 1 / 0
        async with order.turn("a"):
            pass
        assert len(order) == 0
    asyncio.run(whole())
