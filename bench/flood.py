"""The real screen under a flood of words: `python -m bench.flood RESULT_FILE`, in a terminal.

The screen takes its changes from a link that makes them, so that reducing counts, too, and so does the making. The
sleeper that measures how late the loop is runs after the processor time was taken: it costs some itself.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from itertools import count, cycle
from pathlib import Path

import msgspec
from msgspec import Struct

from sentra_tui.domain import changes as c
from sentra_tui.domain.actions import Action
from sentra_tui.domain.state import MIC, SPEAKER, AnswerStatus, Lane
from sentra_tui.domain.transcript import LineKey
from sentra_tui.ui.app import run
from sentra_tui.ui.options import AppOptions

LINES_HELD = 50_000
"""In each of the two transcripts."""
SECONDS = 10
DELTA_S = 0.01
WORDS_A_LINE = 40
SLEEP_S = 0.005

_SETTLE_S = 3.0
_TEXT = (
    "so the cache is warm but the second request still goes to the origin server because its headers differ "
    "and nobody has looked at what the proxy writes into them since the last release"
)
_SPEECH = _TEXT.split()
_LINE = " ".join(_SPEECH[:14])


class Flooded(Struct, frozen=True):
    """What the screen went through."""

    cpu_pct: list[float]
    """Of one core, each second."""
    lag_ms: list[float]
    """How much later than asked each sleep ended."""


class FloodLink:
    """A link to no engine: holds so many lines, floods for a while, writes down how it went."""

    def __init__(self, result: Path) -> None:
        self._result = result
        self._closed = asyncio.Event()
        self._began_s = time.monotonic()

    async def changes(self) -> AsyncIterator[c.Change]:
        """Yield held lines at once, then a delta for each pane each 10 ms."""
        yield c.EngineStarted("0", time.time(), "local")
        for change in _held():
            yield change
        await asyncio.sleep(_SETTLE_S)
        measuring = asyncio.create_task(_measure())
        panes = [_talk(MIC), _talk(SPEAKER), _answers(Lane.AUX), _answers(Lane.MAIN)]
        due_s = self._now_s()
        while not measuring.done():
            for pane in panes:
                for change in pane:
                    yield change
                    if isinstance(change, c.TranscriptExtended | c.AnswerExtended):
                        break
            due_s += DELTA_S
            await asyncio.sleep(max(0.0, due_s - self._now_s()))
        self._write_down(measuring.result())
        await self._closed.wait()

    def send(self, action: Action) -> None:
        """Take no actions."""

    async def close(self) -> None:
        """End the changes."""
        self._closed.set()

    def _now_s(self) -> float:
        return time.monotonic() - self._began_s

    def _write_down(self, flooded: Flooded) -> None:
        written = self._result.with_suffix(".part")
        written.write_bytes(msgspec.json.encode(flooded))
        written.rename(self._result)


def _held() -> Iterator[c.Change]:
    for stream in (MIC, SPEAKER):
        yield c.StreamAdded(stream)
        yield c.StreamConnected(stream, 0, "webrtc")
    for number in range(LINES_HELD):
        for stream in (MIC, SPEAKER):
            yield c.TranscriptCommitted(stream, LineKey(0, f"item_{number}"), _LINE, number, number + 1)


def _talk(stream: str) -> Iterator[c.Change]:
    """Yield the changes of one transcript, for ever."""
    words = cycle(_SPEECH)
    for number in count(LINES_HELD):
        key = LineKey(1, f"item_{number}")
        yield c.LineOpened(stream, key, number)
        said = ""
        for _ in range(WORDS_A_LINE):
            delta = f"{next(words)} "
            said += delta
            yield c.TranscriptExtended(stream, key, number, delta)
        yield c.TranscriptCommitted(stream, key, said, number, number + 1)


def _answers(lane: Lane) -> Iterator[c.Change]:
    """Yield the changes of one assistant, for ever."""
    words = cycle(_SPEECH)
    for number in count():
        answer_id = f"{lane}_{number}"
        yield c.AnswerStarted(answer_id, lane, number)
        for _ in range(WORDS_A_LINE):
            yield c.AnswerExtended(answer_id, lane, number, f"{next(words)} ")
        yield c.AnswerEnded(answer_id, lane, number, AnswerStatus.COMPLETED)


async def _measure() -> Flooded:
    cpu_pct = await _cpu_pct()
    return Flooded(cpu_pct, await _lag_ms())


async def _lag_ms() -> list[float]:
    lags = []
    end_s = time.perf_counter() + SECONDS
    while (began_s := time.perf_counter()) < end_s:
        await asyncio.sleep(SLEEP_S)
        lags.append((time.perf_counter() - began_s - SLEEP_S) * 1000)
    return lags


async def _cpu_pct() -> list[float]:
    shares = []
    for _ in range(SECONDS):
        began_s, used_s = time.perf_counter(), time.process_time()
        await asyncio.sleep(1)
        shares.append((time.process_time() - used_s) / (time.perf_counter() - began_s) * 100)
    return shares


def main(result: Path) -> int:
    """Run the screen until it is ended from outside."""
    with tempfile.TemporaryDirectory() as logs:
        return run(AppOptions(start=lambda _: FloodLink(result), log_path=Path(logs) / "screen.log"))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
