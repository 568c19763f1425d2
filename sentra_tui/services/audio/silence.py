"""No microphone."""

from __future__ import annotations

from collections.abc import AsyncIterator

from sentra_tui.domain.audio import SILENCE
from sentra_tui.services.audio.pace import Pace


class SilentSource:
    """An AudioSource that gives silence until it is closed, so that a call has sound to send."""

    label = "none"

    def __init__(self, pace: Pace | None = None) -> None:
        self._pace = pace or Pace()
        self._closed = False

    async def frames(self) -> AsyncIterator[bytes]:
        """Yield a silent frame each 20 ms."""
        while not self._closed:
            await self._pace.beat()
            yield SILENCE

    async def close(self) -> None:
        """End `frames`."""
        self._closed = True
