"""What the sound itself costs: capture of both streams, levels, echo control and playback, at their dearest.

All of it runs in one process as in the engine, on a private sound server, with an answer sounding all the time and the
others talking, so that nothing rests. The calls are not in it: they are measured with two streams live.
"""

from __future__ import annotations

import asyncio
import time

from bench.measurement import CannotMeasure, Measurement, Measurements, Request, median, progress
from bench.sound_server import private_sound
from sentra_tui.domain.errors import ProviderError
from sentra_tui.domain.sound import DeviceKind

TRIALS = 3
TRIAL_S = 10.0
ROOM_MS = 60
_AHEAD_S = 2.0


def measure(request: Request) -> Measurements:
    """Return the share of one core that the audio path takes, the median of its trials."""
    try:
        from livekit import rtc  # noqa: F401
    except ImportError as error:
        raise CannotMeasure("livekit is not installed: pip install 'sentra-tui[echo]'") from error
    with private_sound() as server, server.room(ROOM_MS):
        trials = tuple(asyncio.run(_cpu_pct()) for _ in range(TRIALS))
    progress(f"audio: {', '.join(f'{trial:.1f}' for trial in trials)} % of a core")
    note = f"median of {TRIALS} times {TRIAL_S:g} s; two captures, two cancellers, meters, playback; no call"
    return {"audio_cpu_pct": Measurement(value=median(trials), trials=trials, note=note)}


async def _cpu_pct() -> float:
    from tests.engine.sound.echo_room import talk
    from tests.services.audio.echo.room import TEXT, frames, speech

    try:
        said = frames(speech(TEXT, _AHEAD_S + TRIAL_S))
    except ProviderError as error:
        raise CannotMeasure(str(error)) from error
    async with talk() as room:
        await room.hear("mic", DeviceKind.INPUT)
        await room.hear("speaker", DeviceKind.MONITOR)
        room.control.set_voice(True)
        await room.until_cancelling()
        answer = asyncio.create_task(room.say(said))
        await asyncio.sleep(_AHEAD_S)
        began_s, began_cpu_s = time.monotonic(), time.process_time()
        await answer
        return (time.process_time() - began_cpu_s) / (time.monotonic() - began_s) * 100
