"""Text said aloud. https://platform.openai.com/docs/api-reference/audio/createSpeech"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress

from aiohttp import web

from sentra_tui.domain.audio import SAMPLE_RATE_HZ
from sentra_tui.domain.errors import ProviderError
from sentra_tui.media.resample import Resampler
from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.audio.speech_request import SoundFormat, SpeechRequest
from sentra_tui.provider.audio.wav_header import streamed_wav_header
from sentra_tui.provider.text.door import TextDoor
from sentra_tui.provider.text.request_body import read_body
from sentra_tui.provider.text_faults import TextFault
from sentra_tui.provider.voice import Voice

RATE_HZ = 24_000
"""The rate of speech, as the API has it."""
_PIECE_MS = 100


class SpeechApi:
    """`POST /v1/audio/speech`."""

    def __init__(self, door: TextDoor) -> None:
        self._door = door
        self._voice = Voice()

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, for aiohttp."""
        return [web.post("/v1/audio/speech", self._door.guard("speech", self._speak))]

    async def close(self) -> None:
        """Let the voice go."""
        self._voice.close()

    async def _speak(self, request: web.Request, fault: TextFault) -> web.StreamResponse:
        wanted = await read_body(request, SpeechRequest)
        form: SoundFormat = "wav" if fault.wav else wanted.sound_format
        async with aclosing(self._pieces(wanted, wanted.voice_name, fault.rate_hz or RATE_HZ)) as pieces:
            try:
                first = await anext(pieces, b"")
            except ProviderError as error:
                raise ApiError(503, str(error), code="voice_unavailable") from error
            response = web.StreamResponse(headers={"Content-Type": _content_type(form, fault.rate_hz)})
            with suppress(ConnectionError):  # who interrupts an answer leaves in the middle of it
                await response.prepare(request)
                if form == "wav":
                    await response.write(streamed_wav_header(fault.rate_hz or RATE_HZ))
                await response.write(first)
                await _send_rest(request, response, fault, pieces)
        return response

    async def _pieces(self, wanted: SpeechRequest, voice: str, rate_hz: int) -> AsyncGenerator[bytes, None]:
        """Yield the speech as it is made, at most 100 ms at a time; raises ProviderError."""
        resampler = Resampler(SAMPLE_RATE_HZ, rate_hz)
        piece_bytes = rate_hz * _PIECE_MS // 1000 * 2
        async for _, frames in self._voice.speak(wanted.input, voice, wanted.speed):
            pcm = resampler.feed(b"".join(frames))
            for start in range(0, len(pcm), piece_bytes):
                yield pcm[start : start + piece_bytes]
        rest = resampler.flush()
        if rest:
            yield rest


async def _send_rest(
    request: web.Request, response: web.StreamResponse, fault: TextFault, pieces: AsyncIterator[bytes]
) -> None:
    sent = 1
    async for piece in pieces:
        if sent == fault.drop_stream_after_events and request.transport is not None:
            request.transport.close()
            return
        await asyncio.sleep(fault.word_interval_s)
        await response.write(piece)
        sent += 1


def _content_type(form: SoundFormat, odd_rate_hz: int | None) -> str:
    if form == "wav":
        return "audio/wav"
    return "audio/pcm" if odd_rate_hz is None else f"audio/pcm;rate={odd_rate_hz}"
