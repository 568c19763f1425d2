"""A microphone where no sound server can be asked: macOS, Windows, ALSA alone. It is opened again when it goes."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from sentra_tui.domain.audio import SILENCE
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound import DeviceKind, Trouble
from sentra_tui.domain.sound_ports import Report, SourceReport
from sentra_tui.services.audio.capture import MicrophoneSource
from sentra_tui.services.audio.devices import start_anew
from sentra_tui.services.audio.live.target import CHOOSE
from sentra_tui.services.audio.pace import Pace
from sentra_tui.services.audio.signal import SignalProbe

STALL_S = 0.5
FIRST_RETRY_S = 0.2
LAST_RETRY_S = 2.0
RENEW_S = 10.0
"""How often PortAudio may be started anew to find the device: each time interrupts what plays."""


class ReopenedMicrophone:
    """An AudioSource: an input device of PortAudio, the system's default or one by name. `open` makes it."""

    def __init__(self, device: str, report: Report) -> None:
        self._device = device
        self._report = report
        self._told = SourceReport()
        self._pace = Pace()
        self._closed = False
        self._probe = SignalProbe(DeviceKind.INPUT)
        self._microphone = MicrophoneSource(device, stall_s=STALL_S)
        self.label = self._microphone.label

    @classmethod
    async def open(cls, device: str, report: Report) -> ReopenedMicrophone:
        """Open the device for the first time; raises SourceError."""
        source = cls(device, report)
        try:
            await source._microphone.open()
        except BaseException:
            await source.close()
            raise
        return source

    async def frames(self) -> AsyncIterator[bytes]:
        """Yield a frame each 20 ms, of the device or of silence, until it is closed."""
        while not self._closed:
            try:
                async for frame in self._microphone.frames():
                    self._probe.feed(frame)
                    self._tell(self._probe.trouble, self._probe.advice)
                    yield frame
            except SourceError as error:
                stalled = self._microphone.stalled
                self._tell(Trouble.STALLED if stalled else Trouble.GONE, f"{error.message} {CHOOSE}")
            async for silence in self._silence_until_reopened():
                yield silence

    async def close(self) -> None:
        """End `frames` and let go of the device."""
        self._closed = True
        await self._microphone.close()

    async def _silence_until_reopened(self) -> AsyncIterator[bytes]:
        reopening = asyncio.create_task(self._reopen())
        try:
            while not (reopening.done() or self._closed):
                await self._pace.beat()
                yield SILENCE
        finally:
            reopening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reopening

    async def _reopen(self) -> None:
        retry_s, renew_at = FIRST_RETRY_S, 0.0
        while not self._closed:
            await self._microphone.close()
            await asyncio.sleep(retry_s)
            retry_s = min(retry_s * 2, LAST_RETRY_S)
            self._microphone = MicrophoneSource(self._device, stall_s=STALL_S)
            with contextlib.suppress(SourceError):
                await self._microphone.open()
                return
            if time.monotonic() >= renew_at:
                renew_at = time.monotonic() + RENEW_S
                with contextlib.suppress(SourceError):
                    await start_anew()

    def _tell(self, trouble: Trouble, advice: str) -> None:
        if (trouble, advice) != (self._told.trouble, self._told.advice):
            self._told = SourceReport(trouble, advice)
            self._report(self._told)
