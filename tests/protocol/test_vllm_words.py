from __future__ import annotations

import json
from typing import Any

import pytest

from sentra_tui.domain import changes as ch
from sentra_tui.domain.errors import ProtocolError
from sentra_tui.domain.provider_config import ProviderProfile, shipped_providers
from sentra_tui.domain.stream_settings import StreamSettings
from sentra_tui.domain.transcript import LineKey
from sentra_tui.domain.usage import Usage
from sentra_tui.protocol import client_events as c
from sentra_tui.protocol import server_events as s
from sentra_tui.protocol.codec import decode, encode
from sentra_tui.protocol.dialects import Dialect
from sentra_tui.protocol.effects import CallBroken, MeterUsage
from sentra_tui.protocol.objects import ErrorDetails
from sentra_tui.protocol.opening import SessionOpening
from sentra_tui.protocol.session import Session
from sentra_tui.protocol.session_config import speaker_session
from sentra_tui.protocol.wire import Wire

PROFILE = ProviderProfile(dialect="vllm", speaker_transcription_model="voxtral", pcm_rate_hz=16_000)
WIRE = Wire(Dialect.VLLM, shipped_providers()["vllm"].supports)
CREATED = '{"type":"session.created","id":"sess-1","created":1769900000}'


def sent(event: c.ClientEvent) -> Any:
    message = WIRE.encode(event)
    return None if message is None else json.loads(message)


def test_a_session_is_its_model() -> None:
    session = speaker_session(PROFILE, StreamSettings(language="de"))
    assert sent(c.SessionUpdate(session, event_id="event_1")) == {"type": "session.update", "model": "voxtral"}


def test_the_end_of_a_turn_is_a_final_commit() -> None:
    assert sent(c.InputAudioBufferCommit(event_id="event_1")) == {"type": "input_audio_buffer.commit", "final": True}


@pytest.mark.parametrize(
    "event",
    [
        c.ResponseCreate(),
        c.ResponseCancel(),
        c.InputAudioBufferClear(),
        c.OutputAudioBufferClear(),
        c.ConversationItemCreate(c.MessageItem("user", (c.InputText("why?"),))),
        c.SessionUpdate({"type": "transcription", "audio": {"input": {"noise_reduction": None}}}),
    ],
)
def test_it_is_told_nothing_that_it_does_not_know(event: c.ClientEvent) -> None:
    assert WIRE.encode(event) is None
    with pytest.raises(ProtocolError):
        encode(event, Dialect.VLLM)


def test_a_session_is_agreed_on_when_it_was_asked_for_and_listening_begins() -> None:
    opening = SessionOpening(speaker_session(PROFILE, StreamSettings()), Dialect.VLLM, PROFILE.pcm_rate_hz)
    update, begin = opening.hear(CREATED)
    assert json.loads(update) == {"type": "session.update", "model": "voxtral"}
    assert json.loads(begin) == {"type": "input_audio_buffer.commit"}
    assert opening.agreed


def test_the_next_utterance_begins_when_the_last_one_is_written_down() -> None:
    frames = ['{"type":"transcription.delta","delta":"so"}', '{"type":"transcription.done","text":"so far"}']
    delta, done = [WIRE.decode(frame) for frame in frames]
    assert WIRE.answer(delta) is None
    assert json.loads(WIRE.answer(done) or "") == {"type": "input_audio_buffer.commit"}
    assert Wire().answer(done) is None


def test_what_it_counts_is_read() -> None:
    frame = {"type": "transcription.done", "text": "so", "usage": {"prompt_tokens": 40, "completion_tokens": 3}}
    assert decode(json.dumps(frame)) == s.InputAudioTranscriptionCompleted(
        transcript="so", usage={"type": "tokens", "input_tokens": 40, "output_tokens": 3}
    )


def test_an_error_keeps_its_code() -> None:
    frame = '{"type":"error","error":"Model not validated.","code":"model_not_validated"}'
    assert decode(frame) == s.ServerError(ErrorDetails("", "model_not_validated", "Model not validated."))


def test_two_utterances_become_two_lines() -> None:
    session = Session("speaker", 1, 0, answers=False)
    frames: list[dict[str, Any]] = [
        {"type": "transcription.delta", "delta": ""},
        {"type": "transcription.delta", "delta": " go"},
        {"type": "transcription.delta", "delta": " on"},
        {"type": "transcription.delta", "delta": ""},
        {"type": "transcription.done", "text": " go on", "usage": {"prompt_tokens": 9, "completion_tokens": 2}},
        {"type": "transcription.delta", "delta": ""},
        {"type": "transcription.delta", "delta": " stop"},
        {"type": "transcription.done", "text": " stop", "usage": None},
    ]
    told = []
    for number, frame in enumerate(frames):
        told += session.receive(WIRE.decode(json.dumps(frame)), number * 100)
    first, second = LineKey(1, "unnamed_1"), LineKey(1, "unnamed_2")
    assert told == [
        ch.LineOpened("speaker", first, 100),
        ch.TranscriptExtended("speaker", first, 100, " go"),
        ch.TranscriptExtended("speaker", first, 200, " on"),
        ch.TranscriptCommitted("speaker", first, "go on", 100, 400),
        MeterUsage("", Usage(audio_in=9, text_out=2)),
        ch.LineOpened("speaker", second, 600),
        ch.TranscriptExtended("speaker", second, 600, " stop"),
        ch.TranscriptCommitted("speaker", second, "stop", 600, 700),
    ]


def test_silence_leaves_no_line() -> None:
    session = Session("speaker", 1, 0, answers=False)
    for frame in ('{"type":"transcription.delta","delta":""}', '{"type":"transcription.done","text":""}'):
        assert session.receive(WIRE.decode(frame), 100) == []


def test_a_server_that_writes_nothing_more_down_is_called_again() -> None:
    session = Session("speaker", 1, 0, answers=False)
    frame = '{"type":"error","error":"engine died","code":"processing_error"}'
    broken = [told for told in session.receive(WIRE.decode(frame), 100) if isinstance(told, CallBroken)]
    assert [told.refused for told in broken] == [False]
