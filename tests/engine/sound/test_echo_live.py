"""Echo control on a sound server: a loudspeaker whose sound comes back to the microphone."""

from __future__ import annotations

import asyncio

import pytest

from sentra_tui.domain.sound import DeviceKind
from tests.engine.sound.echo_room import talk
from tests.pulse import PulseServer
from tests.services.audio.echo.room import OTHER_TEXT, TEXT, frames, speech

SAFE_DB = 20.0
SPEECH_S = 4.0


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
            microphone.forget()
            await room.say(frames(speech(TEXT, SPEECH_S)))
            assert microphone.usual_reduction_db() > SAFE_DB


async def test_an_answer_is_taken_out_of_the_loopback_and_the_others_out_of_the_microphone(pulse: PulseServer) -> None:
    with pulse.room():
        async with talk() as room:
            microphone = await room.hear("mic", DeviceKind.INPUT)
            speaker = await room.hear("speaker", DeviceKind.MONITOR)
            room.control.set_voice(True)
            await room.until_cancelling()
            microphone.forget()
            speaker.forget()
            await room.say(frames(speech(TEXT, SPEECH_S)))
            assert microphone.usual_reduction_db() > SAFE_DB
            assert speaker.usual_reduction_db() > SAFE_DB
            microphone.forget()
            speaker.forget()
            others = b"".join(frames(speech(OTHER_TEXT, SPEECH_S, speaker="ash")))
            with pulse.play(others, "spk"):
                await asyncio.sleep(SPEECH_S)
            assert microphone.usual_reduction_db() > SAFE_DB
            assert abs(speaker.usual_reduction_db()) < 1
