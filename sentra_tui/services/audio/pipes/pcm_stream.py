"""Sound as bytes in a row: what it is, shows at its beginning."""

from __future__ import annotations

from typing import Protocol

from sentra_tui.domain.audio import SAMPLE_BYTES, SAMPLE_RATE_HZ
from sentra_tui.domain.errors import SourceError
from sentra_tui.media.resample import Resampler
from sentra_tui.services.audio.wav import MAX_CHUNKS, WavFormat, refuse_foreign, to_mono, wav_format

HEADER_BYTES_MAX = 1 << 20
"""The most that may stand before the sound of a WAV stream."""

_RIFF = b"RIFF"
_MAGIC_BYTES = 12
_OPEN_SIZE = 0x7FFF0000
"""Sizes from here on are those of writers that cannot know them."""
_FOREIGN = (b"OggS", b"fLaC", b"FORM", b"RIFX", b"RF64", b"\x1a\x45\xdf\xa3", b"ID3\x02", b"ID3\x03", b"ID3\x04")
"""What raw sound hardly ever begins with: shorter marks than these are as good as any sample."""
_ANOTHER = "Write a WAV file, or raw sound: 48 kHz, mono, s16le."


class PcmStream:
    """Turns bytes into 48 kHz mono s16le: WAV streams of any kind, one after the other, or raw sound of just this kind.

    `name` is what messages call it.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._pending = b""
        self._sound: _Sound | None = None

    def feed(self, data: bytes) -> bytes:
        """Return the sound that these bytes complete; raises SourceError for what is no sound."""
        self._pending += data
        sound = b""
        while True:
            if self._sound is None:
                self._sound = self._begin()
            if self._sound is None:
                return sound
            piece, self._pending = self._sound.take(self._pending)
            sound += piece
            if not self._sound.over or not self._find_another():
                return sound
            self._sound = None

    def _begin(self) -> _Sound | None:
        """Find out what comes; None while that does not show."""
        head = self._pending
        if len(head) < len(_RIFF) or (head.startswith(_RIFF) and len(head) < _MAGIC_BYTES):
            return None
        if (
            head.startswith(_FOREIGN)
            or head[4:8] == b"ftyp"
            or (head.startswith(_RIFF) and head[8:_MAGIC_BYTES] != b"WAVE")
        ):
            refuse_foreign(head[:_MAGIC_BYTES], self._name)
        return self._read_header(head) if head.startswith(_RIFF) else _RawSound()

    def _read_header(self, head: bytes) -> _Sound | None:
        """Go through the chunks until the sound, and drop them; None while it is not reached."""
        place = _MAGIC_BYTES
        form: WavFormat | None = None
        chunks = 0
        while place + 8 <= len(head) and chunks < MAX_CHUNKS:
            chunks += 1
            kind, size = head[place : place + 4], int.from_bytes(head[place + 4 : place + 8], "little")
            place += 8
            if kind == b"data":
                if form is None:
                    raise SourceError(f"{self._name} has sound but no format: its header is broken.", hint=_ANOTHER)
                self._pending = head[place:]
                return _WavSound(form, size)
            if kind == b"fmt " and place + size <= len(head):
                form = wav_format(head[place : place + min(size, 40)], self._name)
            place += size + size % 2
        if max(place, len(head)) > HEADER_BYTES_MAX or chunks == MAX_CHUNKS:
            raise SourceError(f"{self._name} has no sound at its beginning.", hint=_ANOTHER)
        return None

    def _find_another(self) -> bool:
        """Step over the titles and the like behind a WAV stream; return whether there is another one."""
        begin = self._pending.find(_RIFF)
        self._pending = self._pending[begin if begin >= 0 else 1 - len(_RIFF) :]
        return begin >= 0


class _Sound(Protocol):
    """What follows a header."""

    over: bool

    def take(self, data: bytes) -> tuple[bytes, bytes]:
        """Return the sound in `data`, and the bytes that are left of it."""
        ...


class _RawSound:
    """Sound that is as it is to be."""

    over = False

    def take(self, data: bytes) -> tuple[bytes, bytes]:
        whole = len(data) // SAMPLE_BYTES * SAMPLE_BYTES
        return data[:whole], data[whole:]


class _WavSound:
    """Sound of any format, `size` bytes of it where the writer knew."""

    def __init__(self, form: WavFormat, size: int) -> None:
        self._form = form
        self._resampler = Resampler(form.sample_rate_hz, SAMPLE_RATE_HZ)
        self._left_bytes = size // form.frame_bytes * form.frame_bytes if 0 < size < _OPEN_SIZE else None
        self.over = self._left_bytes == 0

    def take(self, data: bytes) -> tuple[bytes, bytes]:
        whole = len(data) // self._form.frame_bytes * self._form.frame_bytes
        if self._left_bytes is not None:
            whole = min(whole, self._left_bytes)
            self._left_bytes -= whole
            self.over = not self._left_bytes
        sound = to_mono(self._form, data[:whole]).tobytes()
        return self._resampler.feed(sound) if sound else b"", data[whole:]
