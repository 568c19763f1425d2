"""Recordings can be played however they end, and end before the disk does."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import sys
import threading
import wave
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from sentra_tui.domain.audio import FRAME_BYTES, FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE_HZ
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound_config import RecordingConfig
from sentra_tui.services.audio.recording import recorder as recorder_module
from sentra_tui.services.audio.recording.recorder import FileRecorder
from sentra_tui.services.audio.recording.recorders import open_recorder, recording_directory
from sentra_tui.services.audio.recording.sound_file import create_private
from sentra_tui.services.audio.recording.wav_file import HEADER_BYTES, WavFile
from sentra_tui.services.audio.wav import read_wav
from tests.services.audio.recording.record_process import TONE

NOON = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
DEADLINE_S = 20.0
posix_only = pytest.mark.skipif(os.name != "posix", reason="signals and limits of POSIX")


class Told:
    """What a recorder told."""

    def __init__(self) -> None:
        self.files: list[str] = []
        self.failures: list[SourceError] = []

    async def until_failed(self) -> SourceError:
        async with asyncio.timeout(DEADLINE_S):
            while not self.failures:
                await asyncio.sleep(0.01)
        return self.failures[0]


def record(folder: Path, form: Any, told: Told, stream: str = "mic", **options: Any) -> FileRecorder:
    config = RecordingConfig(format=form)
    return open_recorder(config, folder, stream, told.files.append, told.failures.append, wall=lambda: NOON, **options)


def stdlib_samples(path: Path) -> int:
    with wave.open(str(path)) as reader:
        assert (reader.getnchannels(), reader.getsampwidth(), reader.getframerate()) == (1, 2, SAMPLE_RATE_HZ)
        return len(reader.readframes(reader.getnframes())) // 2


def own_samples(path: Path) -> int:
    recording = read_wav(path)
    try:
        return recording.read(0, recording.frames).size
    finally:
        recording.close()


def decoded_samples(path: Path) -> int:
    with av.open(path) as container:
        return sum(frame.samples for frame in container.decode(audio=0))


@pytest.mark.parametrize(("form", "readers"), [("wav", [stdlib_samples, own_samples]), ("opus", [decoded_samples])])
async def test_a_recording_holds_every_frame_and_is_its_owners_only(
    tmp_path: Path, form: str, readers: list[Callable[[Path], int]]
) -> None:
    told = Told()
    recorder = record(tmp_path / "new" / "recordings", form, told)
    for _ in range(53):
        recorder.write(TONE)
    await recorder.close()
    await recorder.close()
    path = Path(recorder.path)
    assert path.name == f"2026-11-21T12-00-00 mic.{form}"
    assert told.files == [str(path)]
    assert not told.failures
    for samples in readers:
        assert samples(path) == 53 * FRAME_SAMPLES
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_a_wav_file_holds_the_very_samples(tmp_path: Path) -> None:
    sound = np.random.default_rng(3).integers(-32_768, 32_767, 25 * FRAME_SAMPLES, np.int16).tobytes()
    recorder = record(tmp_path, "wav", Told())
    for start in range(0, len(sound), FRAME_BYTES):
        recorder.write(sound[start : start + FRAME_BYTES])
    await recorder.close()
    with wave.open(recorder.path) as reader:
        assert reader.readframes(reader.getnframes()) == sound


async def test_recordings_that_begin_in_the_same_second_get_numbers(tmp_path: Path) -> None:
    recorders = [record(tmp_path, "wav", Told()) for _ in range(3)]
    for recorder in recorders:
        await recorder.close()
    names = sorted(Path(recorder.path).name for recorder in recorders)
    assert names == ["2026-11-21T12-00-00 mic 2.wav", "2026-11-21T12-00-00 mic 3.wav", "2026-11-21T12-00-00 mic.wav"]


@posix_only
async def test_a_link_in_the_way_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    (tmp_path / "2026-11-21T12-00-00 mic.wav").symlink_to(target)
    recorder = record(tmp_path, "wav", Told())
    recorder.write(TONE)
    await recorder.close()
    assert not target.exists()
    assert recorder.path.endswith("mic 2.wav")


async def test_a_full_file_is_finished_and_another_goes_on(tmp_path: Path) -> None:
    told = Told()

    def create(folder: Path) -> tuple[Path, WavFile]:
        path, descriptor = create_private(folder, "long", ".wav")
        return path, WavFile(descriptor, max_data_bytes=20 * FRAME_BYTES)

    recorder = FileRecorder(tmp_path, create, told.files.append, told.failures.append)
    for _ in range(45):
        recorder.write(TONE)
    await recorder.close()
    assert [stdlib_samples(Path(path)) // FRAME_SAMPLES for path in told.files] == [20, 20, 5]


@posix_only
@pytest.mark.parametrize(("form", "readers"), [("wav", [stdlib_samples, own_samples]), ("opus", [decoded_samples])])
def test_of_a_recording_that_is_killed_at_most_a_second_is_lost(
    tmp_path: Path, form: str, readers: list[Callable[[Path], int]]
) -> None:
    process = start_recording(form, tmp_path)
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) >= 75:
            break
    process.send_signal(signal.SIGKILL)
    output, _ = process.communicate()
    handed_over = int([line, *output.splitlines()][-1])
    (path,) = tmp_path.iterdir()
    for samples in readers:
        lost_ms = handed_over * FRAME_MS - samples(path) * 1000 / SAMPLE_RATE_HZ
        assert 0 <= lost_ms <= 1_000


@posix_only
@pytest.mark.parametrize(("form", "reader"), [("wav", stdlib_samples), ("opus", decoded_samples)])
def test_a_file_that_may_not_grow_stops_the_recording_and_can_be_played(
    tmp_path: Path, form: str, reader: Callable[[Path], int]
) -> None:
    most = HEADER_BYTES + 35 * FRAME_BYTES + 1 if form == "wav" else 12_000
    process = start_recording(form, tmp_path, most)
    output, _ = process.communicate(timeout=DEADLINE_S)
    assert output.splitlines()[-1].startswith("The disk is full, or nearly so. Make room")
    (path,) = tmp_path.iterdir()
    assert path.stat().st_size <= most
    assert reader(path) >= 30 * FRAME_SAMPLES


def start_recording(form: str, folder: Path, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.services.audio.recording.record_process", form, str(folder)]
    return subprocess.Popen(
        [*command, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


async def test_a_disk_that_runs_low_stops_the_recording_before_it_is_full(tmp_path: Path) -> None:
    told = Told()
    room = 300
    looks: list[Path] = []

    def free(folder: Path) -> int:
        looks.append(folder)
        return room - 50 * len(looks)

    recorder = record(tmp_path, "wav", told, free=free, reserve_bytes=100)
    for _ in range(250):
        recorder.write(TONE)
    assert (await told.until_failed()).message == "The disk is full, or nearly so."
    recorder.write(TONE)
    await recorder.close()
    assert len(told.failures) == 1
    assert looks == [tmp_path] * 5
    assert stdlib_samples(Path(recorder.path)) == 4 * SAMPLE_RATE_HZ


async def test_on_a_disk_that_is_nearly_full_no_recording_begins(tmp_path: Path) -> None:
    told = Told()
    recorder = record(tmp_path, "wav", told, free=lambda _: 99, reserve_bytes=100)
    assert (await told.until_failed()).message == "The disk is full, or nearly so."
    await recorder.close()
    assert list(tmp_path.iterdir()) == []


async def test_a_disk_that_hangs_stops_the_recording_and_does_not_hold_up_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "CLOSE_S", 0.05)
    told = Told()
    hangs = threading.Event()

    def free(_: Path) -> int:
        hangs.wait(DEADLINE_S)
        return 1 << 40

    recorder = record(tmp_path, "wav", told, free=free)
    written = 0
    while not told.failures:
        recorder.write(TONE)
        written += 1
        assert written < 1_000
        await asyncio.sleep(0)
    await recorder.close()
    assert [failure.message for failure in told.failures] == ["The disk is too slow."]
    hangs.set()
    async with asyncio.timeout(DEADLINE_S):
        await recorder._finished.wait()
    assert stdlib_samples(Path(recorder.path)) >= 10 * SAMPLE_RATE_HZ


@pytest.mark.parametrize("name", ["file", "file/below", "dangling"])
async def test_what_stands_in_place_of_the_folder_is_said(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    told = Told()
    recorder = record(tmp_path / name, "wav", told)
    failure = await told.until_failed()
    await recorder.close()
    assert failure.message == "There can be no folder for recordings there: something else is in the way."
    assert failure.hint == "Choose another folder (recording.directory)."
    assert not told.files


async def test_a_folder_behind_a_link_is_the_users_choice(tmp_path: Path) -> None:
    (tmp_path / "big disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "big disk")
    told = Told()
    recorder = record(tmp_path / "link", "wav", told)
    recorder.write(TONE)
    await recorder.close()
    assert [file.parent for file in (tmp_path / "big disk").iterdir()] == [tmp_path / "big disk"]


@posix_only
async def test_the_folders_that_are_made_are_the_owners_only(tmp_path: Path) -> None:
    told = Told()
    recorder = record(tmp_path / "program" / "recordings", "wav", told)
    recorder.write(TONE)
    await recorder.close()
    for folder in (tmp_path / "program", tmp_path / "program" / "recordings"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_configured_folder_stands_before_the_default(tmp_path: Path) -> None:
    assert recording_directory(RecordingConfig(), tmp_path) == tmp_path
    assert recording_directory(RecordingConfig(directory="/elsewhere"), tmp_path) == Path("/elsewhere")
    assert recording_directory(RecordingConfig(directory="~/x"), tmp_path) == Path.home() / "x"
