"""Both streams of an engine over calls that stay in this process, in a time that the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from sentra_tui.domain import changes as c
from sentra_tui.domain.audio import SILENCE
from sentra_tui.domain.config import Config, ReconnectConfig
from sentra_tui.domain.errors import TransportLost
from sentra_tui.domain.ports import Transport
from sentra_tui.domain.provider_config import ProviderProfile
from sentra_tui.domain.roads import Road
from sentra_tui.domain.sound_ports import AudioSink, AudioSource, Report
from sentra_tui.domain.source_spec import SourceKind, SourceSpec
from sentra_tui.domain.state import MIC, SPEAKER, Connection
from sentra_tui.domain.stream_settings import StreamSettings
from sentra_tui.engine.connections import ConnectionManager, ManagerPorts
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.roads.ports import Dialled, Progress
from sentra_tui.engine.steady.beside import CallsBeside
from sentra_tui.engine.store import Store
from sentra_tui.engine.stream import StreamPlan
from sentra_tui.engine.tasks import TaskOwner
from sentra_tui.protocol.session_config import mic_session, speaker_session
from tests.engine.peers import CountingMeter, ListSink, LoopTransport, until

PROFILE = ProviderProfile()


class AgeingTransport(LoopTransport):
    """A call of which nothing is heard from the moment that a test says so."""

    unheard_s = 0.0

    def contact_age_s(self) -> float:
        return self.unheard_s


class StillMeter(CountingMeter):
    """A room in which nothing sounds."""

    def read(self) -> tuple[float, float]:
        return -70.0, -60.0


class PushedSource:
    """Sound that a test gives, frame by frame; and where it is opened."""

    label = "a test"
    choice = "device"
    spec = SourceSpec(SourceKind.DEVICE)

    def __init__(self) -> None:
        self.queue: asyncio.Queue[bytes] = asyncio.Queue()

    def choose(self, choice: str) -> None: ...

    async def open(self, report: Report) -> AudioSource:
        return self

    async def frames(self) -> AsyncIterator[bytes]:
        while True:
            yield await self.queue.get()

    async def close(self) -> None: ...


class Calls:
    """The provider of one stream: every call that was dialled, in order; and how many dials are to fail."""

    def __init__(self) -> None:
        self.made: list[AgeingTransport] = []
        self.failing = 0
        self.tried = 0

    async def attempt(self, road: Road, session: dict[str, Any], progress: Progress) -> Dialled:
        self.tried += 1
        if self.failing:
            self.failing -= 1
            raise TransportLost("The provider is busy.")
        self.made.append(AgeingTransport())
        self.made[-1].say('{"type": "session.created", "session": {}}')
        return Dialled(self.made[-1], session)


class Streams:
    """A connection manager with the microphone's and the speaker's stream, both live."""

    def __init__(self, reconnect: ReconnectConfig | None = None) -> None:
        self.now_ms = 0
        self.store = Store()
        self.tasks = TaskOwner()
        self.changes: list[c.Change] = []
        self.store.subscribe(self.changes.append)
        self.config = Config(reconnect=reconnect or ReconnectConfig())
        self.context = EngineContext(self.tasks, lambda: self.now_ms, self.store.publish, lambda: "mark")
        self.calls = {MIC: Calls(), SPEAKER: Calls()}
        self.sources = {MIC: PushedSource(), SPEAKER: PushedSource()}
        ports = ManagerPorts(StillMeter, self._sink, lambda: 0.5, lambda *_: None)
        plans = [self._plan(name) for name in self.calls]
        self.manager = ConnectionManager(plans, self.store, self.config, ports, self.context)
        self.beside = CallsBeside(self.manager, self.store, self.config.reconnect.dead_s, self.context)

    async def start(self) -> None:
        self.manager.name_streams()
        self.manager.start()
        await self.until_live()

    async def until_live(self) -> None:
        await until(lambda: all(each.connection is Connection.LIVE for each in self.store.state.streams))

    async def hear(self, frame: bytes = SILENCE) -> None:
        """Have every source give a frame, and let the engine do what follows."""
        for source in self.sources.values():
            source.queue.put_nowait(frame)
        await self.settle()

    async def settle(self) -> None:
        for _ in range(12):
            await asyncio.sleep(0)

    def carrying(self, name: str) -> Transport | None:
        return self.manager.stream(name).pump.transport

    async def close(self) -> None:
        self.beside.close()
        await self.manager.close()
        await self.tasks.close()

    def _plan(self, name: str) -> StreamPlan:
        def session(settings: StreamSettings) -> dict[str, Any]:
            return (
                mic_session(PROFILE, self.config.aux, settings) if name == MIC else speaker_session(PROFILE, settings)
            )

        return StreamPlan(
            name=name,
            roads=(Road.WEBRTC,),
            attempt=self.calls[name].attempt,
            session=session,
            source=self.sources[name],
            settings=StreamSettings(),
            connect=True,
            answers=name == MIC,
            context_lines=40,
        )

    async def _sink(self) -> AudioSink:
        return ListSink()
