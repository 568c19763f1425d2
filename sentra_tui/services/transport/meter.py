"""How well a call travels, from the statistics of its peer connection (W3C webrtc-stats, as far as aiortc has it)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from aiortc import (
    RTCInboundRtpStreamStats,
    RTCOutboundRtpStreamStats,
    RTCRemoteInboundRtpStreamStats,
    RTCStatsReport,
    RTCTransportStats,
)

from sentra_tui.domain.audio import SAMPLE_RATE_HZ
from sentra_tui.domain.state import Quality
from sentra_tui.media.playout_counters import PlayoutCounters

WINDOW_S = 5.0
"""How far back a loss share looks."""


@dataclass(frozen=True)
class _Totals:
    """Packet counts since the beginning of the call; `lost` may shrink when late packets turn up."""

    at_s: float
    sent: int
    lost_up: int
    received: int
    lost_down: int
    frames: PlayoutCounters


class LinkMeter:
    """Reads reports one after the other; shares are those of the last five seconds."""

    def __init__(self) -> None:
        self._window: deque[_Totals] = deque()
        self._packets_received = 0
        self._round_trip_ms: float | None = None
        self._jitter_ms: float | None = None

    def observe(self, report: RTCStatsReport, frames: PlayoutCounters, now_s: float) -> bool:
        """Take a report, and what became of frames; return whether anything was received since the last one."""
        sent = lost_up = received = lost_down = packets = 0
        for entry in report.values():
            match entry:
                case RTCTransportStats():
                    packets += entry.packetsReceived
                case RTCRemoteInboundRtpStreamStats():
                    lost_up = entry.packetsLost
                    self._observe_round_trip(entry)
                case RTCOutboundRtpStreamStats():
                    sent = entry.packetsSent
                case RTCInboundRtpStreamStats():
                    received, lost_down = entry.packetsReceived, entry.packetsLost
                    self._jitter_ms = entry.jitter * 1000 / SAMPLE_RATE_HZ
        self._window.append(_Totals(now_s, sent, lost_up, received, lost_down, frames))
        while len(self._window) > 2 and self._window[1].at_s <= now_s - WINDOW_S:
            self._window.popleft()
        heard = packets > self._packets_received
        self._packets_received = packets
        return heard

    def quality(self, playout_ms: float) -> Quality:
        """Return the state of things, with the depth of the playout buffer as its caller knows it."""
        loss_up = loss_down = repaired = concealed = None
        if len(self._window) > 1:
            first, last = self._window[0], self._window[-1]
            if self._round_trip_ms is not None:
                loss_up = _share(last.lost_up - first.lost_up, last.sent - first.sent)
            lost_down = last.lost_down - first.lost_down
            loss_down = _share(lost_down, last.received - first.received + lost_down)
            played = last.frames.played - first.frames.played
            repaired = _share(last.frames.recovered - first.frames.recovered, played)
            concealed = _share(last.frames.concealed - first.frames.concealed, played)
        return Quality(
            round_trip_ms=self._round_trip_ms,
            jitter_ms=self._jitter_ms,
            loss_up=loss_up,
            loss_down=loss_down,
            playout_ms=playout_ms,
            repaired=repaired,
            concealed=concealed,
        )

    def _observe_round_trip(self, entry: RTCRemoteInboundRtpStreamStats) -> None:
        # aiortc leaves it None until a report echoes one of ours.
        round_trip_s: float | None = entry.roundTripTime
        if round_trip_s is not None:
            self._round_trip_ms = max(0.0, round_trip_s * 1000)


def _share(lost: int, of: int) -> float | None:
    return min(1.0, max(0, lost) / of) if of > 0 else None
