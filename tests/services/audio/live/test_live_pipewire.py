"""The second lane: the same on PipeWire, which does some of it in another way."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from sentra_tui.domain.sound import Trouble
from tests.pipewire import PipeWireServer, running_pipewire
from tests.pulse import used_by_this_process
from tests.services.audio.live.room import Listener, listening, loudspeaker, microphone, noise, playing, until

PLAYED_TIMES = 8


@pytest.fixture(scope="module")
def pipewire() -> Iterator[PipeWireServer]:
    """A private PipeWire, running and used by this process."""
    for server in running_pipewire():
        with used_by_this_process(server):
            yield server


async def hears_all(
    server: PipeWireServer, listener: Listener, sink: str, seed: int, *, amplitude: int = 10_000
) -> None:
    """Play until a whole sound arrived: without real-time threads PipeWire itself skips some of it now and then."""
    for attempt in range(PLAYED_TIMES):
        sound = noise(0.5, 10 * seed + attempt, amplitude)
        with playing(server, sound, sink):
            await listener.hears_something()
            await asyncio.sleep(1)
        if sound in listener.pcm:
            return
    pytest.fail(f"no sound of {sink} arrived whole")


async def test_both_streams_are_captured_bit_exact_at_once_from_pipewire(pipewire: PipeWireServer) -> None:
    async with listening(microphone()) as mic, listening(loudspeaker()) as speaker:
        await asyncio.gather(hears_all(pipewire, mic, "mic_feed", 1), hears_all(pipewire, speaker, "spk", 2))


async def test_full_stereo_does_not_clip_on_pipewire(pipewire: PipeWireServer) -> None:
    with pipewire.added("wide"):
        pipewire.unplug("wide")
        pipewire.devices["wide"] = "module-null-sink rate=48000 channels=2 sink_name=wide"
        pipewire.plug("wide")
        async with listening(loudspeaker("wide")) as speaker:
            await hears_all(pipewire, speaker, "wide", 3, amplitude=32_000)


async def test_a_microphone_unplugged_from_pipewire_is_gone_and_taken_again(pipewire: PipeWireServer) -> None:
    async with listening(loudspeaker()) as speaker, listening(microphone()) as mic:
        with playing(pipewire, noise(60, 4), "spk"):
            await speaker.hears_something()
            with pipewire.unplugged("mic"):
                await mic.told(Trouble.GONE)
            await until(lambda: mic.troubles[-1] is not Trouble.GONE, "the microphone to be taken again")
            assert speaker.troubles == [Trouble.NONE]
        assert not any(mic.pcm)
        await hears_all(pipewire, mic, "mic_feed", 5)


async def test_another_default_output_of_pipewire_is_followed(pipewire: PipeWireServer) -> None:
    with pipewire.added("new"):
        async with listening(loudspeaker()) as speaker:
            with pipewire.default_sink("new"):
                await until(lambda: "new" in speaker.reports[-1].label, "the new output")
                with playing(pipewire, noise(20, 6), "new"):
                    await speaker.hears_something()
