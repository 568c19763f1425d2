"""The level of one source of a sound server, without its sound.

The server itself finds the peaks (PA_STREAM_PEAK_DETECT). `pulsectl` can do that for one source only, blocking, so it
is done here with what it is made of: libpulse by ctypes.
https://freedesktop.org/software/pulseaudio/doxygen/stream_8h.html

Rate and fragment are those of pavucontrol. Other servers than PulseAudio are known to bear these only: pipewire-pulse
0.3.65 ends with a segmentation fault when it is asked for fragments of ten peaks.

The streams live on the thread and in the main loop of their `pulsectl.Pulse`.
"""

from __future__ import annotations

import contextlib
import ctypes
import time
from typing import Any

from sentra_tui.services.audio.inventory.peaks import SILENT, PeakLevel

PEAKS_HZ = 25
QUIET_S = 0.6
"""Peaks come in bursts where the server is busy: only when none came for so long it is silence."""
DEAF_S = 1.5
"""An input that gave nothing for so long gives nothing at all."""
NO_SOUND = "It gives no sound: another program holds it, or it is suspended."
_SAMPLE_BYTES = ctypes.sizeof(ctypes.c_float)
_ANY = 2**32 - 1


class PeakStream:
    """Hears one source until it is closed; raises pulsectl's CallError where it cannot.

    With `wakes` a source that sleeps is woken: a microphone, which is not heard otherwise. What an output plays can be
    heard only while it is awake, so that it may sleep.
    """

    def __init__(self, pulse: Any, source: str, *, wakes: bool) -> None:
        import pulsectl

        self._c = pulsectl._pulsectl
        self._wakes = wakes
        self._peaks = PeakLevel()
        self._level = SILENT
        self._heard_at = time.monotonic()
        self._on_data = self._c.PA_STREAM_REQUEST_CB_T(self._take)
        spec = self._c.PA_SAMPLE_SPEC(format=self._c.PA_SAMPLE_FLOAT32NE, rate=PEAKS_HZ, channels=1)
        self._stream = self._c.pa.stream_new_with_proplist(pulse._ctx, "level meter", ctypes.byref(spec), None, None)
        self._c.pa.stream_set_read_callback(self._stream, self._on_data, None)
        try:
            self._c.pa.stream_connect_record(self._stream, source.encode(), self._buffering(), self._flags())
        except self._c.LibPulse.CallError:
            self._c.pa.stream_unref(self._stream)
            raise

    def close(self) -> None:
        """Stop hearing it; once."""
        with contextlib.suppress(self._c.LibPulse.CallError):  # the server, or the source, went first
            self._c.pa.stream_disconnect(self._stream)
        self._c.pa.stream_unref(self._stream)

    def read(self) -> tuple[float, float]:
        """Return RMS and peak in dBFS of what was heard last."""
        level = self._peaks.read()
        if level is not None:
            self._level, self._heard_at = level, time.monotonic()
        elif time.monotonic() - self._heard_at > QUIET_S:
            self._level = SILENT
        return self._level

    def cause(self) -> str:
        """Return why it cannot be heard, empty where it can."""
        return NO_SOUND if self._wakes and time.monotonic() - self._heard_at > DEAF_S else ""

    def _buffering(self) -> Any:
        return self._c.PA_BUFFER_ATTR(maxlength=_ANY, tlength=_ANY, prebuf=_ANY, minreq=_ANY, fragsize=_SAMPLE_BYTES)

    def _flags(self) -> int:
        c = self._c
        flags: int = c.PA_STREAM_DONT_MOVE | c.PA_STREAM_PEAK_DETECT | c.PA_STREAM_ADJUST_LATENCY
        return flags if self._wakes else flags | int(c.PA_STREAM_DONT_INHIBIT_AUTO_SUSPEND)

    def _take(self, stream: Any, _size: int, _userdata: Any) -> None:
        data, size = ctypes.c_void_p(), ctypes.c_size_t()
        # pulsectl declares the size an int; libpulse writes a size_t.
        self._c.pa.stream_peek(stream, data, ctypes.cast(ctypes.byref(size), ctypes.POINTER(ctypes.c_int)))
        if not size.value:
            return
        if data.value:
            count = size.value // _SAMPLE_BYTES
            self._peaks.feed(list((ctypes.c_float * count).from_address(data.value)))
        self._c.pa.stream_drop(stream)
