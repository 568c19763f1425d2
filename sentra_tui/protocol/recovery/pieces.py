"""Where the speech in a hole is, cut into pieces that a recogniser takes, each for the line that lacks it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

from msgspec import Struct
from msgspec.structs import replace

from sentra_tui.domain.audio import FRAME_MS
from sentra_tui.domain.transcript import LineKey
from sentra_tui.protocol.recovery.holes import Hole, HoleLine
from sentra_tui.protocol.recovery.ownership import EDGE_SLACK_MS, TURN_PAUSE_MS, Run, phrases, taken
from sentra_tui.protocol.recovery.spans import Spans

PAUSE_MS = 600
"""A pause that is shorter belongs to an utterance."""
PAD_MS = 240
"""How much goes along before and behind speech: recognisers want to hear it begin."""
PIECE_MS = 20_000
"""The longest piece."""
SPEECH_MIN_MS = 120
"""What has less speech in it is a noise."""
CUT_SPEECH_MIN_MS = 60
"""The same at the edge of a hole, where the rest of it may be in a session."""
QUIET_FRAMES = 5
"""How long a place is that may be the quietest."""


class Piece(Struct, frozen=True):
    """Sound with speech in it, and the line that it belongs to; None where it has none yet."""

    start_ms: int
    end_ms: int
    speech_start_ms: int
    speech_end_ms: int
    speech_ms: int
    key: LineKey | None = None
    replaces: tuple[LineKey, ...] = ()
    """Other lines whose words are among its words."""


class SpeechFinder:
    """Is told of every frame in and around a hole that there is, in order; `pieces` then says where the speech is."""

    def __init__(self, hole: Hole) -> None:
        self._hole = hole
        self._cuts = hole.cuts
        self._taken: list[Run] = []
        self._others = Spans()
        self._runs: list[Run] = []
        self._starts: list[int] = []
        self._levels: list[int] = []
        self._missing: list[tuple[int, int]] = []

    def hear(self, start_ms: int, speech_ms: int, level: int) -> None:
        """There is a frame with so much speech in it; `level` says how loud it is, in any unit."""
        expected_ms = self._starts[-1] + FRAME_MS if self._starts else min(start_ms, self._hole.start_ms)
        if start_ms > expected_ms:
            self._missing.append((expected_ms, start_ms))
        self._starts.append(start_ms)
        self._levels.append(level)
        if not speech_ms:
            return
        last = self._runs[-1] if self._runs else None
        if last is not None and last.end_ms == start_ms and not self._cut_between(last.start_ms, start_ms):
            last.end_ms += FRAME_MS
            last.speech_ms += speech_ms
        else:
            stretch = len(self._missing) + bisect_right(self._cuts, start_ms)
            self._runs.append(Run(start_ms, start_ms + FRAME_MS, speech_ms, stretch))

    def _cut_between(self, run_ms: int, start_ms: int) -> bool:
        """Return whether something else begins here in the midst of speech, as in a call that took over."""
        return bisect_right(self._cuts, run_ms) < bisect_right(self._cuts, start_ms)

    @property
    def missing(self) -> list[tuple[int, int]]:
        """The spans of the hole that there is no sound of."""
        end_ms = self._starts[-1] + FRAME_MS if self._starts else self._hole.start_ms
        missing = Spans([*self._missing, (end_ms, self._hole.end_ms)])
        return missing.within(self._hole.start_ms, self._hole.end_ms)

    @property
    def goes_on_from_ms(self) -> int | None:
        """Where the phrase begins that is not over at the end of the hole; None where it ends in a pause.

        A line that lacks words of it, and what of other phrases that line has, go along.
        """
        end_ms = self._hole.end_ms
        if not self._starts or self._starts[-1] + FRAME_MS < end_ms:
            return None
        before = [phrase for phrase in phrases(self._runs) if phrase[0].start_ms < end_ms]
        over_ms = before[-1][-1].end_ms if before else 0
        is_torn = any(over_ms <= start_ms < end_ms for start_ms, _ in self._missing)
        if not before or is_torn or end_ms - over_ms >= TURN_PAUSE_MS:
            return None
        lines = [(line.start_ms, line.end_ms) for line in self._hole.lines]
        return _uncut(before[-1][0].start_ms, [*lines, *((each[0].start_ms, each[-1].end_ms) for each in before)])

    def limit(self, hole: Hole) -> None:
        """Only this much of the hole is to be written down."""
        self._hole = hole

    def pieces(self, longest_ms: int = PIECE_MS) -> list[Piece]:
        """Return the speech in order."""
        self._taken = taken(self._hole, self._runs)
        self._others = Spans((each.start_ms, each.end_ms) for each in self._runs)
        for each in self._taken:
            self._others.remove(each.start_ms, each.end_ms)
        utterances = [run for run in self._utterances() if run.speech_ms >= self._least(run)]
        pieces = [piece for padded in self._padded(utterances) for piece in self._cut(padded, longest_ms)]
        return _replacing(pieces, self._hole.lines)

    def _utterances(self) -> list[Run]:
        utterances: list[Run] = []
        for run in self._taken:
            run = replace(run, key=_owner(self._hole.lines, run.start_ms, run.end_ms))
            if not utterances or not _belong_together(utterances[-1], run):
                utterances.append(run)
                continue
            last = utterances[-1]
            last.end_ms = run.end_ms
            last.speech_ms += run.speech_ms
            last.key = last.key or run.key
        return utterances

    def _least(self, run: Run) -> int:
        at_edge = run.start_ms <= self._hole.start_ms or run.end_ms >= self._hole.end_ms
        return CUT_SPEECH_MIN_MS if at_edge else SPEECH_MIN_MS

    def _padded(self, utterances: Sequence[Run]) -> Iterator[Piece]:
        for index, run in enumerate(utterances):
            before_ms, after_ms = self._room(run)
            if index:
                before_ms = max(before_ms, _middle(utterances[index - 1].end_ms, run.start_ms))
            if index + 1 < len(utterances):
                after_ms = min(after_ms, _middle(run.end_ms, utterances[index + 1].start_ms))
            start_ms, end_ms = max(run.start_ms - PAD_MS, before_ms), min(run.end_ms + PAD_MS, after_ms)
            yield Piece(start_ms, end_ms, run.start_ms, run.end_ms, run.speech_ms, run.key)

    def _room(self, run: Run) -> tuple[int, int]:
        """Return between what speech of others this is, or what else has its own words."""
        first_ms, last_ms = self._starts[0], self._starts[-1] + FRAME_MS
        before = self._others.within(run.start_ms - 2 * PAD_MS, run.start_ms)
        after = self._others.within(run.end_ms, run.end_ms + 2 * PAD_MS)
        before_ms = _middle(before[-1][1], run.start_ms) if before else first_ms
        after_ms = _middle(run.end_ms, after[0][0]) if after else last_ms
        cuts = self._cuts
        earlier, later = bisect_right(cuts, run.start_ms), bisect_left(cuts, run.end_ms)
        before_ms = max(before_ms, cuts[earlier - 1]) if earlier else before_ms
        return before_ms, min(after_ms, cuts[later]) if later < len(cuts) else after_ms

    def _cut(self, piece: Piece, longest_ms: int) -> Iterator[Piece]:
        lines = [line for line in self._hole.lines if line.key == piece.key]
        while piece.end_ms - piece.start_ms > longest_ms:
            at_ms = self._quietest(piece.start_ms + longest_ms // 2, piece.start_ms + longest_ms)
            yield self._part(piece, piece.start_ms, at_ms, lines)
            piece = replace(piece, start_ms=at_ms, speech_start_ms=max(at_ms, piece.speech_start_ms))
        yield self._part(piece, piece.start_ms, piece.end_ms, lines)

    def _part(self, piece: Piece, start_ms: int, end_ms: int, lines: Sequence[HoleLine]) -> Piece:
        first = bisect_right(self._taken, start_ms, key=_end_of)
        runs = self._taken[first : bisect_left(self._taken, end_ms, key=_start_of)]
        shares = [
            (min(run.end_ms, end_ms) - max(run.start_ms, start_ms)) / (run.end_ms - run.start_ms) * run.speech_ms
            for run in runs
        ]
        speech_end_ms = min(end_ms, piece.speech_end_ms)
        return replace(
            piece,
            end_ms=end_ms,
            speech_end_ms=speech_end_ms,
            speech_ms=round(sum(shares)),
            key=_owner(lines, piece.speech_start_ms, speech_end_ms),
        )

    def _quietest(self, from_ms: int, until_ms: int) -> int:
        """Return the middle of the quietest place between these, at the beginning of a frame."""
        first, last = bisect_left(self._starts, from_ms), bisect_left(self._starts, until_ms)
        places = range(first, last - QUIET_FRAMES)
        if not places:
            return until_ms - until_ms % FRAME_MS
        so_far = [0, *accumulate(self._levels[first:last])]
        best = min(places, key=lambda at: so_far[at - first + QUIET_FRAMES] - so_far[at - first])
        return self._starts[best + QUIET_FRAMES // 2]


def _belong_together(before: Run, run: Run) -> bool:
    if before.stretch != run.stretch or run.start_ms - before.end_ms >= PAUSE_MS:
        return False
    return before.key is None or run.key is None or before.key == run.key


def _owner(lines: Sequence[HoleLine], start_ms: int, end_ms: int) -> LineKey | None:
    """Return the line that has the largest part of this span."""
    shares = [(min(line.end_ms, end_ms) - max(line.start_ms, start_ms), line.key) for line in lines]
    best_ms, key = max(shares, key=lambda share: share[0], default=(0, None))
    return key if best_ms > 0 else None


def _uncut(from_ms: int, spans: Sequence[tuple[int, int]]) -> int:
    """Return the last moment up to `from_ms` that is in the midst of none of these."""
    while around := [start_ms for start_ms, end_ms in spans if start_ms < from_ms < end_ms]:
        from_ms = min(around)
    return from_ms


def _replacing(pieces: Sequence[Piece], lines: Sequence[HoleLine]) -> list[Piece]:
    """Return the pieces, each with the lines that nothing is written down for, as their speech went to it."""
    replaced: dict[int, tuple[LineKey, ...]] = {}
    owners = {piece.key for piece in pieces}
    for line in lines:
        if line.key in owners:
            continue
        shares = [_common_ms(line, piece) for piece in pieces]
        best_ms = max(shares, default=-EDGE_SLACK_MS)
        index = shares.index(best_ms) if shares else 0
        if best_ms > 0 or (best_ms > -EDGE_SLACK_MS and pieces[index].key is None):
            replaced[index] = (*replaced.get(index, ()), line.key)
    return [replace(piece, replaces=replaced.get(index, ())) for index, piece in enumerate(pieces)]


def _common_ms(line: HoleLine, piece: Piece) -> int:
    return min(line.end_ms, piece.speech_end_ms) - max(line.start_ms, piece.speech_start_ms)


def _start_of(run: Run) -> int:
    return run.start_ms


def _end_of(run: Run) -> int:
    return run.end_ms


def _middle(start_ms: int, end_ms: int) -> int:
    return (start_ms + end_ms) // 2 // FRAME_MS * FRAME_MS
