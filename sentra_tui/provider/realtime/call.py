"""One WebRTC call: the peer connection, its pacing, and its end.

A call lives in one task, `run`, which every 20 ms hands the session what was heard and sends what is to be said, and
which ends the call when the client hangs up, never connects, or has not been heard for a while.
"""

from __future__ import annotations

import asyncio
import logging

from aiortc import RTCConfiguration, RTCDataChannel, RTCPeerConnection, RTCSessionDescription
from aiortc.sdp import candidate_from_sdp

from sentra_tui.domain.audio import FRAME_MS
from sentra_tui.media.peer import OpusTrack, hard_close, tap
from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.faults import SessionFault, SessionType
from sentra_tui.provider.realtime.candidates import leading_nowhere, over_tcp, without_candidates
from sentra_tui.provider.realtime.conversation import new_id
from sentra_tui.provider.realtime.edge import Edge
from sentra_tui.provider.realtime.event_faults import SpoiltEvents
from sentra_tui.provider.realtime.reception import Reception
from sentra_tui.provider.realtime.session import RealtimeSession, Staff
from sentra_tui.provider.realtime.settings import SessionSettings
from sentra_tui.provider.realtime.spoilt_answer import spoilt_answer
from sentra_tui.provider.script import Script

CHANNEL_LABEL = "oai-events"
CONNECT_S = 15.0
"""A call that is not connected by then is dropped."""
SILENCE_S = 20.0
"""A call without any packet for so long is dropped."""

_FRAME_S = FRAME_MS / 1000
_LATE_S = 0.2
_CHECK_TICKS = 25
_PATIENCE_TICKS = 10
"""So long, 0.2 s, missing sound counts as late; after that it is silence."""

_MOST_BUFFERED_BYTES = 1_048_576
"""While more than this waits for the client, the script waits too."""

_log = logging.getLogger(__name__)


class Call:
    """A call from its offer to its end. `answer` it, then let `run` have it; it releases everything when it ends."""

    def __init__(
        self,
        settings: SessionSettings,
        staff: Staff,
        fault: SessionFault,
        epoch_s: float,
        edge: Edge,
        session_id: str = "",
    ) -> None:
        self.id = new_id("rtc")
        self._fault = fault
        self._edge = edge
        self._loop = asyncio.get_running_loop()
        self._began = self._heard = self._loop.time()
        self._opened: float | None = None
        self._packets = 0
        self._over = asyncio.Event()
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self._track = OpusTrack()
        self._reception = Reception()
        self._idle_ticks = 0
        self._ssrc: int | None = None
        self._channel: RTCDataChannel | None = None
        self._script = Script(fault)
        self._spoilt = SpoiltEvents(fault.events)
        expires_at = int(epoch_s + fault.expire_after_s)
        self._session = RealtimeSession(settings, staff, fault, expires_at, self._say, self._track.send, session_id)
        self._connection.on("datachannel", self._on_channel)
        self._connection.on("connectionstatechange", self._on_state)

    @property
    def type(self) -> SessionType:
        """Which kind of session it carries."""
        return self._session.settings.type

    @property
    def session_id(self) -> str:
        """The id of the call's session."""
        return self._session.id

    @property
    def connected(self) -> bool:
        """Whether media can flow."""
        return self._connection.connectionState == "connected"

    async def answer(self, offer: str) -> str:
        """Return the answer to an SDP offer; raises ApiError when it is none."""
        if self._fault.unreachable or self._fault.ice_tcp_only:
            offer = without_candidates(offer)
        try:
            await self._connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
            if any(transceiver.kind == "audio" for transceiver in self._connection.getTransceivers()):
                self._connection.addTrack(self._track)
            await self._connection.setLocalDescription(await self._connection.createAnswer())
        except (ValueError, KeyError, IndexError, AttributeError, AssertionError) as error:
            raise _invalid_offer() from error
        if self._connection.sctp is None:
            raise _invalid_offer()
        for transceiver in self._connection.getTransceivers():
            tap(transceiver.receiver, self._on_packet)
        sdp = self._connection.localDescription.sdp
        if self._fault.ice_tcp_only:
            return over_tcp(sdp)
        return leading_nowhere(sdp) if self._fault.unreachable else spoilt_answer(sdp, self._fault.answer_sdp)

    async def add_candidate(self, candidate: str, sdp_mid: str | None) -> None:
        """Take another candidate of the client, a line of SDP; raises ApiError when it is none."""
        if self._fault.unreachable or self._fault.ice_tcp_only:
            return
        try:
            way = candidate_from_sdp(candidate.removeprefix("a=").removeprefix("candidate:"))
            way.sdpMid = sdp_mid or self._connection.getTransceivers()[0].mid
            await self._connection.addIceCandidate(way)
        except (ValueError, AssertionError, IndexError) as error:
            raise ApiError(400, "The candidate cannot be used.", code="invalid_value", param="candidate") from error

    def hang_up(self) -> None:
        """Ask the call to end."""
        self._over.set()

    async def run(self) -> None:
        """Live until the call is over, then release everything."""
        try:
            await self._pace()
        finally:
            await self.release()

    async def release(self) -> None:
        """Close the connection and the session, whatever their state."""
        self._track.stop()
        await self._session.close()
        await hard_close(self._connection)

    async def _pace(self) -> None:
        due = self._loop.time()
        ticks = 0
        while not self._over.is_set():
            self._tick()
            ticks += 1
            if ticks % _CHECK_TICKS == 0:
                await self._check()
            due += _FRAME_S
            wait = due - self._loop.time()
            if wait < -_LATE_S:
                due = self._loop.time()
            await asyncio.sleep(max(0.0, wait))

    def _tick(self) -> None:
        """Live through 20 ms."""
        frames = self._reception.take()
        self._idle_ticks = 0 if frames else self._idle_ticks + 1
        age_s = self._age_s()
        if self._script.frozen(age_s):
            return
        for frame in frames:
            self._session.hear(frame)
        if self._idle_ticks > _PATIENCE_TICKS:
            self._session.hear(None)
        self._session.tick()
        if self._opened is None:
            return
        if self._channel is None or self._channel.bufferedAmount < _MOST_BUFFERED_BYTES:
            for message in self._script.due(age_s):
                self._send(self._edge.wrap(message))
        for message in self._spoilt.due(age_s):
            self._send(self._edge.write(message))
        self._carry_out(age_s)

    def _age_s(self) -> float:
        """Return how long the channel for events has been open."""
        return 0.0 if self._opened is None else self._loop.time() - self._opened

    def _carry_out(self, age_s: float) -> None:
        fault = self._fault
        if fault.close_channel_after_s is not None and age_s >= fault.close_channel_after_s and self._channel:
            self._channel.close()
            self._channel = None
        if fault.close_call_after_s is not None and age_s >= fault.close_call_after_s:
            self.hang_up()
        if age_s >= fault.expire_after_s:
            self._session.expire(fault.expire_after_s)
            self.hang_up()

    async def _check(self) -> None:
        """Hang up when the client never connected, or is gone."""
        now = self._loop.time()
        if not self.connected and now - self._began > CONNECT_S:
            self.hang_up()
        report = await self._connection.getStats()
        packets = sum(getattr(entry, "packetsReceived", 0) for entry in report.values() if entry.type == "transport")
        if packets != self._packets:
            self._packets = packets
            self._heard = now
        if now - self._heard > SILENCE_S:
            self.hang_up()

    def _say(self, message: str) -> None:
        for each in self._spoilt.take(message, self._age_s()):
            self._send(self._edge.write(each))

    def _send(self, messages: list[str]) -> None:
        channel = self._channel
        if channel is None or channel.readyState != "open" or self._script.frozen(self._age_s()):
            return
        for message in messages:
            try:
                channel.send(message)
            except ValueError:
                _log.warning("call %s: a message of %d characters is more than the client takes", self.id, len(message))

    def _on_packet(self, sequence: int, ssrc: int, payload: bytes) -> None:
        if ssrc != self._ssrc:
            self._ssrc = ssrc
            self._reception = Reception()
        self._reception.put(sequence, payload)

    def _on_channel(self, channel: RTCDataChannel) -> None:
        if channel.label != CHANNEL_LABEL:
            channel.close()
            return
        self._channel = channel
        self._opened = self._loop.time()
        channel.on("message", self._on_message)
        channel.on("close", self.hang_up)
        if self._fault.greeting is None:
            self._session.begin()
        else:
            self._send(self._edge.wrap(self._fault.greeting.render()))

    def _on_message(self, message: str | bytes) -> None:
        text = message if isinstance(message, str) else message.decode("utf-8", "replace")
        self._session.handle(self._edge.read(text))

    def _on_state(self) -> None:
        if self._connection.connectionState in ("failed", "closed"):
            self.hang_up()


def _invalid_offer() -> ApiError:
    message = "The SDP offer cannot be used: it needs a data channel, and audio to be heard."
    return ApiError(400, message, code="invalid_offer", param="sdp")
