"""Calls that are dialled again and again leave nothing behind."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from pathlib import Path

import psutil
import pytest

from bench.inner_streams import Streams
from sentra_tui.engine.standing_call import StandingCall
from sentra_tui.provider.server import ProviderOptions, serving
from tests.engine.peers import until
from tests.engine.test_call_beside import live_call
from tests.steady.world import Road

MANY = 1_000
OURS = ("renewed", "hung up", "slept", "replaced")
KEPT_SOCKETS = 6
"""Connections for requests that are kept open for a while, and the one that closes just then."""


@pytest.mark.row(26)
async def test_a_thousand_calls_that_came_and_went_leave_no_task_and_no_session() -> None:
    async with live_call() as (call, exchange, _, _listener):
        tasks = len(asyncio.all_tasks())
        for number in range(MANY):
            if number % 2:
                call.renew("Another is wanted.")
                call.retry_now()
            else:
                call.hang_up()
                call.connect()
            while len(exchange.dialled) < number + 2 or call.session is None:
                await asyncio.sleep(0)
        await call.closed()
        await asyncio.sleep(0)
        assert len(asyncio.all_tasks()) == tasks
        gc.collect()
        assert len([each for each in gc.get_objects() if isinstance(each, StandingCall)]) == 1
        assert [transport.closed for transport in exchange.dialled] == [True] * MANY + [False]


@pytest.mark.row(26)
@pytest.mark.parametrize("road", ["websocket", "webrtc"])
async def test_calls_over_real_roads_leave_no_task_no_socket_and_no_thread(road: Road, tmp_path: Path) -> None:
    async with serving(ProviderOptions()) as provider:
        streams = Streams(tmp_path, road, provider)
        await streams.start()
        # Threads for what would block are kept: have all there before they are counted.
        await asyncio.gather(*(asyncio.to_thread(time.sleep, 0.05) for _ in range(64)))

        async def turn() -> None:
            for way in OURS:
                await asyncio.gather(*(streams.reconnect(stream, way) for stream in streams.manager.streams))

        def held() -> tuple[int, int]:
            gc.collect()
            return len(asyncio.all_tasks()), len(psutil.Process().net_connections("inet"))

        await turn()
        tasks, sockets = held()
        threads = _threads()
        for _ in range(2):
            await turn()
        await until(lambda: held()[0] <= tasks, 20)
        await until(lambda: held()[1] <= sockets + KEPT_SOCKETS, 20)
        await until(lambda: _threads() <= threads, 20)
        await streams.close()


def _threads() -> int:
    """Count them, but for the one that the provider keeps once it has written a recording down."""
    return sum(not each.name.startswith("recordings") for each in threading.enumerate())
