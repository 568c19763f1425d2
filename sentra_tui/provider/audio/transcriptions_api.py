"""Recordings written down. https://platform.openai.com/docs/api-reference/audio/createTranscription"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from aiohttp import web

from sentra_tui.domain.errors import ProviderError
from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.audio.recognisers import Recognisers
from sentra_tui.provider.audio.recording import read_recording
from sentra_tui.provider.audio.transcription import WrittenDown
from sentra_tui.provider.audio.transcription_form import TranscriptionForm, read_form
from sentra_tui.provider.audio.utterances import Utterance, utterances
from sentra_tui.provider.text.door import TextDoor, json_reply
from sentra_tui.provider.text.sse import EventStream
from sentra_tui.provider.text_faults import TextFault


class TranscriptionsApi:
    """`POST /v1/audio/transcriptions`. `whisper` is the directory of a model in place of PocketSphinx."""

    def __init__(self, door: TextDoor, whisper: Path | None = None) -> None:
        self._door = door
        self._recognisers = Recognisers(whisper)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="recordings")

    def routes(self) -> list[web.RouteDef]:
        """Return the routes, for aiohttp."""
        return [web.post("/v1/audio/transcriptions", self._door.guard("transcriptions", self._transcribe))]

    async def close(self) -> None:
        """End the recognisers."""
        await self._recognisers.close()
        self._thread.shutdown(wait=True, cancel_futures=True)

    async def _transcribe(self, request: web.Request, fault: TextFault) -> web.StreamResponse:
        written = await self._write_down(await read_form(request))
        counted = not self._door.lacks("usage")
        if written.form.stream and not self._door.lacks("transcription_stream"):
            return await _stream(request, fault, written, counted=counted)
        if written.form.response_format == "text":
            return web.Response(text=written.text + "\n", content_type="text/plain")
        return json_reply(written.body(counted=counted), fault)

    async def _write_down(self, form: TranscriptionForm) -> WrittenDown:
        """Return what was said; raises ApiError."""
        loop = asyncio.get_running_loop()
        recorded_bytes, spoken = await loop.run_in_executor(self._thread, _listen, form.file)
        try:
            texts = await self._recognisers.write_down(spoken, form.model) if spoken else []
        except ProviderError as error:
            raise ApiError(500, str(error), code="transcription_failed") from error
        return WrittenDown(form, recorded_bytes, spoken, texts)


def _listen(file: bytes) -> tuple[int, list[Utterance]]:
    pcm = read_recording(file)
    return len(pcm), utterances(pcm)


async def _stream(request: web.Request, fault: TextFault, written: WrittenDown, *, counted: bool) -> web.StreamResponse:
    async with EventStream(request, fault) as events:
        for event in written.deltas():
            await asyncio.sleep(fault.word_interval_s)
            await events.send(event)
        await events.send(written.done(counted=counted))
    return events.response
