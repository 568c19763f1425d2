"""The recogniser process, as the provider sees it: utterances in, hypotheses and texts out."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from sentra_tui.domain.config import BLOCKS_TRANSCRIPTION_MODEL, DEMO_TRANSCRIPTION_MODEL
from sentra_tui.domain.errors import ProviderError
from sentra_tui.provider.recognition.block_recogniser import BlockRecogniser
from sentra_tui.provider.recognition.worker_wire import (
    LENGTH_BYTES,
    Begin,
    Drop,
    End,
    Final,
    Hypothesis,
    Request,
    Sound,
    Unusable,
    frame,
    reply,
)

_GRACE_S = 1.0
_log = logging.getLogger(__name__)


class RecogniserChoice(Struct, frozen=True):
    """Which recogniser to run."""

    demo: bool = False
    whisper: Path | None = None
    blocks: bool = False
    """The numbers of coded sound are read, and nothing else."""

    @classmethod
    def of_model(cls, model: str, whisper: Path | None) -> RecogniserChoice:
        """Return what a transcription model of this name stands for; `whisper` is what any other does."""
        if model == DEMO_TRANSCRIPTION_MODEL:
            return cls(demo=True)
        return cls(blocks=True) if model == BLOCKS_TRANSCRIPTION_MODEL else cls(whisper=whisper)

    def arguments(self) -> list[str]:
        """Return the arguments of the worker process."""
        return ["--whisper", str(self.whisper)] if self.whisper else ["--demo"] if self.demo else []


class Recogniser:
    """Owns one worker process, started when it is needed and again after it died.

    `on_hypothesis` takes the number of an utterance and what it seems to say.
    """

    def __init__(self, choice: RecogniserChoice, on_hypothesis: Callable[[int, str], None]) -> None:
        self._choice = choice
        self._on_hypothesis = on_hypothesis
        self._utterance = 0
        self._pending: dict[int, asyncio.Future[str]] = {}
        self._unsent: list[bytes] = []
        self._process: Process | None = None
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start the process, if it is not running: loading its model takes a while."""
        if (self._task is None or self._task.done()) and not self._closing:
            self._task = asyncio.create_task(self._run())

    def begin(self, *, guesses: bool = True) -> int:
        """Begin an utterance, with or without hypotheses, and return its number."""
        self.start()
        self._utterance += 1
        self._send(Begin(self._utterance, guesses))
        return self._utterance

    def feed(self, pcm: bytes) -> None:
        """Give more of it: 16 kHz mono, s16le."""
        self._send(Sound(pcm))

    def end(self) -> asyncio.Future[str]:
        """End the utterance and return its text to come; that raises ProviderError when the process fails."""
        text: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        if self._task is None or self._task.done():
            text.set_exception(ProviderError("The recogniser is not running."))
            return text
        self._pending[self._utterance] = text
        self._send(End())
        return text

    def drop(self) -> None:
        """End the utterance and forget it."""
        self._send(Drop())

    async def close(self) -> None:
        """End the process; texts still awaited are cancelled."""
        self._closing = True
        if self._task is None:
            return
        if self._process is None:
            self._task.cancel()
        else:
            self._hang_up(self._process)
        _, late = await asyncio.wait([self._task], timeout=_GRACE_S)
        if late and self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        await asyncio.wait([self._task])
        for text in self._pending.values():
            text.cancel()
        self._pending.clear()

    def _send(self, message: Request) -> None:
        data = frame(message)
        if self._process is None or self._process.stdin is None:
            self._unsent.append(data)
        elif not self._process.stdin.is_closing():
            self._process.stdin.write(data)

    async def _run(self) -> None:
        process = await self._spawn()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.writelines(self._unsent)
        self._unsent.clear()
        try:
            await self._read(process.stdout)
        finally:
            self._hang_up(process)
            await process.wait()
            self._process = None
            self._fail(f"The recogniser ended with status {process.returncode}.")

    async def _spawn(self) -> Process:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "sentra_tui.provider.recognition.worker",
            *self._choice.arguments(),
            stdin=PIPE,
            stdout=PIPE,
        )
        return self._process

    async def _read(self, source: asyncio.StreamReader) -> None:
        while True:
            try:
                head = await source.readexactly(LENGTH_BYTES)
                body = await source.readexactly(int.from_bytes(head, "big"))
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            match reply(body):
                case Hypothesis(utterance=utterance, text=text):
                    self._on_hypothesis(utterance, text)
                case Final(utterance=utterance, text=text):
                    awaited = self._pending.pop(utterance, None)
                    if awaited is not None and not awaited.done():
                        awaited.set_result(text)
                case Unusable(message=message):
                    _log.error("%s", message)
                    self._fail(message)

    def _fail(self, message: str) -> None:
        for text in self._pending.values():
            if not text.done() and not self._closing:
                text.set_exception(ProviderError(message))
        if not self._closing:
            self._pending.clear()

    @staticmethod
    def _hang_up(process: Process) -> None:
        if process.stdin is not None:
            process.stdin.close()


AnyRecogniser = Recogniser | BlockRecogniser


def recogniser_of(choice: RecogniserChoice, on_hypothesis: Callable[[int, str], None]) -> AnyRecogniser:
    """Return a recogniser of this kind."""
    return BlockRecogniser(on_hypothesis) if choice.blocks else Recogniser(choice, on_hypothesis)
