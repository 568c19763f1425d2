"""An hour of a bad network raises no alarm: nothing that lives is taken for dead."""

from __future__ import annotations

from random import Random

import pytest

from sentra_tui.domain.config import ReconnectConfig
from tests.protocol.bad_hour import alarms, over_webrtc, over_websocket

SEEDS = range(5)


@pytest.mark.row(4)
@pytest.mark.parametrize("seed", SEEDS)
def test_an_hour_of_a_bad_network_raises_no_alarm_over_webrtc(seed: int) -> None:
    assert alarms(over_webrtc(Random(seed), packets=False)) == 0


def test_an_hour_of_a_bad_network_with_sound_raises_no_alarm_over_webrtc() -> None:
    assert alarms(over_webrtc(Random(1), packets=True)) == 0


@pytest.mark.row(4)
@pytest.mark.parametrize("seed", SEEDS)
def test_an_hour_of_a_bad_network_raises_no_alarm_over_a_websocket(seed: int) -> None:
    assert alarms(over_websocket(Random(seed)), over_tcp=True) == 0


def test_a_hastier_policy_would_alarm() -> None:
    hasty = ReconnectConfig(suspect_s=0.5)
    assert alarms(over_webrtc(Random(1), packets=False), hasty) > 10
    assert alarms(over_websocket(Random(1)), hasty) > 10


def test_over_a_websocket_the_patience_for_tcp_is_needed() -> None:
    assert alarms(over_websocket(Random(1), ping_s=1.0)) > 0
