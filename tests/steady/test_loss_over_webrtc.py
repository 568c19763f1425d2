from __future__ import annotations

import asyncio

import pytest

from sentra_tui.domain.audio import FRAME_MS, FrameSpan
from sentra_tui.protocol.liveness import Pulse
from sentra_tui.services.transport.webrtc import WebRtcTransport
from tests.steady.silent_path import Judge, Speaker, relayed_call

NEAR_MS = 1_700
"""How far a span may begin before what was lost, or end after: a peer reports each 1.5 s at the latest."""


async def losses(transport: WebRtcTransport) -> list[FrameSpan]:
    """Return the next losses that are known."""
    async with asyncio.timeout(20):
        while not (spans := transport.take_losses()):
            await asyncio.sleep(0.05)
    return list(spans)


@pytest.mark.row(13)
async def test_a_call_that_loses_a_fifth_of_its_packets_goes_on_and_tells_what_was_missed() -> None:
    async with relayed_call(1) as (transport, relay):
        speaker, judge, spans = Speaker(transport), Judge(transport), list[FrameSpan]()
        relay.up.loss = relay.down.loss = 0.2
        relay.up.delay_s = relay.down.delay_s = 0.05
        relay.up.jitter_s = relay.down.jitter_s = 0.05
        for _ in range(10):
            await asyncio.sleep(1)
            spans += transport.take_losses()
        transport.send('{"type":"ping"}')
        async with asyncio.timeout(20):
            assert await anext(transport.messages()) == '{"type":"ping"}'
        await judge.until(Pulse.ALIVE)
        await speaker.stop()
        quality = await transport.quality()
        assert sum(span.end - span.start for span in spans) > 0.4 * speaker.frames
        assert quality.repaired is not None
        assert quality.repaired > 0.02


@pytest.mark.row(13)
@pytest.mark.row(3)
async def test_a_black_hole_of_three_seconds_is_one_span_and_the_call_goes_on() -> None:
    async with relayed_call(2) as (transport, relay):
        speaker, judge = Speaker(transport), Judge(transport)
        await asyncio.sleep(2)
        transport.take_losses()
        began = speaker.frames
        relay.blackhole(True)
        await asyncio.sleep(3)
        ended = speaker.frames
        relay.blackhole(False)
        (span,) = await losses(transport)
        assert began - NEAR_MS / FRAME_MS <= span.start <= began + 1
        assert ended - 1 <= span.end <= ended + NEAR_MS / FRAME_MS
        await judge.until(Pulse.ALIVE)
        transport.send('{"type":"ping"}')
        async with asyncio.timeout(20):
            assert await anext(transport.messages()) == '{"type":"ping"}'
        await speaker.stop()
