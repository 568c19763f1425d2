from __future__ import annotations

import pytest

from sentra_tui.domain.config import AUX_INSTRUCTIONS, AuxConfig, ProviderProfile, StreamConfig
from sentra_tui.protocol.session_config import mic_session, speaker_session


def test_the_microphone_is_answered_in_writing_until_voice_is_on() -> None:
    profile, stream, aux = ProviderProfile(), StreamConfig(), AuxConfig()
    assert mic_session(profile, stream, aux, voice=False)["output_modalities"] == ["text"]
    assert mic_session(profile, stream, aux, voice=True)["output_modalities"] == ["audio"]


def test_the_microphone_session_spells_its_turn_detection_out() -> None:
    session = mic_session(ProviderProfile(), StreamConfig(), AuxConfig(silence_ms=700), voice=False)
    assert session["audio"]["input"]["turn_detection"] == {
        "type": "server_vad",
        "threshold": 0.5,
        "prefix_padding_ms": 300,
        "silence_duration_ms": 700,
        "create_response": True,
        "interrupt_response": True,
    }


def test_the_microphone_session_carries_what_the_user_set() -> None:
    profile = ProviderProfile(model="m", mic_transcription_model="t")
    aux = AuxConfig(max_output_tokens=99, voice="alto")
    session = mic_session(profile, StreamConfig(language="de"), aux, voice=False)
    assert (session["type"], session["model"], session["max_output_tokens"]) == ("realtime", "m", 99)
    assert session["instructions"] == AUX_INSTRUCTIONS
    assert session["audio"]["input"]["transcription"] == {"model": "t", "language": "de"}
    assert session["audio"]["output"] == {"voice": "alto"}


def test_no_language_leaves_the_finding_of_it_to_the_server() -> None:
    assert "language" not in speaker_session(ProviderProfile(), StreamConfig())["audio"]["input"]["transcription"]


def test_the_speaker_is_transcribed_and_never_answered() -> None:
    session = speaker_session(ProviderProfile(), StreamConfig())
    assert session["type"] == "transcription"
    assert session["audio"]["input"]["turn_detection"]["type"] == "server_vad"
    assert session.keys() == {"type", "audio"}


@pytest.mark.parametrize("model", ["gpt-live-transcribe", "gpt-realtime-whisper", "gpt-live-transcribe-2026-09-10"])
def test_models_without_turn_detection_are_sent_none(model: str) -> None:
    session = speaker_session(ProviderProfile(speaker_transcription_model=model), StreamConfig())
    assert session["audio"]["input"]["turn_detection"] is None
