"""espeak-ng as a program of the system's."""

from __future__ import annotations

import asyncio
import contextlib
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator

from sentra_tui.domain.errors import SourceError
from sentra_tui.media.espeak import DEFAULT_VOICE
from sentra_tui.media.wav_stream import WavStream

PROGRAMS = ("espeak-ng", "espeak")
PIECE_BYTES = 8_192
SILENCE_S = 5.0
EXIT_S = 1.0


class EspeakProgram:
    """Runs the program at `path` for each text. The text goes through a pipe: arguments are seen by everybody."""

    def __init__(self, path: str) -> None:
        self._path = path

    async def say(self, text: str, voice: str, wpm: int) -> AsyncIterator[bytes]:
        """Yield the sound of `text`, 48 kHz mono s16le; in English where there is no such voice. Raises SourceError."""
        for name in dict.fromkeys((voice, DEFAULT_VOICE)):
            sound = WavStream("espeak-ng's sound")
            process = await self._start(name, wpm)
            heard = False
            try:
                assert process.stdin is not None and process.stdout is not None
                with contextlib.suppress(ConnectionError):
                    process.stdin.write(text.encode())
                    process.stdin.close()
                while data := await _read(process.stdout):
                    if piece := sound.feed(data):
                        heard = True
                        yield piece
                await _exit(process)
            finally:
                await _end(process)
            if heard or process.returncode == 0:
                if heard and (rest := sound.flush()):
                    yield rest
                return
        raise SourceError(f"espeak-ng does not speak (exit status {process.returncode}).", hint="Run it by itself.")

    async def close(self) -> None:
        """Hold nothing: each program ended with its text."""

    async def _start(self, voice: str, wpm: int) -> Process:
        try:
            return await asyncio.create_subprocess_exec(
                self._path, "--stdin", "--stdout", "-v", voice, "-s", str(wpm), stdin=PIPE, stdout=PIPE, stderr=DEVNULL
            )
        except OSError as error:
            raise SourceError(f"espeak-ng cannot be started ({error.strerror}).", hint="Install it again.") from None


async def _read(stdout: asyncio.StreamReader) -> bytes:
    try:
        async with asyncio.timeout(SILENCE_S):
            return await stdout.read(PIECE_BYTES)
    except TimeoutError:
        raise SourceError("espeak-ng says nothing.", hint="Run it by itself.") from None


async def _exit(process: Process) -> None:
    """Let it say how it ended: it has closed its output, and is killed if it does not go."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(EXIT_S):
            await process.wait()


async def _end(process: Process) -> None:
    """End it, and read what it left, so that its pipe is closed."""
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    if process.stdout is not None:
        await process.stdout.read()
    await process.wait()
