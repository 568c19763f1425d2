"""The pumps between a source, a call and a loudspeaker."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from sentra_tui.domain import changes as c
from sentra_tui.domain.audio import FRAME_BYTES, FRAME_MS, SILENCE
from sentra_tui.domain.errors import SourceError
from sentra_tui.engine.sound.cut import Cut
from sentra_tui.engine.sound.pumps import HEADROOM_S, LEAD_S, LEVELS_HZ, SourcePump, play
from tests.engine.peers import CountingMeter, ListSink, ListSource, LoopTransport, until

TONE = b"\x01\x10" * (FRAME_BYTES // 2)


class Pumping:
    """A pump at work on a clock of its own: 20 ms pass with each frame."""

    def __init__(self, source: ListSource, *, begin: bool = True) -> None:
        self.told: list[c.Change] = []
        self.meter = CountingMeter()
        self.pump = SourcePump("mic", self.meter, lambda: self.meter.fed * 20, self.told.append)
        self.pump.transport = self.transport = LoopTransport()
        self.begin = asyncio.Event()
        if begin:
            self.begin.set()
        self.task = asyncio.ensure_future(self.run(source))

    async def run(self, source: ListSource) -> None:
        await self.pump.run(source, self.begin)
        await self.pump.run_silent()

    async def end(self) -> None:
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task


async def test_a_recording_is_carried_and_silence_follows() -> None:
    source = ListSource([TONE] * 3)
    pumping = Pumping(source)
    await until(lambda: len(pumping.transport.heard) > 5)
    await pumping.end()
    assert pumping.transport.heard[:5] == [TONE, TONE, TONE, SILENCE, SILENCE]
    assert [change for change in pumping.told if not isinstance(change, c.LevelMeasured)] == [
        c.SourceOpened("mic", "a list"),
        c.SourceEnded("mic"),
    ]
    assert source.closed


async def test_a_muted_stream_sends_silence_and_is_still_measured() -> None:
    pumping = Pumping(ListSource([TONE] * 3))
    pumping.pump.muted = True
    await until(lambda: len(pumping.transport.heard) >= 3)
    await pumping.end()
    assert set(pumping.transport.heard) == {SILENCE}
    assert pumping.meter.fed >= 3


async def test_a_recording_waits_for_its_beginning() -> None:
    pumping = Pumping(ListSource([TONE]), begin=False)
    await until(lambda: len(pumping.transport.heard) >= 2)
    assert set(pumping.transport.heard) == {SILENCE}
    pumping.begin.set()
    await until(lambda: TONE in pumping.transport.heard)
    await pumping.end()


async def test_a_source_that_breaks_is_let_go_of() -> None:
    source = ListSource([TONE], SourceError("The microphone is gone.", hint="Plug it in."))
    with pytest.raises(SourceError, match="gone"):
        await Pumping(source).task
    assert source.closed


async def test_a_source_without_a_call_is_measured_and_goes_nowhere() -> None:
    pumping = Pumping(ListSource([TONE] * 10))
    pumping.pump.transport = None
    await until(lambda: pumping.meter.fed >= 10)
    await pumping.end()
    assert pumping.transport.heard == []


async def test_levels_come_at_their_rate_however_many_frames() -> None:
    pumping = Pumping(ListSource([TONE] * 500))
    await until(lambda: pumping.meter.fed >= 500)
    await pumping.end()
    levels = [change for change in pumping.told if isinstance(change, c.LevelMeasured)]
    seconds = pumping.meter.fed * 0.02
    assert 0.7 * LEVELS_HZ * seconds <= len(levels) <= LEVELS_HZ * seconds + 1


class TimedTransport(LoopTransport):
    """Keeps when its sound was taken."""

    def __init__(self) -> None:
        super().__init__()
        self.taken_s: list[float] = []

    def receive_audio(self) -> bytes | None:
        frame = super().receive_audio()
        if frame is not None:
            self.taken_s.append(asyncio.get_running_loop().time())
        return frame


async def test_sound_that_begins_is_given_time_for_what_follows_it_late() -> None:
    transport, sink = TimedTransport(), ListSink()
    task = asyncio.ensure_future(play(transport, sink, Cut()))
    said_s = []
    for number in range(9):
        await asyncio.sleep(0.05 + number * 0.003)
        said_s.append(asyncio.get_running_loop().time())
        transport.sound.append(TONE)
    await until(lambda: len(sink.frames) == 9)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    waits_s = [taken_s - began_s for taken_s, began_s in zip(transport.taken_s, said_s, strict=True)]
    assert sorted(waits_s)[4] >= HEADROOM_S * 0.99  # but for one that arrives in the moment of an idle pull


async def test_of_sound_that_comes_all_at_once_the_first_frames_are_played_without_a_pause() -> None:
    transport, sink = LoopTransport(), ListSink()
    transport.server_truncates = False
    task = asyncio.ensure_future(play(transport, sink, Cut()))
    await asyncio.sleep(0)
    transport.sound += [TONE] * 10
    await until(lambda: bool(sink.frames))
    for _ in range(10):
        await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert len(sink.frames) > LEAD_S * 1000 // FRAME_MS


async def test_sound_that_comes_in_gusts_is_played_no_further_ahead_with_each_of_them() -> None:
    transport, sink = LoopTransport(), ListSink()
    transport.server_truncates = False
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    task = asyncio.ensure_future(play(transport, sink, Cut()))
    for _ in range(12):
        transport.sound += [TONE] * 2
        await until(lambda: not transport.sound)
        await asyncio.sleep(0.025)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert len(sink.frames) <= (loop.time() - began_s + LEAD_S) * 1000 / FRAME_MS + 1


async def test_what_the_peer_says_is_played_in_order() -> None:
    transport, sink = LoopTransport(), ListSink()
    transport.sound = [TONE, SILENCE, TONE]
    task = asyncio.ensure_future(play(transport, sink, Cut()))
    await until(lambda: len(sink.frames) == 3)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert sink.frames == [TONE, SILENCE, TONE]
