"""The one place that names concrete services and puts them behind the engine's ports."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from functools import partial

from msgspec.structs import replace

from sentra_tui.domain.changes import Change, Noticed
from sentra_tui.domain.config import DEMO_TRANSCRIPTION_MODEL, LOCAL, Config, IceServer, StreamConfig
from sentra_tui.domain.errors import SentraError, SourceError
from sentra_tui.domain.ports import AudioSink, AudioSource, TokenSource, Transport
from sentra_tui.domain.state import MIC, SPEAKER, Severity
from sentra_tui.engine.connections import ManagerPorts
from sentra_tui.engine.options import EngineOptions
from sentra_tui.engine.stream import StreamPlan
from sentra_tui.protocol import session_config
from sentra_tui.services.audio.file_source import WavSource
from sentra_tui.services.audio.levels import LevelMeter
from sentra_tui.services.audio.playback import SpeakerSink
from sentra_tui.services.audio.sources import open_source
from sentra_tui.services.keys import api_key, ice_credential
from sentra_tui.services.local_provider import LocalProvider
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.endpoint import broker, endpoint
from sentra_tui.services.openai.http import RealtimeHttp
from sentra_tui.services.openai.tokens import ApiKeyTokens, BrokerTokens
from sentra_tui.services.transport.ice import ResolvedIceServer
from sentra_tui.services.transport.webrtc import WebRtcTransport

DEMO = "demo"
DEMO_LABEL = "demo talk · own language model"
DEMO_NOTE = "demo talk: language model made from its script"
DEVICE = "device"
NO_SOURCE = "none"
_LIVE_SOURCES = (DEVICE, NO_SOURCE)


class Access:
    """A provider as one dial sees it: its signalling, and what mints secrets for it."""

    def __init__(self, client: ApiClient, tokens: TokenSource, *others: ApiClient) -> None:
        self.signalling = RealtimeHttp(client)
        self.tokens = tokens
        self._clients = (client, *others)

    async def close(self) -> None:
        """Close the connections."""
        for client in self._clients:
            await client.close()


class Wiring:
    """Concrete services for one engine, chosen by the options and the configuration."""

    def __init__(
        self,
        options: EngineOptions,
        config: Config,
        environ: Mapping[str, str],
        publish: Callable[[Change], None],
    ) -> None:
        self._options = options
        self._config = config
        self._environ = environ
        self._publish = publish
        self.provider = options.provider or config.provider or LOCAL
        self._profile = config.require_profile(self.provider)
        self._local = LocalProvider(options.log, stt_model=options.stt_model) if self._is_local else None
        self._access: Access | None = None
        self._starting = asyncio.Lock()
        self._streams = {
            MIC: self._choose_source(config.mic, options.mic, DEVICE),
            SPEAKER: self._choose_source(config.speaker, options.speaker, NO_SOURCE),
        }
        if DEMO in (stream.source for stream in self._streams.values()):
            self.note = f"{self._profile.note} · {DEMO_NOTE}"
        else:
            self.note = self._profile.note

    def plans(self) -> list[StreamPlan]:
        """Return the streams to run."""
        return [
            StreamPlan(
                name=name,
                dial=partial(self._dial, name),
                open_source=partial(self._open_source, name),
                recorded=stream.source.split(":")[0] not in _LIVE_SOURCES,
                connect=stream.connect and not self._options.idle and (name == MIC or stream.source != NO_SOURCE),
                answers=name == MIC,
            )
            for name, stream in self._streams.items()
        ]

    def ports(self) -> ManagerPorts:
        """Return what the connection manager needs of the world."""
        return ManagerPorts(make_meter=LevelMeter, open_sink=_open_sink, random=random.random)

    async def close(self) -> None:
        """End what was started: the local provider, HTTP connections."""
        if self._access is not None:
            await self._access.close()
        if self._local is not None:
            await self._local.close()

    @property
    def _is_local(self) -> bool:
        return self.provider == LOCAL and not self._profile.base_url

    def _choose_source(self, stream: StreamConfig, argument: str | None, default: str) -> StreamConfig:
        source = argument or stream.source or (DEMO if self._is_local else default)
        return replace(stream, source=source, loop=stream.loop or self._options.loop)

    async def _dial(self, name: str, voice: bool) -> Transport:
        access = await self._reach_provider()
        credential = await access.tokens.mint(self._session(name, voice))
        transport = WebRtcTransport(
            access.signalling,
            deadlines=self._config.deadlines,
            ice_servers=[_resolved(server, self._environ) for server in self._profile.ice_servers],
        )
        await transport.connect(credential)
        return transport

    def _session(self, name: str, voice: bool) -> dict[str, object]:
        stream = self._streams[name]
        profile = self._profile
        if stream.source == DEMO:
            profile = replace(
                profile,
                mic_transcription_model=DEMO_TRANSCRIPTION_MODEL,
                speaker_transcription_model=DEMO_TRANSCRIPTION_MODEL,
            )
        if name == MIC:
            return session_config.mic_session(profile, stream, self._config.aux, voice=voice)
        return session_config.speaker_session(profile, stream)

    async def _reach_provider(self) -> Access:
        if self._local is not None:
            return await self._reach_local(self._local)
        if self._access is None:
            self._access = self._remote_access()
        return self._access

    def _remote_access(self) -> Access:
        client = ApiClient(endpoint(self._profile))
        if self._profile.broker_url:
            minting = ApiClient(broker(self._profile))
            return Access(client, BrokerTokens(minting), minting)
        key = partial(api_key, self._profile, self._environ)
        return Access(client, ApiKeyTokens(client, key, offer=self._profile.offer))

    async def _reach_local(self, local: LocalProvider) -> Access:
        """Start the local provider, or start it again where it died: it has another port and another key then."""
        async with self._starting:
            if self._access is None or not local.running:
                await local.start()
                if self._access is not None:
                    await self._access.close()
                client = ApiClient(endpoint(self._profile, local.base_url))
                self._access = Access(client, ApiKeyTokens(client, lambda: local.api_key))
            return self._access

    async def _open_source(self, name: str) -> AudioSource:
        stream = self._streams[name]
        if stream.source == DEMO:
            return await self._open_demo(name)
        try:
            return await open_source(stream.source, loop=stream.loop)
        except SourceError as error:
            if self._local is None or stream.source.split(":")[0] != DEVICE:
                raise
            notice = f"{error.message} Playing the demo talk instead."
            self._publish(Noticed(Severity.WARNING, notice, error.hint))
            self._streams[name] = replace(stream, source=DEMO)
            return await self._open_demo(name)

    async def _open_demo(self, name: str) -> AudioSource:
        if self._local is None:
            raise SourceError("The demo talk needs the local provider.", hint="Start with --provider local.")
        try:
            await self._reach_local(self._local)
            talk = await self._local.demo(name)
        except SentraError as error:
            raise SourceError(error.message, hint=error.hint) from error
        return WavSource(talk, label=DEMO_LABEL, loop=self._streams[name].loop)


async def _open_sink() -> AudioSink:
    return await SpeakerSink.open()


def _resolved(server: IceServer, environ: Mapping[str, str]) -> ResolvedIceServer:
    return ResolvedIceServer(tuple(server.urls), server.username, ice_credential(server, environ))
