"""The levels of inputs where there is no sound server to ask: through PortAudio."""

from __future__ import annotations

import asyncio

import numpy as np

from sentra_tui.domain.audio import SAMPLE_RATE_HZ
from sentra_tui.domain.sound import DeviceFlag, DeviceKind, DeviceLevel, Devices, SoundDevice
from sentra_tui.services.audio.inventory.portaudio_devices import list_portaudio
from sentra_tui.services.audio.inventory.portaudio_meters import list_afresh, watch_portaudio
from tests.pulse import PulseServer

DEADLINE_S = 20.0
TONE = bytes((np.sin(np.arange(SAMPLE_RATE_HZ * 10) * 0.05) * 16_384).astype("<i2").tobytes())
MICROPHONE = "device:ALSA:sentra_mic"


async def test_inputs_are_heard_and_those_that_cannot_be_say_why(pulse: PulseServer) -> None:
    real = next(device for device in list_portaudio() if device.source == MICROPHONE)
    absent = SoundDevice(source="device:ALSA:gone", name="gone", kind=DeviceKind.INPUT)
    headset = SoundDevice(source="device:ALSA:buds", name="buds", kind=DeviceKind.INPUT, flags=(DeviceFlag.BLUETOOTH,))
    told: list[Devices] = []
    watch = asyncio.create_task(watch_portaudio(Devices((real, absent, headset)), told.append))

    def level(source: str) -> DeviceLevel:
        return next((each for each in told[-1].levels if each.source == source), DeviceLevel(source))

    try:
        async with asyncio.timeout(DEADLINE_S):
            with pulse.play(TONE):
                while not told or level(MICROPHONE).peak_dbfs < -20 or not level(absent.source).cause:
                    await asyncio.sleep(0.05)
        assert "no microphone called" in level(absent.source).cause
        assert "call profile" in level(headset.source).cause
        assert not level(MICROPHONE).cause
    finally:
        watch.cancel()
        await asyncio.wait({watch})
    assert watch.cancelled()


async def test_another_process_lists_the_devices_as_they_are_now(pulse: PulseServer) -> None:
    async with asyncio.timeout(DEADLINE_S):
        assert MICROPHONE in {device.source for device in await list_afresh()}
