"""Echo control on a sound server: a loudspeaker whose sound comes back to the microphone."""

from __future__ import annotations

import asyncio

import pytest

from sentra_tui.domain.sound import DeviceKind
from tests.engine.sound.echo_room import Heard, Talk, talk
from tests.pulse import PulseServer
from tests.services.audio.echo.room import OTHER_TEXT, TEXT, frames, speech

SAFE_DB = 20.0
SPEECH_S = 4.0
ROUNDS = 3
"""A machine that is too busy to keep the sound flowing gets another chance."""


@pytest.fixture(autouse=True)
def libraries() -> None:
    pytest.importorskip("livekit.rtc")
    pytest.importorskip("espeakng_loader")


async def test_an_answer_in_the_room_is_taken_out_of_the_microphone(pulse: PulseServer) -> None:
    with pulse.room():
        async with talk() as room:
            microphone = await room.hear("mic", DeviceKind.INPUT)
            room.control.set_voice(True)
            await room.until_cancelling()
            assert await is_taken_out_of(room, microphone)


async def test_an_answer_is_taken_out_of_the_loopback_and_the_others_out_of_the_microphone(pulse: PulseServer) -> None:
    with pulse.room():
        async with talk() as room:
            microphone = await room.hear("mic", DeviceKind.INPUT)
            speaker = await room.hear("speaker", DeviceKind.MONITOR)
            room.control.set_voice(True)
            await room.until_cancelling()
            assert await is_taken_out_of(room, microphone, speaker)
            assert await the_others_pass(pulse, microphone, speaker)


async def is_taken_out_of(room: Talk, *streams: Heard) -> bool:
    for _ in range(ROUNDS):
        for stream in streams:
            stream.forget()
        await room.say(frames(speech(TEXT, SPEECH_S)))
        if all(stream.usual_reduction_db() > SAFE_DB for stream in streams):
            return True
    return False


async def the_others_pass(pulse: PulseServer, microphone: Heard, speaker: Heard) -> bool:
    """Return whether what the others say is taken out of the microphone, and left in what they say."""
    others = b"".join(frames(speech(OTHER_TEXT, SPEECH_S, speaker="ash")))
    for _ in range(ROUNDS):
        microphone.forget()
        speaker.forget()
        with pulse.play(others, "spk"):
            await asyncio.sleep(SPEECH_S)
        if microphone.usual_reduction_db() > SAFE_DB and abs(speaker.usual_reduction_db()) < 1:
            return True
    return False
