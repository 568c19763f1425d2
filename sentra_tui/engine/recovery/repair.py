"""Writes one hole down: finds the speech in it, has it transcribed, and tells the words in the order of time."""

from __future__ import annotations

import asyncio
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from sentra_tui.domain.audio import SILENCE
from sentra_tui.domain.changes import EventLogged, MetricMeasured
from sentra_tui.domain.errors import TransportRefused
from sentra_tui.domain.metrics import Metric
from sentra_tui.domain.sound_ports import SpeechDetector
from sentra_tui.domain.spans import span
from sentra_tui.domain.transcript import LineKey
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.recovery.keeper import RingKeeper
from sentra_tui.engine.recovery.late_lines import LateLines
from sentra_tui.engine.recovery.scribe import Scribe
from sentra_tui.protocol.recovery.holes import RECOVERED, Hole
from sentra_tui.protocol.recovery.pieces import PIECE_MS, Piece, SpeechFinder
from sentra_tui.protocol.recovery.spans import Spans

AT_ONCE = 3
READ_MS = 5_000
SLICE_FRAMES = 25
"""How many frames are looked at before others may run."""
LEVEL_STEP = 16
"""Every so many samples tell how loud a frame is."""
GAP_MIN_MS = 500
"""What is missing and shorter is not shown."""
SENT_MIN_FRAMES = 25
"""Shorter pieces are sent with silence behind them: servers refuse a tenth of a second."""
ENDED = "the program was ended before it was written down"
NOT_KEPT = "more was said during the break than is kept"


class _Told(Struct):
    """What is told together: the pieces of one line, or one piece."""

    pieces: list[Piece]
    words: list[str]
    refused: str = ""


class Repair:
    """Repairs the holes of one stream, one after another. `loud` says where there was more than silence."""

    def __init__(
        self,
        stream: str,
        keeper: RingKeeper,
        loud: Spans,
        detector: Callable[[], SpeechDetector],
        scribe: Scribe,
        lines: LateLines,
        context: EngineContext,
    ) -> None:
        self.left_ms = 0
        """How much speech of the hole at hand is not yet written down."""
        self._stream = stream
        self._keeper = keeper
        self._loud = loud
        self._detector = detector
        self._scribe = scribe
        self._lines = lines
        self._now_ms = context.now_ms
        self._publish = context.publish

    async def repair(self, hole: Hole, finder: SpeechFinder) -> None:
        """Tell the words of a hole, each where it was said, and what of it cannot be had."""
        began_ms = self._now_ms()
        self.left_ms = self._loud.length_ms(hole.start_ms, hole.end_ms)
        finder.limit(hole)
        pieces = finder.pieces()
        missing = [each for each in finder.missing if self._loud.overlaps(*each) and each[1] - each[0] >= GAP_MIN_MS]
        try:
            longest_ms = await self._scribe.longest_ms() if pieces else PIECE_MS
        except TransportRefused as error:
            had_ms = 0
            self._tell_gaps([*missing, *((each.speech_start_ms, each.speech_end_ms) for each in pieces)], error.message)
        else:
            pieces = pieces if longest_ms >= PIECE_MS else finder.pieces(longest_ms)
            pieces = _had(hole, pieces, missing)
            had_ms = await self._write_down(hole, pieces, missing)
        self._account(hole, pieces, had_ms, missing, self._now_ms() - began_ms)
        self.left_ms = 0

    async def leave(self, hole: Hole) -> None:
        """Say what of a hole is missing, as nobody will write it down any more; lines that have words keep them."""
        for piece in (await self.search(hole)).pieces():
            key = piece.key or _key(hole, piece)
            if piece.speech_ms >= GAP_MIN_MS and not self._lines.has_words(key):
                self._lines.gap(piece.speech_start_ms, piece.speech_end_ms, ENDED)

    async def search(self, hole: Hole) -> SpeechFinder:
        """Find the speech in a hole."""
        finder, detector = SpeechFinder(hole), self._detector()
        for from_ms in range(hole.look_from_ms, hole.look_until_ms, READ_MS):
            frames = await self._keeper.read(from_ms, min(from_ms + READ_MS, hole.look_until_ms))
            for index, (start_ms, frame) in enumerate(frames):
                finder.hear(start_ms, 10 * sum(detector.hear(frame)), _level(frame))
                if index % SLICE_FRAMES == 0:
                    await asyncio.sleep(0)
        return finder

    async def _write_down(self, hole: Hole, pieces: Sequence[Piece], missing: Sequence[tuple[int, int]]) -> int:
        """Return how much speech was written down, in milliseconds."""
        free, had_ms, untold = asyncio.Semaphore(AT_ONCE), 0, deque(missing)
        self.left_ms = sum(piece.speech_ms for piece in pieces)
        async with asyncio.TaskGroup() as group:
            writing = {piece: group.create_task(self._written(piece, free)) for piece in pieces}
            for told in _together(pieces):
                while untold and untold[0][0] <= told.pieces[0].start_ms:
                    self._tell_gaps([untold.popleft()], NOT_KEPT)
                for piece in told.pieces:
                    words, refused = await writing[piece]
                    told.words.append(words)
                    told.refused = told.refused or refused
                    had_ms += 0 if refused else piece.speech_ms
                    self.left_ms -= piece.speech_ms
                self._tell(hole, told)
        self._tell_gaps(untold, NOT_KEPT)
        return had_ms

    async def _written(self, piece: Piece, free: asyncio.Semaphore) -> tuple[str, str]:
        """Return the words, and why there are none."""
        async with free:
            frames = await self._keeper.read(piece.start_ms, piece.end_ms)
            if not frames:
                return "", NOT_KEPT
            sound = [frame for _, frame in frames]
            sound += [SILENCE] * (SENT_MIN_FRAMES - len(sound))
            try:
                return await self._scribe.write_down(b"".join(sound)), ""
            except TransportRefused as error:
                return "", error.message

    def _tell(self, hole: Hole, told: _Told) -> None:
        first, last = told.pieces[0], told.pieces[-1]
        if told.refused:
            self._tell_gaps(self._unwritten(hole, first.speech_start_ms, last.speech_end_ms), told.refused)
        text = " ".join(filter(None, told.words))
        replaces = tuple(key for piece in told.pieces for key in piece.replaces)
        keys = replaces if first.key is None else (first.key, *replaces)
        if not text or (keys and (told.refused or self._lines.say_more(keys, text))):
            return  # lines that exist keep the words that they have
        starts = [line.start_ms for line in hole.lines if line.key in keys]
        start_ms = min([first.speech_start_ms, *starts])
        key = first.key or _key(hole, first)
        self._lines.commit(key, text, start_ms, last.speech_end_ms, replaces)
        words = len(text.split())
        self._publish(MetricMeasured(self._now_ms(), Metric.RECOVERED_WORDS, words, self._stream))

    def _unwritten(self, hole: Hole, start_ms: int, end_ms: int) -> list[tuple[int, int]]:
        """Return what of this span is in no line that has its words: of what is torn, only the end of them is known."""
        spans = Spans([(start_ms, end_ms)])
        for line in hole.lines:
            if line.outcome == "whole" and self._lines.has_words(line.key):
                spans.remove(line.start_ms, line.end_ms)
        return list(spans)

    def _tell_gaps(self, spans: Iterable[tuple[int, int]], cause: str) -> None:
        for start_ms, end_ms in sorted(spans):
            self._lines.gap(start_ms, end_ms, cause)

    def _account(
        self, hole: Hole, pieces: Sequence[Piece], had_ms: int, missing: Sequence[tuple[int, int]], took_ms: int
    ) -> None:
        speech_ms = sum(piece.speech_ms for piece in pieces)
        wanted_ms = speech_ms + sum(self._loud.length_ms(*each) for each in missing)
        if wanted_ms:
            self._publish(MetricMeasured(self._now_ms(), Metric.RECOVERED_SHARE, had_ms / wanted_ms, self._stream))
        text = (
            f"{self._stream}: {span(hole.end_ms - hole.start_ms)} that no call took held {span(speech_ms)} of speech "
            f"in {len(pieces)} pieces; {span(had_ms)} of it written down in {span(took_ms)}"
        )
        self._publish(EventLogged(self._now_ms(), "recovery", text))


def _key(hole: Hole, piece: Piece) -> LineKey:
    """Return the key of a line that no session opened."""
    return LineKey(hole.session, f"{RECOVERED}{piece.speech_start_ms}")


def _had(hole: Hole, pieces: Iterable[Piece], missing: Sequence[tuple[int, int]]) -> list[Piece]:
    """Return the pieces, where sound of a line is missing that has words: they stay, and what was cut off follows."""
    gone = Spans(missing)
    torn = {line.key: line for line in hole.lines if gone.overlaps(line.start_ms, line.end_ms)}
    had: list[Piece] = []
    for piece in pieces:
        line = None if piece.key is None else torn.get(piece.key)
        if line is None or line.outcome == "failed":
            had.append(piece)
        elif line.outcome == "partial":
            had.append(replace(piece, key=None))
    return had


def _together(pieces: Sequence[Piece]) -> list[_Told]:
    """Return the pieces in order, those of one line together."""
    told: list[_Told] = []
    of_line: dict[LineKey, _Told] = {}
    for piece in pieces:
        if piece.key is not None and piece.key in of_line:
            of_line[piece.key].pieces.append(piece)
            continue
        told.append(_Told([piece], []))
        if piece.key is not None:
            of_line[piece.key] = told[-1]
    return told


def _level(frame: bytes) -> int:
    samples = array("h")
    samples.frombytes(frame)
    return sum(map(abs, samples[::LEVEL_STEP]))
