from __future__ import annotations

import json
from typing import Any

import pytest

from sentra_tui.domain.config import AuxConfig
from sentra_tui.domain.provider_config import ProviderProfile
from sentra_tui.domain.stream_settings import StreamSettings
from sentra_tui.protocol import client_events as c
from sentra_tui.protocol import server_events as s
from sentra_tui.protocol.codec import decode, encode
from sentra_tui.protocol.dialects import GA_NAMES, Dialect, beta_session
from sentra_tui.protocol.session_config import mic_session, speaker_session


def beta(event: c.ClientEvent) -> Any:
    return json.loads(encode(event, Dialect.BETA))


@pytest.mark.parametrize(("beta_name", "ga_name"), GA_NAMES.items())
def test_a_beta_event_is_read_as_its_ga_twin(beta_name: str, ga_name: str) -> None:
    fields = {"item_id": "item_1", "response_id": "resp_1", "delta": "a", "text": "b", "transcript": "c"}
    assert decode(json.dumps({"type": beta_name, **fields})) == decode(json.dumps({"type": ga_name, **fields}))


def test_an_item_created_in_beta_is_an_item_added() -> None:
    event = decode('{"type":"conversation.item.created","previous_item_id":"a","item":{"id":"b"}}')
    assert isinstance(event, s.ConversationItemAdded)
    assert (event.item.id, event.previous_item_id) == ("b", "a")


def test_a_realtime_session_is_flat_in_beta() -> None:
    session = mic_session(
        ProviderProfile(model="m", mic_transcription_model="t"),
        AuxConfig(instructions="be brief", max_output_tokens=50),
        StreamSettings(language="de", voice=True, answer_voice="alto", speed=1.2),
    )
    assert beta(c.SessionUpdate(session, event_id="event_1")) == {
        "type": "session.update",
        "event_id": "event_1",
        "session": {
            "model": "m",
            "instructions": "be brief",
            "modalities": ["audio", "text"],
            "max_response_output_tokens": 50,
            "voice": "alto",
            "speed": 1.2,
            "input_audio_transcription": {"model": "t", "language": "de"},
            "turn_detection": session["audio"]["input"]["turn_detection"],
        },
    }


def test_a_transcription_session_has_an_event_of_its_own_in_beta() -> None:
    profile = ProviderProfile(speaker_transcription_model="gpt-realtime-whisper")
    assert beta(c.SessionUpdate(speaker_session(profile, StreamSettings()))) == {
        "type": "transcription_session.update",
        "session": {"input_audio_transcription": {"model": "gpt-realtime-whisper"}, "turn_detection": None},
    }


def test_formats_have_other_names_in_beta() -> None:
    session = {
        "type": "realtime",
        "audio": {
            "input": {"format": {"type": "audio/pcm", "rate": 24000}, "noise_reduction": {"type": "near_field"}},
            "output": {"format": {"type": "audio/pcmu"}, "speed": 1.2},
        },
    }
    assert beta_session(session) == {
        "input_audio_format": "pcm16",
        "input_audio_noise_reduction": {"type": "near_field"},
        "output_audio_format": "g711_ulaw",
        "speed": 1.2,
    }


def test_an_assistants_words_are_plain_text_in_beta() -> None:
    event = c.ConversationItemCreate(c.MessageItem("assistant", (c.OutputText("because"),)))
    assert beta(event)["item"]["content"] == [{"type": "text", "text": "because"}]


def test_the_modality_of_one_response_has_another_name_in_beta() -> None:
    event = c.ResponseCreate(c.ResponseParams(output_modalities=("text",), max_output_tokens=9))
    assert beta(event)["response"] == {"modalities": ["text"], "max_output_tokens": 9}


@pytest.mark.parametrize("event", [c.ResponseCreate(), c.ResponseCancel("resp_1"), c.InputAudioBufferCommit()])
def test_other_events_are_the_same_in_both(event: c.ClientEvent) -> None:
    assert beta(event) == json.loads(encode(event))
