"""A WAV file while it comes, in pieces of any length.

Writers that cannot know how long it will be leave sizes of 0, 0xFFFFFFFF, or a little less: the sound then goes on to
the end.
"""

from __future__ import annotations

from msgspec import Struct

from sentra_tui.domain.audio import SAMPLE_RATE_HZ
from sentra_tui.domain.errors import SourceError
from sentra_tui.media.resample import Resampler
from sentra_tui.media.wav_format import WavFormat, to_mono, wav_format

RIFF, WAVE = b"RIFF", b"WAVE"
MAGIC_BYTES = 12
HEADER_BYTES_MAX = 1 << 20
"""The most that may stand before the sound."""
MAX_CHUNKS = 1_000
_OPEN_SIZE = 0x7FFF0000
"""Sizes from here on are those of writers that cannot know them."""


class WavHeader(Struct, frozen=True):
    """What stands before the sound."""

    form: WavFormat
    sound_bytes: int
    """How much sound there is, as the writer says."""
    length: int
    """How long the header is itself, in bytes."""


def read_header(head: bytes, name: str, hint: str = "") -> WavHeader | None:
    """Go through the chunks of what begins with RIFF, up to the sound; None while that is not reached.

    `name` is what messages call the file, `hint` what helps. Raises SourceError.
    """
    place = MAGIC_BYTES
    form: WavFormat | None = None
    chunks = 0
    while place + 8 <= len(head) and chunks < MAX_CHUNKS:
        chunks += 1
        kind, size = head[place : place + 4], int.from_bytes(head[place + 4 : place + 8], "little")
        place += 8
        if kind == b"data":
            if form is None:
                raise SourceError(f"{name} has sound but no format: its header is broken.", hint=hint)
            return WavHeader(form, size, place)
        if kind == b"fmt " and place + size <= len(head):
            form = wav_format(head[place : place + min(size, 40)], name)
        place += size + size % 2
    if max(place, len(head)) > HEADER_BYTES_MAX or chunks == MAX_CHUNKS:
        raise SourceError(f"{name} has no sound at its beginning.", hint=hint)
    return None


class WavSound:
    """The sound behind a header, as 48 kHz mono s16le."""

    def __init__(self, header: WavHeader) -> None:
        self._form = header.form
        self._resampler = Resampler(header.form.sample_rate_hz, SAMPLE_RATE_HZ)
        size, frame_bytes = header.sound_bytes, header.form.frame_bytes
        self._left_bytes = size // frame_bytes * frame_bytes if 0 < size < _OPEN_SIZE else None
        self.over = self._left_bytes == 0
        """Whether all of it has come; never where the writer did not know."""

    def take(self, data: bytes) -> tuple[bytes, bytes]:
        """Return the sound in `data`, and the bytes that are left of it."""
        whole = len(data) // self._form.frame_bytes * self._form.frame_bytes
        if self._left_bytes is not None:
            whole = min(whole, self._left_bytes)
            self._left_bytes -= whole
            self.over = not self._left_bytes
        sound = to_mono(self._form, data[:whole]).tobytes()
        return self._resampler.feed(sound) if sound else b"", data[whole:]

    def flush(self) -> bytes:
        """Return what was held back; nothing may be taken after it."""
        return self._resampler.flush()


class WavStream:
    """One WAV file; what stands behind its sound is passed over. `name` is what messages call it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._pending = b""
        self._sound: WavSound | None = None

    def feed(self, data: bytes) -> bytes:
        """Return the sound that these bytes complete, 48 kHz mono s16le; raises SourceError for what is no WAV file."""
        self._pending += data
        if self._sound is None:
            header = self._header()
            if header is None:
                return b""
            self._sound = WavSound(header)
            self._pending = self._pending[header.length :]
        sound, self._pending = self._sound.take(self._pending)
        if self._sound.over:
            self._pending = b""
        return sound

    def flush(self) -> bytes:
        """Return what was held back; nothing may be fed after it. Raises SourceError where no sound ever came."""
        if self._sound is None:
            raise SourceError(f"{self._name} ended before its sound began.")
        return self._sound.flush()

    def _header(self) -> WavHeader | None:
        if len(self._pending) < MAGIC_BYTES:
            return None
        if not self._pending.startswith(RIFF) or self._pending[8:MAGIC_BYTES] != WAVE:
            raise SourceError(f"{self._name} is not a WAV file.")
        return read_header(self._pending, self._name)
