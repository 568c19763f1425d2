"""How long a dial takes, against bare aiortc: from making the call object to its open data channel."""

from __future__ import annotations

import asyncio
import time

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack

from bench.measurement import Measurement, Measurements, Request, median, progress
from bench.peer import CREDENTIAL, Peer, ready
from sentra_tui.media.peer import hard_close, prepare_process
from sentra_tui.services.transport.webrtc import CHANNEL_LABEL, WebRtcTransport

ROUNDS = 40
DEADLINE_S = 20
_SETTLE_S = 0.1


def measure(request: Request) -> Measurements:
    """Return the ratio of the medians of `ROUNDS` dials each, in turn, to a peer of the same kind."""
    return asyncio.run(_measure())


async def _measure() -> Measurements:
    prepare_process()
    bare_ms: list[float] = []
    own_ms: list[float] = []
    for number in range(-2, ROUNDS):
        bare, own = await _bare_dial_ms(), await _own_dial_ms()
        if number >= 0:
            bare_ms.append(bare)
            own_ms.append(own)
    progress(f"dial: bare aiortc {median(bare_ms):.1f} ms, sentra-tui {median(own_ms):.1f} ms")
    return {
        "dial_ratio": Measurement(
            value=median(own_ms) / median(bare_ms),
            trials=tuple(own / bare for own, bare in zip(own_ms, bare_ms, strict=True)),
            note=f"medians: {median(own_ms):.1f} ms against {median(bare_ms):.1f} ms; p50 and p95 are of the pairs",
        )
    }


async def _own_dial_ms() -> float:
    peer = Peer(AudioStreamTrack())
    began_s = time.perf_counter()
    transport = WebRtcTransport(peer)
    await transport.connect(ready(CREDENTIAL))
    took_ms = (time.perf_counter() - began_s) * 1000
    await transport.close()
    await peer.close()
    await asyncio.sleep(_SETTLE_S)
    return took_ms


async def _bare_dial_ms() -> float:
    peer = Peer(AudioStreamTrack())
    opened = asyncio.Event()
    began_s = time.perf_counter()
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    connection.addTrack(AudioStreamTrack())
    connection.createDataChannel(CHANNEL_LABEL).on("open", opened.set)
    await connection.setLocalDescription(await connection.createOffer())
    answer = await peer.offer(connection.localDescription.sdp)
    await connection.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))
    await asyncio.wait_for(opened.wait(), DEADLINE_S)
    took_ms = (time.perf_counter() - began_s) * 1000
    await hard_close(connection)
    await peer.close()
    await asyncio.sleep(_SETTLE_S)
    return took_ms
