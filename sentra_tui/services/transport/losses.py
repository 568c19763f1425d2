"""Which frames the peer missed, from its receiver reports (RFC 3550, section 6.4.1)."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import pairwise

from sentra_tui.domain.audio import FrameSpan
from sentra_tui.media.sequence import ahead

LEAST_LOST = 3
LEAST_SHARE = 0.05
"""Between two reports so many frames, and such a share of them: what is below, FEC repairs, or nobody misses. Three in
a row are 40 ms that the peer made up, and reports do not tell whether they were."""

HOLE_PACKETS = 40
HOLE_SHARE = 0.7
"""Where so many packets in a row are framed by checks that were answered, and losses make up so much of them, that is
where they were lost: a blackout, not bad luck."""
MARGIN_PACKETS = 10
"""How far packets and checks that are sent at the same time may come apart: 200 ms."""

MAX_PACKETS = 0x7FFF
"""How many packets may wait for a report: beyond half of the sequence numbers their order is not known."""


class Losses:
    """Knows which frame went in which packet, and matches it with what the peer says that it received.

    A loss is known to lie between two reports, so a span is all that was sent between them. Checks of the path that
    were answered meanwhile tell where in there a blackout began and ended.
    """

    def __init__(self) -> None:
        self._counting = False
        self._given = 0
        self._ends: deque[int] = deque(maxlen=MAX_PACKETS)
        self._sent = 0
        self._open_at: deque[int] = deque(maxlen=MAX_PACKETS)
        self._settled = 0
        self._lost = 0
        self._spans: list[FrameSpan] = []

    def begin(self) -> None:
        """The call stands: the next frame given is frame 0."""
        self._counting = True

    def give(self, *, filler: bool = False) -> int:
        """Note that a frame was given, or one of ours that is no frame of the caller's; return what to `sent` it as.

        It is the number of the caller's frames that are gone once it is.
        """
        if self._counting and not filler:
            self._given += 1
        return self._given

    def sent(self, end: int) -> None:
        """Note that the next packet carries this frame."""
        self._ends.append(end)
        self._sent += 1

    def asked(self) -> int:
        """Note that a check of the path goes out; return what to say to `answered` when it was answered."""
        return self._sent

    def answered(self, asked: int) -> None:
        """Note that the path was open at this check."""
        self._open_at.append(asked)

    def report(self, newest: int, highest: int, lost: int) -> bool:
        """Take a report: the last sequence number sent, the highest received, and how many were lost so far.

        Returns whether the peer received anything that it had not at the last report. One that cannot be, or that
        comes late, is passed over.
        """
        packets = len(self._ends) - ahead(newest & 0xFFFF, highest & 0xFFFF)
        if not 0 < packets <= len(self._ends):
            return False
        ends = [self._settled, *(self._ends.popleft() for _ in range(packets))]
        missed, dropped = max(0, lost - self._lost), max(0, ends[-1] - ends[0] - packets)
        first, last = (0, packets) if dropped else self._hole(packets, missed)
        self._settled, self._lost = ends[-1], lost
        if missed + dropped >= max(LEAST_LOST, LEAST_SHARE * (packets + dropped)):
            self._add(ends[first], ends[last])
        return True

    def _hole(self, packets: int, missed: int) -> tuple[int, int]:
        """Return between which of the next `packets` those are that were missed."""
        before = self._sent - len(self._ends) - packets
        marks = [0]
        while self._open_at and self._open_at[0] <= before + packets:
            marks.append(max(0, self._open_at.popleft() - before))
        marks.append(packets)
        first, last = max(pairwise(sorted(marks)), key=lambda pair: pair[1] - pair[0])
        if last - first < HOLE_PACKETS or missed < HOLE_SHARE * (last - first):
            return 0, packets
        return max(0, first - MARGIN_PACKETS), min(packets, last + MARGIN_PACKETS)

    def take(self) -> Sequence[FrameSpan]:
        """Return the spans found since last asked."""
        spans, self._spans = self._spans, []
        return spans

    def _add(self, start: int, end: int) -> None:
        if end <= start:
            return
        if self._spans and self._spans[-1].end == start:
            start = self._spans.pop().start
        self._spans.append(FrameSpan(start, end))
