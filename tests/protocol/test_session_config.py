from __future__ import annotations

from typing import Any

import pytest

from sentra_tui.domain.config import AUX_INSTRUCTIONS, AuxConfig
from sentra_tui.domain.provider_config import ProviderProfile, Supports
from sentra_tui.domain.stream_settings import StreamSettings
from sentra_tui.protocol.session_config import (
    BargeInBy,
    begins_answers,
    finds_turns,
    mic_session,
    session_change,
    speaker_session,
)


def test_the_microphone_is_answered_in_writing_until_voice_is_on() -> None:
    profile, aux = ProviderProfile(), AuxConfig()
    assert mic_session(profile, aux, StreamSettings())["output_modalities"] == ["text"]
    assert mic_session(profile, aux, StreamSettings(voice=True))["output_modalities"] == ["audio"]


def test_the_microphone_session_spells_its_turn_detection_out() -> None:
    session = mic_session(ProviderProfile(), AuxConfig(silence_ms=700), StreamSettings())
    assert session["audio"]["input"]["turn_detection"] == {
        "type": "server_vad",
        "threshold": 0.5,
        "prefix_padding_ms": 300,
        "silence_duration_ms": 700,
        "create_response": True,
        "interrupt_response": False,
    }


def test_the_microphone_session_carries_what_the_user_set() -> None:
    profile = ProviderProfile(model="m", mic_transcription_model="t")
    aux = AuxConfig(max_output_tokens=99, voice="alto")
    session = mic_session(profile, aux, StreamSettings(language="de", speed=1.2))
    assert (session["type"], session["model"], session["max_output_tokens"]) == ("realtime", "m", 99)
    assert session["instructions"] == AUX_INSTRUCTIONS
    assert session["audio"]["input"]["transcription"] == {"model": "t", "language": "de"}
    assert session["audio"]["output"] == {"voice": "alto", "speed": 1.2}


def test_no_language_leaves_the_finding_of_it_to_the_server() -> None:
    assert "language" not in speaker_session(ProviderProfile(), StreamSettings())["audio"]["input"]["transcription"]


def test_the_speaker_is_transcribed_and_never_answered() -> None:
    session = speaker_session(ProviderProfile(), StreamSettings())
    assert session["type"] == "transcription"
    assert session["audio"]["input"]["turn_detection"]["type"] == "server_vad"
    assert session.keys() == {"type", "audio"}


@pytest.mark.parametrize("model", ["gpt-live-transcribe", "gpt-realtime-whisper", "gpt-live-transcribe-2026-09-10"])
def test_models_without_turn_detection_are_sent_none(model: str) -> None:
    session = speaker_session(ProviderProfile(speaker_transcription_model=model), StreamSettings())
    assert session["audio"]["input"]["turn_detection"] is None


def test_who_finds_the_turns_is_told_by_the_session() -> None:
    assert finds_turns(speaker_session(ProviderProfile(), StreamSettings()))
    profile = ProviderProfile(speaker_transcription_model="gpt-live-transcribe")
    assert not finds_turns(speaker_session(profile, StreamSettings()))


def test_a_server_without_transcription_sessions_is_asked_for_a_conversation_without_answers() -> None:
    profile = ProviderProfile(model="m", supports=Supports(transcription_session=False))
    session = speaker_session(profile, StreamSettings(language="de"))
    assert (session["type"], session["model"], session["output_modalities"]) == ("realtime", "m", ["text"])
    assert not begins_answers(session)
    assert finds_turns(session)
    assert session["audio"]["input"]["transcription"]["language"] == "de"


@pytest.mark.parametrize("dialect", ["vllm", "xai"])
def test_the_client_finds_the_turns_for_a_server_that_finds_none_or_answers_them_all(dialect: Any) -> None:
    assert not finds_turns(speaker_session(ProviderProfile(dialect=dialect), StreamSettings()))


def test_who_speaks_waits_longer_for_the_end_of_a_turn() -> None:
    session = mic_session(ProviderProfile(), AuxConfig(), StreamSettings(voice=True))
    assert session["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 1200


def test_speech_silences_a_spoken_answer_and_lets_a_written_one_go_on() -> None:
    for voice in (False, True):
        session = mic_session(ProviderProfile(), AuxConfig(), StreamSettings(voice=voice))
        assert session["audio"]["input"]["turn_detection"]["interrupt_response"] is voice


@pytest.mark.parametrize("barge_in", ["voice", "key"])
def test_the_server_interrupts_nothing_where_that_is_ours_to_do(barge_in: BargeInBy) -> None:
    session = mic_session(ProviderProfile(), AuxConfig(), StreamSettings(voice=True), barge_in)
    assert session["audio"]["input"]["turn_detection"]["interrupt_response"] is False


def test_the_server_begins_no_answers_where_only_questions_or_keys_do() -> None:
    session = mic_session(ProviderProfile(), AuxConfig(replies="questions"), StreamSettings())
    assert session["audio"]["input"]["turn_detection"]["create_response"] is False


def test_money_is_saved_with_the_smaller_model() -> None:
    session = mic_session(ProviderProfile(economy_model="small"), AuxConfig(), StreamSettings(economy=True))
    assert session["model"] == "small"


def mic(**settings: Any) -> dict[str, Any]:
    return mic_session(ProviderProfile(), AuxConfig(), StreamSettings(**settings))


def test_a_change_sends_only_what_differs() -> None:
    assert session_change(mic(), mic(speed=1.2)) == {"type": "realtime", "audio": {"output": {"speed": 1.2}}}
    assert session_change(mic(), mic()) == {}


def test_a_change_of_language_sends_the_whole_transcription() -> None:
    changed = session_change(mic(), mic(language="de"))
    transcription = {"model": ProviderProfile().mic_transcription_model, "language": "de"}
    assert changed == {"type": "realtime", "audio": {"input": {"transcription": transcription}}}


def test_no_update_takes_a_language_or_a_model_back() -> None:
    assert session_change(mic(language="de"), mic()) is None
    assert session_change(mic(), mic(economy=True)) is None
