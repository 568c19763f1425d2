"""A realtime session that only reads aloud: texts are said on it one after the other."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import aclosing

from sentra_tui.domain.audio import SAMPLE_RATE_HZ
from sentra_tui.domain.errors import TransportError, TransportLost
from sentra_tui.media.resample import Resampler
from sentra_tui.services.openai.voice.message_socket import MessageSocket
from sentra_tui.services.openai.voice.speech_events import (
    AUDIO_DELTAS,
    ServerEvent,
    read_event,
    response_cancel,
    response_create,
    session_update,
)
from sentra_tui.services.openai.voice.waiting import SILENCE_S, within

SETTLE_S = 2.0
"""How long a response that was cancelled may take to end."""
_GREETINGS = ("session.created", "session.updated")


class SpeechSession:
    """Owns a socket until it is closed, which it is by itself after `idle_s` without a text.

    One voice and one speed; `label` is what messages call the server.
    """

    def __init__(
        self, socket: MessageSocket, *, voice: str, speed: float, rate_hz: int, label: str, idle_s: float
    ) -> None:
        self.form = (voice, speed)
        self.was_used = False
        """Whether it has said something: it may have gone stale since."""
        self._socket = socket
        self._voice, self._speed, self._rate_hz = voice, speed, rate_hz
        self._label = label
        self._idle_s = idle_s
        self._starting = asyncio.Lock()
        self._greeted = asyncio.Event()
        self._failure: TransportError | None = None
        self._utterance: _Utterance | None = None
        self._utterances = 0
        self._said_before = ""
        self._patience = asyncio.timeout(None)
        self._reading = asyncio.create_task(self._read(), name="realtime speech")

    @property
    def is_open(self) -> bool:
        """Whether a text can be said on it, as far as is known."""
        return self._failure is None and not self._patience.expired()

    async def greet(self, greeting_s: float) -> None:
        """Wait for the server's first word and say what the session is for; raises what it does not like of it."""
        await within(greeting_s, self._greeted.wait(), self._label)
        self._raise_failure()
        await self._socket.send(session_update(self._voice, self._speed, self._rate_hz))

    async def say(self, text: str, head_s: float) -> AsyncIterator[bytes]:
        """Yield the sound of `text`, 48 kHz mono s16le, as it comes, the first of it within `head_s`."""
        utterance = await self._begin(text)
        resampler = Resampler(self._rate_hz, SAMPLE_RATE_HZ)
        limit_s = head_s
        try:
            while (piece := await within(limit_s, utterance.next(), self._label)) is not None:
                limit_s = SILENCE_S
                if sound := resampler.feed(piece):
                    yield sound
            if sound := resampler.flush():
                yield sound
        finally:
            await self._leave(utterance)

    async def settle(self) -> None:
        """Wait until nothing is being said; raises TransportLost where what nobody wants any more does not end."""
        utterance = self._utterance
        if utterance is not None:
            await utterance.left.wait()
            await within(SETTLE_S, utterance.over.wait(), self._label)

    async def close(self) -> None:
        """Close the socket; may be called more than once."""
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)

    async def _begin(self, text: str) -> _Utterance:
        async with self._starting:
            try:
                await self.settle()
                self._raise_failure()
                self._utterances += 1
                utterance = self._utterance = _Utterance(str(self._utterances))
                self._patience.reschedule(None)
                await self._socket.send(response_create(text, self._voice, self._rate_hz, utterance.mark))
            except TransportError as error:
                self._fail(error)
                raise
        return utterance

    async def _leave(self, utterance: _Utterance) -> None:
        utterance.left.set()
        if not utterance.over.is_set() and utterance.response_id:
            with contextlib.suppress(TransportLost):
                await self._socket.send(response_cancel(utterance.response_id))

    async def _read(self) -> None:
        try:
            async with self._patience, aclosing(self._socket.messages()) as messages:  # type: ignore[type-var]
                async for message in messages:
                    await self._hear(read_event(message))
        except TimeoutError:
            pass
        except TransportError as error:
            self._fail(error)
        finally:
            self._fail(TransportLost(f"{self._label} closed the connection for speech."))
            await self._socket.close()

    async def _hear(self, event: ServerEvent) -> None:
        """Take an event; raises what an error means, since nothing is certain of the session then."""
        if event.type == "error":
            if not event.is_harmless:
                raise event.failure(self._label)
        elif event.type in _GREETINGS:
            self._greeted.set()
        elif self._utterance is not None:
            await self._hear_of(self._utterance, event)

    async def _hear_of(self, utterance: _Utterance, event: ServerEvent) -> None:
        if event.type == "response.created" and event.mark in ("", utterance.mark):
            utterance.response_id = event.name
            if utterance.left.is_set():
                await self._leave(utterance)
        elif not self._is_of(utterance, event):
            return
        elif event.type in AUDIO_DELTAS:
            utterance.give(event.sound)
        elif event.type == "response.done":
            utterance.end(event.failure(self._label) if event.has_failed else None)
            self._utterance, self._said_before = None, event.name
            self.was_used = True
            self._patience.reschedule(asyncio.get_running_loop().time() + self._idle_s)

    def _is_of(self, utterance: _Utterance, event: ServerEvent) -> bool:
        """Return whether an event is about this one; some servers do not say when a response begins, or which it is."""
        if event.name and not utterance.response_id:
            return event.name != self._said_before
        return event.name in ("", utterance.response_id)

    def _fail(self, error: TransportError) -> None:
        """The session is over; the first reason counts."""
        if self._failure is None:
            self._failure = error
            self._greeted.set()
            if self._utterance is not None:
                self._utterance.end(error)

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure


class _Utterance:
    """One text that is being said."""

    def __init__(self, mark: str) -> None:
        self.mark = mark
        self.response_id = ""
        self.over = asyncio.Event()
        """Set when the server says no more of it."""
        self.left = asyncio.Event()
        """Set when nobody listens any more, or nothing more comes."""
        self._sound: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._failure: TransportError | None = None

    def give(self, sound: bytes) -> None:
        """Take a piece of its sound."""
        if not self.left.is_set():
            self._sound.put_nowait(sound)

    def end(self, failure: TransportError | None) -> None:
        """It is over."""
        self._failure = failure
        self.over.set()
        self.left.set()
        self._sound.put_nowait(None)

    async def next(self) -> bytes | None:
        """Return the next piece of its sound, None behind the last; raises why it ended before."""
        piece = await self._sound.get()
        if piece is None and self._failure is not None:
            raise self._failure
        return piece
