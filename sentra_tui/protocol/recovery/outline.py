"""What is around a hole: silence that goes with it, and speech that has its words from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from sentra_tui.protocol.recovery.heard_lines import HeardLine
from sentra_tui.protocol.recovery.holes import REACH_MS, Hole
from sentra_tui.protocol.recovery.spans import Spans

Span = tuple[int, int]
JOINT_MS = 200
"""What is shorter between two lines is the joint between them."""
PlacedLine = tuple[HeardLine, int, int]


def padded(span: Span, room: Span, heard: Spans, handed: Spans, lines: Sequence[PlacedLine]) -> Span:
    """Return the span with the silence around it, within `room`, as far as that was heard in a session."""
    taken = Spans(handed)
    for _, begin_ms, over_ms in lines:
        taken.add(begin_ms, over_ms)
    for gap in heard.gaps(*room):
        taken.add(*gap)
    before, after = taken.gaps(room[0], span[0]), taken.gaps(span[1], room[1])
    start_ms = before[-1][0] if before and before[-1][1] == span[0] else span[0]
    return start_ms, after[0][1] if after and after[0][0] == span[1] else span[1]


def outlined(hole: Hole, heard: Spans, handed: Spans, lines: Sequence[PlacedLine], edges: Sequence[int]) -> Hole:
    """Return the hole with what is around it: lines, and what was `handed` out before.

    `edges` are where exactly a session began, or something else; those within the hole cut nothing, as all is its own.
    What is not known to have been `heard`, and that no line holds, may be a hole tomorrow: the reach ends there.
    """
    start_ms, end_ms = hole.start_ms - REACH_MS, hole.end_ms + REACH_MS
    keys = {line.key for line in hole.lines}
    others = Spans(handed.within(start_ms, end_ms))
    for line, begin_ms, over_ms in lines:
        if line.key not in keys:
            others.add(max(begin_ms, start_ms), min(over_ms, end_ms))
    others.remove(hole.start_ms, hole.end_ms)
    known = Spans(heard.within(start_ms, end_ms))
    for span in others:
        known.add(*span)
    unknown_before = [gap for gap in known.gaps(start_ms, hole.start_ms) if gap[1] - gap[0] > JOINT_MS]
    unknown_after = [gap for gap in known.gaps(hole.end_ms, end_ms) if gap[1] - gap[0] > JOINT_MS]
    reach = (
        unknown_before[-1][1] if unknown_before else start_ms,
        unknown_after[0][0] if unknown_after else end_ms,
    )
    cuts = [at_ms for at_ms in edges if not hole.start_ms < at_ms < hole.end_ms]
    return replace(
        hole,
        reach=reach,
        others=tuple(others.within(*reach)),
        cuts=tuple(sorted({each for each in cuts if reach[0] <= each <= reach[1]})),
    )
