"""aiortc as we use it: with `sentra_tui.media.stun_check`, the one module that knows its private names.

`self_test` says which of them a version of aiortc lacks. Every use has a way without: stock consent checks, no FEC
from the peer, `read_track` in place of `tap`, and nothing known of what the peer missed.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import aioice.ice
from aiortc import (
    InvalidAccessError,
    InvalidStateError,
    MediaStreamTrack,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCRtpSender,
)
from aiortc.codecs import CODECS
from aiortc.exceptions import InternalError, OperationError
from aiortc.mediastreams import MediaStreamError
from aiortc.rtp import AnyRtcpPacket, RtcpRrPacket, RtcpSrPacket, RtpPacket
from av import AudioFrame, Packet

from sentra_tui.domain.audio import FRAME_BYTES, FRAME_SAMPLES, SAMPLE_BYTES, SAMPLE_RATE_HZ
from sentra_tui.media import stun_check
from sentra_tui.media.opus import OpusEncoder
from sentra_tui.media.resample import Resampler
from sentra_tui.media.sequence import ahead

OnPacket = Callable[[int, int, bytes], None]
"""Takes a packet's sequence number (16 bits), its SSRC and its Opus payload."""

OnReport = Callable[[int, int, int], None]
"""Takes the last sequence number sent, the highest that was received, and how many packets were lost so far."""

DESCRIPTION_ERRORS = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    InvalidAccessError,
    InvalidStateError,
    InternalError,
    OperationError,
)
"""What aiortc raises for a session description that it cannot read or use."""

SEND_QUEUE_FRAMES = 5

_JITTER_BUFFER = "_RTCRtpReceiver__jitter_buffer"
_SENT_PACKETS = "_RTCRtpSender__rtp_history"
_ON_REPORT = "_handle_rtcp_packet"
_ICE_CONNECTION = "_connection"
_TIME_BASE = Fraction(1, SAMPLE_RATE_HZ)
_OPUS = "audio/opus"
_OPUS_PARAMETERS: dict[str, Any] = {"minptime": 10, "useinbandfec": 1}
_NEVER = 10**9
_CONNECT_TICK_S = 0.06
"""Longer than the 20 ms at which aioice's connect looks up: an interrupted one has noticed by then."""


def prepare_process() -> None:
    """Set what aiortc only has for the whole process; may be called more than once.

    Consent expiry goes, because it counts answers later than 0.5 s as missing and so kills calls over slow links;
    consent checks stay, and liveness is the caller's. Opus is offered with in-band FEC. Where loopback is the only
    network, calls are made over it, which aioice would not do: the local provider works without a network.
    """
    if hasattr(aioice.ice, "CONSENT_FAILURES"):
        aioice.ice.CONSENT_FAILURES = _NEVER
    for codec in CODECS["audio"]:
        if codec.mimeType.lower() == _OPUS:
            codec.parameters.update(_OPUS_PARAMETERS)
    gather = getattr(aioice.ice, "get_host_addresses", None)
    if gather is not None and not isinstance(gather, _HostAddresses):
        aioice.ice.get_host_addresses = _HostAddresses(gather)


def only_opus(connection: RTCPeerConnection) -> None:
    """Have a connection offer Opus alone for the tracks that it has: it is all that we send and read."""
    capabilities = RTCRtpSender.getCapabilities("audio").codecs
    opus = [codec for codec in capabilities if codec.mimeType.lower() == _OPUS]
    for transceiver in connection.getTransceivers():
        transceiver.setCodecPreferences(opus)


def trust_relay(connection: RTCPeerConnection, tls: ssl.SSLContext) -> None:
    """Have a connection trust a TURN server over TLS as `tls` says; for before candidates are gathered."""
    transports = [each.receiver.transport for each in connection.getTransceivers()]
    if connection.sctp is not None:
        transports.append(connection.sctp.transport)
    for transport in transports:
        ice = getattr(transport.transport.iceGatherer, _ICE_CONNECTION, None)
        if ice is not None and getattr(ice, "turn_ssl", False):
            ice.turn_ssl = tls


class _HostAddresses:
    """Lists the addresses to call from: those that aioice finds, else loopback."""

    def __init__(self, gather: Callable[[bool, bool], list[str]]) -> None:
        self._gather = gather

    def __call__(self, use_ipv4: bool, use_ipv6: bool) -> list[str]:
        return self._gather(use_ipv4, use_ipv6) or ["127.0.0.1"]


def self_test() -> list[str]:
    """Return the private names that this aiortc lacks; empty when all are there."""
    missing = []
    if not hasattr(aioice.ice, "CONSENT_FAILURES"):
        missing.append("aioice.ice.CONSENT_FAILURES")
    if not hasattr(aioice.ice, "get_host_addresses"):
        missing.append("aioice.ice.get_host_addresses")
    if not any(codec.mimeType.lower() == _OPUS for codec in CODECS["audio"]):
        missing.append("aiortc.codecs.CODECS: audio/opus")
    if _JITTER_BUFFER not in RTCRtpReceiver.__init__.__code__.co_names:
        missing.append(f"aiortc.RTCRtpReceiver.{_JITTER_BUFFER}")
    if _SENT_PACKETS not in RTCRtpSender.__init__.__code__.co_names:
        missing.append(f"aiortc.RTCRtpSender.{_SENT_PACKETS}")
    if not hasattr(RTCRtpSender, _ON_REPORT):
        missing.append(f"aiortc.RTCRtpSender.{_ON_REPORT}")
    return [*missing, *stun_check.self_test()]


class OpusTrack(MediaStreamTrack):
    """A track fed with frames, encoded here: mono and with FEC, which aiortc's own encoder has not.

    RTP time follows the frames sent, dropped ones included, so that it never jumps back. A track serves one connection.
    `on_packet` is told the mark of each frame that goes out, in order: one packet each.
    """

    kind = "audio"

    def __init__(
        self, encoder: OpusEncoder | None = None, on_packet: Callable[[int], None] = lambda mark: None
    ) -> None:
        super().__init__()
        self._encoder = encoder or OpusEncoder()
        self._on_packet = on_packet
        self._frames: deque[tuple[int, int, bytes]] = deque(maxlen=SEND_QUEUE_FRAMES)
        self._arrival = asyncio.Event()
        self._samples = 0
        self.dropped = 0
        """Frames that were too old to send."""

    def send(self, frame: bytes, mark: int = 0) -> None:
        """Queue one frame of 1,920 bytes; when nobody takes them, the oldest go."""
        if len(frame) != FRAME_BYTES:
            raise ValueError(f"a frame is {FRAME_BYTES} bytes, not {len(frame)}")
        self.dropped += len(self._frames) == SEND_QUEUE_FRAMES
        self._frames.append((self._samples, mark, frame))
        self._samples += FRAME_SAMPLES
        self._arrival.set()

    async def recv(self) -> Packet[Any]:
        """Return the next packet, as aiortc's sender wants it; raises MediaStreamError once the track has ended."""
        while not self._frames:
            if self.readyState != "live":
                raise MediaStreamError
            self._arrival.clear()
            await self._arrival.wait()
        pts, mark, frame = self._frames.popleft()
        packet: Packet[Any] = Packet(self._encoder.encode(frame))
        self._on_packet(mark)
        packet.pts = pts
        packet.time_base = _TIME_BASE
        return packet

    def stop(self) -> None:
        """End the track."""
        super().stop()
        self._frames.clear()
        self._arrival.set()


class _Tap:
    """Stands where the receiver's jitter buffer was, and keeps nothing."""

    capacity = 0

    def __init__(self, on_packet: OnPacket) -> None:
        self._on_packet = on_packet

    def add(self, packet: RtpPacket) -> tuple[bool, None]:
        """Hand the packet on; tell the receiver that no frame is complete, so that it decodes none."""
        self._on_packet(packet.sequence_number, packet.ssrc, packet.payload)
        return False, None


def tap(receiver: RTCRtpReceiver, on_packet: OnPacket) -> bool:
    """Have `on_packet` called with each packet as it arrives; False where this aiortc cannot: then use `read_track`.

    For right after the remote description was set. Statistics and receiver reports go on as before.
    """
    if not hasattr(receiver, _JITTER_BUFFER):
        return False
    setattr(receiver, _JITTER_BUFFER, _Tap(on_packet))
    return True


def tap_reports(sender: RTCRtpSender, on_report: OnReport) -> bool:
    """Have `on_report` called with each receiver report on what this sender sent; False where this aiortc cannot."""
    handle = getattr(sender, _ON_REPORT, None)
    packets: dict[int, RtpPacket] | None = getattr(sender, _SENT_PACKETS, None)
    if handle is None or packets is None:
        return False

    async def tapped(packet: AnyRtcpPacket) -> None:
        reports = packet.reports if isinstance(packet, RtcpRrPacket | RtcpSrPacket) else []
        for report in reports:
            if report.ssrc == sender._ssrc and packets:
                on_report(_newest(packets), report.highest_sequence, report.packets_lost)
        await handle(packet)

    setattr(sender, _ON_REPORT, tapped)
    return True


def _newest(packets: dict[int, RtpPacket]) -> int:
    """Return the last sequence number of those that the sender keeps in case they are asked for again."""
    some = next(iter(packets.values())).sequence_number
    return int(max((packet.sequence_number for packet in packets.values()), key=lambda each: ahead(each, some)))


async def read_track(track: MediaStreamTrack, on_packet: OnPacket) -> None:
    """Do what `tap` does by public means, until the track ends: slower to come, and coded twice."""
    encoder = OpusEncoder()
    sequence = 0
    resampler: Resampler | None = None
    sound = b""
    while True:
        try:
            frame = await track.recv()
        except MediaStreamError:
            return
        if not isinstance(frame, AudioFrame):
            continue
        channels = frame.layout.nb_channels
        resampler = resampler or Resampler(frame.sample_rate, SAMPLE_RATE_HZ, channels)
        sound += resampler.feed(bytes(frame.planes[0])[: frame.samples * channels * SAMPLE_BYTES])
        while len(sound) >= FRAME_BYTES:
            on_packet(sequence, 0, encoder.encode(sound[:FRAME_BYTES]))
            sound = sound[FRAME_BYTES:]
            sequence = sequence + 1 & 0xFFFF


async def hard_close(connection: RTCPeerConnection) -> None:
    """Close a connection so that nothing of it lives on, at whatever point of connecting it was.

    A plain close during an ICE check can be undone by the connect that it interrupted, which then checks consent for
    ever: so everything is stopped again a moment later.
    """
    await connection.close()
    await asyncio.sleep(_CONNECT_TICK_S)
    for transceiver in connection.getTransceivers():
        transport = transceiver.receiver.transport
        await transport.stop()
        await transport.transport.stop()
        await transceiver.sender.stop()
        await transceiver.receiver.stop()
    if connection.sctp is not None:
        await connection.sctp.transport.stop()
        await connection.sctp.transport.transport.stop()
