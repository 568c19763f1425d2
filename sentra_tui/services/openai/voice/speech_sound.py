"""The sound that a speech endpoint sends, whatever it was asked for: what it is, shows at its beginning."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from email.message import Message
from typing import Protocol

import av
from av.error import FFmpegError

from sentra_tui.domain.audio import FRAME_BYTES, SAMPLE_RATE_HZ
from sentra_tui.domain.errors import NotSupported, SourceError
from sentra_tui.media.resample import Resampler
from sentra_tui.media.wav_format import MAX_RATE_HZ, MIN_RATE_HZ
from sentra_tui.media.wav_stream import MAGIC_BYTES, WavStream

PCM_RATE_HZ = 24_000
"""OpenAI's, and what others send that do not say."""
_HEAD_BYTES = 64
"""Within so much of the beginning a header stands."""
_RIFF = re.compile(rb"RIFF[\s\S]{4}WAVE")
_MARKS = ((b"ID3", "mp3"), (b"OggS", "ogg"), (b"fLaC", "flac"), (b"\x1a\x45\xdf\xa3", "matroska"))
_MPEG_TYPES = {"audio/mpeg": "mp3", "audio/mp3": "mp3", "audio/aac": "aac"}
_MAX_COMPRESSED_BYTES = 16 << 20


class _Decoder(Protocol):
    """Turns one kind of sound into 48 kHz mono s16le."""

    def feed(self, data: bytes) -> bytes:
        """Return what these bytes complete."""
        ...

    def flush(self) -> bytes:
        """Return what was held back."""
        ...


class SpeechSound:
    """Takes a reply's body, gives 48 kHz mono s16le: raw sound and WAV as they come, compressed sound at the end.

    `content_type` is the reply's; a header in the sound itself knows better. `label` is what messages call the server.
    Both methods raise NotSupported for what cannot be heard.
    """

    def __init__(self, content_type: str, label: str) -> None:
        self._type = Message()
        self._type["content-type"] = content_type
        self._label = label
        self._head = b""
        self._decoder: _Decoder | None = None

    def feed(self, data: bytes) -> bytes:
        """Return the sound that these bytes complete."""
        if self._decoder is not None:
            return self._decoded(self._decoder, data)
        self._head += data
        if len(self._head) < _HEAD_BYTES + MAGIC_BYTES:
            return b""
        return self._begin()

    def flush(self) -> Iterator[bytes]:
        """Yield what is left, in pieces; nothing may be fed after it."""
        if self._decoder is None:
            yield self._begin()
        assert self._decoder is not None
        try:
            rest = self._decoder.flush()
        except (SourceError, FFmpegError) as error:
            raise self._unheard(error) from None
        for start in range(0, len(rest), 50 * FRAME_BYTES):
            yield rest[start : start + 50 * FRAME_BYTES]

    def _begin(self) -> bytes:
        """Find out what comes, and decode what is here of it."""
        head, self._head = self._head, b""
        riff = _RIFF.search(head[: _HEAD_BYTES + MAGIC_BYTES])
        if riff:
            self._decoder, head = WavStream(f"The sound of {self._label}"), head[riff.start() :]
        else:
            container = self._container(head)
            self._decoder = _Compressed(container) if container else _Raw(*self._pcm_form())
        return self._decoded(self._decoder, head)

    def _decoded(self, decoder: _Decoder, data: bytes) -> bytes:
        try:
            return decoder.feed(data)
        except SourceError as error:
            raise self._unheard(error) from None

    def _container(self, head: bytes) -> str:
        for mark, container in _MARKS:
            if head.startswith(mark):
                return container
        # The frames of MPEG begin with eleven bits that raw sound may begin with, too.
        is_frame = head[:1] == b"\xff" and head[1:2] >= b"\xe0"
        return _MPEG_TYPES.get(self._type.get_content_type(), "") if is_frame else ""

    def _pcm_form(self) -> tuple[int, int]:
        """Return the rate and the channels of raw sound."""
        rate_hz, channels = self._number("rate"), self._number("channels")
        return rate_hz if MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ else PCM_RATE_HZ, 2 if channels == 2 else 1

    def _number(self, name: str) -> int:
        value = self._type.get_param(name)
        return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else 0

    def _unheard(self, error: SourceError | FFmpegError) -> NotSupported:
        said = error.message if isinstance(error, SourceError) else f"The sound of {self._label} cannot be decoded."
        return NotSupported(said, hint="Choose another speech in the profile's [http].")


class _Raw:
    """Sound without a header."""

    def __init__(self, rate_hz: int, channels: int) -> None:
        self._resampler = Resampler(rate_hz, SAMPLE_RATE_HZ, channels)

    def feed(self, data: bytes) -> bytes:
        return self._resampler.feed(data)

    def flush(self) -> bytes:
        return self._resampler.flush()


class _Compressed:
    """Sound in a container of FFmpeg's; it is named, so that no list of other files can pass for one."""

    def __init__(self, container: str) -> None:
        self._container = container
        self._data = bytearray()

    def feed(self, data: bytes) -> bytes:
        self._data += data
        if len(self._data) > _MAX_COMPRESSED_BYTES:
            raise SourceError("The sound of one sentence is too large.")
        return b""

    def flush(self) -> bytes:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE_HZ)
        sound = bytearray()
        with av.open(io.BytesIO(self._data), mode="r", format=self._container) as opened:
            for frame in [*opened.decode(audio=0), None]:
                for piece in resampler.resample(frame):
                    sound += piece.to_ndarray().tobytes()
        return bytes(sound)
