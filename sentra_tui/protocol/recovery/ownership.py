"""Which of the speech in and around a hole is the hole's.

The edge of a line is where a server believes that speech began or ended, give or take some of its delay. What is meant
is the pause there, so an utterance that reaches a little over an edge is no matter of both sides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from sentra_tui.domain.transcript import LineKey
from sentra_tui.protocol.recovery.holes import Hole
from sentra_tui.protocol.recovery.spans import Spans

TURN_PAUSE_MS = 300
"""Servers part lines where it is quiet for longer, if not so long to an ear as mild as ours."""
EDGE_SLACK_MS = 450
"""How far an edge may be from the pause that is meant."""


class Run(Struct):
    """Speech; at first without a pause in it."""

    start_ms: int
    end_ms: int
    speech_ms: int
    stretch: int
    """Counts stretches of sound that nothing is missing in, and nothing else begins."""
    key: LineKey | None = None


def taken(hole: Hole, runs: Sequence[Run]) -> list[Run]:
    """Return what of these is to be written down for the hole, in order."""
    others = Spans(hole.others)
    return [run for phrase in phrases(runs) for run in _share(hole, others, phrase)]


def phrases(runs: Sequence[Run]) -> Iterator[list[Run]]:
    """Yield what no line ends within."""
    phrase: list[Run] = []
    for run in runs:
        if phrase and (run.stretch != phrase[-1].stretch or run.start_ms - phrase[-1].end_ms >= TURN_PAUSE_MS):
            yield phrase
            phrase = []
        phrase.append(run)
    if phrase:
        yield phrase


def _share(hole: Hole, others: Spans, phrase: Sequence[Run]) -> Sequence[Run]:
    """Return the hole's share: the whole phrase, or none of it, where the rest is a matter of inexact edges."""
    whole = Spans((run.start_ms, run.end_ms) for run in phrase)
    start_ms, end_ms = phrase[0].start_ms, phrase[-1].end_ms
    inside_ms = whole.length_ms(hole.start_ms, hole.end_ms)
    theirs_ms = sum(whole.length_ms(*span) for span in others.within(start_ms, end_ms))
    beyond_ms = whole.length_ms(start_ms, end_ms) - inside_ms - theirs_ms
    if not inside_ms:
        return []
    is_first = end_ms > hole.end_ms
    if (
        theirs_ms
        and inside_ms <= EDGE_SLACK_MS
        and (inside_ms < theirs_ms or (inside_ms == theirs_ms and not is_first))
    ):
        return []
    if max(theirs_ms, beyond_ms) <= EDGE_SLACK_MS:
        return phrase
    return list(_clipped(phrase, hole.start_ms, hole.end_ms))


def _clipped(phrase: Sequence[Run], start_ms: int, end_ms: int) -> Iterator[Run]:
    for run in phrase:
        begin_ms, over_ms = max(run.start_ms, start_ms), min(run.end_ms, end_ms)
        if begin_ms < over_ms:
            share = (over_ms - begin_ms) / (run.end_ms - run.start_ms)
            yield replace(run, start_ms=begin_ms, end_ms=over_ms, speech_ms=round(run.speech_ms * share))
