"""What is lost of a recording whose writer is killed: `kill -9` at a moment that no write is in step with.

The recorder runs in a process of its own, which says after each frame how many it handed over. A WAV file is read with
the standard library, which believes the header to the letter; an Opus file is decoded.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path
from random import Random

import av

from bench.measurement import CannotMeasure, Measurement, Measurements, Request, progress
from sentra_tui.domain.audio import FRAME_MS, SAMPLE_RATE_HZ

KILLS = 12
SEED = 7
RECORDER = "tests.services.audio.recording.record_process"

_FRAMES_AT_LEAST = 50


def measure(request: Request) -> Measurements:
    """Return how much of what was recorded cannot be played afterwards, of both formats the worst."""
    if os.name != "posix":
        raise CannotMeasure("there is no kill -9 here")
    random = Random(SEED)
    lost_s = {form: [_lost_s(form, random) for _ in range(KILLS)] for form in ("wav", "opus")}
    worst = ", ".join(f"{form} {max(each):.2f} s" for form, each in lost_s.items())
    progress(f"recording lost: {worst}")
    trials = tuple(trial for each in lost_s.values() for trial in each)
    note = f"worst of {len(trials)} recordings of one to three seconds, each killed and then played: {worst}"
    return {"recording_lost_on_kill_s": Measurement(value=max(trials), trials=trials, note=note)}


def _lost_s(form: str, random: Random) -> float:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", RECORDER, form, folder]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(_FRAMES_AT_LEAST)]
            time.sleep(random.uniform(0.0, 2.0))
            process.kill()
            lines += process.stdout.readlines()
        (path,) = Path(folder).iterdir()
        return int(lines[-1]) * FRAME_MS / 1000 - _samples(path) / SAMPLE_RATE_HZ


def _samples(path: Path) -> int:
    if path.suffix == ".wav":
        with wave.open(str(path)) as reader:
            return len(reader.readframes(reader.getnframes())) // 2
    with av.open(path) as container:
        return sum(frame.samples for frame in container.decode(audio=0))
