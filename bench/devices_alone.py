"""What the sound devices take by themselves: the microphone's callback hands each block to the loudspeaker's."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from bench.measurement import CannotMeasure, median
from bench.sound_server import MICROPHONE, MONITOR, recording
from bench.turns import TURN_S, bursts, speech
from sentra_tui.domain.audio import SAMPLE_RATE_HZ
from tests.pulse import PulseServer, used_by_this_process

_ROUNDS = 12
_SETTLE_S = 1.0
_BLOCK_SAMPLES = 480


def devices_alone_ms(server: PulseServer) -> float:
    """Return how long sound travels from microphone to loudspeaker with nothing of ours in between, in the median."""
    waiting: deque[bytes] = deque(maxlen=1)

    def take(block: Any, samples: int, moment: Any, status: Any) -> None:
        waiting.append(bytes(block))

    def give(block: Any, samples: int, moment: Any, status: Any) -> None:
        block[:] = waiting.popleft() if waiting else bytes(len(block))

    with used_by_this_process(server), recording(MICROPHONE) as said, recording(MONITOR) as heard:
        import sounddevice

        form = {"samplerate": SAMPLE_RATE_HZ, "blocksize": _BLOCK_SAMPLES, "channels": 1, "dtype": "int16"}
        with (
            sounddevice.RawInputStream(callback=take, latency="low", device="pulse", **form),
            sounddevice.RawOutputStream(callback=give, latency="low", device="pulse", **form),
        ):
            time.sleep(_SETTLE_S)
            with server.play(speech()[: int(_ROUNDS * TURN_S * SAMPLE_RATE_HZ) * 2]):
                time.sleep((_ROUNDS + 1) * TURN_S)
        begins_s = [heard.time_of(begin) for begin, _ in bursts(heard.samples())]
        ways_ms = [
            min(waits_ms)
            for begin, _ in bursts(said.samples())
            if (
                waits_ms := [(each - said.time_of(begin)) * 1000 for each in begins_s if each - said.time_of(begin) > 0]
            )
        ]
    if not ways_ms:
        raise CannotMeasure("the devices alone carried no sound")
    return median(ways_ms)
