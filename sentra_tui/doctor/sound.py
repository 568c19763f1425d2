"""Sound, as a process of its own finds it."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Sequence

import msgspec

from sentra_tui.doctor.board import Board
from sentra_tui.doctor.check import Group, Outcome, failed, softened

SERVER, PORTAUDIO, MICROPHONE, SPEAKER = "sound server", "PortAudio", "microphone", "speaker"
PERMISSION, LISTENING = "permission", "listening"
NAMES = (SERVER, PORTAUDIO, MICROPHONE, SPEAKER, PERMISSION, LISTENING)
NOT_LISTENED = ("Nothing was recorded.", "Add --listen to hear half a second of the microphone.")
DEADLINE_S = 11.0
WORKER = (sys.executable, "-m", "sentra_tui.doctor.sound_worker")
_LINE_BYTES_MAX = 1 << 16


class Told(msgspec.Struct, frozen=True):
    """A line of the worker's: they come in the order of `NAMES`."""

    outcome: Outcome
    took_ms: int


class Sources(msgspec.Struct, frozen=True):
    """What the user chose, as for --mic and --speaker; empty is the system's default."""

    mic: str = ""
    speaker: str = ""
    listen: bool = False
    """Record half a second of the microphone."""
    needed: bool = True
    """Whether a device is wanted at all: recordings and the demo talk need none."""


async def examine_sound(
    board: Board, sources: Sources, command: Sequence[str] = WORKER, deadline_s: float = DEADLINE_S
) -> None:
    """Put down what the worker tells. Where the worker ends or hangs early, the check that
    it was at has failed, and those behind it are skipped.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        msgspec.json.encode(sources).decode(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=_LINE_BYTES_MAX,
    )
    left = list(NAMES)
    try:
        async with asyncio.timeout(deadline_s):
            while left:
                board.begin(Group.SOUND, left[0])
                told = await _next(process)
                if told is None:
                    break
                board.note(
                    Group.SOUND, left.pop(0), told.outcome if sources.needed else softened(told.outcome), told.took_ms
                )
            status = await process.wait()
        broke = f"The library ended its process ({_in_words(status)})."
    except TimeoutError:
        broke = f"It hangs: no answer within {deadline_s:g} s."
    finally:
        await _end(process)
    if left:
        outcome = failed(broke, "Restart the sound server, or use --mic FILE.wav.")
        board.note(Group.SOUND, left[0], outcome if sources.needed else softened(outcome))
        board.skip(Group.SOUND, f"{left[0]} comes first.", *left[1:])


async def _next(process: asyncio.subprocess.Process) -> Told | None:
    assert process.stdout is not None
    try:
        return msgspec.json.decode(await process.stdout.readline(), type=Told)
    except (msgspec.MsgspecError, ValueError):
        return None


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        if process.returncode is None:
            process.kill()
    await process.wait()


def _in_words(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit status {status}"
