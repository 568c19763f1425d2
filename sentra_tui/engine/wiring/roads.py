"""Which roads lead to the provider, and how a call is made by each."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from sentra_tui.domain.config import Config
from sentra_tui.domain.provider_config import IceServer, ProviderProfile, Transport
from sentra_tui.domain.roads import Road
from sentra_tui.engine.roads.ports import Dialled
from sentra_tui.engine.wiring.access import Access
from sentra_tui.protocol.dialects import Dialect
from sentra_tui.protocol.wire import Wire
from sentra_tui.services.keys import ice_credential
from sentra_tui.services.transport.ice import ResolvedIceServer
from sentra_tui.services.transport.webrtc import WebRtcTransport


def open_roads(profile: ProviderProfile, chosen: Transport, *, answers: bool) -> tuple[Road, ...]:
    """Return the roads that a stream may take, best first; `answers` says that an assistant answers on it.

    A road that is `chosen` is taken, whatever the profile says.
    """
    names = profile.transports if chosen == "auto" else [chosen]
    roads = [Road(name) for name in names]
    if chosen == "auto" and answers and not profile.supports.conversation:
        roads = [Road.HTTP]
    if Road.WEBRTC in roads and any(server.relays for server in profile.ice_servers):
        roads.insert(roads.index(Road.WEBRTC) + 1, Road.TURN)
    return tuple(roads)


class RoadMaker:
    """Makes calls of one provider, which `reach` gives."""

    def __init__(self, reach: Callable[[], Awaitable[Access]], config: Config, environ: Mapping[str, str]) -> None:
        self._reach = reach
        self._config = config
        self._environ = environ

    async def attempt(self, road: Road, session: dict[str, Any]) -> Dialled:
        """Make one call by this road; raises SentraError."""
        access = await self._reach()
        make = {
            Road.WEBRTC: partial(self._webrtc, relayed=False),
            Road.TURN: partial(self._webrtc, relayed=True),
        }[road]
        return await make(access, session)

    async def _webrtc(self, access: Access, session: dict[str, Any], *, relayed: bool) -> Dialled:
        profile = access.profile
        transport = WebRtcTransport(
            access.signalling,
            deadlines=self._config.deadlines,
            ice_servers=[self._resolved(server) for server in profile.ice_servers if server.relays is relayed],
        )
        await transport.connect(access.tokens.mint(session))
        return Dialled(transport, session, Wire(Dialect(profile.dialect), profile.supports))

    def _resolved(self, server: IceServer) -> ResolvedIceServer:
        return ResolvedIceServer(tuple(server.urls), server.username, ice_credential(server, self._environ))
