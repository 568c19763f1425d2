"""Writes down recorded speech in a realtime session, for servers that have no endpoint for recordings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

from sentra_tui.domain.audio import SAMPLE_BYTES, SAMPLE_RATE_HZ, samples_to_ms
from sentra_tui.domain.errors import CredentialRefused, NotSupported, TransportError, TransportLost, TransportRefused
from sentra_tui.domain.provider_config import DialectName
from sentra_tui.domain.roads import Reason
from sentra_tui.domain.text import clean
from sentra_tui.domain.usage import Usage
from sentra_tui.domain.voice_ports import TextEnded, TextEvent, TextExtended
from sentra_tui.media.resample import Resampler
from sentra_tui.services.openai.voice import transcription_events as events
from sentra_tui.services.openai.voice.message_socket import MessageSocket, OpenSocket
from sentra_tui.services.openai.voice.session_errors import failure_of
from sentra_tui.services.openai.voice.transcript_reader import read_usage
from sentra_tui.services.openai.voice.transcription_events import SessionKind, TranscriptEvent, read_event
from sentra_tui.services.openai.voice.waiting import HEAD_S, PATIENCE_S, within

MAX_MS = 30_000
"""Streaming models want a commit at least so often."""
LEAST_MS = 120
"""Servers refuse to commit less than a tenth of a second."""
_PIECE_BYTES = SAMPLE_RATE_HZ * SAMPLE_BYTES // 2


class RealtimeTranscription:
    """The Transcription port: a session for each recording, which is sent as fast as the socket takes it.

    `open_socket` opens a socket to the realtime endpoint; `label` is what messages call the server; `rate_hz` is the
    rate of its sound. What was said before is not told: not all models take it.
    """

    def __init__(
        self,
        open_socket: OpenSocket,
        model: str,
        *,
        label: str,
        kind: SessionKind = "transcription",
        dialect: DialectName = "ga",
        rate_hz: int = 24_000,
        head_s: float = HEAD_S,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._open_socket = open_socket
        self._model = model
        self._label = label
        self._kind = kind
        self._dialect = dialect
        self._rate_hz = rate_hz
        self._head_s = head_s
        self._patience_s = patience_s

    @property
    def max_ms(self) -> int:
        """The longest recording that is sent in one piece, in milliseconds."""
        return MAX_MS

    async def transcribe(self, sound: bytes, *, language: str = "", prompt: str = "") -> AsyncIterator[TextEvent]:
        """Yield what is said in `sound`; see the port. NotSupported where the server has no such session."""
        sound_s = samples_to_ms(len(sound) // SAMPLE_BYTES) / 1000
        socket = await self._opened()
        sending: asyncio.Task[None] | None = None
        try:
            async with aclosing(socket.messages()) as messages:  # type: ignore[type-var]
                await self._agree(socket, messages, language)
                heard = _Transcript()
                sending = asyncio.create_task(self._send(socket, sound, heard), name="recording")
                give_up_at_s = asyncio.get_running_loop().time() + self._patience_s + sound_s
                while not heard.over:
                    event = await self._next(messages, give_up_at_s - asyncio.get_running_loop().time())
                    if words := heard.take(event, self._label):
                        yield TextExtended(words)
                yield heard.ended()
        finally:
            if sending is not None:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
            await socket.close()

    async def _opened(self) -> MessageSocket:
        try:
            return await within(self._head_s, self._open_socket(), self._label)
        except TransportRefused as refused:
            raise self._not_supported(refused) from None

    async def _agree(self, socket: MessageSocket, messages: AsyncIterator[str], language: str) -> None:
        """Say what the session is for once the server greets, and wait until it agrees."""
        update = events.session_update(self._kind, self._dialect, self._model, language, self._rate_hz)
        give_up_at_s = asyncio.get_running_loop().time() + self._head_s
        greeted = False
        while True:
            event = await self._next(messages, give_up_at_s - asyncio.get_running_loop().time())
            if event.type == "error":
                raise self._not_supported(failure_of(event.details, f"{self._label} does not transcribe"))
            if event.type in events.UPDATED and greeted:
                return
            if event.type in events.CREATED and not greeted:
                greeted = True
                await socket.send(update)

    async def _send(self, socket: MessageSocket, sound: bytes, heard: _Transcript) -> None:
        least = SAMPLE_RATE_HZ * LEAST_MS // 1000 * SAMPLE_BYTES
        sound = sound.ljust(least, b"\0")
        resampler = Resampler(SAMPLE_RATE_HZ, self._rate_hz)
        for start in range(0, len(sound), _PIECE_BYTES):
            pcm = resampler.feed(sound[start : start + _PIECE_BYTES])
            await socket.send(events.append(pcm))
        if rest := resampler.flush():
            await socket.send(events.append(rest))
        heard.is_whole = True
        await socket.send(events.COMMIT)

    async def _next(self, messages: AsyncIterator[str], left_s: float) -> TranscriptEvent:
        try:
            return read_event(await within(max(0.0, left_s), anext(messages), self._label))
        except StopAsyncIteration:
            raise TransportLost(f"The connection to {self._label} broke.") from None

    def _not_supported(self, failure: TransportError) -> TransportError:
        """A session that is refused for what it is, is one that the server does not have."""
        is_other = isinstance(failure, TransportRefused) and not isinstance(failure, CredentialRefused)
        if is_other and failure.reason in (Reason.OTHER, Reason.NOT_OFFERED):
            return NotSupported(failure.message, hint=failure.hint, reason=Reason.NOT_OFFERED)
        return failure


class _Transcript:
    """What is heard of one recording. A server may find turns in it, whatever it was told: then it is several items."""

    def __init__(self) -> None:
        self._awaited: dict[str, None] = {}
        """The items that were committed and have no words yet."""
        self._texts: dict[str, str] = {}
        self._usage: Usage | None = None
        self.is_whole = False
        """All of it was sent."""
        self.over = False
        """All words have come."""

    def take(self, event: TranscriptEvent, label: str) -> str:
        """Take an event, return the words that it adds; raises what an error means."""
        match event.type:
            case events.COMMITTED:
                self._texts.setdefault(event.item_id, "")
                self._awaited[event.item_id] = None
            case events.DELTA:
                self._texts.setdefault(event.item_id, "")
                return clean(event.words)
            case events.COMPLETED:
                self._complete(event)
            case events.FAILED | "error":
                self._fail(event, label)
        return ""

    def ended(self) -> TextEnded:
        """Return the whole."""
        return TextEnded(" ".join(filter(None, self._texts.values())), self._usage)

    def _complete(self, event: TranscriptEvent) -> None:
        self._texts[event.item_id] = clean(event.words).strip()
        self._awaited.pop(event.item_id, None)
        usage = read_usage(event.usage)
        if usage is not None:
            self._usage = usage if self._usage is None else self._usage + usage
        self.over = self.is_whole and not self._awaited

    def _fail(self, event: TranscriptEvent, label: str) -> None:
        details = event.details
        if details.code != events.NOTHING_TO_COMMIT:
            raise failure_of(details, f"{label} does not transcribe")
        self.over = not self._awaited
