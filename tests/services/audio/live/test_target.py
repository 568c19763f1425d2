"""Which microphone is heard where none was named."""

from __future__ import annotations

import pytest

from sentra_tui.domain.sound import DeviceKind
from sentra_tui.services.audio.live.snapshot import PulseSource, Snapshot, read_snapshot
from sentra_tui.services.audio.live.target import Found, Missing, Target, find
from tests.pulse import PulseServer

DESK = PulseSource(1, "desk", "Desk")
CABLE = PulseSource(2, "cable", "Cable", virtual=True)
MONITOR = PulseSource(3, "spk.monitor", "Monitor", monitor_of="spk")


def heard(default: PulseSource, *sources: PulseSource) -> Found | Missing:
    return find(Target(DeviceKind.INPUT), Snapshot(default_source=default.name, sources=sources))


def test_the_default_microphone_is_heard_without_a_word() -> None:
    assert heard(DESK, CABLE, DESK) == Found(DESK, "Desk")


def test_a_real_microphone_comes_before_a_virtual_default_and_that_is_said() -> None:
    found = heard(CABLE, MONITOR, CABLE, DESK)
    assert isinstance(found, Found)
    assert found.source == DESK
    assert "Cable, is a virtual device: Desk is heard" in found.remark


def test_a_virtual_default_that_is_all_there_is_is_heard_and_said() -> None:
    found = heard(CABLE, MONITOR, CABLE)
    assert isinstance(found, Found)
    assert (found.source, "Cable is a virtual device" in found.remark) == (CABLE, True)


@pytest.mark.parametrize("sources", [(), (MONITOR, DESK)])
def test_what_an_output_plays_is_never_taken_for_a_microphone(sources: tuple[PulseSource, ...]) -> None:
    assert isinstance(heard(MONITOR, *sources), Missing)


def test_a_microphone_that_was_named_may_be_virtual() -> None:
    snapshot = Snapshot(default_source="desk", sources=(DESK, CABLE))
    assert find(Target(DeviceKind.INPUT, "cable"), snapshot) == Found(CABLE, "Cable")


def test_a_sound_server_says_what_is_virtual(pulse: PulseServer) -> None:
    import pulsectl

    with pulsectl.Pulse("test", connect=True) as client:
        sources = {each.name: each.virtual for each in read_snapshot(client).sources}
    assert sources["mic"] is True
    assert sources["spk.monitor"] is False
