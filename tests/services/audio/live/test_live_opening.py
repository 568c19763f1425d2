"""A sound server that does not open what it shows."""

from __future__ import annotations

import asyncio

from sentra_tui.domain.sound import Trouble
from sentra_tui.services.audio.live.backend import Backend
from sentra_tui.services.audio.live.portaudio_capture import PortAudioCapture
from sentra_tui.services.audio.live.source import LiveSource
from tests.pulse import PulseServer
from tests.services.audio.live.room import Listener, microphone, until


class SlowCapture(PortAudioCapture):
    """Opens when it is let."""

    let = asyncio.Event()

    async def open(self) -> None:
        await self.let.wait()
        await super().open()


async def test_a_device_that_does_not_open_is_told_and_the_trouble_ends_when_it_does(pulse: PulseServer) -> None:
    SlowCapture.let = asyncio.Event()
    listener = Listener()
    source = LiveSource(microphone(), Backend("slow", SlowCapture), listener.report)
    task = asyncio.create_task(listener.listen(source))
    try:
        report = await listener.told(Trouble.STALLED)
        assert "does not open" in report.advice
        SlowCapture.let.set()
        await until(lambda: source.is_open, "the device to open")
        await until(lambda: listener.troubles[-1] is not Trouble.STALLED, "the trouble to end")
    finally:
        await source.close()
        await task
