"""The list and the levels of a real sound server."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import numpy as np
import pytest

from sentra_tui.domain.audio import SAMPLE_RATE_HZ, SILENCE_DBFS
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound import DeviceFlag, DeviceLevel, Devices
from sentra_tui.services.audio.inventory.listing import list_devices
from sentra_tui.services.audio.inventory.meters import DeviceMeters
from sentra_tui.services.audio.inventory.preference import preferred_input, preferred_loopback, preferred_output
from tests.pulse import PulseServer
from tests.sound_server import SoundServer

DEADLINE_S = 20.0
MOMENTS = np.arange(SAMPLE_RATE_HZ * 10) / SAMPLE_RATE_HZ
TONE = bytes((np.sin(2 * np.pi * 440 * MOMENTS) * 16_384).astype("<i2").tobytes())


class Screen:
    """Remembers what was told."""

    def __init__(self) -> None:
        self.told: list[Devices] = []

    def sources(self) -> set[str]:
        return {device.source for device in self.told[-1].devices} if self.told else set()

    def level(self, source: str) -> DeviceLevel:
        return next((level for level in self.told[-1].levels if level.source == source), DeviceLevel(source))

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not condition():
                await asyncio.sleep(0.05)


@asynccontextmanager
async def watching() -> AsyncIterator[Screen]:
    screen = Screen()
    task = asyncio.create_task(DeviceMeters().watch(screen.told.append))
    try:
        await screen.until(lambda: bool(screen.told) or task.done())
        yield screen
    finally:
        task.cancel()
        await asyncio.wait({task})
        assert task.cancelled()
        await screen.until(lambda: not any(thread.name == "devices" for thread in threading.enumerate()))


def restart_portaudio() -> None:
    import sounddevice  # fails where PortAudio is missing: the fixtures have skipped these tests there

    sounddevice._terminate()
    sounddevice._initialize()


def flags_of(devices: Devices) -> dict[str, tuple[DeviceFlag, ...]]:
    return {device.source: device.flags for device in devices.devices}


def test_inputs_monitors_and_outputs_are_listed_by_the_names_that_last(sound: SoundServer) -> None:
    devices = list_devices()
    assert flags_of(devices) == {
        "device:mic": (DeviceFlag.DEFAULT, DeviceFlag.VIRTUAL),
        "loopback:spk": (DeviceFlag.DEFAULT,),
        "loopback:mic_feed": (),
        "spk": (DeviceFlag.DEFAULT, DeviceFlag.VIRTUAL),
        "mic_feed": (DeviceFlag.VIRTUAL,),
    }
    assert devices.backend.startswith(("PulseAudio 1", "PipeWire "))
    chosen = (preferred_input(devices), preferred_loopback(devices), preferred_output(devices))
    assert [each.device.source for each in chosen if each.device] == ["device:mic", "loopback:spk", "spk"]


def test_outputs_made_one_are_an_aggregate(pulse: PulseServer) -> None:
    module = pulse.control("load-module", "module-combine-sink", "sink_name=both", "slaves=spk,mic_feed")
    try:
        assert flags_of(list_devices())["both"] == (DeviceFlag.AGGREGATE,)
    finally:
        pulse.control("unload-module", module)


def test_a_monitor_as_the_default_source_is_not_taken_for_a_microphone(pulse: PulseServer) -> None:
    pulse.control("set-default-source", "spk.monitor")
    try:
        chosen = preferred_input(list_devices())
    finally:
        pulse.control("set-default-source", "mic")
    assert chosen.device is None
    assert "no microphone" in chosen.reason


async def test_every_device_is_heard_before_it_is_chosen(sound: SoundServer) -> None:
    async with watching() as screen:
        with sound.play(TONE):
            await screen.until(lambda: screen.level("device:mic").rms_dbfs > -10)
            level = screen.level("device:mic")
            assert level.peak_dbfs == pytest.approx(-6, abs=1)
            assert level.rms_dbfs == pytest.approx(-9, abs=1)
            await screen.until(lambda: screen.level("loopback:mic_feed").rms_dbfs > -10)
            assert screen.level("mic_feed").rms_dbfs == screen.level("loopback:mic_feed").rms_dbfs
            assert screen.level("spk").peak_dbfs == SILENCE_DBFS
        await screen.until(lambda: screen.level("device:mic").peak_dbfs == SILENCE_DBFS)
        assert all(devices.watched for devices in screen.told)


async def test_what_is_plugged_in_and_out_is_listed_and_unlisted(sound: SoundServer) -> None:
    async with watching() as screen:
        with sound.added("late"):
            await screen.until(lambda: {"late", "loopback:late"} <= screen.sources())
            with sound.play(TONE, "late"):
                await screen.until(lambda: screen.level("loopback:late").peak_dbfs > -20)
        await screen.until(lambda: not {"late", "loopback:late"} & screen.sources())
        assert "device:mic" in screen.sources()


async def test_a_default_that_changes_is_marked(sound: SoundServer) -> None:
    async with watching() as screen:
        with sound.default_sink("mic_feed"):
            await screen.until(lambda: DeviceFlag.DEFAULT in flags_of(screen.told[-1]).get("loopback:mic_feed", ()))
        await screen.until(lambda: DeviceFlag.DEFAULT in flags_of(screen.told[-1]).get("loopback:spk", ()))


async def test_an_input_that_gives_nothing_says_why(pulse: PulseServer) -> None:
    with pulse.suspended("mic"):
        async with watching() as screen:
            await screen.until(lambda: bool(screen.level("device:mic").cause))


async def test_a_server_that_dies_and_comes_back_is_survived(sound: SoundServer) -> None:
    async with watching() as screen:
        sound.kill()
        await screen.until(lambda: not screen.told[-1].devices)
        assert "gone" in screen.told[-1].reason
        sound.start()
        await screen.until(lambda: {"device:mic", "loopback:spk"} <= screen.sources())
        with sound.play(TONE):
            await screen.until(lambda: screen.level("device:mic").peak_dbfs > -20)
        assert screen.told[-1].backend


def test_a_server_that_hangs_is_said_and_does_not_hang_us(pulse: PulseServer) -> None:
    (server,) = pulse._processes
    server.send_signal(signal.SIGSTOP)
    try:
        devices = list_devices()
    finally:
        server.send_signal(signal.SIGCONT)
    assert not devices.devices
    assert "does not answer" in devices.reason


def test_portaudio_that_started_before_the_server_is_asked_again(pulse: PulseServer) -> None:
    pulse.kill()
    restart_portaudio()
    before = list_devices()
    pulse.start()
    assert not before.devices
    assert "No sound server answers" in before.reason
    after = list_devices()
    assert after.backend.endswith("through PortAudio")
    assert not after.reason


async def test_a_server_that_hangs_is_watched_until_it_answers(pulse: PulseServer) -> None:
    (server,) = pulse._processes
    server.send_signal(signal.SIGSTOP)
    try:
        async with watching() as screen:
            assert "does not answer" in screen.told[-1].reason
            server.send_signal(signal.SIGCONT)
            await screen.until(lambda: "device:mic" in screen.sources())
    finally:
        server.send_signal(signal.SIGCONT)


async def test_nothing_to_watch_is_an_error(pulse: PulseServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSE_SERVER", "unix:/nowhere")
    monkeypatch.setenv("ALSA_CONFIG_PATH", "/usr/share/alsa/alsa.conf")
    restart_portaudio()
    try:
        async with asyncio.timeout(DEADLINE_S):
            with pytest.raises(SourceError, match="No sound server answers"):
                await DeviceMeters().watch(lambda _devices: None)
    finally:
        monkeypatch.undo()
        restart_portaudio()
