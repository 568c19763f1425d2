"""What can be known of the loopbacks of Windows and macOS on a machine that is neither."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound import DeviceFlag
from sentra_tui.services.audio.loopback.macos import CoreAudioTap, tap_monitors, to_s16le
from sentra_tui.services.audio.loopback.monitors import list_loopbacks
from sentra_tui.services.audio.loopback.opening import open_loopback
from sentra_tui.services.audio.loopback.windows import WasapiLoopback, choose_loopback, wasapi_monitors

SPEAKERS = {
    "index": 17,
    "name": "Speakers (Realtek(R) Audio) [Loopback]",
    "isLoopbackDevice": True,
    "maxInputChannels": 2,
    "defaultSampleRate": 48000.0,
}
HEADPHONES = {**SPEAKERS, "index": 18, "name": "Headphones (WH-1000XM4 Stereo) [Loopback]"}
SECOND_SPEAKERS = {**SPEAKERS, "index": 19, "name": "Speakers (Realtek(R) Audio) 2 [Loopback]"}
LOOPBACKS = [SECOND_SPEAKERS, SPEAKERS, HEADPHONES]


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("", 17),
        ("Speakers (Realtek(R) Audio)", 17),
        ("speakers (realtek(r) audio) 2", 19),
        ("Windows WASAPI:Headphones (WH-1000XM4 Stereo)", 18),
        ("Headphones", 18),
    ],
)
def test_the_loopback_of_the_output_that_is_meant_is_chosen(name: str, index: int) -> None:
    assert choose_loopback(LOOPBACKS, "Speakers (Realtek(R) Audio)", name)["index"] == index


def test_an_output_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(SourceError, match=r"no output called HDMI.*Headphones \(WH-1000XM4 Stereo\)"):
        choose_loopback(LOOPBACKS, "Speakers (Realtek(R) Audio)", "HDMI")
    with pytest.raises(SourceError, match="no output to listen to"):
        choose_loopback([], "Speakers", "")


def test_the_loopbacks_of_windows_are_devices_to_choose_from() -> None:
    devices = wasapi_monitors(LOOPBACKS, "Speakers (Realtek(R) Audio)")
    assert [device.source for device in devices if DeviceFlag.DEFAULT in device.flags] == [
        "loopback:Speakers (Realtek(R) Audio)"
    ]
    assert not any(device.physical for device in devices)


def test_what_plays_on_macos_is_a_device_to_choose() -> None:
    listed = [
        SimpleNamespace(name="MacBook Pro Microphone", output_streams=()),
        SimpleNamespace(name="MacBook Pro Speakers", output_streams=("stream",)),
    ]
    assert [device.source for device in tap_monitors(listed)] == ["loopback:MacBook Pro Speakers"]


def test_samples_of_core_audio_become_ours_without_wrapping_round() -> None:
    floats = np.array([0.0, 0.5, -1.0, 1.0, 1.5, -2.0], "<f4")
    expected = [0, 16_384, -32_768, 32_767, 32_767, -32_768]
    for data, bits in ((floats.tobytes(), 32), (floats.astype("<f8").tobytes(), 64)):
        assert np.frombuffer(to_s16le(data, bits=bits, is_float=True), "<i2").tolist() == expected
    integers = np.array([0, 1 << 30, -(1 << 31)], "<i4")
    assert np.frombuffer(to_s16le(integers.tobytes(), bits=32, is_float=False), "<i2").tolist() == [0, 16_384, -32_768]
    assert to_s16le(b"\x01\x02", bits=16, is_float=False) == b"\x01\x02"
    with pytest.raises(ValueError, match="24 bits"):
        to_s16le(b"\0\0\0", bits=24, is_float=False)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the library may be installed there")
@pytest.mark.parametrize(
    ("platform", "library", "extra"),
    [("win32", "PyAudioWPatch", "sentra-tui[windows]"), ("darwin", "catap", "sentra-tui[macos]")],
)
async def test_a_missing_library_is_said_with_what_brings_it(platform: str, library: str, extra: str) -> None:
    with pytest.raises(SourceError, match=f"{library} is not installed") as opening:
        await open_loopback(platform=platform)
    assert extra in opening.value.hint
    with pytest.raises(SourceError, match=f"{library} is not installed"):
        list_loopbacks(platform)


async def test_other_systems_hear_what_plays_through_their_sound_server() -> None:
    assert list_loopbacks("linux") == ()
    with pytest.raises(SourceError, match="sound server"):
        await open_loopback(platform="freebsd14")


def test_what_was_never_opened_is_not_alive_and_can_be_closed() -> None:
    for capture in (WasapiLoopback(), CoreAudioTap({})):
        assert not capture.alive()
        capture.close()
