"""One named stream: its source of sound, its call, and its share of the user's requests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from msgspec import Struct

from sentra_tui.domain.changes import MuteChanged, SourceFailed
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.ports import AudioSource, Transport
from sentra_tui.engine.audio import Meter, SourcePump
from sentra_tui.engine.call import CallDriver
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.playback import Playback
from sentra_tui.protocol.connection import CallMachine
from sentra_tui.protocol.session import Session


class StreamPlan(Struct, frozen=True):
    """What it takes to run one stream."""

    name: str
    dial: Callable[[bool], Awaitable[Transport]]
    """Makes one call, with spoken answers or without: returns it connected, or raises a TransportError."""
    open_source: Callable[[], Awaitable[AudioSource]]
    """Opens the stream's source of sound; raises SourceError."""
    recorded: bool
    """The source can wait for the calls, and begins with the other recordings."""
    connect: bool
    """Dial at the start."""
    answers: bool
    """An assistant answers on this stream's session."""


class StreamRunner:
    """Runs one stream. `recordings_begin` is set when recordings may start."""

    def __init__(
        self,
        plan: StreamPlan,
        machine: CallMachine,
        meter: Meter,
        playback: Playback | None,
        recordings_begin: asyncio.Event,
        context: EngineContext,
    ) -> None:
        self.name = plan.name
        self._plan = plan
        self._playback = playback
        self._begin = recordings_begin
        self._tasks = context.tasks
        self._now_ms = context.now_ms
        self._publish = context.publish
        self._dialled_voice = False
        self._pump = SourcePump(plan.name, meter, context.now_ms, context.publish)
        self.call = CallDriver(plan.name, machine, self._dial, self._make_session, self, context)

    def start(self) -> None:
        """Open the source, and dial if the plan says so."""
        self._tasks.start(self._carry_sound(), self._source_failed, f"{self.name} source")
        if self._plan.connect:
            self.call.connect()

    def set_mute(self, muted: bool) -> None:
        """Send silence instead of sound, whatever call stands now or later."""
        self._pump.muted = muted
        self._publish(MuteChanged(self.name, muted))

    def set_voice(self, on: bool) -> None:
        """Have the answers of the session that stands spoken, or written; later sessions ask for themselves."""
        if self.call.session is not None and self._plan.answers:
            self.call.perform(self.call.session.set_voice(on, self._now_ms()))

    def say(self, text: str) -> bool:
        """Pass typed words to the session; False where none stands."""
        if self.call.session is None or not self._plan.answers:
            return False
        self.call.perform(self.call.session.say_text(text, self._now_ms()))
        return True

    def cancel_answer(self) -> None:
        """Stop the answer under way, if there is one."""
        if self.call.session is not None and self._plan.answers:
            self.call.perform(self.call.session.cancel_answer(self._now_ms()))

    def call_began(self, transport: Transport) -> None:
        """Send the source's sound into this call, and play its answers."""
        self._pump.transport = transport
        if self._playback is None:
            return
        self._playback.call_began(transport)
        if self._playback.voice != self._dialled_voice:
            self.set_voice(self._playback.voice)

    def call_ended(self) -> None:
        """Keep the sound to ourselves."""
        self._pump.transport = None
        if self._playback is not None:
            self._playback.call_ended()

    def flush_playback(self) -> None:
        """Silence the answer that is being played."""
        if self._playback is not None:
            self._playback.flush()

    async def _dial(self) -> Transport:
        self._dialled_voice = self._playback is not None and self._playback.voice
        return await self._plan.dial(self._dialled_voice)

    def _make_session(self, now_ms: int) -> Session:
        return Session(
            self.name, number=now_ms, started_ms=now_ms, answers=self._plan.answers, voice=self._dialled_voice
        )

    async def _carry_sound(self) -> None:
        try:
            source = await self._plan.open_source()
        except SourceError as error:
            self._source_failed(error)
            await self._pump.run_silent()
            return
        begin = self._begin if self._plan.recorded else _always()
        await self._pump.run(source, begin)

    def _source_failed(self, failure: BaseException) -> None:
        if not isinstance(failure, SourceError):
            failure = SourceError("Internal error in the source of sound.", hint="The log has the details.")
        self._publish(SourceFailed(self.name, failure.message, failure.hint))


def _always() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event
