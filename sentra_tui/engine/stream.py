"""One named stream: its source of sound, its call, and its share of the user's requests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from sentra_tui.domain.changes import AnswerVoiceChanged, LanguageChanged, MuteChanged, Noticed
from sentra_tui.domain.errors import TransportLost, TransportRefused
from sentra_tui.domain.roads import Road, Stage
from sentra_tui.domain.source_spec import SourceSpec
from sentra_tui.domain.state import Connection, Severity
from sentra_tui.domain.stream_settings import StreamSettings
from sentra_tui.domain.usage import Usage
from sentra_tui.engine.call import CallDriver
from sentra_tui.engine.call_observer import CallObserver
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.lanes.ports import Bill
from sentra_tui.engine.roads.dialler import RoadDialler
from sentra_tui.engine.roads.ports import Attempt, Dialled
from sentra_tui.engine.sound.endpointing import EndpointingDriver
from sentra_tui.engine.sound.playback import Playback
from sentra_tui.engine.sound.pumps import Meter, SourcePump
from sentra_tui.engine.sound.source import SourceDriver, SourceOpener
from sentra_tui.protocol.connection import CallMachine
from sentra_tui.protocol.liveness import Liveness
from sentra_tui.protocol.road_book import RoadBook
from sentra_tui.protocol.roads import Patience
from sentra_tui.protocol.session import Session
from sentra_tui.protocol.session_config import (
    begins_answers,
    finds_turns,
    laid_over,
    session_change,
    transcription_model,
)


class StreamPlan(Struct, frozen=True):
    """What it takes to run one stream."""

    name: str
    roads: tuple[Road, ...]
    """The roads that its call may take, best first."""
    attempt: Attempt
    """Makes a call by one of them."""
    session: Callable[[StreamSettings], dict[str, Any]]
    """Gives the session config that these settings ask for."""
    source: SourceOpener
    """Where the stream's sound comes from."""
    settings: StreamSettings
    """What is chosen at the start."""
    connect: bool
    """Dial at the start."""
    answers: bool
    """An assistant answers on this stream's session."""
    model: str = ""
    """The model that answers."""
    transcription_model: str = ""
    context_lines: int = 0
    """How much of the talk a session is told and holds."""
    server_interrupts: bool = True
    """The provider stops a spoken answer when it hears speech; else we do."""
    voices: tuple[str, ...] = ()
    """Voices that are known to work; the first takes the place of one that does not."""


class StreamRunner:
    """Runs one stream. `recordings_begin` is set when recordings may start."""

    def __init__(
        self,
        plan: StreamPlan,
        machine: CallMachine,
        meter: Meter,
        playback: Playback | None,
        recordings_begin: asyncio.Event,
        bill: Bill,
        book: RoadBook,
        patience: Patience,
        make_liveness: Callable[[], Liveness],
        context: EngineContext,
    ) -> None:
        self.name = plan.name
        self.settings = plan.settings
        self.on_session: Callable[[Session], None] = lambda session: None
        """Told of each session that begins."""
        self.on_source: Callable[[SourceSpec | None], None] = lambda spec: None
        """Told of each source that was opened; None where none could be."""
        self.observers: list[CallObserver] = []
        """Told of everything that happens to its calls."""
        self.spare: Callable[[], Dialled | None] = lambda: None
        """Gives a call that stands already, where one is kept for when the other breaks."""
        self._waits_for_sound = False
        """The call was hung up for the want of sound, and is to be made again when there is some."""
        self.make_endpointing: Callable[[], EndpointingDriver] | None = None
        """Makes what finds the turns of a session whose server does not."""
        self._endpointing: EndpointingDriver | None = None
        self._plan = plan
        self._dialler = RoadDialler(plan.name, plan.roads, plan.attempt, book, patience, context, self._progressed)
        self._playback = playback
        self._bill = bill
        self._now_ms = context.now_ms
        self._publish = context.publish
        self._mark = context.mark
        self._agreed: dict[str, Any] = {}
        self._imposed: dict[str, Any] = {}
        """What of the session is not ours to choose while the call stands."""
        self.pump = SourcePump(plan.name, meter, context.now_ms, context.publish)
        self.source = SourceDriver(
            plan.name, plan.source, self.pump, recordings_begin, self._source_opened, self._source_failed, context
        )
        self.call = CallDriver(plan.name, machine, make_liveness, self._dial, self._make_session, self, context)

    @property
    def roads(self) -> tuple[Road, ...]:
        """The roads that its call may take, best first."""
        return self._plan.roads

    def start(self) -> None:
        """Open the source, and dial if the plan says so."""
        if self.settings.language:
            self._publish(LanguageChanged(self.name, self.settings.language))
        self.source.start()
        if self._plan.connect:
            self.call.connect()

    def hang_up(self) -> None:
        """End the call, or the wait for a source that is worth one."""
        self._waits_for_sound = False
        self.call.hang_up()

    def set_mute(self, muted: bool) -> None:
        """Send silence instead of sound, whatever call stands now or later."""
        self.pump.muted = muted
        self._publish(MuteChanged(self.name, muted))

    def choose(self, **chosen: Any) -> None:
        """Follow these settings of `StreamSettings` from now on: in the session that stands, or in a new one where a
        session cannot change that.
        """
        self.settings = replace(self.settings, **chosen)
        session = self.call.session
        if session is None or not self._agreed:
            return
        wanted = self._want()
        changed = session_change(self._agreed, wanted)
        if changed is None:
            self.call.renew("This choice needs a new session.")
            return
        self._agreed = wanted
        self.call.perform(session.update(changed, voice=self.settings.voice, speed=self.settings.speed))

    def say(self, text: str) -> bool:
        """Pass typed words to the session; False where none stands."""
        if self.call.session is None or not self._plan.answers:
            return False
        self.call.perform(self.call.session.say_text(text, self._now_ms()))
        return True

    def cancel_answer(self, question_id: str = "") -> bool:
        """Stop the answer under way, only that to `question_id` where one is given; return whether there was one."""
        if self.call.session is None or not self._plan.answers:
            return False
        outcome = self.call.session.cancel_answer(self._now_ms(), question_id)
        self.call.perform(outcome)
        return bool(outcome)

    def commit(self) -> None:
        """End the turn of a session whose server does not find its end."""
        if self.call.session is not None:
            self.call.perform(self.call.session.commit())

    def call_began(self, dialled: Dialled) -> None:
        """Send the source's sound into this call, and play its answers."""
        self.pump.transport = transport = dialled.transport
        self._find_turns()
        if self.call.session is not None:
            self.on_session(self.call.session)
        if self._playback is not None:
            self._playback.call_began(transport)
        self.choose()

    def call_ended(self) -> None:
        """Keep the sound to ourselves."""
        self.pump.transport = None
        if self._endpointing is not None:
            self._endpointing.call_ended()
        self._agreed = {}
        if self._playback is not None:
            self._playback.call_ended()

    def flush_playback(self) -> None:
        """Silence the answer that is being played."""
        if self._playback is not None:
            self._playback.flush()

    def begin_playback(self) -> None:
        """Take it that a new answer begins to sound."""
        if self._playback is not None:
            self._playback.answer_began()

    def refuse_voice(self, cause: str) -> None:
        """Take a voice that works in place of the one that the server does not know."""
        voice = self._known_voice()
        if voice is None:
            self._publish(Noticed(Severity.WARNING, f"The provider has no such voice: {cause}"))
            return
        text = f"The provider has no voice called {self.settings.answer_voice}: {voice} speaks."
        self._publish(AnswerVoiceChanged(voice))
        self._publish(Noticed(Severity.WARNING, text, "ctrl+p finds the others."))
        self._agreed = self._plan.session(replace(self.settings, answer_voice=""))
        self.choose(answer_voice=voice)

    def _find_turns(self) -> None:
        found = finds_turns(self._want())
        if self._endpointing is None and not found and self.make_endpointing is not None:
            self._endpointing = self.make_endpointing()
            self.pump.taps.append(self._endpointing.hear)
        if self._endpointing is not None:
            self._endpointing.call_began(finds_turns=found)

    def _source_opened(self, spec: SourceSpec) -> None:
        self.on_source(spec)
        if self._waits_for_sound:
            self._waits_for_sound = False
            self.call.connect()

    def _source_failed(self) -> None:
        """A call in which nobody speaks and nobody answers is money for nothing."""
        self.on_source(None)
        if not self._plan.answers and self.call.state is not Connection.OFF:
            self._waits_for_sound = True
            self.call.hang_up()

    def meter(self, lane: str, usage: Usage) -> None:
        """Pass on what the provider counted."""
        session = self._agreed
        written = transcription_model(session) or self._plan.transcription_model
        self._bill(self.name, lane, str(session.get("model") or self._plan.model) if lane else written, usage)

    def _known_voice(self) -> str | None:
        others = [voice for voice in self._plan.voices if voice != self.settings.answer_voice]
        return others[0] if others and self.settings.answer_voice not in self._plan.voices[:1] else None

    def _progressed(self, road: Road, stage: Stage) -> None:
        for observer in self.observers:
            observer.dial_progressed(road, stage, self._now_ms())

    async def _dial(self) -> Dialled:
        spare = self.spare()
        if spare is not None:
            return spare
        try:
            return await self._dialler.dial(self._plan.session(self.settings))
        except TransportRefused as error:
            if "voice" not in error.param or self._known_voice() is None:
                raise
            self.refuse_voice(error.message)
            raise TransportLost("The voice was not known: trying another.", retry_after_s=0.0) from error

    async def dial_by(self, road: Road) -> Dialled:
        """Return a call by this road, beside the one that stands; raises TransportError."""
        return await self._dialler.dial_by(road, self._plan.session(self.settings))

    def _want(self) -> dict[str, Any]:
        """Return the session that the call that stands is to have."""
        return laid_over(self._plan.session(self.settings), self._imposed)

    def _make_session(self, now_ms: int, dialled: Dialled) -> Session:
        self._agreed, self._imposed = dialled.session, dialled.imposed
        playback = self._playback
        return Session(
            self.name,
            number=now_ms,
            started_ms=now_ms,
            answers=self._plan.answers,
            answers_turns=begins_answers(self._want()),
            voice=self._agreed.get("output_modalities") == ["audio"],
            mark=self._mark(),
            context_lines=self._plan.context_lines,
            heard_ms=playback.heard_ms if playback is not None else lambda: 0,
            server_truncates=dialled.transport.server_truncates,
            server_interrupts=self._plan.server_interrupts,
            stood_ms=dialled.stood_ms,
            expires_at=dialled.expires_at,
            wall_s=time.time,
        )
