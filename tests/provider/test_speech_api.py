from __future__ import annotations

import io
import wave
from typing import Any

import httpx
import numpy as np
import openai
import pytest

from sentra_tui.provider.audio.wav_header import streamed_wav_header
from sentra_tui.provider.voice import synthesize
from tests.provider.official import official, plain

TEXT = "Twenty degrees and sunny. Bring a hat."
SAY: dict[str, Any] = {"model": "espeak-ng", "input": TEXT, "voice": "marin", "response_format": "pcm"}


def seconds(pcm: bytes, rate_hz: int = 24_000) -> float:
    return len(pcm) / 2 / rate_hz


def made_s() -> float:
    pcm, rate_hz = synthesize(TEXT)
    return seconds(pcm, rate_hz)


def level(pcm: bytes) -> float:
    return float(np.abs(np.frombuffer(pcm, "<i2")).max())


async def test_the_official_client_streams_headerless_sound() -> None:
    async with official() as client, client.audio.speech.with_streaming_response.create(**SAY) as response:
        pieces = [piece async for piece in response.iter_bytes()]
        assert response.headers["content-type"] == "audio/pcm"
    sound = b"".join(pieces)
    assert seconds(sound) == pytest.approx(made_s(), rel=0.2)
    assert level(sound) > 3000
    assert len(pieces) > 1


async def test_a_wav_file_is_streamed_with_sizes_that_nobody_knows() -> None:
    async with plain() as http:
        reply = await http.post("audio/speech", json={**SAY, "response_format": "wav"})
    assert reply.headers["content-type"] == "audio/wav"
    assert reply.content.startswith(streamed_wav_header(24_000))
    assert reply.content[40:44] == b"\xff\xff\xff\xff"
    with wave.open(io.BytesIO(reply.content)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (24_000, 1, 2)


async def test_speed_is_heard_and_a_voice_of_ones_own_taken() -> None:
    async with plain() as http:
        said = [
            (await http.post("audio/speech", json={**SAY, **change})).content
            for change in ({}, {"speed": 1.5}, {"speed": 0.5}, {"voice": {"id": "voice_1"}})
        ]
    usual, fast, slow, custom = said
    assert seconds(fast) < 0.8 * seconds(usual) < seconds(usual) < 0.8 * seconds(slow)
    assert seconds(custom) == pytest.approx(seconds(usual), abs=0.1)


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"voice": "nobody"}, "voice"),
        ({"voice": None}, "voice"),
        ({"response_format": "mp3"}, "response_format"),
        ({"response_format": None}, "response_format"),
        ({"stream_format": "sse"}, "stream_format"),
        ({"input": ""}, "input"),
        ({"input": "x" * 4097}, "input"),
        ({"speed": 0.2}, "speed"),
        ({"speed": 4.5}, "speed"),
        ({"model": ""}, "model"),
    ],
)
async def test_a_request_that_does_not_fit_is_refused(change: dict[str, Any], param: str) -> None:
    body = {**SAY, **change}
    async with plain() as http:
        reply = await http.post("audio/speech", json={key: value for key, value in body.items() if value is not None})
    error = reply.json()["error"]
    assert reply.status_code == 400
    assert error["param"] == param


async def test_text_without_words_is_silence() -> None:
    async with plain() as http:
        reply = await http.post("audio/speech", json={**SAY, "input": "…"})
    assert (reply.status_code, reply.content) == (200, b"")


@pytest.mark.parametrize("rate_hz", [16_000, 22_050])
async def test_another_rate_is_told(rate_hz: int) -> None:
    async with plain(f'{{"text": [{{"rate_hz": {rate_hz}}}]}}') as http:
        headerless = await http.post("audio/speech", json=SAY)
        with_header = await http.post("audio/speech", json={**SAY, "response_format": "wav"})
    assert headerless.headers["content-type"] == f"audio/pcm;rate={rate_hz}"
    assert seconds(headerless.content, rate_hz) == pytest.approx(made_s(), rel=0.2)
    with wave.open(io.BytesIO(with_header.content)) as file:
        assert file.getframerate() == rate_hz


async def test_a_server_may_send_a_wav_file_unasked() -> None:
    async with plain('{"text": [{"api": "speech", "wav": true}]}') as http:
        reply = await http.post("audio/speech", json=SAY)
    assert (reply.headers["content-type"], reply.content[:4]) == ("audio/wav", b"RIFF")


async def test_speech_breaks_off_as_planned() -> None:
    async with plain('{"text": [{"api": "speech", "drop_stream_after_events": 3}]}') as http:
        read = b""
        with pytest.raises(httpx.RemoteProtocolError):
            async with http.stream("POST", "audio/speech", json=SAY) as reply:
                async for piece in reply.aiter_bytes():
                    read += piece
    assert seconds(read) == pytest.approx(0.3, abs=0.01)


async def test_the_models_are_listed() -> None:
    async with official() as client:
        names = {model.id async for model in client.models.list()}
        assert names == {"sentra-local", "sentra-local-text", "pocketsphinx", "pocketsphinx-demo", "espeak-ng"}
        with pytest.raises(openai.AuthenticationError):
            await client.with_options(api_key="sk-wrong").audio.speech.create(**SAY)


async def test_a_client_that_leaves_in_the_middle_is_let_go(caplog: pytest.LogCaptureFixture) -> None:
    async with plain('{"text": [{"api": "speech", "word_interval_s": 0.05}]}') as http:
        async with http.stream("POST", "audio/speech", json=SAY) as reply:
            await anext(reply.aiter_raw())
        assert (await http.post("audio/speech", json={**SAY, "input": "Yes."})).status_code == 200
    assert not caplog.records
