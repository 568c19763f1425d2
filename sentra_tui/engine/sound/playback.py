"""Spoken answers: the microphone session's sound, to the loudspeaker while voice is on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from sentra_tui.domain.changes import Noticed, VoiceChanged
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.ports import Transport
from sentra_tui.domain.sound_ports import AudioSink
from sentra_tui.domain.state import Severity
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.sound.cut import Cut
from sentra_tui.engine.sound.pumps import play


class Playback:
    """Owns the loudspeaker. `on_voice` is told when voice really went on or off."""

    def __init__(
        self,
        open_sink: Callable[[], Awaitable[AudioSink]],
        context: EngineContext,
        on_voice: Callable[[bool], None],
    ) -> None:
        self.voice = False
        self._open_sink = open_sink
        self._tasks = context.tasks
        self._publish = context.publish
        self._on_voice = on_voice
        self._transport: Transport | None = None
        self._sink: AudioSink | None = None
        self._cut = Cut()
        self._answer_from_ms = 0
        """What the loudspeaker had played when the answer began; less than 0 where another one began to play it."""
        self._told = False
        """It was told that voice is on."""
        self._is_stale = False
        """Another loudspeaker was chosen than the one that is open."""
        self._task: asyncio.Task[None] | None = None

    def set_voice(self, on: bool) -> None:
        """Open the loudspeaker and have answers spoken, or stop both."""
        if on != self.voice:
            self.voice = on
            self._restart()

    def reopen(self) -> None:
        """Go on at the loudspeaker that is chosen now."""
        self._is_stale = self._sink is not None
        if self.voice:
            self._restart()

    def call_began(self, transport: Transport) -> None:
        """Play this call from now on."""
        self._transport = transport
        self._cut.end()
        self._restart()

    def call_ended(self) -> None:
        """There is no call to play."""
        self._transport = None
        self._restart()

    def answer_began(self) -> None:
        """Take it that what arrives from now on is a new answer."""
        if self._cut.under_way and self._transport is not None:
            self._transport.flush_audio()
        self._cut.end()
        self._answer_from_ms = 0 if self._sink is None else self._sink.heard_ms()
        self.duck(1.0)

    def flush(self) -> None:
        """Be silent at once, and until the next answer begins or the sound of this one has ceased to arrive."""
        if self._sink is not None:
            self._sink.flush()
        if self._transport is not None:
            self._transport.flush_audio()
        # Where the client holds the sound, the transport knows which answer it belongs to, and what comes too late.
        if self._transport is None or self._transport.server_truncates:
            self._cut.begin()
        self.duck(1.0)

    def duck(self, gain: float) -> None:
        """Play at this share of the loudness, 0 to 1, until told otherwise, or the answer is over."""
        if self._sink is not None:
            self._sink.set_gain(gain)

    def sounding(self) -> bool:
        """Return whether an answer is heard, or is about to be."""
        return self._sink is not None and self._sink.sounding()

    def heard_ms(self) -> int:
        """Return how much of the present answer was heard, in milliseconds; 0 while answers are only written."""
        return max(0, (0 if self._sink is None else self._sink.heard_ms()) - self._answer_from_ms)

    def _restart(self) -> None:
        if self._task is not None:
            self._task.cancel()
        work = self._speak() if self.voice else self._fall_silent()
        self._task = self._tasks.start(work, self._failed, "playback")

    async def _speak(self) -> None:
        if self._is_stale:
            await self._let_go()
        try:
            sink = self._sink = self._sink or await self._open_sink()
        except SourceError as error:
            self._failed(error)
            return
        self._tell(True)
        if self._transport is None:
            return
        try:
            await play(self._transport, sink, self._cut)
        finally:
            sink.flush()

    async def _let_go(self) -> None:
        self._answer_from_ms = -self.heard_ms()
        sink, self._sink, self._is_stale = self._sink, None, False
        if sink is not None:
            await sink.close()

    async def _fall_silent(self) -> None:
        self._tell(False)
        await self._let_go()
        self._answer_from_ms = 0

    def _tell(self, on: bool) -> None:
        if on is not self._told:
            self._told = on
            self._publish(VoiceChanged(on))
            self._on_voice(on)

    def _failed(self, failure: BaseException) -> None:
        self.voice = False
        hint = failure.hint if isinstance(failure, SourceError) else ""
        text = failure.message if isinstance(failure, SourceError) else "The loudspeaker failed."
        self._publish(Noticed(Severity.WARNING, f"Answers stay written. {text}", hint))
        if self._told:
            self._tell(False)
        else:  # whoever looks on may still believe what an engine before this one said
            self._publish(VoiceChanged(False))

    async def close(self) -> None:
        """Let go of the loudspeaker."""
        self.voice = False
        if self._task is not None:
            self._task.cancel()
        await self._fall_silent()
