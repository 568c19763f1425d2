"""Which roads lead to the provider, and how a call is made by each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from sentra_tui.domain.config import Config
from sentra_tui.domain.errors import CredentialRefused
from sentra_tui.domain.ports import Credential, Transport
from sentra_tui.domain.provider_config import IceServer, ProviderProfile
from sentra_tui.domain.provider_config import Transport as TransportChoice
from sentra_tui.domain.roads import Road, Stage
from sentra_tui.domain.sound_ports import SpeechDetector
from sentra_tui.engine.roads.ports import Dialled, Progress
from sentra_tui.engine.wiring.access import Access
from sentra_tui.engine.wiring.agreements import agreement, impositions, spoken_session
from sentra_tui.engine.wiring.sockets import authorization, socket_address
from sentra_tui.protocol.dialects import Dialect
from sentra_tui.protocol.opening import SessionOpening
from sentra_tui.protocol.session_config import laid_over
from sentra_tui.protocol.wire import Wire
from sentra_tui.services.keys import ice_credential
from sentra_tui.services.tls import load_tls_context
from sentra_tui.services.transport.ice import ResolvedIceServer
from sentra_tui.services.transport.webrtc import WebRtcTransport
from sentra_tui.services.transport.websocket import WebSocketTransport


def open_roads(profile: ProviderProfile, chosen: TransportChoice, *, answers: bool) -> tuple[Road, ...]:
    """Return the roads that a stream may take, best first; `answers` says that an assistant answers on it.

    A road that is `chosen` is taken, whatever the profile says.
    """
    names = profile.transports if chosen == "auto" else [chosen]
    roads = [Road(name) for name in names]
    if chosen == "auto" and answers and not profile.supports.conversation:
        roads = [Road.HTTP]
    if chosen == "auto" and profile.broker_url and len(roads) > 1:
        roads = [road for road in roads if road is not Road.HTTP]  # a broker gives secrets for sessions, and no key
    if Road.WEBRTC in roads and any(server.relays for server in profile.ice_servers):
        roads.insert(roads.index(Road.WEBRTC) + 1, Road.TURN)
    return tuple(roads)


class RoadMaker:
    """Makes calls of one provider, which `reach` gives."""

    def __init__(
        self,
        reach: Callable[[], Awaitable[Access]],
        open_detector: Callable[[], SpeechDetector],
        config: Config,
        environ: Mapping[str, str],
        log: Callable[[str], None],
    ) -> None:
        """`log` is told how minting goes."""
        self._reach = reach
        self._open_detector = open_detector
        self._config = config
        self._environ = environ
        self._log = log

    async def attempt(self, road: Road, session: dict[str, Any], progress: Progress) -> Dialled:
        """Make one call by this road; raises SentraError."""
        access = await self._reach()
        progress(Stage.ASKED)
        makers: dict[Road, Callable[[Access, dict[str, Any]], Awaitable[Dialled]]] = {
            Road.WEBRTC: partial(self._webrtc, progress=progress),
            Road.TURN: partial(self._webrtc, progress=progress, relayed=True),
            Road.WEBSOCKET: self._websocket,
            Road.HTTP: self._http,
        }
        asked, refused = access.tokens.attempts, access.tokens.refusals
        try:
            return await makers[road](access, session)
        except CredentialRefused:
            if access.tokens.refusals == refused:
                raise
            return await makers[road](access, session)  # by another secret, once: that one may have been too old
        finally:
            rate, attempts = access.tokens.success_rate, access.tokens.attempts
            if rate is not None and attempts != asked:
                self._log(f"client secrets: {rate:.0%} of {attempts} were minted")

    async def _webrtc(
        self, access: Access, session: dict[str, Any], *, progress: Progress, relayed: bool = False
    ) -> Dialled:
        profile = access.profile
        transport = WebRtcTransport(
            access.signalling,
            deadlines=self._config.deadlines,
            ice_servers=[self._resolved(server) for server in profile.ice_servers if server.relays is relayed],
            tls=await load_tls_context(profile.ca_file) if relayed else None,
            wrapped_messages=profile.wrapped_messages,
            progress=progress,
        )
        credential = await _connect(transport, access, access.tokens.mint(spoken_session(profile, session)))
        agreed, imposed = agreement(profile, session, credential)
        return Dialled(transport, agreed, imposed, Wire(Dialect(profile.dialect), profile.supports))

    async def _websocket(self, access: Access, session: dict[str, Any]) -> Dialled:
        profile, endpoint = access.profile, access.client.endpoint
        credential = await access.socket_credential(spoken_session(profile, session))
        imposed = impositions(credential)
        session = laid_over(session, imposed)
        dialect = Dialect(profile.dialect)
        address = socket_address(endpoint, profile, session)
        opening = SessionOpening(session, dialect, profile.pcm_rate_hz)
        transport = WebSocketTransport(
            address=address,
            authorize=authorization(endpoint, profile),
            opening=opening,
            deadlines=self._config.deadlines,
            rate_hz=profile.pcm_rate_hz,
            tls=await load_tls_context(endpoint.ca_file) if address.is_secure else None,
        )
        await _connect(transport, access, _at_hand(credential))
        return Dialled(transport, session, imposed, Wire(dialect, profile.supports), expires_at=opening.expires_at)

    async def _http(self, access: Access, session: dict[str, Any]) -> Dialled:
        imposed = access.http.impositions(session)
        session = laid_over(session, imposed)
        call = access.http.call(session, self._open_detector())
        await call.connect(_at_hand(Credential(access.key())))
        return Dialled(call, session, imposed)

    def _resolved(self, server: IceServer) -> ResolvedIceServer:
        return ResolvedIceServer(tuple(server.urls), server.username, ice_credential(server, self._environ))


async def _connect(transport: Transport, access: Access, credential: Awaitable[Credential]) -> Credential:
    """Dial, and return what opened the call; a minted secret that was refused is not shown again."""
    minting = asyncio.ensure_future(credential)
    try:
        await transport.connect(minting)
    except CredentialRefused:
        if minting.done() and not minting.cancelled() and minting.exception() is None:
            access.tokens.forget(minting.result())
        raise
    return minting.result()


async def _at_hand(credential: Credential) -> Credential:
    return credential
