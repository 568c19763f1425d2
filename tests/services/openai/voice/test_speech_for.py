"""A profile says what speaks."""

from __future__ import annotations

import pytest

from sentra_tui.domain.provider_config import HttpModeConfig, ProviderProfile, SpeechKind
from sentra_tui.services.espeak.speech import EspeakSpeech
from sentra_tui.services.openai.voice.realtime_speech import RealtimeSpeech
from sentra_tui.services.openai.voice.silent_speech import NoSpeech
from sentra_tui.services.openai.voice.speech import HttpSpeech
from sentra_tui.services.openai.voice.speech_for import speech_for
from tests.services.openai.voice.peer import VoicePeer, body, key


@pytest.mark.parametrize(
    ("kind", "speech"),
    [("endpoint", HttpSpeech), ("realtime", RealtimeSpeech), ("espeak", EspeakSpeech), ("none", NoSpeech)],
)
async def test_what_speaks_is_as_the_profile_says(voice: VoicePeer, kind: SpeechKind, speech: type[object]) -> None:
    chosen = speech_for(ProviderProfile(http=HttpModeConfig(speech=kind)), voice.client, key)
    assert isinstance(chosen, speech)
    await chosen.close()


async def test_the_voice_of_the_profile_comes_first(voice: VoicePeer) -> None:
    voice.answer = body(200, bytes(4_800), "audio/pcm")
    profile = ProviderProfile(http=HttpModeConfig(speech_model="kokoro", speech_voice="af_heart"))
    async for _ in speech_for(profile, voice.client, key).speak("Yes.", voice="marin", speed=1.0):
        pass
    assert (voice.asked[0]["model"], voice.asked[0]["voice"]) == ("kokoro", "af_heart")


async def test_without_a_voice_nothing_is_heard() -> None:
    assert [piece async for piece in NoSpeech().speak("Yes.", voice="marin", speed=1.0)] == []
