"""Which device is used where none is named."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.sound import DeviceFlag, DeviceKind, Devices, SoundDevice
from sentra_tui.services.audio.inventory.preference import preferred_input, preferred_loopback, preferred_output

DEFAULT, VIRTUAL, AGGREGATE = DeviceFlag.DEFAULT, DeviceFlag.VIRTUAL, DeviceFlag.AGGREGATE


def device(name: str, *flags: DeviceFlag, kind: DeviceKind = DeviceKind.INPUT) -> SoundDevice:
    return SoundDevice(source=name, name=name, kind=kind, flags=flags)


MONITOR = device("monitor", kind=DeviceKind.MONITOR)


def test_a_real_default_is_used_without_a_word() -> None:
    microphone = device("webcam", DEFAULT)
    chosen = preferred_input(Devices((device("built-in"), microphone)))
    assert (chosen.device, chosen.reason) == (microphone, "")


def test_a_real_microphone_is_used_where_the_default_is_virtual() -> None:
    real = device("built-in")
    for default, what in ((device("cable", DEFAULT, VIRTUAL), "virtual"), (device("both", DEFAULT, AGGREGATE), "aggr")):
        chosen = preferred_input(Devices((default, real)))
        assert chosen.device == real
        assert default.name in chosen.reason
        assert what in chosen.reason


def test_a_real_microphone_is_used_where_the_default_is_a_monitor() -> None:
    chosen = preferred_input(Devices((MONITOR, device("built-in"))))
    assert chosen.device == device("built-in")
    assert chosen.reason


def test_a_virtual_default_is_used_and_said_where_there_is_nothing_else() -> None:
    only = device("mic", DEFAULT, VIRTUAL)
    chosen = preferred_input(Devices((only, device("other", VIRTUAL), MONITOR)))
    assert chosen.device == only
    assert "no real microphone" in chosen.reason


def test_no_microphone_is_used_where_the_default_is_a_monitor_and_the_rest_is_virtual() -> None:
    chosen = preferred_input(Devices((MONITOR, device("mic", VIRTUAL))))
    assert chosen.device is None
    assert "choose one" in chosen.reason


def test_none_is_used_where_there_is_none() -> None:
    for chosen in (preferred_input(Devices()), preferred_loopback(Devices()), preferred_output(Devices())):
        assert chosen.device is None
        assert chosen.reason


def test_the_monitor_of_the_default_output_is_used() -> None:
    heard = device("loopback:hdmi", DEFAULT, kind=DeviceKind.MONITOR)
    assert preferred_loopback(Devices((MONITOR, heard))).device == heard
    assert preferred_loopback(Devices((MONITOR,))).device is None


devices = st.builds(
    SoundDevice,
    source=st.uuids().map(str),
    name=st.just("x"),
    kind=st.sampled_from(DeviceKind),
    flags=st.lists(st.sampled_from(DeviceFlag), unique=True).map(tuple),
)


@given(st.lists(devices, max_size=6))
def test_nothing_virtual_is_used_while_there_is_a_real_microphone_and_a_monitor_never(
    listed: list[SoundDevice],
) -> None:
    chosen = preferred_input(Devices(tuple(listed)))
    real = any(each.physical and each.kind is DeviceKind.INPUT for each in listed)
    assert chosen.device is not None or (chosen.reason and not real)
    assert chosen.device is None or chosen.device.kind is DeviceKind.INPUT
    assert chosen.device is None or chosen.device.physical or (chosen.reason and not real)
