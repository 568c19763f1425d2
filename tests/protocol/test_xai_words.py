from __future__ import annotations

import json
from typing import Any

import pytest

from sentra_tui.domain import changes as ch
from sentra_tui.domain.config import AuxConfig
from sentra_tui.domain.provider_config import ProviderProfile
from sentra_tui.domain.state import AnswerStatus
from sentra_tui.domain.stream_settings import StreamSettings
from sentra_tui.domain.transcript import LineKey
from sentra_tui.protocol import client_events as c
from sentra_tui.protocol import server_events as s
from sentra_tui.protocol.codec import decode, encode
from sentra_tui.protocol.dialects import Dialect
from sentra_tui.protocol.effects import CallBroken, MeterUsage
from sentra_tui.protocol.objects import Response
from sentra_tui.protocol.server_events import Unknown
from sentra_tui.protocol.session import Session
from sentra_tui.protocol.session_config import mic_session

PROFILE = ProviderProfile(dialect="xai", mic_transcription_model="grok-transcribe")


def update(session: dict[str, Any]) -> Any:
    return json.loads(encode(c.SessionUpdate(session), Dialect.XAI))["session"]


def read(*frames: dict[str, Any]) -> list[Any]:
    session = Session("mic", 1, 0, answers=True, voice=True)
    told: list[Any] = []
    for number, frame in enumerate(frames):
        told += session.receive(decode(json.dumps(frame)), number * 100)
    return told


def test_voice_and_turn_detection_stand_at_the_top_too_and_say_who_begins_answers() -> None:
    session = mic_session(PROFILE, AuxConfig(), StreamSettings(voice=True, answer_voice="ara", language="de"))
    written = update(session)
    assert (written["type"], written["voice"], written["instructions"]) == ("realtime", "ara", session["instructions"])
    assert written["turn_detection"] == session["audio"]["input"]["turn_detection"]
    assert written["turn_detection"]["create_response"] is True
    assert written["audio"]["output"] == session["audio"]["output"]
    assert written["audio"]["input"]["transcription"] == {
        "model": "grok-transcribe",
        "language": "de",
        "language_hint": "de",
    }


def test_turns_that_the_client_ends_are_a_turn_detection_without_a_type() -> None:
    session = {"type": "realtime", "audio": {"input": {"turn_detection": None}}}
    assert update(session)["turn_detection"] == {"type": None}


def test_what_an_update_does_not_change_is_not_said() -> None:
    assert update({"type": "realtime", "instructions": "short"}) == {"type": "realtime", "instructions": "short"}
    changed = {"type": "realtime", "audio": {"output": {"speed": 1.2}}}
    assert update(changed) == changed


@pytest.mark.parametrize("event", [c.ResponseCreate(), c.ResponseCancel(), c.InputAudioBufferCommit()])
def test_other_events_are_those_of_ga(event: c.ClientEvent) -> None:
    assert json.loads(encode(event, Dialect.XAI)) == json.loads(encode(event))


def test_a_ping_is_passed_over() -> None:
    event = decode('{"type":"ping","event_id":"e","timestamp":1769900000}')
    assert isinstance(event, Unknown)
    assert read({"type": "ping"}, {"type": "conversation.created", "conversation": {"id": "conv_1"}}) == []


def test_a_word_in_place_of_status_details_does_not_cost_the_event() -> None:
    response = {"id": "resp_1", "status": "completed", "status_details": "unimplemented", "usage": {}}
    assert decode(json.dumps({"type": "response.done", "response": response})) == s.ResponseDone(
        Response("resp_1", "completed")
    )


def test_usage_beside_the_response_is_read() -> None:
    frames = [
        {"type": "response.created", "response": {"id": "r", "status": "in_progress", "usage": {}}},
        {
            "type": "response.done",
            "response": {"id": "r", "status": "completed", "status_details": "unimplemented", "usage": {}},
            "usage": {"input_tokens": 10, "output_tokens": 4, "total_tokens": 14},
        },
    ]
    [metered] = [told for told in read(*frames) if isinstance(told, MeterUsage)]
    assert metered.usage.tokens == 14
    [unmetered] = [read(*frames[:1], {**frames[1], "usage": {}})]
    assert not [told for told in unmetered if isinstance(told, MeterUsage)]


def test_interim_words_replace_each_other() -> None:
    name = "conversation.item.input_audio_transcription"
    told = read(
        {"type": "input_audio_buffer.speech_started", "item_id": "i", "audio_start_ms": 0},
        {"type": f"{name}.updated", "item_id": "i", "transcript": "tell me"},
        {"type": f"{name}.updated", "item_id": "i", "transcript": "tell me"},
        {"type": f"{name}.updated", "item_id": "i", "transcript": "Tell Mia about"},
        {"type": f"{name}.completed", "item_id": "i", "transcript": "Tell Mia about it."},
        {"type": f"{name}.updated", "item_id": "i", "transcript": "late"},
    )
    key = LineKey(1, "i")
    words = [each for each in told if isinstance(each, ch.TranscriptRevised | ch.TranscriptCommitted)]
    assert words == [
        ch.TranscriptRevised("mic", key, 100, "tell me"),
        ch.TranscriptRevised("mic", key, 300, "Tell Mia about"),
        ch.TranscriptCommitted("mic", key, "Tell Mia about it.", 0, 400),
    ]


def test_an_answer_without_indexes_and_parts_is_an_answer() -> None:
    told = read(
        {"type": "response.created", "response": {"id": "r", "status": "in_progress"}},
        {"type": "response.output_audio_transcript.delta", "response_id": "r", "item_id": "a", "delta": "Hello"},
        {"type": "response.content_part.done", "response_id": "r", "item_id": "a"},
        {"type": "response.output_audio_transcript.done", "response_id": "r", "item_id": "a", "transcript": "Hello."},
        {"type": "response.done", "response": {"id": "r", "status": "completed", "usage": {}}},
    )
    ended = [(each.status, each.text) for each in told if isinstance(each, ch.AnswerEnded)]
    assert ended == [(AnswerStatus.COMPLETED, "Hello.")]


def test_the_longest_duration_has_another_name() -> None:
    told = read({"type": "error", "error": {"type": "max_duration", "message": "too long"}})
    assert [each.refused for each in told if isinstance(each, CallBroken)] == [False]
