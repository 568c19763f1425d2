"""A second call beside each one, in a time that the test moves."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from sentra_tui.domain.config import ReconnectConfig
from sentra_tui.domain.errors import TransportLost
from sentra_tui.domain.state import MIC, SPEAKER, Connection
from sentra_tui.engine.steady.rollover import RolloverDriver
from sentra_tui.engine.steady.standby import SETTLE_MS, StandbyKeeper
from tests.engine.peers import until
from tests.engine.steady.streams import Streams

HOUR_MS = 3_600_000


class Ready(Streams):
    """Two streams that keep calls beside them."""

    def __init__(self) -> None:
        super().__init__(ReconnectConfig(standby=True))
        reconnect = self.config.reconnect
        self.keeper = StandbyKeeper(self.beside, self.store, reconnect, HOUR_MS, self.context, lambda: 0.5)
        self.rollover = RolloverDriver(
            self.manager, self.beside, self.store, reconnect, HOUR_MS, self.context, lambda: 0.5
        )

    async def pass_ms(self, span_ms: int, step_ms: int = 1_000) -> None:
        for _ in range(0, span_ms, step_ms):
            self.now_ms += step_ms
            self.rollover.look()
            self.keeper.look()
            await self.hear()


@pytest.fixture
async def ready() -> AsyncIterator[Ready]:
    streams = Ready()
    await streams.start()
    yield streams
    await streams.close()


async def test_a_second_call_is_dialled_once_the_first_stood_for_a_while_and_gets_no_sound(ready: Ready) -> None:
    await ready.pass_ms(SETTLE_MS)
    assert len(ready.calls[MIC].made) == 1
    await ready.pass_ms(5_000)
    for name in (MIC, SPEAKER):
        used, kept = ready.calls[name].made
        assert not (used.closed or kept.closed)
        assert not kept.heard and not kept.sent


async def test_a_call_that_breaks_is_followed_by_the_one_beside_it_without_a_dial(ready: Ready) -> None:
    await ready.pass_ms(10_000)
    first, second = ready.calls[MIC].made
    dials = ready.calls[MIC].tried
    first.unheard_s = 3.0
    first.say(TransportLost("The call broke.", retry_after_s=0.0))
    await until(lambda: ready.carrying(MIC) is second)
    assert ready.calls[MIC].tried == dials
    await until(lambda: first.closed)
    await ready.pass_ms(10_000)
    assert len(ready.calls[MIC].made) == 3, "another one is kept beside it"


async def test_one_that_was_heard_less_lately_than_the_first_is_not_gone_on_by(ready: Ready) -> None:
    await ready.pass_ms(10_000)
    first, second = ready.calls[MIC].made
    first.unheard_s, second.unheard_s = 3.0, 4.0
    stream = ready.manager.stream(MIC)
    assert stream.spare() is None
    first.unheard_s = 5.0
    given = stream.spare()
    assert given is not None and given.transport is second
    await second.close()


async def test_one_that_breaks_is_dialled_anew(ready: Ready) -> None:
    await ready.pass_ms(10_000)
    ready.calls[MIC].made[1].unheard_s = 60.0
    await ready.pass_ms(10_000)
    assert ready.calls[MIC].made[1].closed
    assert len(ready.calls[MIC].made) == 3


async def test_dials_that_fail_grow_rare(ready: Ready) -> None:
    ready.calls[MIC].failing = 10**6
    await ready.pass_ms(600_000, 250)
    assert 10 <= ready.calls[MIC].tried <= 40
    assert len(ready.calls[SPEAKER].made) == 2


async def test_one_that_grows_old_makes_room_and_serves_when_the_session_ends(ready: Ready) -> None:
    await ready.pass_ms(50 * 60_000, 2_000)
    calls = ready.calls[MIC].made
    assert [call.closed for call in calls] == [True, True, False, False]
    assert ready.carrying(MIC) is calls[2]
    assert ready.calls[MIC].tried == len(calls)


async def test_a_stream_that_is_hung_up_keeps_none(ready: Ready) -> None:
    await ready.pass_ms(10_000)
    ready.manager.stream(MIC).hang_up()
    await ready.pass_ms(2_000)
    await until(lambda: all(call.closed for call in ready.calls[MIC].made))
    assert ready.manager.stream(MIC).call.state is Connection.OFF
    assert not ready.calls[SPEAKER].made[1].closed
