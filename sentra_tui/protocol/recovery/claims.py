"""What became of the sound that the session that stands was sent, by its lines."""

from __future__ import annotations

from collections.abc import Sequence

from sentra_tui.protocol.recovery import margins
from sentra_tui.protocol.recovery.outline import PlacedLine, Span
from sentra_tui.protocol.recovery.spans import Spans


def claimed(lines: Sequence[PlacedLine], lost: Spans, began_ms: int, proved_ms: int, until_ms: int) -> Spans:
    """Return the spans of lines that lack words and will get no more, and of lost sound that no line took.

    The session began at `began_ms`; what it was sent before `proved_ms` arrived, and `until_ms` is now.
    """
    claims, bare = Spans(), Spans(lost)
    newest_ms, told_ms = lines[-1][1] if lines else 0, until_ms - margins.LOSS_PATIENCE_MS
    for _, start_ms, end_ms in lines:
        bare.remove(start_ms, end_ms)
    for line, start_ms, end_ms in lines:
        late = line.outcome == "failed" or told_ms >= end_ms
        over = proved_ms >= end_ms or (newest_ms >= end_ms and late)
        if over and line.outcome is not None and not line.holds and start_ms >= began_ms:
            claim = _with_tail((start_ms, end_ms), bare)
            if late or max(proved_ms, newest_ms) >= claim[1]:
                claims.add(*claim)
    for start_ms, end_ms in [rest for each in bare for rest in claims.gaps(*each)]:
        if start_ms == began_ms and end_ms <= began_ms + margins.SEAM_MS:  # the rest of a word
            if end_ms <= proved_ms - margins.SLACK_MS:
                claims.add(start_ms, end_ms)
        elif end_ms <= told_ms or told_ms - start_ms >= margins.LONGEST_LOSS_MS:
            claims.add(start_ms, min(end_ms, told_ms))
    return claims


def silences(gaps: Sequence[Span], lines: Sequence[PlacedLine], lost: Spans) -> list[Span]:
    """Return what of these, of which it is proved that it arrived, held no speech."""
    speech = Spans(lost)
    for line, start_ms, end_ms in lines:
        if not line.holds:
            speech.add(start_ms, end_ms)
    return [silence for gap in gaps for silence in speech.gaps(*gap)]


def _with_tail(span: Span, bare: Spans) -> Span:
    """Return a line's span with the lost sound right behind it: where that began, the server took the line to end."""
    start_ms, end_ms = span
    for begin_ms, over_ms in bare:
        if begin_ms <= end_ms + margins.SLACK_MS and over_ms > end_ms:
            end_ms = min(over_ms, end_ms + margins.TAIL_MS)
    return start_ms, end_ms
