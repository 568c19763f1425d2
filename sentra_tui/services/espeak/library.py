"""espeak-ng as a library, in a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

from sentra_tui.domain.audio import SAMPLE_RATE_HZ
from sentra_tui.media.espeak import synthesize
from sentra_tui.media.resample import Resampler


class EspeakLibrary:
    """Speaks in a thread of its own, which ends with `close`."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="espeak")

    async def say(self, text: str, voice: str, wpm: int) -> AsyncIterator[bytes]:
        """Yield the sound of `text`, 48 kHz mono s16le; in English where there is no such voice. Raises SourceError."""
        loop = asyncio.get_running_loop()
        pieces: asyncio.Queue[tuple[bytes, int] | None] = asyncio.Queue()
        unwanted = threading.Event()

        def take(sound: bytes, sample_rate_hz: int) -> bool:
            loop.call_soon_threadsafe(pieces.put_nowait, (sound, sample_rate_hz))
            return not unwanted.is_set()

        def work() -> None:
            try:
                if not unwanted.is_set():
                    synthesize(text, voice, wpm, take)
            finally:
                loop.call_soon_threadsafe(pieces.put_nowait, None)

        working = loop.run_in_executor(self._thread, work)
        resampler: Resampler | None = None
        try:
            while (piece := await pieces.get()) is not None:
                resampler = resampler or Resampler(piece[1], SAMPLE_RATE_HZ)
                yield resampler.feed(piece[0])
            await working
            if resampler is not None:
                yield resampler.flush()
        finally:
            unwanted.set()
            await asyncio.gather(working, return_exceptions=True)

    async def close(self) -> None:
        """Let the thread end."""
        self._thread.shutdown(wait=False, cancel_futures=True)
