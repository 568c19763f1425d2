"""A synthetic voice: espeak-ng. A sentence takes a few milliseconds."""

from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

import numpy as np

from sentra_tui.domain.audio import FRAME_BYTES, FULL_SCALE, SAMPLE_RATE_HZ
from sentra_tui.domain.errors import ProviderError, SourceError
from sentra_tui.media import espeak
from sentra_tui.media.resample import Resampler

WORDS_PER_MINUTE = 165
LEVEL_DBFS = -20.0
"""How loud sentences are, RMS of their sounding parts."""
VOICES = {
    "alloy": "en-us+f1",
    "ash": "en-us+m3",
    "ballad": "en-us+m1",
    "cedar": "en-us+m7",
    "coral": "en-us+f4",
    "echo": "en-us+m2",
    "marin": "en-us+f2",
    "sage": "en-us+f3",
    "shimmer": "en-us+f5",
    "verse": "en-us+m4",
}
"""The espeak-ng voice for each of OpenAI's built-in voices; a custom one speaks as `marin`."""

P = ParamSpec("P")
R = TypeVar("R")

_SENTENCE = re.compile(r"[^.!?;:]+[.!?;:]*\s*")


def synthesize(text: str, voice: str = "marin", words_per_minute: int = WORDS_PER_MINUTE) -> tuple[bytes, int]:
    """Return `text` spoken, mono s16le, and its sample rate; raises ProviderError where espeak-ng is missing.

    `voice` is a name of `VOICES`, one of espeak-ng's own such as `en-gb+m3`, or the id of a custom voice.
    """
    name = VOICES.get(voice) or (voice if voice.startswith("en-") else VOICES["marin"])
    pcm = bytearray()
    rate_hz = SAMPLE_RATE_HZ

    def take(sound: bytes, sample_rate_hz: int) -> bool:
        nonlocal pcm, rate_hz
        pcm += sound
        rate_hz = sample_rate_hz
        return True

    try:
        espeak.synthesize(text, name, words_per_minute, take)
    except SourceError as error:
        raise ProviderError(error.message, hint=error.hint) from error
    return _levelled(bytes(pcm)), rate_hz


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, each of them worth speaking by itself."""
    return [part.strip() for part in _SENTENCE.findall(text) if re.search(r"\w", part)]


class Voice:
    """Speaks without holding up the loop: a thread of its own, ended by `close`."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="voice")

    async def speak(self, text: str, voice: str, speed: float) -> AsyncIterator[tuple[str, list[bytes]]]:
        """Yield each sentence with its frames, 20 ms of 48 kHz; raises ProviderError."""
        for sentence in sentences(text):
            yield sentence, await self.run(_frames, sentence, voice, round(WORDS_PER_MINUTE * speed))

    async def run(self, function: Callable[P, R], *arguments: P.args, **named: P.kwargs) -> R:
        """Return what a slow function returns, called in the thread."""
        call = functools.partial(function, *arguments, **named)
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    def close(self) -> None:
        """Let the thread end."""
        self._thread.shutdown(wait=True, cancel_futures=True)


def _frames(text: str, voice: str, words_per_minute: int) -> list[bytes]:
    pcm, sample_rate_hz = synthesize(text, voice, words_per_minute)
    resampler = Resampler(sample_rate_hz, SAMPLE_RATE_HZ)
    sound = resampler.feed(pcm) + resampler.flush()
    pieces = (sound[start : start + FRAME_BYTES] for start in range(0, len(sound), FRAME_BYTES))
    return [piece.ljust(FRAME_BYTES, b"\0") for piece in pieces]


def _levelled(pcm: bytes) -> bytes:
    """Return sound whose sounding parts are at `LEVEL_DBFS`, nothing clipped."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float32)
    sounding = samples[np.abs(samples) > 200]
    if not sounding.size:
        return pcm
    gain = FULL_SCALE * 10 ** (LEVEL_DBFS / 20) / float(np.sqrt(np.mean(sounding**2)))
    gain = min(gain, (FULL_SCALE - 1) / float(np.abs(samples).max()))
    levelled: bytes = np.rint(samples * gain).astype("<i2").tobytes()
    return levelled
