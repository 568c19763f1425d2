"""Which sound of one stream became words: what may be forgotten, and what must be written down afterwards.

A server says nothing of the sound that it got, so what it did with it is inferred. A line that is whole acknowledges
its span. Sound before a moment that is proved to have reached the server, and that belongs to no line, was heard and
held no speech. Everything else is a hole, once it is certain that nobody else will write it down. Moments are
milliseconds on the engine's clock, the positions of captured frames; no sound is ever handed out twice.
"""

from __future__ import annotations

from collections.abc import Iterable

from sentra_tui.domain.audio import FRAME_MS
from sentra_tui.domain.transcript import LineKey
from sentra_tui.protocol.recovery import margins
from sentra_tui.protocol.recovery.claims import claimed, silences
from sentra_tui.protocol.recovery.heard_lines import HeardLine, HeardLines
from sentra_tui.protocol.recovery.holes import Hole, HoleLine, LineOutcome
from sentra_tui.protocol.recovery.outline import outlined, padded
from sentra_tui.protocol.recovery.sessions import Sessions
from sentra_tui.protocol.recovery.spans import Spans


class Coverage:
    """Keeps the account of one stream. Sound before the first session is wanted from `wanted` on."""

    def __init__(self) -> None:
        self._heard = Spans()
        """What needs no writing down: words, silence, what is not wanted, and what was handed out."""
        self._handed = Spans()
        self._working: list[Hole] = []
        self._lines = HeardLines()
        self._lost = Spans()
        self._sessions = Sessions()
        self._edges: list[int] = []
        self._session: int | None = None
        self._timed = True
        self._began_ms = 0
        self._proved_ms = 0
        self._unwanted_ms: int | None = 0
        self._wanted_ms: int | None = None
        self._until_ms = 0
        self._released_ms = 0

    @property
    def released_ms(self) -> int:
        """Everything before is words or was heard as silence, and is not needed any more; never goes back."""
        return self._released_ms

    @property
    def is_wanted(self) -> bool:
        """Whether what is said now is to become words."""
        return self._unwanted_ms is None

    @property
    def waiting(self) -> list[tuple[int, int]]:
        """The spans that no session took or that ended with one, and that were not handed out yet."""
        self._absorb()
        return self._heard.gaps(self._floor_ms, self._until_ms if self._session is None else self._began_ms)

    def captured(self, start_ms: int) -> None:
        """There is a frame at this position; what was passed over since the one before had no sound."""
        if start_ms > self._until_ms:
            self._heard.add(self._until_ms, start_ms)
        self._until_ms = max(self._until_ms, start_ms + FRAME_MS)

    def inherited(
        self, spans: Iterable[tuple[int, int]], known: Iterable[tuple[int, int]] = (), lines: Iterable[HoleLine] = ()
    ) -> None:
        """An engine before this one left the sound of `spans`, the words of `known`, and perhaps all of `lines`."""
        spans = list(spans)
        end_ms = max((over_ms for _, over_ms in spans), default=0)
        self._heard.add(self._until_ms, end_ms)
        self._until_ms = max(self._until_ms, end_ms)
        self._skip_unwanted(self._until_ms)
        for begin_ms, over_ms in spans:
            self._heard.remove(begin_ms, over_ms)
        for begin_ms, over_ms in known:
            self._heard.add(begin_ms, over_ms)
            self._handed.add(begin_ms, over_ms)
            self._edges += [begin_ms, over_ms]
        for each in lines:
            self._lines.add(HeardLine(each.key, each.start_ms, each.end_ms, each.outcome, damaged=True))
        self._released_ms = min([self._released_ms, *(begin_ms for begin_ms, _ in spans)])

    def wanted(self, at_ms: int) -> None:
        """The stream is to be connected: what is said from now on is to become words."""
        if self._unwanted_ms is not None:
            self._skip_unwanted(at_ms)
            self._unwanted_ms, self._wanted_ms = None, at_ms

    def hung_up(self, at_ms: int) -> None:
        """Nothing that is said from now on is wanted."""
        self._end_session(at_ms)
        if self._unwanted_ms is None:
            self._unwanted_ms = at_ms

    def session_began(self, number: int, at_ms: int, *, timed: bool = True) -> None:
        """The frame at `at_ms` is the first that this session gets.

        `timed` says that its server finds the turns and tells when they began; else a line holds everything since the
        one before it, and only lines prove that sound was heard.
        """
        self.wanted(at_ms)
        self._end_session(at_ms)
        self._session, self._timed = number, timed
        self._began_ms = self._proved_ms = at_ms
        self._sessions.add(at_ms, number)

    def session_ended(self, number: int, at_ms: int) -> None:
        """The frame at `at_ms` is the first that it did not get."""
        if number == self._session:
            self._end_session(at_ms)

    def line_opened(self, key: LineKey, start_ms: int) -> None:
        """The server hears speech."""
        if self._lines.get(key) is not None or key.session != self._session:
            return
        if not self._timed:
            start_ms = max((end_ms for _, _, end_ms in self._lines.spans(self._until_ms)), default=0)
        line = HeardLine(key, self._sessions.start_of_line(start_ms, self._began_ms))
        self._lines.add(line)
        self._unhear(line.start_ms, self._lines.end_of(line, self._until_ms))

    def line_settled(self, key: LineKey, start_ms: int, end_ms: int, outcome: LineOutcome) -> None:
        """No more words of this line will come from its session. One that failed may still become whole."""
        self.line_opened(key, start_ms)
        line = self._lines.get(key)
        if line is None or line.outcome in ("whole", "partial"):
            return
        if self._timed and key.session == self._session:
            line.start_ms = self._sessions.start_of_line(start_ms, self._began_ms)
        line.outcome = outcome
        line.end_ms = max(min(end_ms, self._until_ms), line.start_ms)
        if outcome != "whole":
            line.end_ms = self._lines.end_of(line, self._until_ms)
        self._place(line)
        if line.holds and key.session == self._session:  # what came before was heard, too
            self._proved_ms = max(self._proved_ms, line.end_ms)
        self._absorb()

    def line_moved(self, key: LineKey, start_ms: int, end_ms: int) -> None:
        """The server's clock turned out to be another: the line is here. Nothing changes once it was handed out."""
        line = self._lines.get(key)
        if line is None or line.outcome is None or line.end_ms in (None, line.start_ms):
            return
        if not self._timed or key.session != self._session or self._handed.overlaps(line.start_ms, line.end_ms or 0):
            return
        line.start_ms = self._sessions.start_of_line(start_ms, self._began_ms)
        line.end_ms = max(min(end_ms, self._until_ms), line.start_ms)
        self._place(line)

    def proved(self, until_ms: int) -> None:
        """Everything sent before reached the server, and long enough ago that it would have opened a line for it."""
        if self._timed and self._session is not None:
            self._proved_ms = max(self._proved_ms, min(until_ms, self._until_ms))
            self._absorb()

    def lost(self, start_ms: int, end_ms: int) -> None:
        """The server missed this: so it is missing in the lines around it, or has none."""
        for rest in self._handed.gaps(max(start_ms, self._floor_ms), min(end_ms, self._until_ms)):
            for line, begin_ms, over_ms in self._lines.touching(
                rest[0] - margins.SLACK_MS, rest[1] + margins.SLACK_MS, self._until_ms
            ):
                if line.key.session == self._session or self._session is None:
                    line.damaged = True
                    self._unhear(begin_ms, over_ms)
            self._unhear(*rest)
            if self._session is not None and rest[1] > self._began_ms:
                self._lost.add(*rest)

    def holes(self) -> list[Hole]:
        """Return what must be written down now, oldest first; each once, for `settled`."""
        self._absorb()
        before = len(self._working)
        began_ms = None if self._session is None else self._began_ms
        for start_ms, end_ms in self._sessions.joined(self._closed(), self._claimed(), began_ms):
            if any(0 <= start_ms - hole.end_ms <= margins.SEAM_MS + margins.SLACK_MS for hole in self._working):
                continue  # that one may turn out to go on in this
            self._heard.add(start_ms, end_ms)
            self._lost.remove(start_ms, end_ms)
            if end_ms - start_ms >= margins.HOLE_MIN_MS:
                self._working.append(self._hole(start_ms, end_ms))
        self._absorb()
        return self._working[before:]

    def goes_on(self, hole: Hole, from_ms: int) -> Hole:
        """The speech since `from_ms` runs into the session that began where the hole ends: neither half may be read.

        It is handed out again, in one with the first line of that session, as soon as that is known. Returns the rest.
        """
        began_ms = hole.end_ms
        number = self._sessions.number_at(began_ms)
        soon_ms = began_ms + margins.SEAM_MS
        firsts = self._lines.first_of(number, soon_ms + margins.SLACK_MS, self._until_ms)
        until_ms = max([soon_ms, *(over_ms for line, _, over_ms in firsts if line.outcome is not None)])
        if number is None or self._sessions.is_seam(began_ms) or self._handed.overlaps(began_ms, until_ms):
            return hole
        self._sessions.add_seam(began_ms)
        rest = hole.without_end(from_ms)
        self._working[self._working.index(hole)] = rest
        self._handed.remove(rest.end_ms, began_ms)
        if number == self._session:
            self._lost.add(began_ms, soon_ms)
        for line, _, _ in firsts:
            line.start_ms, line.damaged = began_ms, True
        self._unhear(rest.end_ms, until_ms)
        return rest

    def settled(self, hole: Hole) -> None:
        """It was written down, or given up."""
        self._working.remove(hole)
        self._absorb()

    # What is known of sound

    def _skip_unwanted(self, until_ms: int) -> None:
        if self._unwanted_ms is not None and until_ms > self._unwanted_ms:
            self._heard.add(self._unwanted_ms, until_ms)
            self._unwanted_ms = until_ms

    def _end_session(self, at_ms: int) -> None:
        if self._session is not None:
            self._absorb()
            self._lines.end_session(at_ms)
            self._session, self._lost = None, Spans()

    def _place(self, line: HeardLine) -> None:
        start_ms, end_ms = line.start_ms, line.start_ms if line.end_ms is None else line.end_ms
        line.damaged |= self._lost.overlaps(start_ms - margins.SLACK_MS, end_ms + margins.SLACK_MS)
        if line.holds:
            self._heard.add(start_ms, end_ms)
        else:
            self._unhear(start_ms, end_ms)

    def _unhear(self, start_ms: int, end_ms: int) -> None:
        """Take this as not yet written down, but for what was handed out, or is in lines that hold."""
        self._heard.remove(start_ms, end_ms)
        known = self._handed.within(start_ms, end_ms)
        touching = self._lines.touching(start_ms, end_ms, self._until_ms)
        known += [(begin_ms, over_ms) for line, begin_ms, over_ms in touching if line.holds]
        for begin_ms, over_ms in known:
            self._heard.add(begin_ms, over_ms)

    def _absorb(self) -> None:
        """Count as heard what is proved to have been silence; see how far everything is settled."""
        self._skip_unwanted(self._until_ms)
        if self._session is not None:
            gaps = self._heard.gaps(max(self._began_ms, self._floor_ms), self._proved_ms)
            for silence in silences(gaps, self._lines.spans(self._until_ms) if gaps else (), self._lost):
                self._heard.add(*silence)
        gaps = self._heard.gaps(self._floor_ms, self._until_ms)
        first_ms = gaps[0][0] if gaps else self._until_ms
        self._released_ms = max(self._released_ms, min([first_ms, *(hole.start_ms for hole in self._working)]))
        self._forget()

    @property
    def _floor_ms(self) -> int:
        return max(0, self._released_ms - margins.LINGER_MS)

    def _forget(self) -> None:
        before_ms = self._floor_ms - margins.LINGER_MS
        self._lines.forget(self._proved_ms - 2 * margins.LINGER_MS, self._is_far_from_holes)
        self._sessions.forget(before_ms)
        self._handed.forget(before_ms)

    def _is_far_from_holes(self, start_ms: int, end_ms: int) -> bool:
        start_ms, end_ms = start_ms - margins.PAD_MS, end_ms + margins.PAD_MS
        in_work = Spans((hole.start_ms, hole.end_ms) for hole in self._working)
        return not (in_work.overlaps(start_ms, end_ms) or self._heard.gaps(start_ms, end_ms))

    # Holes

    def _closed(self) -> list[tuple[int, int]]:
        """Return what is left of sessions that ended and of breaks that are over."""
        if self._session is not None:
            return self._heard.gaps(self._floor_ms, self._began_ms)
        gaps = self._heard.gaps(self._floor_ms, self._until_ms)
        return [gap for gap in gaps if self._unwanted_ms is not None or gap[1] < self._until_ms]

    def _claimed(self) -> list[tuple[int, int]]:
        """Return what the session that stands will not write down."""
        if self._session is None:
            return []
        proved_ms = self._proved_ms if self._timed else self._until_ms - margins.LOSS_PATIENCE_MS
        claims = claimed(self._lines.spans(self._until_ms), self._lost, self._began_ms, proved_ms, self._until_ms)
        return [rest for claim in claims for rest in self._handed.gaps(*claim)]

    def _hole(self, start_ms: int, end_ms: int) -> Hole:
        since_ms = start_ms if self._wanted_ms is None else min(start_ms, self._wanted_ms)
        proved_ms = self._proved_ms if self._session is not None and end_ms > self._began_ms else 0
        room = max(start_ms - margins.PAD_MS, since_ms), max(end_ms, min(end_ms + margins.PAD_MS, proved_ms))
        lines = self._lines.spans(self._until_ms)
        start_ms, end_ms = padded((start_ms, end_ms), room, self._heard, self._handed, lines)
        lacking = self._lines.lacking(start_ms, end_ms, self._until_ms)
        hole = Hole(start_ms, end_ms, self._sessions.number_before(start_ms), lacking)
        hole = outlined(hole, self._heard, self._handed, lines, [*self._sessions.beginnings, *self._edges])
        self._handed.add(start_ms, end_ms)
        self._heard.add(start_ms, end_ms)
        return hole
