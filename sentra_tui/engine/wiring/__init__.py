"""The one place that names concrete services and puts them behind the engine's ports."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from msgspec.structs import replace

from sentra_tui.domain.changes import Change, EventLogged
from sentra_tui.domain.config import DEMO_TRANSCRIPTION_MODEL, LOCAL, Config, StreamConfig
from sentra_tui.domain.ports import Journal, MainAssistant
from sentra_tui.domain.prices import Prices, load_prices
from sentra_tui.domain.provider_config import ProviderProfile
from sentra_tui.domain.sound_ports import AudioSink
from sentra_tui.domain.source_spec import SourceKind, parse_source
from sentra_tui.domain.state import MIC
from sentra_tui.domain.steady_ports import Beacon, NetworkWatch
from sentra_tui.domain.stream_settings import StreamSettings
from sentra_tui.engine.connections import ManagerPorts
from sentra_tui.engine.lanes.late_main import LateMainAssistant
from sentra_tui.engine.lanes.ports import Bill
from sentra_tui.engine.options import EngineOptions
from sentra_tui.engine.sound.ports import SoundPorts
from sentra_tui.engine.stream import StreamPlan
from sentra_tui.engine.wiring.access import ProviderAccess
from sentra_tui.engine.wiring.recovery import RecoveryAccess, open_shelf
from sentra_tui.engine.wiring.roads import RoadMaker, open_roads
from sentra_tui.engine.wiring.sound import Detectors, sound_ports
from sentra_tui.engine.wiring.sources import StreamSource
from sentra_tui.engine.wiring.steady import network_ports
from sentra_tui.engine.wiring.streams import stream_configs
from sentra_tui.protocol import session_config
from sentra_tui.services.audio.choices import RememberedChoices
from sentra_tui.services.audio.levels import LevelMeter
from sentra_tui.services.storage.journal import SqliteJournal

DEMO_NOTE = "demo talk: language model made from its script"


class Wiring:
    """Concrete services for one engine, chosen by the options and the configuration."""

    def __init__(
        self,
        options: EngineOptions,
        config: Config,
        environ: Mapping[str, str],
        publish: Callable[[Change], None],
        now_ms: Callable[[], int],
    ) -> None:
        self._options = options
        self._config = config
        self._environ = environ
        self._publish = publish
        self.provider = options.provider or config.provider or LOCAL
        self._access = ProviderAccess(self.provider, options, config, environ, publish, now_ms)
        self._open_detector = Detectors(config.sound.speech_detector, publish).open
        self._roads = RoadMaker(
            self._access.reach,
            self._open_detector,
            config,
            environ,
            lambda text: publish(EventLogged(now_ms(), "tokens", text)),
        )
        self._choices = RememberedChoices(options.choices)
        self._streams = stream_configs(options, config, self._choices.source, local=self._access.is_local)
        kinds = {parse_source(stream.source).kind for stream in self._streams.values()}
        self.takes_standard_input = options.standard_input and SourceKind.STANDARD_INPUT in kinds
        """Whether sound comes from standard input: no actions do then."""
        self._sources = {
            name: StreamSource(
                name,
                stream,
                self._access,
                publish,
                self._choices.remember_source,
                remembered=stream.source == self._choices.source(name),
                standard_input=self.takes_standard_input,
            )
            for name, stream in self._streams.items()
        }
        demo = any(source.spec.kind is SourceKind.DEMO for source in self._sources.values())
        self.note = f"{self.profile.note} · {DEMO_NOTE}" if demo else self.profile.note

    @property
    def profile(self) -> ProviderProfile:
        """The provider's profile."""
        return self._access.profile

    def plans(self) -> list[StreamPlan]:
        """Return the streams to run."""
        return [self._plan(name, stream, self._sources[name]) for name, stream in self._streams.items()]

    def ports(self, bill: Bill, open_sink: Callable[[], Awaitable[AudioSink]]) -> ManagerPorts:
        """Return what the connection manager needs of the world."""
        return ManagerPorts(make_meter=LevelMeter, open_sink=open_sink, random=random.random, bill=bill)

    def sound(self) -> SoundPorts:
        """Return what the drivers of sound need of the world."""
        return sound_ports(self._options, self._config, self._choices, self._publish)

    def main_assistants(self) -> list[MainAssistant]:
        """Return the main assistants, one for each question that may run at a time."""
        numbers = range(self._config.main.concurrency)
        return [LateMainAssistant(partial(self._access.main_assistant, number)) for number in numbers]

    def minutes_keeper(self) -> MainAssistant:
        """Return an assistant for the minutes of the talk: each time in a conversation of its own."""
        return LateMainAssistant(self._access.new_main_assistant)

    def journal(self) -> Journal | None:
        """Return where talks are written down, None where they are not."""
        if self._options.journal is None or not self._config.journal.enabled:
            return None
        return SqliteJournal(self._options.journal)

    def network(self) -> tuple[NetworkWatch, Beacon]:
        """Return what watches the network."""
        return network_ports(self._access)

    def recovery(self, started_at: float, may_spend: Callable[[], bool] = lambda: True) -> RecoveryAccess:
        """Return what has sound written down after a break, in the talk that began then (seconds since 1970)."""
        return RecoveryAccess(
            open_shelf(self._options, self._config, started_at, self._publish),
            self._access.reach,
            {name: self._transcription_model(name) for name in self._streams},
            [name for name, source in self._sources.items() if source.spec.kind is SourceKind.DEMO],
            Detectors(self._config.sound.speech_detector, self._publish, mild=True).open,
            may_spend,
        )

    def prices(self) -> Prices:
        """Return what models cost; raises ConfigError."""
        return load_prices(self._options.prices)

    async def close(self) -> None:
        """End what was started."""
        await self._access.close()
        await asyncio.to_thread(self._choices.close)

    def _plan(self, name: str, stream: StreamConfig, source: StreamSource) -> StreamPlan:
        answers = name == MIC
        settings = StreamSettings(
            language=stream.language, answer_voice=self._config.aux.voice, speed=self._config.aux.speed
        )
        return StreamPlan(
            name=name,
            roads=open_roads(self.profile, self._options.transport or self.profile.transport, answers=answers),
            attempt=self._roads.attempt,
            session=partial(self._session, name),
            source=source,
            settings=settings,
            connect=stream.connect and not self._options.idle and (answers or source.spec.kind is not SourceKind.NONE),
            answers=answers,
            model=self.profile.model if answers else "",
            transcription_model=self._transcription_model(name),
            context_lines=self._config.aux.context_lines,
            server_interrupts=self._config.sound.barge_in == "server",
            voices=tuple(self.profile.voices),
        )

    def _session(self, name: str, settings: StreamSettings) -> dict[str, Any]:
        profile = self.profile
        if self._sources[name].spec.kind is SourceKind.DEMO:
            model = DEMO_TRANSCRIPTION_MODEL
            profile = replace(profile, mic_transcription_model=model, speaker_transcription_model=model)
        if name == MIC:
            return session_config.mic_session(profile, self._config.aux, settings, self._config.sound.barge_in)
        return session_config.speaker_session(profile, settings)

    def _transcription_model(self, name: str) -> str:
        profile = self.profile
        return profile.mic_transcription_model if name == MIC else profile.speaker_transcription_model
