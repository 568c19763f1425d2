"""Text is said by every kind of speech endpoint, whatever sound it sends; what goes wrong is one clear line."""

from __future__ import annotations

import asyncio
import io
from contextlib import aclosing
from itertools import pairwise
from typing import Any

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sentra_tui.domain.errors import NotSupported, TransportError, TransportLost, TransportRefused
from sentra_tui.domain.roads import Reason
from sentra_tui.services.openai.voice.parts import parts_of
from sentra_tui.services.openai.voice.speech import INPUT_CHARS_MAX, HttpSpeech
from tests.services.audio.wav_files import FLOAT, PCM, chunk, encode, fmt, riff, tone
from tests.services.openai.voice.peer import Answer, VoicePeer, body, key, pieces, refusal, silent, slowly

HZ = 440.0


def raw(rate_hz: int, channels: int = 1) -> bytes:
    return encode(np.repeat(tone(1.0, rate_hz, HZ), channels), PCM, 16)


def wav(rate_hz: int, *, encoding: int = PCM, bits: int = 16, channels: int = 1, size: int | None = None) -> bytes:
    data = encode(np.repeat(tone(1.0, rate_hz, HZ), channels), encoding, bits)
    header = fmt(encoding=encoding, rate_hz=rate_hz, bits=bits, channels=channels)
    return riff(header, chunk(b"data", data, size=size), size=size)


def encoded(container: str, codec: str, rate_hz: int = 24_000) -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format=container) as opened:
        stream = opened.add_stream(codec, rate=rate_hz, layout="mono")
        assert isinstance(stream, AudioStream)
        samples = np.frombuffer(raw(rate_hz), "<i2").reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = rate_hz
        resampler = av.AudioResampler(format=stream.format, layout="mono", rate=rate_hz, frame_size=stream.frame_size)
        for each in [*resampler.resample(frame), *resampler.resample(None), None]:
            opened.mux(stream.encode(each))
    return out.getvalue()


def cut(data: bytes, *edges: int) -> list[bytes]:
    places = [0, *edges, len(data)]
    return [data[start:end] for start, end in pairwise(places)]


def heard_hz(sound: bytes) -> float:
    samples: NDArray[Any] = np.frombuffer(sound, "<i2").astype(float)
    return float(np.argmax(np.abs(np.fft.rfft(samples))) * 48_000 / len(samples))


async def said(speech: HttpSpeech, text: str = "It is so.", voice: str = "marin", speed: float = 1.0) -> bytes:
    return b"".join([piece async for piece in speech.speak(text, voice=voice, speed=speed)])


def speech(voice: VoicePeer, **more: Any) -> HttpSpeech:
    return HttpSpeech(voice.client, key, "gpt-4o-mini-tts", **more)


async def test_headerless_sound_is_asked_for(voice: VoicePeer) -> None:
    voice.answer = body(200, raw(24_000), "audio/pcm")
    sound = await said(speech(voice))
    assert abs(len(sound) // 2 - 48_000) < 100
    assert heard_hz(sound) == pytest.approx(HZ, rel=0.01)
    expected = {"model": "gpt-4o-mini-tts", "input": "It is so.", "voice": "marin", "response_format": "pcm"}
    assert voice.asked == [expected]


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (raw(16_000), "audio/pcm;rate=16000"),
        (raw(22_050), "audio/L16; codec=pcm; rate=22050"),
        (raw(48_000, 2), "audio/pcm; rate=48000; channels=2"),
        (raw(24_000), "application/octet-stream"),
        (raw(24_000), "audio/mpeg"),
        (raw(24_000), "audio/pcm; rate=nonsense"),
        (wav(24_000), "audio/wav"),
        (wav(22_050), "audio/pcm"),
        (wav(16_000, size=0xFFFFFFFF), "audio/wav"),
        (wav(44_100, size=0, channels=2), "application/octet-stream"),
        (wav(48_000, bits=24), "audio/wav"),
        (wav(24_000, bits=32), "audio/wav"),
        (wav(24_000, encoding=FLOAT, bits=32), "audio/wav"),
        (b"\r\n" + wav(24_000), "audio/pcm"),
        (encoded("mp3", "libmp3lame"), "audio/mpeg"),
        (encoded("flac", "flac"), "audio/flac"),
        (encoded("ogg", "libopus", 48_000), "audio/ogg"),
    ],
    ids=range(17),
)
async def test_whatever_sound_comes_is_heard_as_it_is_meant(voice: VoicePeer, data: bytes, content_type: str) -> None:
    voice.answer = pieces(cut(data, 1, 3, 11, 30, 45, 101, 10_001), content_type)
    sound = await said(speech(voice))
    assert len(sound) / 2 == pytest.approx(48_000, rel=0.06)
    assert heard_hz(sound) == pytest.approx(HZ, rel=0.01)


async def test_sound_is_given_before_all_of_it_is_here(voice: VoicePeer) -> None:
    voice.answer = pieces([raw(24_000)[:9_600]], "audio/pcm", hangs=True)
    async with aclosing(speech(voice).speak("It is so.", voice="marin", speed=1.0)) as sound:  # type: ignore[type-var]
        assert len(await anext(sound)) > 1_000
    await asyncio.wait_for(voice.gone.wait(), 5)


async def test_a_caller_that_is_cancelled_ends_the_request(voice: VoicePeer) -> None:
    voice.answer = silent
    asking = asyncio.create_task(said(speech(voice)))
    while not voice.asked:
        await asyncio.sleep(0.01)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await asyncio.wait_for(voice.gone.wait(), 5)


@pytest.mark.parametrize(
    "refused",
    [
        refusal(400, "Unsupported value", param="response_format"),
        refusal(400, "pcm is not supported"),
        body(422, '{"detail": [{"loc": ["body", "response_format"], "msg": "Input should be \'wav\'"}]}'),
    ],
)
async def test_a_server_without_headerless_sound_is_asked_for_wav_from_then_on(
    voice: VoicePeer, refused: Answer
) -> None:
    voice.turns(refused, body(200, wav(24_000), "audio/wav"))
    asked = speech(voice)
    assert heard_hz(await said(asked)) == pytest.approx(HZ, rel=0.01)
    await said(asked)
    assert [each["response_format"] for each in voice.asked] == ["pcm", "wav", "wav"]


async def test_two_requests_at_once_find_the_format_together(voice: VoicePeer) -> None:
    async def answer(request: Any, fields: dict[str, Any]) -> Any:
        await asyncio.sleep(0.05)
        refused = fields["response_format"] == "pcm"
        return await (refusal(400, "No pcm.") if refused else body(200, wav(24_000), "audio/wav"))(request, fields)

    voice.answer = answer
    asked = speech(voice)
    await asyncio.gather(said(asked), said(asked))
    assert sorted(each["response_format"] for each in voice.asked) == ["pcm", "pcm", "wav", "wav"]


async def test_speed_is_told_where_it_matters_and_the_server_takes_it(voice: VoicePeer) -> None:
    voice.turns(
        body(200, raw(24_000), "audio/pcm"),
        refusal(400, "No.", param="speed"),
        body(200, raw(24_000), "audio/pcm"),
    )
    asked = speech(voice)
    for _ in range(3):
        await said(asked, speed=0.8)
    assert [each.get("speed") for each in voice.asked] == [0.8, 0.8, None, None]


@pytest.mark.parametrize(
    "refused",
    [
        refusal(400, "Invalid value: 'marin'.", param="voice"),
        refusal(404, "Voice 'marin' not found"),
        body(400, '{"detail": {"error": "validation_error", "message": "Voice marin not found"}}'),
        body(422, '{"detail": [{"loc": ["body", "voice"], "msg": "Input should be \'af_heart\'"}]}'),
    ],
)
async def test_a_voice_that_is_unknown_is_named(voice: VoicePeer, refused: Answer) -> None:
    voice.answer = refused
    with pytest.raises(TransportRefused, match="marin") as caught:
        await said(speech(voice))
    assert caught.value.param == "voice"


async def test_the_voice_of_the_profile_gives_way_to_that_of_the_session(voice: VoicePeer) -> None:
    voice.turns(refusal(400, "Unknown voice"), body(200, raw(24_000), "audio/pcm"))
    asked = HttpSpeech(voice.client, key, "kokoro", voice="af_heart")
    await said(asked)
    await said(asked)
    assert [each["voice"] for each in voice.asked] == ["af_heart", "marin", "marin"]


async def test_a_long_text_is_said_in_parts(voice: VoicePeer) -> None:
    voice.answer = body(200, raw(24_000), "audio/pcm")
    text = "This is a sentence. " * 400
    sound = await said(speech(voice), text)
    inputs = [each["input"] for each in voice.asked]
    assert len(inputs) == 2
    assert all(len(each) <= INPUT_CHARS_MAX and each.endswith("sentence.") for each in inputs)
    assert len(sound) / 2 == pytest.approx(96_000, rel=0.01)


@given(text=st.text(alphabet="ab. \n。", max_size=200), max_chars=st.integers(1, 30))
def test_parts_are_short_enough_and_lose_nothing_but_space(text: str, max_chars: int) -> None:
    parts = list(parts_of(text, max_chars))
    assert all(0 < len(part) <= max_chars for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("answer", "kind", "reason", "message"),
    [
        (pieces([raw(24_000)], "audio/pcm", breaks=True), TransportLost, Reason.OTHER, "broke"),
        (body(200, "<html>Sign in</html>", "text/html"), TransportLost, Reason.CAPTIVE_PORTAL, "web page"),
        (body(200, '{"error": {"message": "no GPU"}}'), NotSupported, Reason.OTHER, "no GPU"),
        (body(200, b"ID3\x04" + bytes(2_000), "audio/mpeg"), NotSupported, Reason.OTHER, "cannot be decoded"),
        (body(200, wav(24_000)[:40], "audio/wav"), NotSupported, Reason.OTHER, "ended before"),
        (refusal(404, "There is no x.", code="model_not_found"), TransportRefused, Reason.MODEL_REFUSED, "no x"),
        (body(404, ""), NotSupported, Reason.NOT_OFFERED, "does not have this API"),
        (refusal(413, "Too large."), TransportRefused, Reason.OTHER, "413"),
        (refusal(422, "No."), TransportRefused, Reason.OTHER, "422"),
        (refusal(503, "Later."), TransportLost, Reason.SERVER_ERROR, "cannot answer now"),
    ],
)
async def test_what_goes_wrong_is_said(
    voice: VoicePeer, answer: Answer, kind: type[TransportError], reason: Reason, message: str
) -> None:
    voice.answer = answer
    with pytest.raises(kind, match=message) as caught:
        await said(speech(voice))
    assert caught.value.reason is reason
    assert len(voice.asked) == 1, "nothing is asked twice"


async def test_no_sound_is_no_error(voice: VoicePeer) -> None:
    voice.answer = body(200, b"", "audio/pcm")
    assert await said(speech(voice)) == b""


async def test_a_server_that_is_there_may_take_its_time(voice: VoicePeer) -> None:
    voice.is_there = True
    voice.answer = slowly(body(200, raw(24_000), "audio/pcm"), 0.6)
    assert heard_hz(await said(speech(voice, head_s=0.2), "So.")) == pytest.approx(HZ, rel=0.01)


async def test_a_caller_that_is_cancelled_while_the_server_takes_its_time_ends_the_request(voice: VoicePeer) -> None:
    voice.is_there = True
    voice.answer = silent
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await said(speech(voice, head_s=0.2), "So.")
    await asyncio.wait_for(voice.gone.wait(), 5)


async def test_a_server_that_never_answers_is_given_up(voice: VoicePeer) -> None:
    voice.answer = silent
    with pytest.raises(TransportLost, match="too long") as caught:
        await said(speech(voice, head_s=0.2), "So.")
    assert caught.value.reason is Reason.SILENT
    await asyncio.wait_for(voice.gone.wait(), 5)
