"""The other end of a call, in the bench's own process: an aiortc peer that answers and hears with our media."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiortc import MediaStreamTrack, RTCConfiguration, RTCDataChannel, RTCPeerConnection, RTCSessionDescription

from sentra_tui.domain.ports import Credential, SdpAnswer
from sentra_tui.domain.secret import Secret
from sentra_tui.media.opus import OpusDecoder
from sentra_tui.media.peer import OpusTrack, hard_close, tap
from sentra_tui.media.playout import PlayoutBuffer

CREDENTIAL = Credential(Secret("bench"))

Rewrite = Callable[[str], Awaitable[str]]


class Peer:
    """Answers a call, as the Signalling port has it. `rewrite` puts something between the two ends."""

    def __init__(self, track: MediaStreamTrack | None = None, rewrite: Rewrite | None = None) -> None:
        self.playout = PlayoutBuffer(OpusDecoder())
        self.on_event: Callable[[dict[str, Any]], None] = lambda event: None
        """Takes what the other end says."""
        self.on_open: Callable[[], None] = lambda: None
        """Told when there is a channel to say something on."""
        self.opened = asyncio.Event()
        """Set once there is one."""
        self._channel: RTCDataChannel | None = None
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._track = track or OpusTrack()
        self._rewrite = rewrite
        self._loop = asyncio.get_running_loop()

    async def offer(self, sdp: str, credential: Credential = CREDENTIAL) -> SdpAnswer:
        """Return the answer to an offer."""
        self._connection.on("datachannel", self._on_channel)
        self._connection.addTrack(self._track)
        await self._connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        tap(self._connection.getTransceivers()[0].receiver, self._on_packet)
        await self._connection.setLocalDescription(await self._connection.createAnswer())
        answer = self._connection.localDescription.sdp
        return SdpAnswer(answer if self._rewrite is None else await self._rewrite(answer))

    def say(self, event: dict[str, Any]) -> None:
        """Send an event."""
        assert self._channel is not None
        self._channel.send(json.dumps(event))

    async def hang_up(self, call_id: str, credential: Credential) -> None:
        """End nothing: whoever made the peer closes it."""

    async def close(self) -> None:
        """Close the connection."""
        self._track.stop()
        await hard_close(self._connection)

    def _on_channel(self, channel: RTCDataChannel) -> None:
        self._channel = channel
        self.opened.set()
        channel.on("message", lambda message: self.on_event(json.loads(message)))
        self.on_open()

    def _on_packet(self, sequence: int, ssrc: int, payload: bytes) -> None:
        self.playout.put(sequence, payload, self._loop.time() * 1000)


async def ready(credential: Credential) -> Credential:
    """Return what is there already, to whoever awaits it."""
    return credential
