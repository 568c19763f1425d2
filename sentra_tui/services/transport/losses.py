"""Which frames the peer missed, from its receiver reports (RFC 3550, section 6.4.1)."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from sentra_tui.domain.audio import FrameSpan
from sentra_tui.media.sequence import ahead

LEAST_LOST = 4
LEAST_SHARE = 0.08
"""Between two reports so many frames, and such a share of them: what is below is mostly repaired by FEC."""

MAX_PACKETS = 0x7FFF
"""How many packets may wait for a report: beyond half of the sequence numbers their order is not known."""


class Losses:
    """Knows which frame went in which packet, and matches it with what the peer says that it received.

    A loss is known to lie between two reports, no closer: a span is all that was sent between them.
    """

    def __init__(self) -> None:
        self._counting = False
        self._given = 0
        self._ends: deque[int] = deque(maxlen=MAX_PACKETS)
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

    def report(self, newest: int, highest: int, lost: int) -> bool:
        """Take a report: the last sequence number sent, the highest received, and how many were lost so far.

        Returns whether the peer received anything that it had not at the last report. One that cannot be, or that
        comes late, is passed over.
        """
        packets = len(self._ends) - ahead(newest & 0xFFFF, highest & 0xFFFF)
        if not 0 < packets <= len(self._ends):
            return False
        start = end = self._settled
        for _ in range(packets):
            end = self._ends.popleft()
        dropped = max(0, end - start - packets)
        missed = max(0, lost - self._lost) + dropped
        self._settled, self._lost = end, lost
        if end > start and missed >= LEAST_LOST and missed >= LEAST_SHARE * (packets + dropped):
            self._add(start, end)
        return True

    def take(self) -> Sequence[FrameSpan]:
        """Return the spans found since last asked."""
        spans, self._spans = self._spans, []
        return spans

    def _add(self, start: int, end: int) -> None:
        if self._spans and self._spans[-1].end == start:
            start = self._spans.pop().start
        self._spans.append(FrameSpan(start, end))
