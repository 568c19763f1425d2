"""What we add, voice to voice: the end of speech at the microphone to the first sound of the answer at the loudspeaker.

The engine is real, in a process of its own, on a private sound server that records both ends. The provider is a
scripted peer: so long after it heard the last of the speech, it sends the answer. What it took is known to it exactly,
turn detection and thought in one, and is taken off; what is left is the way there and the way back, sound devices,
codec and buffers included.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from random import Random

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from bench.measurement import CannotMeasure, Measurement, Measurements, Request, median, percentile, progress
from bench.peer import Peer
from bench.scripted_provider import NAME, ScriptedProvider
from bench.sound_server import MICROPHONE, MONITOR, Recording, private_sound, recording
from sentra_tui.domain import actions as a
from sentra_tui.domain.audio import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE_HZ, ms_to_samples
from sentra_tui.media.opus import OpusDecoder
from sentra_tui.media.peer import OpusTrack
from tests.engine.process import EngineProcess

TURNS = 30
PROVIDER_S = 0.5
"""What the provider takes from the last of the speech to the first of the answer: silence of its turn detection, and
thought."""
SEED = 13

_SPEECH_MS = 400
_ANSWER_FRAMES = 20
_TURN_S = 1.8
_LOUD = 2_000
_PAUSE_MS = 200
_SETTLE_S = 1.0


class Turn(Struct, frozen=True):
    """One turn at the provider, in seconds of the monotonic clock."""

    heard_s: float
    """When the last loud packet of the speech had arrived."""
    answered_s: float
    """When the first frame of the answer was handed over to be sent."""


class Ways(Struct, frozen=True):
    """How long sound travelled in one turn."""

    there_s: float
    back_s: float


class Answering(Peer):
    """Answers each burst of sound with one of its own, `PROVIDER_S` after its end."""

    def __init__(self) -> None:
        self._sound = OpusTrack()
        super().__init__(self._sound)
        self.turns: list[Turn] = []
        self._decoder = OpusDecoder()
        self._heard_s: float | None = None

    async def answer_turns(self) -> None:
        """Answer, for ever."""
        while True:
            await asyncio.sleep(0.001)
            heard_s = self._heard_s
            if heard_s is None or self._loop.time() < heard_s + PROVIDER_S:
                continue
            self._heard_s = None
            self.turns.append(Turn(heard_s, self._loop.time()))
            await self._speak()

    async def _speak(self) -> None:
        due_s = self._loop.time()
        for index in range(_ANSWER_FRAMES):
            self._sound.send(tone(660, FRAME_SAMPLES, index * FRAME_SAMPLES).tobytes())
            due_s += FRAME_MS / 1000
            await asyncio.sleep(max(0.0, due_s - self._loop.time()))

    def _on_packet(self, sequence: int, ssrc: int, payload: bytes) -> None:
        if np.abs(np.frombuffer(self._decoder.decode(payload), "<i2").astype(int)).max() >= _LOUD:
            self._heard_s = self._loop.time()


def measure(request: Request) -> Measurements:
    """Return what we add to the provider's delay, p95."""
    with (
        private_sound() as server,
        tempfile.TemporaryDirectory() as home,
        recording(MICROPHONE) as said,
        recording(MONITOR) as heard,
    ):
        turns = asyncio.run(_talk(Path(home), server.environ, lambda: server.play(speech())))
        ways = _ways(turns, said, heard)
    added_ms = tuple((way.there_s + way.back_s) * 1000 for way in ways)
    progress(f"added latency: {len(added_ms)} of {TURNS} turns")
    if len(added_ms) < TURNS * 0.9:
        raise CannotMeasure(f"only {len(added_ms)} of {TURNS} turns were answered and heard")
    there_ms, back_ms = median([way.there_s for way in ways]) * 1000, median([way.back_s for way in ways]) * 1000
    note = (
        f"p95 of {len(added_ms)} of {TURNS} turns; end of a tone at the virtual microphone to the first sample of the "
        f"answer at the virtual loudspeaker, less what the scripted provider took from the arrival of the tone's last "
        f"packet to the hand-over of the answer's first frame (turn detection's silence and delay in one, "
        f"{PROVIDER_S * 1000:.0f} ms); sound devices, codec and buffers included; medians: {there_ms:.0f} ms there, "
        f"{back_ms:.0f} ms back"
    )
    return {"added_latency_webrtc_p95_ms": Measurement(value=percentile(added_ms, 95), trials=added_ms, note=note)}


async def _talk(home: Path, environ: dict[str, str], speak: Callable[[], AbstractContextManager[None]]) -> list[Turn]:
    peers: list[Answering] = []

    def make_peer(session_type: str) -> Peer:
        peers.append(Answering())
        return peers[-1]

    provider = ScriptedProvider(make_peer)
    await provider.start()
    provider.write_config(home / "config.toml")
    options = (f"--config={home / 'config.toml'}", f"--provider={NAME}", "--mic=device", "--speaker=none")
    engine = await EngineProcess.start(home, *options, env=environ)
    try:
        engine.send(a.SetVoice(True))
        await engine.until_live("mic")
        await engine.until(lambda state: state.voice)
        await asyncio.sleep(_SETTLE_S)
        answering = asyncio.create_task(peers[-1].answer_turns())
        with speak():
            await asyncio.sleep((TURNS + 1) * _TURN_S)
        answering.cancel()
        return peers[-1].turns
    finally:
        await engine.stop()
        await provider.close()


def tone(frequency_hz: float, samples: int, start: int = 0) -> NDArray[np.int16]:
    """Return a piece of a tone, from its sample `start` on."""
    time_s = (np.arange(samples) + start) / SAMPLE_RATE_HZ
    return (np.sin(2 * np.pi * frequency_hz * time_s) * 8_000).astype("<i2")


def speech() -> bytes:
    """Return a tone for each turn, which end at all places of a frame."""
    random = Random(SEED)
    pieces = []
    for _ in range(TURNS):
        said = tone(440, ms_to_samples(_SPEECH_MS + random.uniform(0, FRAME_MS)))
        pieces += [said, np.zeros(ms_to_samples(_TURN_S * 1000) - said.size, "<i2")]
    return np.concatenate(pieces).tobytes()


def _ways(turns: list[Turn], said: Recording, heard: Recording) -> list[Ways]:
    """Return how long sound travelled in each turn that can be told apart."""
    ends_s = [said.time_of(end) for _, end in bursts(said.samples())]
    begins_s = [heard.time_of(begin) for begin, _ in bursts(heard.samples())]
    ways = []
    for end_s in ends_s:
        at_provider = [turn for turn in turns if 0 <= turn.heard_s - end_s < PROVIDER_S]
        at_loudspeaker = [begin_s for begin_s in begins_s if 0 < begin_s - end_s < _TURN_S - _SPEECH_MS / 1000]
        if len(at_provider) == len(at_loudspeaker) == 1:
            turn = at_provider[0]
            ways.append(Ways(turn.heard_s - end_s, at_loudspeaker[0] - turn.answered_s))
    return ways


def bursts(samples: NDArray[np.int16]) -> list[tuple[int, int]]:
    """Return the first sample of each burst of sound, and the one after its last."""
    loud = np.flatnonzero(np.abs(samples.astype(int)) >= _LOUD)
    if not loud.size:
        return []
    breaks = np.flatnonzero(np.diff(loud) > ms_to_samples(_PAUSE_MS))
    begins = [loud[0], *loud[breaks + 1]]
    ends = [*loud[breaks], loud[-1]]
    return [(int(begin), int(end) + 1) for begin, end in zip(begins, ends, strict=True)]
