"""Whatever happens to calls, every block that was said is in the transcript exactly once, and in order."""

from __future__ import annotations

from collections import deque

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sentra_tui.domain.audio import FRAME_MS
from sentra_tui.domain.transcript import Line, LineKey
from sentra_tui.protocol.coverage import Coverage
from sentra_tui.protocol.recovery.holes import RECOVERED, Hole
from sentra_tui.protocol.recovery.inheritance import share_out
from sentra_tui.protocol.recovery.pieces import SpeechFinder
from tests.protocol.recovery.spoken import BLOCK_FRAMES, Frames, HearingServer, ServerLine, words_in

PROOF_MARGIN_MS = 3_000
MEMORY_MS = 60_000
BREATH_BLOCKS = 80


class EverythingIsWrittenOnce(RuleBasedStateMachine):
    """A stream, its servers, and the spool; its network loses what it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.coverage = Coverage()
        self.now_ms = 1_000
        self.since_cut = BLOCK_FRAMES
        self.to_say: deque[int] = deque()
        self.number = self.in_a_row = 0
        self.wanted = False
        self.server: HearingServer | None = None
        self.reachable = True
        self.missing: list[int] = []
        self.sound: Frames = []
        self.wanted_sound: Frames = []
        self.transcript: dict[LineKey, Line] = {}
        self.working: list[Hole] = []
        self.handed: list[tuple[int, int]] = []
        self.connect()

    # Sound

    @rule(blocks=st.integers(2, 30))
    def say(self, blocks: int) -> None:
        self.in_a_row += blocks
        if self.in_a_row > BREATH_BLOCKS:  # so that what is too long for one piece can be cut between words
            self.breathe(8)
            self.in_a_row = blocks
        for _ in range(blocks):
            self.number += 1
            self.to_say += [self.number] * BLOCK_FRAMES

    @rule(frames=st.integers(1, 20))
    def breathe(self, frames: int) -> None:
        self.to_say += [0] * frames

    @rule(frames=st.integers(35, 200))
    def pause(self, frames: int) -> None:
        self.to_say += [0] * frames

    @rule(frames=st.integers(1, 400))
    def listen(self, frames: int) -> None:
        for _ in range(frames):
            self._capture(self.to_say.popleft() if self.to_say else 0)

    @rule(frames=st.integers(1, 100))
    def stall(self, frames: int) -> None:
        """The source gives nothing for a while, between words."""
        if not self.to_say or not self.to_say[0]:
            self.now_ms += 200 + frames * FRAME_MS

    def _capture(self, number: int) -> None:
        self.coverage.captured(self.now_ms)
        if self.coverage.is_wanted:
            self.sound.append((self.now_ms, number))
            self.wanted_sound.append((self.now_ms, number))
        if self.server is not None and self.reachable:
            lost = bool(self.missing) and self.missing[-1] > self.now_ms
            self.server.hear(self.now_ms, 0 if lost else number)
            self._tell_lines(self.now_ms - PROOF_MARGIN_MS)
        self.now_ms += FRAME_MS
        self.since_cut += 1
        if self.missing and self.now_ms > self.missing[-1] + 4_000:
            self.report_loss()

    # Calls

    @precondition(lambda self: not self.wanted and self.since_cut >= BLOCK_FRAMES)
    @rule()
    def connect(self) -> None:
        self.wanted, self.since_cut = True, 0
        self.coverage.wanted(self.now_ms)

    @precondition(lambda self: self.wanted and self.since_cut >= BLOCK_FRAMES)
    @rule(prefix_ms=st.sampled_from([200, 300]), ahead_ms=st.sampled_from([0, 100, 200, -100, -200]))
    def call_stands(self, prefix_ms: int, ahead_ms: int) -> None:
        """The first call, one after a break, or one that was dialled beside another and takes over."""
        self._end_session(words=True)
        self.server, self.reachable = HearingServer(self.now_ms, self.now_ms, prefix_ms, ahead_ms), True
        self.coverage.session_began(self.now_ms, self.now_ms)
        self.since_cut = 0

    @precondition(lambda self: self.server is not None and self.since_cut >= BLOCK_FRAMES)
    @rule(words=st.booleans())
    def call_breaks(self, words: bool) -> None:
        self._end_session(words=words)
        self.since_cut = 0

    @precondition(lambda self: self.server is not None)
    @rule()
    def network_goes(self) -> None:
        self.report_loss()
        self.reachable = False

    @precondition(lambda self: self.wanted and self.since_cut >= BLOCK_FRAMES)
    @rule()
    def hang_up(self) -> None:
        self._end_session(words=True)
        self.coverage.hung_up(self.now_ms)
        self.wanted, self.since_cut = False, 0

    def _end_session(self, *, words: bool) -> None:
        """Settle every line with the interim words that came, and end the session."""
        server, self.server = self.server, None
        if server is None:
            return
        self.report_loss()
        for line in server.lines:
            if not line.told or line.settled:
                continue
            said = words_in(line.frames)[: len(line.frames) // (2 * BLOCK_FRAMES)] if words else ()
            key = LineKey(server.number, line.name)
            end_ms = self.now_ms if line.end_ms is None else line.end_ms
            if said:
                self._commit(key, said, line.start_ms, end_ms)
                self.coverage.line_settled(key, server.told(line.start_ms), server.told(end_ms), "partial")
            else:
                self.coverage.line_settled(key, server.told(line.start_ms), self.now_ms, "failed")
        self.coverage.session_ended(server.number, self.now_ms)

    # What servers tell

    @precondition(lambda self: self.server is not None and self.reachable)
    @rule()
    def tell_lines(self) -> None:
        self._tell_lines(self.now_ms)

    @precondition(lambda self: self.server is not None)
    @rule(late_ms=st.integers(0, 4_000))
    def prove(self, late_ms: int) -> None:
        assert self.server is not None
        until_ms = min(self.now_ms - late_ms, self.server.heard_ms) - PROOF_MARGIN_MS
        self._tell_lines(until_ms)
        self.coverage.proved(until_ms)

    @precondition(lambda self: bool(self._writable()))
    @rule(data=st.data())
    def write_words(self, data: st.DataObject) -> None:
        assert self.server is not None
        line = data.draw(st.sampled_from(self._writable()))
        self._settle(line)

    @precondition(lambda self: bool(self._writable()))
    @rule(data=st.data())
    def fail(self, data: st.DataObject) -> None:
        assert self.server is not None
        line = data.draw(st.sampled_from(self._writable()))
        line.settled = True
        start_ms = self.server.told(line.start_ms)
        self.coverage.line_settled(LineKey(self.server.number, line.name), start_ms, self.now_ms, "failed")

    @precondition(lambda self: self.server is not None and self.reachable and not self.missing)
    @rule(frames=st.integers(1, 60))
    def lose(self, frames: int) -> None:
        self.missing = [self.now_ms, self.now_ms + frames * FRAME_MS]

    @precondition(lambda self: bool(self.missing))
    @rule()
    def report_loss(self) -> None:
        if self.missing:
            start_ms, end_ms = self.missing
            self.missing = []
            if start_ms < self.now_ms:
                self.coverage.lost(start_ms, min(end_ms, self.now_ms))

    def _writable(self) -> list[ServerLine]:
        if self.server is None or not self.reachable:
            return []
        return [line for line in self.server.lines if line.told and not line.settled and line.end_ms is not None]

    def _tell_lines(self, until_ms: int) -> None:
        assert self.server is not None
        for line in self.server.lines:
            if not line.told and line.start_ms < until_ms:
                line.told = True
                self.coverage.line_opened(LineKey(self.server.number, line.name), self.server.told(line.start_ms))

    def _settle(self, line: ServerLine) -> None:
        assert self.server is not None
        assert line.end_ms is not None
        line.settled = True
        key, words = LineKey(self.server.number, line.name), words_in(line.frames)
        if words:
            self._commit(key, words, line.start_ms, line.end_ms)
        start_ms, end_ms = self.server.told(line.start_ms), self.server.told(line.end_ms)
        self.coverage.line_settled(key, start_ms, end_ms if words else start_ms, "whole")

    # Repair

    @rule()
    def take_holes(self) -> None:
        for hole in self.coverage.holes():
            assert all(hole.end_ms <= start_ms or hole.start_ms >= end_ms for start_ms, end_ms in self.handed)
            self.handed.append((hole.start_ms, hole.end_ms))
            self.working.append(hole)

    @precondition(lambda self: bool(self.working))
    @rule()
    def repair(self) -> None:
        hole = self.working.pop(0)
        self.coverage.settled(self._write_down(hole))

    @precondition(lambda self: bool(self.working) and self.since_cut >= BLOCK_FRAMES)
    @rule(lines=st.integers(1, 2))
    def crash_while_repairing(self, lines: int) -> None:
        self._write_down(self.working.pop(0), lines)
        self.crash(0)

    def _write_down(self, hole: Hole, lines_max: int = 1_000) -> Hole:
        finder = SpeechFinder(hole)
        frames = [(at_ms, number) for at_ms, number in self.sound if hole.look_from_ms <= at_ms < hole.look_until_ms]
        inside = [(at_ms, number) for at_ms, number in frames if hole.start_ms <= at_ms < hole.end_ms]
        assert inside == [each for each in self.wanted_sound if hole.start_ms <= each[0] < hole.end_ms]
        for at_ms, number in frames:
            finder.hear(at_ms, 20 if number else 0, number)
        if finder.goes_on_from_ms is not None:
            self.handed.remove((hole.start_ms, hole.end_ms))
            hole = self.coverage.goes_on(hole, finder.goes_on_from_ms)
            self.handed.append((hole.start_ms, hole.end_ms))
            finder.limit(hole)
        words: dict[LineKey, tuple[int, ...]] = {}
        spans: dict[LineKey, tuple[int, int]] = {}
        replaces: dict[LineKey, tuple[LineKey, ...]] = {}
        for piece in finder.pieces():
            said = words_in([frame for frame in frames if piece.start_ms <= frame[0] < piece.end_ms])
            key = piece.key or LineKey(hole.session, f"{RECOVERED}{piece.speech_start_ms}")
            words[key] = words.get(key, ()) + said
            starts = [line.start_ms for line in hole.lines if line.key in (key, *piece.replaces)]
            start_ms = min([spans.get(key, (piece.speech_start_ms, 0))[0], *starts])
            spans[key] = start_ms, piece.speech_end_ms
            replaces[key] = (*replaces.get(key, ()), *piece.replaces)
        for key, said in list(words.items())[:lines_max]:
            if said:
                self._commit(key, said, *spans[key])
                for replaced in replaces[key]:
                    self.transcript.pop(replaced, None)
        return hole

    def _commit(self, key: LineKey, words: tuple[int, ...], start_ms: int, end_ms: int) -> None:
        self.transcript[key] = Line(key, start_ms, " ".join(map(str, words)), final=True, end_ms=end_ms)

    @precondition(lambda self: self.since_cut >= BLOCK_FRAMES)
    @rule(stale_ms=st.integers(0, 5_000))
    def crash(self, stale_ms: int) -> None:
        """Another engine goes on: it knows what was committed, and has the sound that was not released."""
        while self.to_say and self.wanted_sound and self.to_say[0] == self.wanted_sound[-1][1] != 0:
            self.to_say.popleft()  # nobody hears the rest of a word
        released_ms = max(0, self.coverage.released_ms - stale_ms)
        self.sound = [frame for frame in self.sound if frame[0] >= released_ms]
        self.coverage, self.server, self.missing = Coverage(), None, []
        self.working, self.handed, self.since_cut = [], [], 0
        self.now_ms += 500 + -self.now_ms % FRAME_MS
        spans = _spans(self.sound)
        self.coverage.inherited(spans, *share_out(spans, self.transcript.values()))
        if self.wanted:
            self.coverage.wanted(self.now_ms)

    # What holds

    @invariant()
    def sound_is_kept_until_it_is_words(self) -> None:
        kept_ms = self.coverage.released_ms - MEMORY_MS
        while self.sound and self.sound[0][0] < kept_ms:
            del self.sound[0]

    def teardown(self) -> None:
        self.listen(len(self.to_say) + 400)
        if self.server is not None and self.reachable:
            self.prove(0)
            for line in self._writable():
                self._settle(line)
            self.listen(300)
            self.prove(0)
        self.take_holes()
        self._end_session(words=True)
        self.coverage.hung_up(self.now_ms)
        self.take_holes()
        while self.working:
            self.repair()
            self.take_holes()
        self.coverage.captured(self.now_ms)
        assert not self.coverage.holes()
        assert self.coverage.released_ms >= self.now_ms
        lines = sorted(self.transcript.values(), key=lambda line: line.start_ms)
        written = [int(word) for line in lines for word in line.text.split()]
        assert written == list(words_in(self.wanted_sound))


def _spans(frames: Frames) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for at_ms, _ in frames:
        if spans and spans[-1][1] == at_ms:
            spans[-1] = spans[-1][0], at_ms + FRAME_MS
        else:
            spans.append((at_ms, at_ms + FRAME_MS))
    return spans


TestEverythingIsWrittenOnce = EverythingIsWrittenOnce.TestCase
TestEverythingIsWrittenOnce.settings = settings(max_examples=60, stateful_step_count=40)
