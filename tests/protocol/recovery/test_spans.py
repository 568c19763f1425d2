"""Spans are a set of moments."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.protocol.recovery.spans import Spans

EDGES = st.integers(0, 40)
STEPS = st.lists(st.tuples(st.booleans(), EDGES, EDGES), max_size=25)


@given(STEPS, EDGES, EDGES)
def test_spans_hold_what_was_added_and_not_taken_out(steps: list[tuple[bool, int, int]], start: int, end: int) -> None:
    spans, moments = Spans(), set[int]()
    for adds, begin, over in steps:
        (spans.add if adds else spans.remove)(begin, over)
        moments = moments | set(range(begin, over)) if adds else moments - set(range(begin, over))
    assert [moment for span in spans for moment in range(*span)] == sorted(moments)
    assert all(before[1] < after[0] for before, after in pairwise(spans))
    asked = set(range(start, end))
    assert [moment for span in spans.within(start, end) for moment in range(*span)] == sorted(moments & asked)
    assert [moment for span in spans.gaps(start, end) for moment in range(*span)] == sorted(asked - moments)
    assert spans.overlaps(start, end) == bool(moments & asked)
    assert spans.length_ms(start, end) == len(moments & asked)
    spans.forget(start)
    assert [moment for span in spans for moment in range(*span)] == sorted(each for each in moments if each >= start)
