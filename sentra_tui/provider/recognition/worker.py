"""The process that recognises speech, so that decoding never holds up media.

It reads requests on standard input and writes replies on standard output (`worker_wire`), and ends with its input.
"""

from __future__ import annotations

import argparse
import os
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import BinaryIO

from sentra_tui.domain.errors import ProviderError
from sentra_tui.provider.recognition.sphinx import Engine, SphinxEngine
from sentra_tui.provider.recognition.worker_wire import (
    LENGTH_BYTES,
    SPEECH_RATE_HZ,
    Begin,
    Drop,
    End,
    Final,
    Hypothesis,
    Reply,
    Request,
    Sound,
    Unusable,
    frame,
    request,
)

HYPOTHESIS_EVERY_BYTES = SPEECH_RATE_HZ * 2 * 2 // 5
"""A hypothesis is told after each 0.4 s of sound."""
HYPOTHESIS_BEHIND_BYTES = 5 * HYPOTHESIS_EVERY_BYTES
"""While others wait, after each 2 s: catching up comes first, but nobody looks at an empty line for long."""
_BEHIND_REQUESTS = 20
_NICENESS = 5


class Worker:
    """Answers requests, one at a time."""

    def __init__(self, engine: Engine, output: BinaryIO) -> None:
        self._engine = engine
        self._output = output
        self._utterance = 0
        self._guesses = True
        self._since_hypothesis = 0
        self._told = ""

    def handle(self, message: Request, behind: bool) -> None:
        """Do what a request says; `behind` when others wait."""
        match message:
            case Begin(utterance=utterance, guesses=guesses):
                self._utterance = utterance
                self._guesses = guesses
                self._since_hypothesis = 0
                self._told = ""
                self._engine.begin(guesses=guesses)
            case Sound(pcm=pcm):
                self._engine.feed(pcm)
                self._since_hypothesis += len(pcm)
                if self._guesses and self._since_hypothesis >= (
                    HYPOTHESIS_BEHIND_BYTES if behind else HYPOTHESIS_EVERY_BYTES
                ):
                    self._tell_hypothesis()
            case End():
                self._tell(Final(self._utterance, self._engine.finish()))
            case Drop():
                self._engine.begin()

    def _tell_hypothesis(self) -> None:
        self._since_hypothesis = 0
        self._told = self._engine.hypothesis()
        self._tell(Hypothesis(self._utterance, self._told))

    def _tell(self, message: Reply) -> None:
        self._output.write(frame(message))
        self._output.flush()


def read_requests(source: BinaryIO, waiting: queue.SimpleQueue[Request | None]) -> None:
    """Queue what comes in until the input ends, then None."""
    while True:
        head = source.read(LENGTH_BYTES)
        body = source.read(int.from_bytes(head, "big")) if len(head) == LENGTH_BYTES else b""
        if not body:
            waiting.put(None)
            return
        waiting.put(request(body))


def main() -> int:
    """Serve standard input until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    options = _options()
    output = _own_stdout()
    waiting: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
    threading.Thread(target=read_requests, args=(sys.stdin.buffer, waiting), daemon=True).start()
    try:
        engine = _engine(options)
    except ProviderError as error:
        output.write(frame(Unusable(str(error))))
        output.flush()
        return 1
    worker = Worker(engine, output)
    try:
        while (message := waiting.get()) is not None:
            worker.handle(message, behind=waiting.qsize() > _BEHIND_REQUESTS)
    except BrokenPipeError:
        return 1
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="worker")
    parser.add_argument("--demo", action="store_true")
    parser.add_argument("--whisper", type=Path)
    return parser.parse_args()


def _own_stdout() -> BinaryIO:
    """Return standard output for replies alone: what a library prints goes to standard error."""
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return output


def _engine(options: argparse.Namespace) -> Engine:
    if options.whisper is not None:
        from sentra_tui.provider.recognition.whisper import WhisperEngine

        return WhisperEngine(options.whisper)
    if options.demo:
        from sentra_tui.provider.demo import language_model

        return SphinxEngine(language_model())
    return SphinxEngine()


if __name__ == "__main__":
    sys.exit(main())
