"""One stream whose words are numbers, in a time that the test moves: its calls, its disk, and who writes down."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from sentra_tui.domain import changes as c
from sentra_tui.domain.audio import FRAME_BYTES, FRAME_MS
from sentra_tui.domain.config import RecoveryConfig
from sentra_tui.domain.errors import TransportError
from sentra_tui.domain.transcript import Line, LineKey
from sentra_tui.domain.voice_ports import TextEnded, TextEvent, Transcription
from sentra_tui.engine.call_observer import CallObserver
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.recovery.driver import RecoveryDriver
from sentra_tui.engine.roads.ports import Dialled
from sentra_tui.engine.store import Store
from sentra_tui.engine.tasks import TaskOwner
from tests.engine.peers import LoopTransport, until
from tests.protocol.recovery.spoken import BLOCK_FRAMES, Frames, words_in

NAME = "mic"
HUM = struct.pack("<h", -1) * (FRAME_BYTES // 2)
"""Sound without speech."""


def spoken(number: int) -> bytes:
    """Return a frame of the block of this number."""
    return struct.pack("<h", number) * (FRAME_BYTES // 2)


def number_of(frame: bytes) -> int:
    """Return which block a frame is of; 0 is none."""
    return max(0, int(struct.unpack_from("<h", frame)[0]))


class NumberDetector:
    """Takes numbers for speech."""

    def hear(self, frame: bytes) -> tuple[bool, bool]:
        return (number_of(frame) > 0,) * 2


@dataclass
class NumberTranscription:
    """Writes down numbers, after `delay_s`; raises what is in `failures` first."""

    delay_s: float = 0.0
    max_ms: int = 60_000
    failures: list[TransportError] = field(default_factory=list)
    asked_ms: list[int] = field(default_factory=list)
    running: int = 0
    most_running: int = 0
    words: Callable[[str], str] = str

    async def transcribe(self, sound: bytes, *, language: str = "", prompt: str = "") -> AsyncIterator[TextEvent]:
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await asyncio.sleep(self.delay_s)
            if self.failures:
                raise self.failures.pop(0)
            self.asked_ms.append(len(sound) // FRAME_BYTES * FRAME_MS)
            frames: Frames = [(at, number_of(sound[at : at + FRAME_BYTES])) for at in range(0, len(sound), FRAME_BYTES)]
            yield TextEnded(self.words(" ".join(map(str, words_in(frames)))))
        finally:
            self.running -= 1


class MemorySpool:
    """A disk that forgets nothing but what is released, or beyond its limit."""

    def __init__(self, limit_frames: int = 1_000_000, left: Sequence[tuple[int, bytes]] = ()) -> None:
        self.frames: dict[int, bytes] = dict(left)
        self.kept: bool | None = None
        self._left = sorted(self.frames)
        self._limit = limit_frames

    def write(self, start_ms: int, frame: bytes) -> None:
        assert not self.frames or start_ms > next(reversed(self.frames))
        self.frames[start_ms] = frame
        while len(self.frames) > self._limit:
            del self.frames[next(iter(self.frames))]

    def release(self, until_ms: int) -> None:
        self.frames = {at_ms: frame for at_ms, frame in self.frames.items() if at_ms >= until_ms}

    async def read(self, start_ms: int, end_ms: int) -> list[tuple[int, bytes]]:
        await asyncio.sleep(0)
        return [(at_ms, frame) for at_ms, frame in self.frames.items() if start_ms <= at_ms < end_ms]

    async def inherited(self) -> list[tuple[int, int]]:
        await asyncio.sleep(0)
        spans: list[tuple[int, int]] = []
        for at_ms in self._left:
            joined = bool(spans) and spans[-1][1] == at_ms
            start_ms = spans.pop()[0] if joined else at_ms
            spans.append((start_ms, at_ms + FRAME_MS))
        return spans

    async def close(self, *, keep: bool) -> None:
        self.kept = keep


@dataclass
class TappedPump:
    """Carries what the test says."""

    taps: list[Callable[[bytes], None]] = field(default_factory=list)


class KeptStream:
    """A stream, its driver, and the store; the test is its source and its servers."""

    def __init__(
        self,
        *transcriptions: Transcription,
        spool: MemorySpool | None = None,
        memory_s: float = 60.0,
        now_ms: int = 1_000,
        lines: Sequence[c.Change] = (),
    ) -> None:
        self.name = NAME
        self.pump = TappedPump()
        self.observers: list[CallObserver] = []
        self.now_ms = now_ms
        self.number = 0
        self.store = Store()
        self.told: list[c.Change] = []
        self.tasks = TaskOwner()
        self.spool = MemorySpool() if spool is None else spool
        self.store.publish(c.StreamAdded(NAME))
        for line in lines:
            self.store.publish(line)
        self.store.subscribe(self.told.append)

        async def offered() -> Sequence[Transcription]:
            return transcriptions

        context = EngineContext(self.tasks, lambda: self.now_ms, self.store.publish)
        config = RecoveryConfig(memory_s=memory_s)
        self.driver = RecoveryDriver(self, self.spool, offered, NumberDetector, config, self.store, context)
        self.driver.start()

    async def close(self) -> None:
        await self.driver.close()
        await self.tasks.close()

    def carry(self, frame: bytes, frames: int = 1) -> None:
        """Let so much time pass, with this sound."""
        for _ in range(frames):
            for tap in self.pump.taps:
                tap(frame)
            self.now_ms += FRAME_MS

    def say(self, blocks: int) -> list[int]:
        """Say the next numbers; return them."""
        numbers = list(range(self.number + 1, self.number + blocks + 1))
        self.number += blocks
        for number in numbers:
            self.carry(spoken(number), BLOCK_FRAMES)
        return numbers

    def pause(self, pause_ms: int = 1_000, sound: bytes = HUM) -> None:
        """Say nothing for a while."""
        self.carry(sound, pause_ms // FRAME_MS)

    def connect(self) -> None:
        """Want a call."""
        self.store.publish(c.StreamConnecting(NAME, self.now_ms, 1))

    def begin(self, dialled: Dialled | None = None) -> int:
        """Let a call stand; return its number."""
        number = self.now_ms
        for observer in self.observers:
            observer.session_began(number, dialled or Dialled(LoopTransport(), {}), number)
        return number

    def end(self, number: int) -> None:
        """Let the call break."""
        for observer in self.observers:
            observer.session_ended(number, self.now_ms)

    def hang_up(self) -> None:
        """Want no call any more."""
        self.store.publish(c.StreamClosed(NAME, self.now_ms))

    def prove(self) -> None:
        """Let everything that was sent have arrived."""
        for observer in self.observers:
            observer.looked_after(0.0, 0.0, (), self.now_ms)

    def write(self, number: int, item_id: str, numbers: Sequence[int], start_ms: int, *, partial: bool = False) -> None:
        """Let the server have written these down, from `start_ms` to now."""
        key, text = LineKey(number, item_id), " ".join(map(str, numbers))
        self.store.publish(c.LineOpened(NAME, key, start_ms))
        self.store.publish(c.TranscriptCommitted(NAME, key, text, start_ms, self.now_ms, partial=partial))

    @property
    def lines(self) -> list[Line]:
        """What the screen shows."""
        stream = self.store.state.stream(NAME)
        assert stream is not None
        return list(stream.transcript)

    @property
    def written(self) -> list[int]:
        """All numbers, in the order of the transcript."""
        return [int(word) for line in self.lines if line.kind == "speech" for word in line.text.split()]

    async def has_written(self, count: int) -> None:
        """Wait until so many numbers are in the transcript."""
        await until(lambda: len(self.written) >= count)

    async def is_whole(self) -> None:
        """Wait until nothing is left to be written down."""
        await until(lambda: self._stream_left() == 0 and not self.driver.busy)

    def _stream_left(self) -> int:
        stream = self.store.state.stream(NAME)
        assert stream is not None
        return stream.recovering_ms
