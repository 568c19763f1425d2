"""What an engine that died left: sound, and lines that may hold the words of some of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sentra_tui.domain.transcript import Line
from sentra_tui.protocol.recovery.holes import RECOVERED, HoleLine

SLACK_MS = 200
"""How inexact the times of an old engine's lines are against the positions of its sound."""
LEAD_MS = 300
"""How much of the silence before speech servers count to a line; a source that stalled there gave none of it."""

Span = tuple[int, int]


def share_out(spans: Sequence[Span], lines: Iterable[Line]) -> tuple[list[Span], list[HoleLine]]:
    """Return which spans certainly have words, and which lines perhaps lack some.

    Sound is left as long as it is not certain to be words, so a line all of whose sound was left may have been cut by
    the end of a call, and nothing in the record tells: it is written down again, under the same key. Of recovered
    lines, and of lines whose sound is partly gone, it is known.
    """
    known: list[Span] = []
    lacking: list[HoleLine] = []
    for line in lines:
        if line.kind != "speech" or not line.text or line.end_ms is None:
            continue
        is_recovered = line.recovered or line.key.item_id.startswith(RECOVERED)
        slack_ms = 0 if is_recovered else SLACK_MS
        start_ms, end_ms = line.start_ms - slack_ms, line.end_ms + slack_ms
        touched = [span for span in spans if span[0] < end_ms and span[1] > start_ms]
        if not touched:
            continue
        last_ms = line.end_ms - SLACK_MS
        first_ms = line.start_ms + SLACK_MS + max(0, min(LEAD_MS, last_ms - LEAD_MS - line.start_ms - SLACK_MS))
        all_left = min(spans)[0] <= first_ms and max(spans)[1] >= last_ms  # between them, none was captured
        if all_left and not is_recovered:
            lacking.append(HoleLine(line.key, line.start_ms, line.end_ms, "partial"))
        else:
            known.append((start_ms, end_ms))
    return known, lacking
