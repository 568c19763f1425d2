"""Writes down recorded speech over HTTP.

Source: https://platform.openai.com/docs/api-reference/audio/createTranscription.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from sentra_tui.domain.audio import SAMPLE_BYTES, SAMPLE_RATE_HZ, samples_to_ms
from sentra_tui.domain.errors import TransportError, TransportRefused
from sentra_tui.domain.secret import Secret
from sentra_tui.domain.text import clean
from sentra_tui.domain.voice_ports import TextEnded, TextEvent, TextExtended
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.reply import Reply, ReplyStream
from sentra_tui.services.openai.status import is_web_page, web_page
from sentra_tui.services.openai.voice.recording import FILE_NAME, HEADER_BYTES, RATE_HZ, wav_of
from sentra_tui.services.openai.voice.transcript_reader import TranscriptReader
from sentra_tui.services.openai.voice.voice_status import names, voice_refusal
from sentra_tui.services.openai.voice.waiting import HEAD_S, PATIENCE_S, HeadWait

_PATH = "/audio/transcriptions"
_FORM_BYTES = 8_192
"""Room for the other fields of the form."""
_OPTIONAL = ("stream", "language", "prompt")
_SIGNS = {"stream": ("streaming", "streamed")}
_WHOLE_ONLY = "whisper-1"
_PROMPT_CHARS = 800
"""Recognisers read a few hundred tokens of it, the last ones."""
_TOO_LARGE = 413
_SHORTEST_MS = 5_000
"""One that finds this too large refuses everything: shorter pieces were only more requests."""


class HttpTranscription:
    """The Transcription port. The client stays the caller's to close; `key` gives the API key, and may raise.

    What the server does not take (`stream`, `language`, `prompt`) is left out from then on.
    """

    def __init__(
        self,
        client: ApiClient,
        key: Callable[[], Secret],
        model: str,
        *,
        upload_bytes: int = 25_000_000,
        head_s: float = HEAD_S,
    ) -> None:
        self._client = client
        self._key = key
        self._model = model
        self._wait = HeadWait(client, key, head_s)
        samples = (upload_bytes - _FORM_BYTES - HEADER_BYTES) // SAMPLE_BYTES
        self._max_ms = samples_to_ms(samples, RATE_HZ)
        self._refused = {"stream"} if model == _WHOLE_ONLY else set[str]()

    @property
    def max_ms(self) -> int:
        """The longest recording that the server takes, in milliseconds; less once it found one too large."""
        return self._max_ms

    async def transcribe(self, sound: bytes, *, language: str = "", prompt: str = "") -> AsyncIterator[TextEvent]:
        """Yield what is said in `sound`; see the port."""
        wanted = {"stream": "true", "language": language, "prompt": prompt[-_PROMPT_CHARS:]}
        async with await self._open(sound, wanted) as reply:
            if not reply.is_events:
                yield self._whole(await reply.read())
                return
            reader = TranscriptReader()
            async for event in reply:
                words = reader.feed(event.data)
                if words:
                    yield TextExtended(words)
                if reader.over:
                    break
            yield reader.ended()

    async def _open(self, sound: bytes, wanted: dict[str, str]) -> ReplyStream:
        wav = await wav_of(sound)
        sound_ms = samples_to_ms(len(sound) // SAMPLE_BYTES, SAMPLE_RATE_HZ)
        while True:
            fields = {name: value for name, value in wanted.items() if value and name not in self._refused}
            asked = self._client.stream(
                "POST",
                _PATH,
                self._key(),
                silence_s=PATIENCE_S + sound_ms / 1000,
                data={"model": self._model, "response_format": "json", **fields},
                files={"file": (FILE_NAME, wav, "audio/wav")},
            )
            reply = await self._wait.reply(asked, sound_ms / 1000)
            if reply.status < 300:
                return reply
            refused = await reply.read()
            if not self._can_do_without(refused, fields):
                raise self._refusal(refused, sound_ms)

    def _can_do_without(self, reply: Reply, fields: dict[str, str]) -> bool:
        """Return whether the server refused a field that is left out from now on."""
        unwanted = {name for name in _OPTIONAL if name in fields and names(reply, name, *_SIGNS.get(name, ()))}
        self._refused |= unwanted
        return bool(unwanted)

    def _refusal(self, reply: Reply, sound_ms: int) -> TransportError:
        endpoint = self._client.endpoint
        if reply.status != _TOO_LARGE:
            return voice_refusal(reply, endpoint, "transcription_model")
        self._max_ms = min(self._max_ms, max(sound_ms // 2, _SHORTEST_MS))
        return TransportRefused(
            f"{endpoint.label} does not take a recording of {sound_ms / 1000:.0f} s ({_TOO_LARGE}).",
            hint="Lower upload_bytes in the profile's [http].",
            param="file",
        )

    def _whole(self, reply: Reply) -> TextEnded:
        body = reply.json()
        if isinstance(body, dict) and ("text" in body or "error" in body):
            reader = TranscriptReader()
            reader.feed(reply.text)
            return reader.ended()
        endpoint = self._client.endpoint
        if is_web_page(reply):
            raise web_page(endpoint)
        if reply.media_type == "text/plain":
            return TextEnded(clean(reply.text).strip())
        raise TransportRefused(f"{endpoint.label} answered without a transcript.", hint="Check base_url.")
