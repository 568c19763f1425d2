from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import openai
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai._models import validate_type
from openai.types.audio import Transcription, TranscriptionStreamEvent, TranscriptionVerbose

from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.audio.recognisers import Recognisers
from sentra_tui.provider.audio.recording import read_recording
from sentra_tui.provider.audio.transcription_form import MAX_FILE_BYTES
from sentra_tui.provider.audio.utterances import utterances
from sentra_tui.provider.demo import load_talk, recordings, words
from tests.provider.client import words_right
from tests.provider.official import official, plain
from tests.provider.sound_files import packed, spoken, wav

SENTENCE = load_talk().turns[0].text
SPOKEN = spoken(SENTENCE, 24_000)
DEMO = "pocketsphinx-demo"


def files(sound: bytes) -> dict[str, Any]:
    return {"file": ("speech.wav", sound, "audio/wav")}


async def post(http: httpx.AsyncClient, sound: bytes, **fields: str) -> httpx.Response:
    return await http.post("audio/transcriptions", files=files(sound), data={"model": DEMO, **fields})


@pytest.mark.parametrize(
    ("container", "codec", "rate_hz"),
    [("flac", "flac", 16_000), ("mp3", "libmp3lame", 24_000), ("ogg", "libopus", 48_000)],
)
def test_a_recording_is_read_whatever_it_is_packed_in(container: str, codec: str, rate_hz: int) -> None:
    sound = spoken("eight of spades", rate_hz)
    read = read_recording(packed(sound, rate_hz, container, codec))
    assert len(read) / 32_000 == pytest.approx(len(sound) / 2 / rate_hz, abs=0.1)
    assert len(utterances(read)) == 1


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 44_100, 48_000])
def test_a_wav_file_is_read_at_any_rate(rate_hz: int) -> None:
    assert len(read_recording(wav(bytes(rate_hz * 2), rate_hz))) == pytest.approx(32_000, abs=64)


def test_two_channels_are_heard_as_one() -> None:
    assert len(read_recording(wav(bytes(4 * 16_000), 16_000, channels=2))) == 32_000


@given(st.sampled_from([b"", b"RIFF", b"fLaC", b"OggS", b"ID3", b"\xff\xfb", b"#EXTM3U\n"]), st.binary(max_size=200))
def test_what_is_no_recording_is_refused(beginning: bytes, rest: bytes) -> None:
    try:
        assert len(read_recording(beginning + rest)) < 100_000
    except ApiError as error:
        assert (error.status, error.param) == (400, "file")


def test_each_utterance_says_where_it_is() -> None:
    turn = spoken("go forward ten meters", 16_000)
    found = utterances(turn + bytes(32_000) + turn)
    assert len(found) == 2
    assert found[0].end_ms < found[1].start_ms
    assert found[1].start_ms - found[0].start_ms == pytest.approx(1000 + len(turn) / 32, abs=40)


async def test_the_official_client_gets_the_words_whole_and_streamed() -> None:
    async with official() as client:
        whole = await client.audio.transcriptions.create(model=DEMO, file=files(wav(SPOKEN, 24_000))["file"])
        assert words_right(" ".join(words(SENTENCE)), whole.text) >= 0.6, whole.text
        stream = await client.audio.transcriptions.create(
            model=DEMO, file=files(wav(SPOKEN, 24_000))["file"], stream=True
        )
        events = [event async for event in stream]
    assert "".join(event.delta for event in events if event.type == "transcript.text.delta") == whole.text
    done: Any = events[-1]
    assert (done.type, done.text) == ("transcript.text.done", whole.text)
    assert done.usage.output_tokens == len(whole.text.split())


async def test_recorded_speech_becomes_its_words(sample: Callable[[str], Path]) -> None:
    async with plain() as http:
        reply = await post(http, sample("cards-005.wav").read_bytes(), model="pocketsphinx")
    assert words_right("eight of spades four of clubs seven of hearts", reply.json()["text"]) >= 0.6


async def test_each_format_has_the_official_shape() -> None:
    async with plain() as http:
        sound = wav(SPOKEN, 24_000)
        short, long = [(await post(http, sound, response_format=name)).json() for name in ("json", "verbose_json")]
        text = await post(http, sound, response_format="text")
        stream = await post(http, sound, stream="true")
    validate_type(type_=Transcription, value=short)
    validate_type(type_=TranscriptionVerbose, value=long)
    assert short["usage"]["seconds"] == pytest.approx(len(SPOKEN) / 48_000, abs=0.01)
    assert " ".join(segment["text"] for segment in long["segments"]) == long["text"] == short["text"]
    assert (text.headers["content-type"].split(";")[0], text.text) == ("text/plain", short["text"] + "\n")
    for event in stream.text.strip().split("\n\n"):
        validate_type(type_=TranscriptionStreamEvent, value=json.loads(event.removeprefix("data: ")))  # type: ignore[arg-type]


async def test_where_nobody_speaks_there_are_no_words() -> None:
    async with plain() as http:
        silence = wav(bytes(48_000), 24_000)
        assert (await post(http, silence)).json()["text"] == ""
        stream = await post(http, silence, stream="true")
        assert '"text":""' in stream.text


async def test_two_requests_at_once_and_one_given_up_get_their_own_words() -> None:
    other = load_talk().turns[1]
    async with plain() as http:
        mine, theirs = wav(SPOKEN, 24_000), wav(spoken(other.text, 16_000, load_talk().voices[other.who]), 16_000)
        given_up = asyncio.create_task(post(http, wav(SPOKEN * 4, 24_000)))
        await asyncio.sleep(0.3)
        given_up.cancel()
        replies = await asyncio.gather(post(http, mine), post(http, theirs))
    for reply, text in zip(replies, (SENTENCE, other.text), strict=True):
        assert words_right(" ".join(words(text)), reply.json()["text"]) >= 0.5, reply.json()


async def test_a_request_that_is_given_up_does_not_end_the_recogniser() -> None:
    recognisers = Recognisers(None)
    turn = utterances(spoken(SENTENCE, 16_000))
    first = await recognisers.write_down(turn, DEMO)
    before = {child.pid for child in psutil.Process().children()}
    given_up = asyncio.create_task(recognisers.write_down(turn, DEMO))
    await asyncio.sleep(0.05)
    given_up.cancel()
    await asyncio.wait([given_up])
    assert await recognisers.write_down(turn, DEMO) == first
    assert {child.pid for child in psutil.Process().children()} == before
    await recognisers.close()


async def test_a_whole_side_of_the_demo_talk_is_written_down() -> None:
    async with plain() as http:
        reply = await post(http, recordings()["mic"], response_format="verbose_json")
    assert words_right(" ".join(words(load_talk().text("mic"))), reply.json()["text"]) >= 0.6
    assert len(reply.json()["segments"]) >= 3


@pytest.mark.parametrize(
    ("fields", "sound", "param"),
    [
        ({"response_format": "srt"}, b"", "file"),
        ({"response_format": "srt"}, b"RIFF", "response_format"),
        ({"model": ""}, b"RIFF", "model"),
        ({"stream": "perhaps"}, b"RIFF", "stream"),
        ({}, b"not a sound", "file"),
    ],
)
async def test_a_request_that_does_not_fit_is_refused(fields: dict[str, str], sound: bytes, param: str) -> None:
    async with plain() as http:
        reply = await post(http, sound, **fields)
    assert (reply.status_code, reply.json()["error"]["param"]) == (400, param)


async def test_what_is_no_form_is_refused() -> None:
    async with plain() as http:
        assert (await http.post("audio/transcriptions", json={"model": DEMO})).status_code == 400
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        assert (await http.post("audio/transcriptions", content=b"nonsense", headers=headers)).status_code == 400


@pytest.mark.parametrize("told", [True, False])
async def test_too_large_a_recording_is_refused(told: bool) -> None:
    async def chunks() -> Any:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
        for _ in range(MAX_FILE_BYTES // 1_048_576 + 1):
            yield bytes(1_048_576)
        yield b"\r\n--x--\r\n"

    async with plain() as http:
        if told:
            reply = await post(http, bytes(MAX_FILE_BYTES + 100_000))
        else:
            headers = {"Content-Type": "multipart/form-data; boundary=x"}
            reply = await http.post("audio/transcriptions", content=chunks(), headers=headers)
    assert reply.status_code == 413
    assert "Maximum content size" in reply.json()["error"]["message"]


async def test_an_old_server_streams_no_transcripts_and_counts_nothing() -> None:
    async with plain('{"without": ["transcription_stream", "usage"]}') as http:
        reply = await post(http, wav(SPOKEN, 24_000), stream="true")
    assert set(reply.json()) == {"text"}


async def test_faults_reach_transcriptions() -> None:
    rules = (
        '{"numbers": [1], "status": 422}, {"numbers": [2], "web_page": true}, '
        '{"numbers": [3], "drop_stream_after_events": 2, "half_event": true}'
    )
    async with plain(f'{{"text": [{rules}]}}') as http:
        sound = wav(SPOKEN, 24_000)
        assert (await post(http, sound)).status_code == 422
        page = await post(http, sound)
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        read = b""
        with pytest.raises(httpx.RemoteProtocolError):
            async with http.stream(
                "POST", "audio/transcriptions", files=files(sound), data={"model": DEMO, "stream": "true"}
            ) as reply:
                async for piece in reply.aiter_bytes():
                    read += piece
    *events, half = read.split(b"\n\n")
    assert len(events) == 2
    assert half.startswith(b"data: {")
    with pytest.raises(json.JSONDecodeError):
        json.loads(half.removeprefix(b"data: "))


async def test_a_server_can_be_without_transcriptions_and_speech() -> None:
    async with official('{"without": ["transcriptions", "speech"]}') as client:
        with pytest.raises(openai.NotFoundError):
            await client.audio.transcriptions.create(model=DEMO, file=files(b"RIFF")["file"])
        with pytest.raises(openai.NotFoundError):
            await client.audio.speech.create(model="espeak-ng", input="Hello.", voice="marin", response_format="pcm")
