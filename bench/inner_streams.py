"""The streams of an engine in this process, with all that keeps and recovers their calls, and ways to break those."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sentra_tui.domain import changes as c
from sentra_tui.domain import config_file
from sentra_tui.domain.config import BLOCKS_TRANSCRIPTION_MODEL, DEMO_TRANSCRIPTION_MODEL
from sentra_tui.domain.sound_ports import AudioSink
from sentra_tui.domain.state import Connection
from sentra_tui.domain.usage import Usage
from sentra_tui.engine.clock import EngineClock
from sentra_tui.engine.connections import ConnectionManager
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.options import EngineOptions
from sentra_tui.engine.recovery.crew import RecoveryCrew
from sentra_tui.engine.steady.beside import CallBeside
from sentra_tui.engine.steady.crew import SteadyCrew
from sentra_tui.engine.store import Store
from sentra_tui.engine.stream import StreamRunner
from sentra_tui.engine.tasks import TaskOwner
from sentra_tui.engine.wiring import Wiring
from sentra_tui.media.coded_sound import write_talk
from sentra_tui.provider.server import ProviderStarted
from tests.engine.peers import ListSink, until
from tests.engine.roads.conversation import HTTP_MODELS, PROFILE
from tests.steady.world import Road

OURS = ("renewed", "slept", "hung up", "replaced")
"""The ways in which this side breaks a call."""
STANDS_S = 0.05
"""How long a call stands before."""
PATIENCE_S = 60.0


class Streams:
    """Both streams, which say counted sound."""

    def __init__(self, folder: Path, road: Road, provider: ProviderStarted) -> None:
        path = folder / "config.toml"
        profile = PROFILE.format(base_url=provider.base_url) + f'transport = "{road}"\n' + HTTP_MODELS
        profile = profile.replace(DEMO_TRANSCRIPTION_MODEL, BLOCKS_TRANSCRIPTION_MODEL)
        path.write_text(f"[reconnect]\nbase_s = 0\ncap_s = 0\n{profile}", encoding="utf-8")
        config = config_file.load(path)
        self.store, self.tasks, clock = Store(), TaskOwner(), EngineClock()
        sound = {name: folder / f"{name}.wav" for name in ("mic", "speaker")}
        for place, recording in enumerate(sound.values()):
            write_talk(recording, 1 + 5_000 * place, utterances=20)
        options = EngineOptions(
            provider="remote", mic=str(sound["mic"]), speaker=str(sound["speaker"]), loop=True, spool=folder / "spool"
        )
        environ = {"REMOTE_KEY": provider.api_key}
        self._wiring = Wiring(options, config, environ, self.store.publish, clock.now_ms)
        context = EngineContext(self.tasks, clock.now_ms, self.store.publish)
        ports = self._wiring.ports(_bill, _sink)
        self.manager = ConnectionManager(self._wiring.plans(), self.store, config, ports, context)
        self._steady = SteadyCrew(
            self._wiring.network(), config.reconnect, 3_600_000, self.manager, self.store, context
        )
        recovery = self._wiring.recovery(clock.started_at)
        self._recovery = RecoveryCrew(recovery, config.recovery, self.manager, _bill, self.store, context)
        self._beside = {
            stream.name: CallBeside(stream, self.store, config.reconnect.dead_s, context)
            for stream in self.manager.streams
        }
        self.dials_ms: list[float] = []
        self._stood = dict.fromkeys(sound, 0)
        self.store.subscribe(self._count)

    async def start(self) -> None:
        """Be live."""
        self.manager.name_streams()
        self._recovery.start()
        self._steady.start()
        self.manager.start()
        for stream in self.manager.streams:
            stream.call.connect()
        await self.until_live()

    async def until_live(self) -> None:
        """Wait until both calls stand."""
        await until(lambda: all(stream.call.state is Connection.LIVE for stream in self.manager.streams), PATIENCE_S)

    async def until_recovered(self) -> None:
        """Wait until no sound waits to be written down."""
        await until(lambda: not any(view.recovering_ms for view in self.store.state.streams), PATIENCE_S)

    async def reconnect(self, stream: StreamRunner, way: str) -> None:
        """Break the call of a stream in this way, and wait until another stands."""
        before = self._stood[stream.name]
        if way in OURS:
            await asyncio.sleep(STANDS_S)
            await self._break(stream, way)
        async with asyncio.timeout(PATIENCE_S):
            while self._stood[stream.name] == before or stream.call.state is not Connection.LIVE:
                if stream.call.state in (Connection.FAILED, Connection.OFF):
                    stream.call.connect()
                await asyncio.sleep(0.01)

    async def close(self) -> None:
        """Hang up, and let go of everything."""
        for beside in self._beside.values():
            beside.drop()
        await self._steady.close()
        await self.manager.close()
        await self._recovery.close()
        await self.tasks.close()
        await self._wiring.close()

    async def _break(self, stream: StreamRunner, way: str) -> None:
        match way:
            case "renewed":
                stream.call.renew("The bench wants another.")
            case "slept":
                stream.call.slept(60_000)
            case "hung up":
                stream.call.hang_up()
                stream.call.connect()
            case _:
                beside = self._beside[stream.name]
                beside.dial()
                await until(lambda: beside.stands or not beside.dialling, PATIENCE_S)
                given = beside.give()
                if given is not None:
                    stream.call.take(given)

    def _count(self, change: c.Change) -> None:
        if isinstance(change, c.StreamConnected):
            self._stood[change.stream] += 1
            if change.dial_ms:  # one that stood beside was dialled before
                self.dials_ms.append(change.dial_ms)


async def _sink() -> AudioSink:
    return ListSink()


def _bill(stream: str, lane: str, model: str, usage: Usage) -> None:
    """Nobody pays here."""
