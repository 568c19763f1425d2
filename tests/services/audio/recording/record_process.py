"""Records a tone until it is killed.

`python -m tests.services.audio.recording.record_process FORMAT FOLDER [MAX_BYTES]` prints after each frame how many it
handed over, and, when the recording stops by itself, why. With MAX_BYTES no file of it may be larger, as on a full
disk.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import msgspec
import numpy as np

from sentra_tui.domain.audio import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE_HZ
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound_config import RecordingConfig
from sentra_tui.services.audio.recording.recorders import open_recorder

TONE = (np.sin(np.arange(FRAME_SAMPLES) * 2 * np.pi * 500 / SAMPLE_RATE_HZ) * 10_000).astype("<i2").tobytes()


def say(word: object) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def main(form: str, folder: str, max_bytes: str = "") -> None:
    if max_bytes:
        import resource  # not on every system

        resource.setrlimit(resource.RLIMIT_FSIZE, (int(max_bytes), int(max_bytes)))
    config = msgspec.convert({"format": form, "directory": folder}, RecordingConfig)
    stopped: asyncio.Future[SourceError] = asyncio.get_running_loop().create_future()
    recorder = open_recorder(config, Path("unused"), "mic", lambda _: None, stopped.set_result)
    due_s = asyncio.get_running_loop().time()
    frames = 0
    while not stopped.done():
        recorder.write(TONE)
        frames += 1
        say(frames)
        due_s += 0.001 if max_bytes else FRAME_MS / 1000
        await asyncio.sleep(max(0.0, due_s - asyncio.get_running_loop().time()))
    await recorder.close()
    say(stopped.result())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
