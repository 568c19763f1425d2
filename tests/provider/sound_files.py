"""Speech in files of several kinds."""

from __future__ import annotations

import io
import wave

import av
import numpy as np

from sentra_tui.media.resample import Resampler
from sentra_tui.provider.voice import synthesize


def spoken(text: str, rate_hz: int, voice: str = "marin") -> bytes:
    """Return `text` as mono s16le of this rate, with half a second of silence on both sides."""
    pcm, made_hz = synthesize(text, voice)
    resampler = Resampler(made_hz, rate_hz)
    silence = bytes(rate_hz)
    return silence + resampler.feed(pcm) + resampler.flush() + silence


def wav(pcm: bytes, rate_hz: int, channels: int = 1) -> bytes:
    """Return sound as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(rate_hz)
        writer.writeframes(pcm)
    return file.getvalue()


def packed(pcm: bytes, rate_hz: int, container: str, codec: str) -> bytes:
    """Return sound as FFmpeg packs it."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate_hz, layout="mono")
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(np.frombuffer(pcm, "<i2").reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = rate_hz
        for part in (frame, None):
            output.mux(stream.encode(part))
    return file.getvalue()
