from __future__ import annotations

from datetime import UTC, datetime

import pytest
from aiortc import (
    RTCInboundRtpStreamStats,
    RTCOutboundRtpStreamStats,
    RTCRemoteInboundRtpStreamStats,
    RTCStatsReport,
    RTCTransportStats,
)

from sentra_tui.domain.state import Quality
from sentra_tui.media.playout_counters import PlayoutCounters
from sentra_tui.services.transport.meter import LinkMeter

NOW = datetime(2026, 1, 1, tzinfo=UTC)
NO_FRAMES = PlayoutCounters()


def report(
    *,
    sent: int = 0,
    lost_up: int = 0,
    received: int = 0,
    lost_down: int = 0,
    packets: int = 0,
    rtt_s: float | None = 0.04,
) -> RTCStatsReport:
    stats = RTCStatsReport()
    stats.add(RTCOutboundRtpStreamStats(NOW, "outbound-rtp", "a", 1, "audio", "t", sent, 0, "track"))
    stats.add(
        RTCRemoteInboundRtpStreamStats(NOW, "remote-inbound-rtp", "b", 1, "audio", "t", 0, lost_up, 0, rtt_s, 0.0)  # type: ignore[arg-type]
    )
    stats.add(RTCInboundRtpStreamStats(NOW, "inbound-rtp", "c", 2, "audio", "t", received, lost_down, 480))
    stats.add(RTCTransportStats(NOW, "transport", "t", 0, packets, 0, 0, "controlling", "connected"))
    return stats


def test_nothing_is_known_at_first() -> None:
    assert LinkMeter().quality(20) == Quality(playout_ms=20)
    meter = LinkMeter()
    meter.observe(RTCStatsReport(), NO_FRAMES, 0.0)
    assert meter.quality(0) == Quality(playout_ms=0)


def test_times_are_milliseconds() -> None:
    meter = LinkMeter()
    meter.observe(report(), NO_FRAMES, 0.0)
    quality = meter.quality(40)
    assert quality.round_trip_ms == pytest.approx(40)
    assert quality.jitter_ms == pytest.approx(10)
    assert quality.playout_ms == 40


def test_losses_are_those_of_the_last_five_seconds() -> None:
    meter = LinkMeter()
    for second in range(21):
        bad = min(second, 10)
        meter.observe(
            report(sent=50 * second, lost_up=5 * bad, received=50 * second - 10 * bad, lost_down=10 * bad),
            NO_FRAMES,
            float(second),
        )
        if second == 10:
            assert meter.quality(0).loss_up == pytest.approx(0.1)
            assert meter.quality(0).loss_down == pytest.approx(0.2)
    assert meter.quality(0).loss_up == 0
    assert meter.quality(0).loss_down == 0


def test_a_loss_count_that_shrinks_is_no_loss() -> None:
    meter = LinkMeter()
    meter.observe(report(received=10, lost_down=3, sent=10, lost_up=0), NO_FRAMES, 0.0)
    meter.observe(report(received=20, lost_down=-1, sent=20, lost_up=-1), NO_FRAMES, 1.0)
    assert meter.quality(0).loss_down == 0
    assert meter.quality(0).loss_up == 0


def test_the_loss_up_is_unknown_until_the_peer_reports() -> None:
    meter = LinkMeter()
    for second in range(3):
        meter.observe(report(sent=50 * second, rtt_s=None), NO_FRAMES, float(second))
    assert meter.quality(0).loss_up is None


def test_any_packet_counts_as_heard() -> None:
    meter = LinkMeter()
    assert meter.observe(report(packets=3), NO_FRAMES, 0.0)
    assert not meter.observe(report(packets=3), NO_FRAMES, 1.0)
    assert meter.observe(report(packets=4), NO_FRAMES, 2.0)


def test_frames_repaired_and_made_up_are_shares_of_those_played_in_the_last_five_seconds() -> None:
    meter = LinkMeter()
    for second in range(21):
        bad = min(second, 10)
        frames = PlayoutCounters(played=50 * second, recovered=5 * bad, concealed=2 * bad)
        meter.observe(report(), frames, float(second))
        if second == 10:
            assert meter.quality(0).repaired == pytest.approx(0.1)
            assert meter.quality(0).concealed == pytest.approx(0.04)
    assert meter.quality(0).repaired == meter.quality(0).concealed == 0


def test_where_nothing_is_played_no_share_of_it_is_known() -> None:
    meter = LinkMeter()
    for second in range(3):
        meter.observe(report(), NO_FRAMES, float(second))
    assert meter.quality(0).repaired is None
    assert meter.quality(0).concealed is None
