"""STUN and TURN servers, as aiortc wants them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aiortc import RTCConfiguration, RTCIceServer, RTCIceTransportPolicy

from sentra_tui.domain.errors import TransportRefused
from sentra_tui.domain.secret import Secret


@dataclass(frozen=True)
class ResolvedIceServer:
    """A STUN or TURN server with its credential at hand."""

    urls: tuple[str, ...]
    username: str = ""
    credential: Secret | None = None

    @property
    def relays(self) -> bool:
        """Whether it is a TURN server."""
        return any(url.startswith("turn") for url in self.urls)


def rtc_configuration(servers: Sequence[ResolvedIceServer]) -> RTCConfiguration:
    """Return a configuration that names exactly these servers; where one relays, there is no path but through it.

    Without a list, aiortc asks a public STUN server, and waits five seconds when that is mute.
    """
    relayed = any(server.relays for server in servers)
    return RTCConfiguration(
        iceServers=[
            RTCIceServer(
                urls=list(server.urls),
                username=server.username or None,
                credential=server.credential.reveal() if server.credential else None,
            )
            for server in servers
        ],
        iceTransportPolicy=RTCIceTransportPolicy.RELAY if relayed else RTCIceTransportPolicy.ALL,
    )


def address_refused(error: ValueError) -> TransportRefused:
    """Return what to say of a server's address that cannot be read."""
    return TransportRefused(
        f"An ICE server's address cannot be used: {error}.", hint="Check ice_servers in the configuration."
    )
