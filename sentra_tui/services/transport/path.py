"""The path of a call: a peer connection, from its servers to the provider's answer."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Sequence

from aiortc import MediaStreamTrack, RTCDataChannel, RTCPeerConnection, RTCSessionDescription

from sentra_tui.domain.errors import TransportLost, TransportRefused
from sentra_tui.domain.ports import IceCandidate
from sentra_tui.domain.roads import Reason
from sentra_tui.media.peer import DESCRIPTION_ERRORS, hard_close, only_opus, prepare_process, trust_relay
from sentra_tui.services.transport.deadline import outcome
from sentra_tui.services.transport.ice import ResolvedIceServer, address_refused, rtc_configuration
from sentra_tui.services.transport.turn import working_relay

_FINGERPRINT = "a=fingerprint:"


class MediaPath:
    """A peer connection that is opened, answered and closed once.

    With a TURN server it leads through that alone; `tls` says which authorities count for `turns:`.
    """

    def __init__(self, ice_servers: Sequence[ResolvedIceServer], tls: ssl.SSLContext | None) -> None:
        self.relayed = any(server.relays for server in ice_servers)
        self._ice_servers = tuple(ice_servers)
        self._tls = tls
        self._connection: RTCPeerConnection | None = None
        self._gathering: asyncio.Task[None] | None = None

    @property
    def connection(self) -> RTCPeerConnection:
        """The peer connection, once it is open."""
        if self._connection is None:
            raise TransportLost("There is no call yet.")
        return self._connection

    @property
    def state(self) -> str:
        """Its state, as WebRTC names it; empty before it is open."""
        return "" if self._connection is None else self._connection.connectionState

    @property
    def leads_there(self) -> bool:
        """Whether a way for packets was found (ICE); the keys and the channel come after it."""
        return self._connection is not None and self._connection.iceConnectionState in ("connected", "completed")

    async def open(self, track: MediaStreamTrack, channel: str, on_state: Callable[[], None]) -> RTCDataChannel:
        """Make the connection, with a track to send and a data channel of this label.

        Raises TransportRefused or TransportLost for servers that cannot be used.
        """
        prepare_process()
        servers = self._ice_servers
        if self.relayed:
            servers = (await working_relay([server for server in servers if server.relays], self._tls),)
        connection = self._connection = RTCPeerConnection(rtc_configuration(servers))
        try:
            connection.addTrack(track)
        except ValueError as error:
            raise address_refused(error) from None
        only_opus(connection)
        opened = connection.createDataChannel(channel)
        if self._tls is not None:
            trust_relay(connection, self._tls)
        connection.on("iceconnectionstatechange", on_state)
        connection.on("connectionstatechange", on_state)
        return opened

    async def gather(self, offer: RTCSessionDescription) -> None:
        """Gather candidates, in a task that is never cancelled: aioice would leave the sockets open.

        Raises TransportLost where the TURN server that was to give one did not.
        """
        self._gathering = asyncio.get_running_loop().create_task(self.connection.setLocalDescription(offer))
        await outcome(self._gathering)
        if self.relayed and not self.candidates():
            raise TransportLost("The TURN server gave no address.", reason=Reason.TURN_REFUSED)

    @property
    def sdp(self) -> str:
        """The offer with the candidates gathered."""
        return str(self.connection.localDescription.sdp)

    def candidates(self) -> list[IceCandidate]:
        """Return the candidates gathered."""
        found: list[IceCandidate] = []
        section, mid = -1, ""
        for line in self.sdp.splitlines():
            name, _, value = line.partition(":")
            if line.startswith("m="):
                section += 1
            elif name == "a=mid":
                mid = value
            elif name == "a=candidate":
                found.append(IceCandidate(line.removeprefix("a="), mid, section))
        return found

    async def accept(self, answer: str) -> None:
        """Take the provider's answer; raises TransportRefused where it cannot be used.

        One that does not say by which key its peer is known (RFC 8122) is not given to aiortc, which would find out in
        a task that nobody awaits.
        """
        if not any(line.startswith(_FINGERPRINT) for line in answer.splitlines()):
            raise _unusable()
        try:
            await self.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        except DESCRIPTION_ERRORS:
            raise _unusable() from None

    async def end_of_candidates(self) -> None:
        """Say that the provider has no other candidates: a dial that none answers would go on for ever."""
        await self.connection.addIceCandidate(None)

    async def close(self) -> None:
        """Close the connection and leave nothing of it behind."""
        if self._gathering is not None:
            await asyncio.wait({self._gathering})
        if self._connection is not None:
            await hard_close(self._connection)


def _unusable() -> TransportRefused:
    return TransportRefused(
        "The provider's answer to the call cannot be used.",
        hint="It may not speak WebRTC as OpenAI does.",
        reason=Reason.NOT_OFFERED,
    )
