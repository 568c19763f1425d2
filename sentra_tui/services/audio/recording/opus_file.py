"""An Ogg Opus file (RFC 7845) that can be played at any moment, however its writer ends: 0.3 MB a minute.

FFmpeg's own settings fill pages of a second and a buffer of 32 kB: a killed writer would leave nothing at all.
"""

from __future__ import annotations

import os
from fractions import Fraction

import av
import numpy as np

from sentra_tui.domain.audio import SAMPLE_RATE_HZ
from sentra_tui.services.audio.recording.sound_file import write_all

BIT_RATE_BPS = 32_000

_CONTAINER_OPTIONS = {"page_duration": "200000", "flush_packets": "1"}
_CODEC_OPTIONS = {"compression_level": "0"}


class OpusFile:
    """A SoundFile on an open descriptor, which it owns. Raises OSError."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._pipe = _Pipe(descriptor)
        self._samples = 0
        try:
            self._container = av.open(self._pipe, "w", format="ogg", container_options=_CONTAINER_OPTIONS)
            self._stream = self._container.add_stream(
                "libopus", rate=SAMPLE_RATE_HZ, layout="mono", options=_CODEC_OPTIONS
            )
            self._stream.bit_rate = BIT_RATE_BPS
            self._container.start_encoding()
        except OSError:
            os.close(descriptor)
            raise

    def append(self, sound: bytes) -> None:
        """Encode sound and write it."""
        frame = av.AudioFrame.from_ndarray(np.frombuffer(sound, "<i2").reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE_HZ
        frame.time_base = Fraction(1, SAMPLE_RATE_HZ)
        frame.pts = self._samples
        self._samples += frame.samples
        self._mux(frame)

    def is_full(self) -> bool:
        """Return False: the format has no end."""
        return False

    def finish(self) -> None:
        """Write what the encoder holds back, and close the file; after an error there is nothing more to write."""
        try:
            if self._pipe.failure is None:
                self._mux(None)
        finally:
            try:
                self._close_container()
            finally:
                os.close(self._descriptor)

    def _mux(self, frame: av.AudioFrame | None) -> None:
        try:
            self._container.mux(self._stream.encode(frame))
        except av.FFmpegError as error:
            # FFmpeg has a word of its own for what went wrong in ours.
            raise self._pipe.failure or error from error

    def _close_container(self) -> None:
        told = self._pipe.failure is not None
        try:
            self._container.close()
        except (OSError, av.FFmpegError) as error:
            if not told:
                raise self._pipe.failure or error from error


class _Pipe:
    """A descriptor as PyAV writes into it: it cannot seek, so that nothing is left to be completed later."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.failure: OSError | None = None
        """Why nothing can be written."""

    def write(self, data: bytes) -> int:
        """Write all of `data`."""
        try:
            write_all(self._descriptor, bytes(data))
        except OSError as error:
            self.failure = error
            raise
        return len(data)
