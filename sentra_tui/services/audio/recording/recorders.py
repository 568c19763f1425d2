"""From the configuration to a recorder."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound_config import RecordingConfig
from sentra_tui.services.audio.recording.recorder import RESERVE_BYTES, FileRecorder, FreeBytes, free_bytes
from sentra_tui.services.audio.recording.sound_file import SoundFile, create_private, recording_stem
from sentra_tui.services.audio.recording.wav_file import WavFile


def open_recorder(
    config: RecordingConfig,
    default_directory: Path,
    stream: str,
    on_file: Callable[[str], None],
    on_failure: Callable[[SourceError], None],
    *,
    wall: Callable[[], datetime] = lambda: datetime.now().astimezone(),
    free: FreeBytes = free_bytes,
    reserve_bytes: int = RESERVE_BYTES,
) -> FileRecorder:
    """Return a recorder for a stream: in a file of the configured format, named by the time of day and the stream.

    It never fails here, as disks may hang: `on_file` is told each file once it is there, `on_failure` why nothing more
    is written, both in the running loop.
    """
    folder = recording_directory(config, default_directory)
    create = _create_opus if config.format == "opus" else _create_wav
    return FileRecorder(
        folder,
        lambda where: create(where, recording_stem(stream, wall())),
        on_file,
        on_failure,
        free=free,
        reserve_bytes=reserve_bytes,
    )


def recording_directory(config: RecordingConfig, default: Path) -> Path:
    """Return where recordings go."""
    if not config.directory:
        return default
    folder = Path(config.directory)
    with contextlib.suppress(RuntimeError):  # the home of a user who does not exist: then it is a plain name
        folder = folder.expanduser()
    return folder


def _create_wav(folder: Path, stem: str) -> tuple[Path, SoundFile]:
    path, descriptor = create_private(folder, stem, ".wav")
    return path, WavFile(descriptor)


def _create_opus(folder: Path, stem: str) -> tuple[Path, SoundFile]:
    from sentra_tui.services.audio.recording.opus_file import OpusFile

    path, descriptor = create_private(folder, stem, ".opus")
    return path, OpusFile(descriptor)
