"""Sound as bytes in a row: what it is, shows at its beginning."""

from __future__ import annotations

from typing import Protocol

from sentra_tui.domain.audio import SAMPLE_BYTES
from sentra_tui.media.wav_stream import MAGIC_BYTES, RIFF, WAVE, WavSound, read_header
from sentra_tui.services.audio.wav import refuse_foreign

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
        if len(head) < len(RIFF) or (head.startswith(RIFF) and len(head) < MAGIC_BYTES):
            return None
        if head.startswith(_FOREIGN) or head[4:8] == b"ftyp" or (head.startswith(RIFF) and head[8:MAGIC_BYTES] != WAVE):
            refuse_foreign(head[:MAGIC_BYTES], self._name)
        return self._read_header(head) if head.startswith(RIFF) else _RawSound()

    def _read_header(self, head: bytes) -> _Sound | None:
        """Drop what stands before the sound; None while that is not reached."""
        header = read_header(head, self._name, _ANOTHER)
        if header is None:
            return None
        self._pending = head[header.length :]
        return WavSound(header)

    def _find_another(self) -> bool:
        """Step over the titles and the like behind a WAV stream; return whether there is another one."""
        begin = self._pending.find(RIFF)
        self._pending = self._pending[begin if begin >= 0 else 1 - len(RIFF) :]
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
