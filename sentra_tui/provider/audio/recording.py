"""Reads an uploaded recording, whatever it is packed in, as the sound that recognition hears."""

from __future__ import annotations

import io

import av
from av.audio.resampler import AudioResampler

from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.recognition.worker_wire import SPEECH_RATE_HZ

_CONTAINERS = {b"RIFF": "wav", b"fLaC": "flac", b"OggS": "ogg", b"ID3": "mp3"}
"""What a file of each kind begins with. FFmpeg is not left to guess: among its formats are lists of other files."""
_MPEG_SYNC = (0xFF, 0xE0)


def read_recording(data: bytes) -> bytes:
    """Return a WAV, FLAC, Ogg or MP3 file as 16 kHz mono, s16le; raises ApiError (400) for anything else."""
    kind = _container(data)
    if kind is None:
        raise _unreadable()
    resampler = AudioResampler(format="s16", layout="mono", rate=SPEECH_RATE_HZ)
    try:
        with av.open(io.BytesIO(data), "r", format=kind) as file:
            if not file.streams.audio:
                raise _unreadable()
            frames = [piece for frame in file.decode(audio=0) for piece in resampler.resample(frame)]
    except (av.FFmpegError, ValueError) as error:
        raise _unreadable() from error
    if frames:
        frames += resampler.resample(None)
    return b"".join(frame.to_ndarray().tobytes() for frame in frames)


def _container(data: bytes) -> str | None:
    for beginning, kind in _CONTAINERS.items():
        if data.startswith(beginning):
            return kind
    frame_sync = len(data) > 1 and data[0] == _MPEG_SYNC[0] and data[1] & _MPEG_SYNC[1] == _MPEG_SYNC[1]
    return "mp3" if frame_sync else None


def _unreadable() -> ApiError:
    message = "The audio file cannot be read. Supported are wav, flac, mp3 and ogg."
    return ApiError(400, message, code="invalid_value", param="file")
