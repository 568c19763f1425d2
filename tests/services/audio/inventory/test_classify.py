"""What devices are, judged by what real sound systems say of them."""

from __future__ import annotations

import pytest

from sentra_tui.domain.sound import DeviceFlag, DeviceKind
from sentra_tui.services.audio.inventory.classify import portaudio_flags, server_flags
from sentra_tui.services.audio.inventory.node import PortAudioNode, ServerNode
from sentra_tui.services.audio.inventory.portaudio_devices import portaudio_devices
from sentra_tui.services.audio.inventory.sound_server import server_device
from tests.services.audio.inventory import recorded as r

VIRTUAL = (DeviceFlag.VIRTUAL,)
AGGREGATE = (DeviceFlag.AGGREGATE,)
MUSIC = (DeviceFlag.BLUETOOTH,)
CALL = (DeviceFlag.BLUETOOTH, DeviceFlag.HEADSET)


@pytest.mark.parametrize(
    ("node", "flags"),
    [
        (r.BUILT_IN, ()),
        (r.WEBCAM, ()),
        (r.BUILT_IN_MONITOR, ()),
        (r.NULL_SINK_MONITOR, ()),
        (r.NULL_SINK, VIRTUAL),
        (r.PIPEWIRE_NULL_SOURCE, VIRTUAL),
        (r.PIPEWIRE_LOOPBACK, VIRTUAL),
        (r.REMAPPED, VIRTUAL),
        (r.ECHO_CANCELLED, VIRTUAL),
        (r.TUNNEL, VIRTUAL),
        (r.ALSA_LOOPBACK, VIRTUAL),
        (r.COMBINED, AGGREGATE),
        (r.HEADSET_CALL, CALL),
        (r.PIPEWIRE_HEADSET_CALL, CALL),
        (r.HEADSET_MUSIC, MUSIC),
        (r.PIPEWIRE_HEADSET_MUSIC, MUSIC),
    ],
    ids=lambda value: value.name if isinstance(value, ServerNode) else None,
)
def test_a_sound_servers_device_is_known_by_its_properties(node: ServerNode, flags: tuple[DeviceFlag, ...]) -> None:
    assert server_flags(node) == flags


@pytest.mark.parametrize(
    ("name", "host_api", "rate_hz", "flags"),
    [
        ("MacBook Pro Microphone", "Core Audio", 48_000, ()),
        ("BlackHole 2ch", "Core Audio", 48_000, VIRTUAL),
        ("Soundflower (2ch)", "Core Audio", 44_100, VIRTUAL),
        ("ZoomAudioDevice", "Core Audio", 48_000, VIRTUAL),
        ("Microsoft Teams Audio", "Core Audio", 48_000, VIRTUAL),
        ("Aggregate Device", "Core Audio", 48_000, AGGREGATE),
        ("Multi-Output Device", "Core Audio", 48_000, AGGREGATE),
        ("AirPods Pro", "Core Audio", 24_000, CALL),
        ("Microphone Array (Realtek(R) Audio)", "Windows WASAPI", 48_000, ()),
        ("CABLE Output (VB-Audio Virtual Cable)", "Windows WASAPI", 48_000, VIRTUAL),
        ("Stereo Mix (Realtek(R) Audio)", "Windows WASAPI", 48_000, VIRTUAL),
        ("Microsoft Sound Mapper - Input", "MME", 44_100, VIRTUAL),
        ("Headset (WH-1000XM4 Hands-Free AG Audio)", "Windows WASAPI", 16_000, CALL),
        ("HDA Intel PCH: ALC3246 Analog (hw:0,0)", "ALSA", 44_100, ()),
        ("Loopback: PCM (hw:1,1)", "ALSA", 48_000, VIRTUAL),
        ("default", "ALSA", 48_000, ()),
        ("dmix", "ALSA", 48_000, VIRTUAL),
    ],
)
def test_a_device_of_portaudio_is_known_by_its_name(
    name: str, host_api: str, rate_hz: int, flags: tuple[DeviceFlag, ...]
) -> None:
    assert portaudio_flags(PortAudioNode(name=name, host_api=host_api, rate_hz=rate_hz)) == flags


def test_a_monitor_is_chosen_by_the_sink_that_it_hears() -> None:
    device = server_device(r.BUILT_IN_MONITOR, DeviceKind.MONITOR, is_default=True)
    assert device.source == "loopback:alsa_output.pci-0000_00_1f.3.analog-stereo"
    assert device.flags == (DeviceFlag.DEFAULT,)
    assert not device.physical


def test_names_from_outside_are_cleaned_and_the_choice_keeps_the_servers_name() -> None:
    hostile = ServerNode(name="alsa_input.x", description="Mic\x1b]0;title\x07\u202e", hardware=True)
    device = server_device(hostile, DeviceKind.INPUT, is_default=False)
    assert device.name == "Mic\u241b]0;title\u2407"
    assert device.source == "device:alsa_input.x"


def test_a_headset_in_its_call_profile_is_noted() -> None:
    assert "narrow sound" in server_device(r.HEADSET_CALL, DeviceKind.INPUT, is_default=True).note
    assert not server_device(r.BUILT_IN, DeviceKind.INPUT, is_default=True).note


def test_the_devices_of_macos_are_named_by_host_api_and_name() -> None:
    devices = portaudio_devices(r.MAC_DEVICES, r.MAC_HOST_APIS)
    assert [(device.source, device.flags) for device in devices] == [
        ("device:Core Audio:BlackHole 2ch", VIRTUAL),
        ("device:Core Audio:MacBook Pro Microphone", (DeviceFlag.DEFAULT,)),
        ("device:Core Audio:AirPods Pro", CALL),
        ("Core Audio:BlackHole 2ch", VIRTUAL),
        ("Core Audio:MacBook Pro Speakers", (DeviceFlag.DEFAULT,)),
        ("Core Audio:Multi-Output Device", AGGREGATE),
    ]


def test_each_device_of_windows_is_listed_once_with_its_whole_name() -> None:
    devices = portaudio_devices(r.WINDOWS_DEVICES, r.WINDOWS_HOST_APIS)
    assert [device.source for device in devices] == [
        "device:Windows WASAPI:Microphone Array (Realtek(R) Audio)",
        "device:Windows WASAPI:CABLE Output (VB-Audio Virtual Cable)",
        "Windows WASAPI:Speakers (Realtek(R) Audio)",
    ]
    assert [DeviceFlag.DEFAULT in device.flags for device in devices] == [True, False, True]


def test_of_two_devices_with_one_name_the_first_is_listed() -> None:
    twins = [{**r.MAC_DEVICES[1], "index": index, "default_samplerate": 48000.0 - index} for index in (1, 2)]
    (device,) = portaudio_devices(twins, r.MAC_HOST_APIS)
    assert DeviceFlag.DEFAULT in device.flags


def test_a_system_without_devices_lists_none() -> None:
    assert portaudio_devices([], []) == ()
