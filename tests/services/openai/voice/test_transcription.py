"""A recording is written down by every kind of server, and what goes wrong is one clear line."""

from __future__ import annotations

import asyncio
import io
import json
import wave
from contextlib import aclosing
from typing import Any

import numpy as np
import pytest

from sentra_tui.domain.audio import FRAME_BYTES, SILENCE
from sentra_tui.domain.errors import (
    CredentialRefused,
    NotSupported,
    TransportError,
    TransportLost,
    TransportRefused,
)
from sentra_tui.domain.roads import Reason
from sentra_tui.domain.usage import Usage
from sentra_tui.domain.voice_ports import TextEnded, TextEvent, TextExtended
from sentra_tui.services.openai.voice.transcription import HttpTranscription
from tests.services.openai.voice.peer import Answer, VoicePeer, body, key, pieces, refusal, silent, sse

SOUND = 50 * SILENCE
WORDS = [{"type": "transcript.text.delta", "delta": "Good "}, {"type": "transcript.text.delta", "delta": "morning."}]
DONE = {
    "type": "transcript.text.done",
    "text": "Good morning.",
    "usage": {
        "type": "tokens",
        "input_tokens": 14,
        "output_tokens": 5,
        "input_token_details": {"text_tokens": 4, "audio_tokens": 10},
    },
}


def chunk(content: str) -> dict[str, Any]:
    return {"object": "transcription.chunk", "choices": [{"delta": {"content": content}}]}


def transcription(voice: VoicePeer, model: str = "gpt-transcribe", **more: Any) -> HttpTranscription:
    return HttpTranscription(voice.client, key, model, **more)


async def written(asked: HttpTranscription, sound: bytes = SOUND, **more: str) -> list[TextEvent]:
    return [event async for event in asked.transcribe(sound, **more)]


async def test_the_recording_is_a_wav_file_of_16_khz(voice: VoicePeer) -> None:
    voice.answer = body(200, '{"text": "Yes."}')
    tone = (8_000 * np.sin(np.arange(96_000) * 2 * np.pi * 440 / 48_000)).astype("<i2").tobytes()
    await written(transcription(voice), tone, language="en", prompt="About disks.")
    name, data = voice.files[0]
    assert name.endswith(".wav")
    with wave.open(io.BytesIO(data)) as recording:
        assert (recording.getframerate(), recording.getnchannels(), recording.getsampwidth()) == (16_000, 1, 2)
        assert abs(recording.getnframes() - 32_000) < 50
    assert voice.asked[0] == {
        "model": "gpt-transcribe",
        "response_format": "json",
        "stream": "true",
        "language": "en",
        "prompt": "About disks.",
    }


async def test_words_come_as_they_are_written(voice: VoicePeer) -> None:
    voice.answer = sse(*WORDS, DONE)
    assert await written(transcription(voice)) == [
        TextExtended("Good "),
        TextExtended("morning."),
        TextEnded("Good morning.", Usage(text_in=4, audio_in=10, text_out=5)),
    ]


@pytest.mark.parametrize(
    ("answer", "text", "usage"),
    [
        (body(200, '{"text": " Yes. ", "usage": {"type": "duration", "seconds": 3}}'), "Yes.", Usage(seconds=3)),
        (body(200, '{"text": "Yes."}'), "Yes.", None),
        (body(200, '{"text": ""}'), "", None),
        (body(200, '{"text": "Yes.", "usage": {}}'), "Yes.", None),
        (body(200, "Yes.\n", "text/plain; charset=utf-8"), "Yes.", None),
        (sse({"type": "transcript.text.done", "text": ""}), "", None),
        (sse(chunk("Y"), chunk("es."), "[DONE]"), "Yes.", None),
        (sse({"text": "Yes."}, {"text": " Or no."}), "Yes. Or no.", None),
        (sse("no JSON", {"type": "new.kind"}, *WORDS, {"type": "transcript.text.done"}), "Good morning.", None),
    ],
    ids=["seconds", "no usage", "empty", "empty usage", "plain text", "empty stream", "vLLM", "bare text", "unknown"],
)  # fmt: skip
async def test_every_server_is_understood(voice: VoicePeer, answer: Answer, text: str, usage: Usage | None) -> None:
    voice.answer = answer
    assert (await written(transcription(voice)))[-1] == TextEnded(text, usage)


@pytest.mark.parametrize(
    ("refused", "left_out"),
    [
        (refusal(400, "Streaming is not supported by this model.", param="stream"), "stream"),
        (refusal(400, "Unknown argument: stream"), "stream"),
        (body(422, '{"detail": [{"loc": ["body", "prompt"], "msg": "Extra inputs are not permitted"}]}'), "prompt"),
        (refusal(400, "Invalid language 'tlh'", param="language"), "language"),
    ],
)
async def test_what_a_server_does_not_take_is_left_out_from_then_on(
    voice: VoicePeer, refused: Answer, left_out: str
) -> None:
    voice.turns(refused, body(200, '{"text": "Yes."}'))
    asked = transcription(voice)
    assert (await written(asked, language="tlh", prompt="x"))[-1] == TextEnded("Yes.")
    await written(asked, language="tlh", prompt="x")
    assert [left_out in fields for fields in voice.asked] == [True, False, False]


async def test_whisper_is_not_asked_to_stream(voice: VoicePeer) -> None:
    voice.answer = body(200, '{"text": "Yes."}')
    await written(transcription(voice, "whisper-1"))
    assert "stream" not in voice.asked[0]


@pytest.mark.parametrize(
    ("answer", "kind", "reason", "message"),
    [
        (sse(*WORDS), TransportLost, Reason.OTHER, "broke off"),
        (sse(*WORDS, breaks=True), TransportLost, Reason.OTHER, "broke"),
        (pieces([b'data: {"type": "transcript.te'], "text/event-stream"), TransportLost, Reason.OTHER, "broke off"),
        (body(200, "<html>Sign in</html>", "text/html"), TransportLost, Reason.CAPTIVE_PORTAL, "web page"),
        (body(200, "[]"), TransportRefused, Reason.OTHER, "without a transcript"),
        (body(200, '{"error": {"message": "no GPU"}}'), TransportRefused, Reason.OTHER, "no GPU"),
        (sse({"error": {"message": "no GPU"}}), TransportRefused, Reason.OTHER, "no GPU"),
        (refusal(404, "There is no x.", code="model_not_found"), TransportRefused, Reason.MODEL_REFUSED, "no x"),
        (body(404, "<html>nothing</html>", "text/html"), NotSupported, Reason.NOT_OFFERED, "not have this API"),
        (refusal(422, "No."), TransportRefused, Reason.OTHER, "422"),
        (refusal(401, "No."), CredentialRefused, Reason.OTHER, "401"),
        (refusal(429, "Slower."), TransportLost, Reason.TOO_MANY, "fewer requests"),
        (refusal(500, "Oops."), TransportLost, Reason.SERVER_ERROR, "cannot answer now"),
    ],
)  # fmt: skip
async def test_what_goes_wrong_is_said(
    voice: VoicePeer, answer: Answer, kind: type[TransportError], reason: Reason, message: str
) -> None:
    voice.answer = answer
    with pytest.raises(kind, match=message) as caught:
        await written(transcription(voice))
    assert caught.value.reason is reason
    assert len(voice.asked) == 1, "nothing is asked twice"


async def test_a_recording_that_is_too_large_is_named_and_the_next_are_shorter(voice: VoicePeer) -> None:
    voice.answer = body(413, "<html>Request Entity Too Large</html>", "text/html")
    asked = transcription(voice, upload_bytes=1_000_000)
    assert 29_000 < asked.max_ms < 31_250
    with pytest.raises(TransportRefused, match="a recording of 12 s") as caught:
        await written(asked, bytes(FRAME_BYTES * 600))
    assert caught.value.param == "file"
    assert "upload_bytes" in caught.value.hint
    assert asked.max_ms == 6_000


async def test_a_server_that_finds_every_recording_too_large_is_not_sent_ever_more_of_them(voice: VoicePeer) -> None:
    voice.answer = body(413, "no")
    asked = transcription(voice)
    for _ in range(9):
        with pytest.raises(TransportRefused):
            await written(asked)
    assert asked.max_ms == 5_000


async def test_the_longest_recording_fits_in_an_upload(voice: VoicePeer) -> None:
    sizes: list[int] = []

    async def answer(request: Any, fields: dict[str, Any]) -> Any:
        sizes.append(request.content_length)
        return await body(200, '{"text": ""}')(request, fields)

    voice.answer = answer
    asked = transcription(voice, upload_bytes=64_000)
    await written(asked, bytes(asked.max_ms * FRAME_BYTES // 20), language="en", prompt="x" * 5_000)
    assert sizes[0] <= 64_000


async def test_a_server_that_never_answers_is_given_up(voice: VoicePeer) -> None:
    voice.answer = silent
    with pytest.raises(TransportLost, match="too long") as caught:
        await written(transcription(voice, head_s=0.2), SILENCE)
    assert caught.value.reason is Reason.SILENT
    await asyncio.wait_for(voice.gone.wait(), 5)


async def test_closing_the_iterator_ends_the_request(voice: VoicePeer) -> None:
    voice.answer = sse(*WORDS, hangs=True)
    async with aclosing(transcription(voice).transcribe(SOUND)) as events:  # type: ignore[type-var]
        assert await anext(events) == TextExtended("Good ")
    await asyncio.wait_for(voice.gone.wait(), 5)


async def test_half_an_event_is_none(voice: VoicePeer) -> None:
    half = json.dumps(WORDS[1])[:20].encode()
    voice.answer = pieces([b"data: " + json.dumps(WORDS[0]).encode() + b"\n\ndata: " + half], "text/event-stream")
    with pytest.raises(TransportLost, match="broke off"):
        await written(transcription(voice))
