"""What we add, voice to voice: the end of speech at the microphone to the first sound of the answer at the loudspeaker.

The engine is real, in a process of its own, on a private sound server that records both ends. The provider is a
scripted one: so long after it heard the last of the speech, it sends the answer. What it took is known to it exactly,
turn detection and thought in one, and is taken off; what is left is the way there and the way back, sound devices,
codec and buffers included.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from bench.devices_alone import devices_alone_ms
from bench.measurement import CannotMeasure, Measurement, median, percentile, progress
from bench.sound_server import MICROPHONE, MONITOR, private_sound, recording
from bench.turns import PROVIDER_S, TURN_S, TURNS, Turn, speech, ways
from sentra_tui.domain import actions as a
from tests.engine.process import EngineProcess

_SETTLE_S = 1.0


class Answering(Protocol):
    """The provider's end of a call: answers each burst of sound with one of its own, `PROVIDER_S` after its end."""

    turns: list[Turn]

    async def answer_turns(self) -> None:
        """Answer, for ever."""
        ...


class Scripted(Protocol):
    """A provider in the bench's process."""

    async def start(self) -> None:
        """Listen."""
        ...

    def write_config(self, path: Path) -> None:
        """Write a configuration whose provider it is."""
        ...

    async def close(self) -> None:
        """Hang up and stop listening."""
        ...


def added_latency(
    begin: Callable[[], tuple[Scripted, list[Answering]]],
    options: tuple[str, ...],
    piece: str,
    *,
    less_devices: bool = False,
) -> Measurement:
    """Return what we add to the provider's delay, p95.

    `begin` makes the provider, in a running loop, and the list that it puts the ends of its calls into; `options` are
    the engine's. `piece` is what the call carries sound in. With `less_devices` the delay of the devices alone,
    measured after it on the same server, is taken off; the note tells both.
    """
    with (
        private_sound() as server,
        tempfile.TemporaryDirectory() as home,
        recording(MICROPHONE) as said,
        recording(MONITOR) as heard,
    ):

        async def talk() -> list[Turn]:
            provider, ends = begin()
            await provider.start()
            provider.write_config(Path(home) / "config.toml")
            config = f"--config={Path(home) / 'config.toml'}"
            more = (config, "--mic=device", "--speaker=none", *options)
            engine = await EngineProcess.start(Path(home), *more, env=server.environ)
            try:
                engine.send(a.SetVoice(True))
                await engine.until_live("mic")
                await engine.until(lambda state: state.voice)
                await asyncio.sleep(_SETTLE_S)
                answering = asyncio.create_task(ends[-1].answer_turns())
                with server.play(speech()):
                    await asyncio.sleep((TURNS + 1) * TURN_S)
                answering.cancel()
                return ends[-1].turns
            finally:
                await engine.stop()
                await provider.close()

        travelled = ways(asyncio.run(talk()), said, heard)
        alone_ms = devices_alone_ms(server)
    progress(f"added latency: {len(travelled)} of {TURNS} turns")
    if len(travelled) < TURNS * 0.9:
        raise CannotMeasure(f"only {len(travelled)} of {TURNS} turns were answered and heard")
    all_ms = tuple((way.there_s + way.back_s) * 1000 for way in travelled)
    added_ms = tuple(each - alone_ms for each in all_ms) if less_devices else all_ms
    there_ms = median([way.there_s for way in travelled]) * 1000
    back_ms = median([way.back_s for way in travelled]) * 1000
    note = (
        f"p95 of {len(added_ms)} of {TURNS} turns; end of a tone at the virtual microphone to the first sample of the "
        f"answer at the virtual loudspeaker, less what the scripted provider took from the arrival of the tone's last "
        f"{piece} to the hand-over of the answer's first one (turn detection's silence and delay in one, "
        f"{PROVIDER_S * 1000:.0f} ms); sound devices, codec and buffers included; medians: {there_ms:.0f} ms there, "
        f"{back_ms:.0f} ms back; of which the devices alone, from one to the other, take {alone_ms:.0f} ms"
    )
    if less_devices:
        note += f", which are taken off: with them the p95 is {percentile(all_ms, 95):.0f} ms"
    return Measurement(value=percentile(added_ms, 95), trials=added_ms, note=note)
