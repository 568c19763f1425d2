"""The connection manager: named streams, each apart from the others, behind one way in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from msgspec import Struct

from sentra_tui.domain import actions as a
from sentra_tui.domain.changes import (
    AnswerVoiceChanged,
    Change,
    LanguageChanged,
    Noticed,
    SpeedChanged,
    StreamAdded,
)
from sentra_tui.domain.config import Config, DeadlinesConfig
from sentra_tui.domain.sound_ports import AudioSink
from sentra_tui.domain.state import Connection, Severity, SourceStatus
from sentra_tui.domain.text import clean_line
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.lanes.ports import Bill
from sentra_tui.engine.sound.playback import Playback
from sentra_tui.engine.sound.pumps import Meter
from sentra_tui.engine.store import Store
from sentra_tui.engine.stream import StreamPlan, StreamRunner
from sentra_tui.protocol.connection import CallMachine
from sentra_tui.protocol.liveness import Liveness
from sentra_tui.protocol.road_book import RoadBook
from sentra_tui.protocol.roads import Patience

SPEED_STEP = 0.1
SPEED_RANGE = (0.25, 1.5)
"""How much a step changes the speed of speech, and what servers take."""


class ManagerPorts(Struct, frozen=True):
    """What the manager needs of the world besides the streams' own plans."""

    make_meter: Callable[[], Meter]
    open_sink: Callable[[], Awaitable[AudioSink]]
    random: Callable[[], float]
    """Gives numbers from 0 to 1, for the jitter of retries."""
    bill: Bill
    """Takes what the provider counts."""


class ConnectionManager:
    """Runs the planned streams in `tasks` and answers for the actions about them."""

    def __init__(
        self,
        plans: Sequence[StreamPlan],
        store: Store,
        config: Config,
        ports: ManagerPorts,
        context: EngineContext,
    ) -> None:
        self._store = store
        self._recordings_begin = asyncio.Event()
        self.playback = Playback(ports.open_sink, context, self._tell_voice)
        self.roads = RoadBook(round(config.reconnect.probe_s * 1000))
        """What is known of the roads to the provider."""
        self._streams = {
            plan.name: StreamRunner(
                plan,
                CallMachine(plan.name, config.reconnect, ports.random),
                ports.make_meter(),
                self.playback if plan.answers else None,
                self._recordings_begin,
                ports.bill,
                self.roads,
                _patience(config.deadlines),
                partial(Liveness, config.reconnect),
                context,
            )
            for plan in plans
        }
        store.subscribe(self._begin_recordings)
        self._answer_for_actions()

    def _answer_for_actions(self) -> None:
        handle = self._store.handle
        handle(a.HangUp, lambda action: self._on(action.stream, StreamRunner.hang_up))
        handle(a.SetMute, lambda action: self._on(action.stream, lambda stream: stream.set_mute(action.muted)))
        handle(
            a.ChooseSource, lambda action: self._on(action.stream, lambda stream: stream.source.choose(action.source))
        )
        handle(a.SetLanguage, lambda action: self._on(action.stream, lambda stream: self._speak(stream, action)))
        handle(a.SetAnswerVoice, lambda action: self._choose_voice(action.voice))
        handle(a.SetSpeed, lambda action: self._choose_speed(action.speed))
        handle(a.StepSpeed, lambda action: self._choose_speed(self._store.state.speed + SPEED_STEP * action.step))

    def name_streams(self) -> None:
        """Say which streams there are."""
        for stream in self._streams.values():
            self._store.publish(StreamAdded(stream.name))

    def start(self) -> None:
        """Open the streams' sources, and dial those that are to be."""
        self._on_each(StreamRunner.start)

    def connect(self, name: str) -> None:
        """Call the provider for this stream."""
        self._on(name, lambda stream: stream.call.connect())

    def retry_now(self) -> None:
        """Dial at once what waits or has failed, and open again the sources that could not be."""
        self.roads.forget()
        self._on_each(lambda stream: stream.call.retry_now())
        for stream in self._store.state.streams:
            if stream.source.status is SourceStatus.FAILED and stream.name in self._streams:
                self._streams[stream.name].source.retry()

    async def close(self) -> None:
        """Hang up every call and let go of the loudspeaker."""
        self.hang_up_all()
        await asyncio.gather(self.playback.close(), *(stream.call.closed() for stream in self._streams.values()))

    def _on(self, name: str, step: Callable[[StreamRunner], None]) -> None:
        stream = self._streams.get(name)
        if stream is None:
            known = ", ".join(self._streams)
            self._store.publish(Noticed(Severity.WARNING, f"There is no stream called {name}.", f"There are: {known}."))
            return
        step(stream)

    def _on_each(self, step: Callable[[StreamRunner], None]) -> None:
        for stream in self._streams.values():
            step(stream)

    @property
    def streams(self) -> tuple[StreamRunner, ...]:
        """All streams, in their order."""
        return tuple(self._streams.values())

    def stream(self, name: str) -> StreamRunner:
        """Return the stream of this name."""
        return self._streams[name]

    def say(self, text: str) -> bool:
        """Pass typed words to the session of a stream that takes them; False where none stands."""
        return any(stream.say(text) for stream in self._streams.values())

    def hang_up_all(self) -> None:
        """End every call."""
        self._on_each(StreamRunner.hang_up)

    def set_voice(self, on: bool) -> None:
        """Have answers spoken, or only written."""
        self.playback.set_voice(on)

    def save_money(self, on: bool) -> None:
        """Have the smaller model answer, or the usual one again."""
        self._on_each(lambda stream: stream.choose(economy=on))

    def _speak(self, stream: StreamRunner, action: a.SetLanguage) -> None:
        self._store.publish(LanguageChanged(stream.name, action.language))
        stream.choose(language=action.language)

    def _choose_voice(self, voice: str) -> None:
        voice = clean_line(voice).strip()
        self._store.publish(AnswerVoiceChanged(voice))
        self._on_each(lambda stream: stream.choose(answer_voice=voice))

    def _choose_speed(self, speed: float) -> None:
        speed = round(min(max(speed, SPEED_RANGE[0]), SPEED_RANGE[1]), 2)
        self._store.publish(SpeedChanged(speed))
        self._on_each(lambda stream: stream.choose(speed=speed))

    def _tell_voice(self, on: bool) -> None:
        self._on_each(lambda stream: stream.choose(voice=on))

    def _begin_recordings(self, _: Change) -> None:
        """Let recordings begin, together, once a call stands and no first dial is under way."""
        if self._recordings_begin.is_set():
            return
        states = {stream.connection for stream in self._store.state.streams}
        if Connection.LIVE in states and Connection.CONNECTING not in states:
            self._recordings_begin.set()


def _patience(deadlines: DeadlinesConfig) -> Patience:
    return Patience(round(deadlines.head_start_s * 1000), round(deadlines.unanswered_s * 1000))
