"""Says text aloud with a realtime model, for servers that have no other voice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, suppress

from sentra_tui.domain.errors import TransportLost
from sentra_tui.services.openai.voice.message_socket import OpenSocket
from sentra_tui.services.openai.voice.parts import parts_of
from sentra_tui.services.openai.voice.speech_session import SpeechSession
from sentra_tui.services.openai.voice.waiting import HEAD_S, within

INPUT_CHARS_MAX = 2_000
"""Longer texts are retold rather than read."""
IDLE_S = 60.0
SPEED_MIN, SPEED_MAX = 0.25, 1.5


class RealtimeSpeech:
    """The Speech port: a response outside of any conversation for each text, on a session that is kept a while.

    `open_socket` opens a socket to the realtime endpoint; `label` is what messages call the server; `rate_hz` is the
    rate of its sound. A voice that it does not know raises TransportRefused with the param `voice`.
    """

    def __init__(
        self,
        open_socket: OpenSocket,
        *,
        label: str,
        rate_hz: int = 24_000,
        head_s: float = HEAD_S,
        idle_s: float = IDLE_S,
    ) -> None:
        self._open_socket = open_socket
        self._label = label
        self._rate_hz = rate_hz
        self._head_s = head_s
        self._idle_s = idle_s
        self._opening = asyncio.Lock()
        self._session: SpeechSession | None = None

    async def speak(self, text: str, *, voice: str, speed: float) -> AsyncIterator[bytes]:
        """Yield the sound of `text`; see the port. Texts that are asked for at once are said one after the other."""
        for part in parts_of(text, INPUT_CHARS_MAX):
            while True:
                session = await self._ready(voice, min(max(speed, SPEED_MIN), SPEED_MAX))
                may_be_stale = session.was_used
                try:
                    async with aclosing(session.say(part, self._head_s)) as sound:  # type: ignore[type-var]
                        async for piece in sound:
                            may_be_stale = False
                            yield piece
                    break
                except TransportLost:
                    await session.close()
                    if not may_be_stale:
                        raise

    async def close(self) -> None:
        """Close the session."""
        async with self._opening:
            await self._drop()

    async def _ready(self, voice: str, speed: float) -> SpeechSession:
        """Return a session with this voice and speed; one with others is closed once it has said what it says."""
        async with self._opening:
            session = self._session
            if session is not None and session.is_open and session.form == (voice, speed):
                return session
            if session is not None and session.is_open:
                with suppress(TransportLost):
                    await session.settle()
            await self._drop()
            return await self._opened(voice, speed)

    async def _opened(self, voice: str, speed: float) -> SpeechSession:
        socket = await within(self._head_s, self._open_socket(), self._label)
        self._session = session = SpeechSession(
            socket, voice=voice, speed=speed, rate_hz=self._rate_hz, label=self._label, idle_s=self._idle_s
        )
        async with AsyncExitStack() as undo:
            undo.push_async_callback(self._drop)
            await session.greet(self._head_s)
            undo.pop_all()
        return session

    async def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()
