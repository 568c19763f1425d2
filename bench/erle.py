"""How much of the loudspeaker's echo is taken out of the microphone: echo return loss enhancement.

Answers are spoken through the real playback on a private sound server, which sends the loudspeaker's sound on to the
microphone, 60 ms later; the real capture and the real echo control follow. Each trial begins with a canceller that
knows nothing of the room, and what is measured is the energy before and after it from the third second on.
"""

from __future__ import annotations

import asyncio

from bench.measurement import CannotMeasure, Measurement, Measurements, Request, median, progress
from bench.sound_server import private_sound
from sentra_tui.domain.errors import ProviderError
from sentra_tui.domain.sound import DeviceKind

TRIALS = 5
SPEECH_S = 10.0
ROOM_MS = 60


def measure(request: Request) -> Measurements:
    """Return how much was taken out, the lesser median of trials with and without a loopback as the reference."""
    try:
        from livekit import rtc  # noqa: F401
    except ImportError as error:
        raise CannotMeasure("livekit is not installed: pip install 'sentra-tui[echo]'") from error
    with private_sound() as server, server.room(ROOM_MS):
        from_playback_db = [asyncio.run(_erle_db(loopback=False)) for _ in range(TRIALS)]
        from_loopback_db = [asyncio.run(_erle_db(loopback=True)) for _ in range(TRIALS)]
    progress(f"ERLE: {from_playback_db} dB from playback, {from_loopback_db} dB from a loopback")
    trials = (*from_playback_db, *from_loopback_db)
    note = (
        f"the lesser of two medians of {TRIALS} trials of {SPEECH_S:g} s of speech each, after 2 s: reference from the "
        f"playback {median(from_playback_db):.1f} dB, from a loopback {median(from_loopback_db):.1f} dB; least of all "
        f"{min(trials):.1f} dB; null sink of PulseAudio"
    )
    return {
        "erle_db": Measurement(value=min(median(from_playback_db), median(from_loopback_db)), trials=trials, note=note)
    }


async def _erle_db(*, loopback: bool) -> float:
    from tests.engine.sound.echo_room import talk
    from tests.services.audio.echo.room import TEXT, frames, speech

    try:
        said = frames(speech(TEXT, SPEECH_S))
    except ProviderError as error:
        raise CannotMeasure(str(error)) from error
    async with talk() as room:
        microphone = await room.hear("mic", DeviceKind.INPUT)
        if loopback:
            await room.hear("speaker", DeviceKind.MONITOR)
        room.control.set_voice(True)
        await room.until_cancelling()
        microphone.forget()
        await room.say(said)
        return microphone.reduction_db()
