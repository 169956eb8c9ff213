"""The loop of the cluster: what it logs of tasks that nobody awaited."""

from __future__ import annotations

import asyncio
import gc

import pytest

from appliance.compute.loop_thread import LoopThread


@pytest.mark.parametrize("quiet", [True, False])
def test_dask_s_signal_that_a_wait_is_over_is_no_error(quiet: bool, caplog: pytest.LogCaptureFixture) -> None:
    """A wait for a result is given up when its worker dies; all else that nobody awaited is logged."""
    from distributed.client import AllExit

    async def wait() -> None:
        raise AllExit if quiet else ValueError

    async def leave_one() -> None:
        left = asyncio.get_running_loop().create_task(wait())
        await asyncio.wait([left])

    thread = LoopThread("test")
    thread.submit(leave_one).result(10)
    gc.collect()
    assert thread.stop(10)
    assert ("never retrieved" in caplog.text) is not quiet
