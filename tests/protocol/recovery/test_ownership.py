"""Speech at the edge of a hole is the hole's or another's, never both, however inexact the edge is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.protocol.recovery.holes import Hole
from sentra_tui.protocol.recovery.ownership import Run, taken

BEFORE, MINE, AFTER = (1_000, 3_000), (4_000, 6_000), (7_000, 9_000)


def hole_of(start_ms: int, end_ms: int, *others: tuple[int, int], cuts: tuple[int, ...] = ()) -> Hole:
    return Hole(start_ms, end_ms, 1, (), (start_ms - 1_000, end_ms + 1_000), others, cuts)


def spans_of(hole: Hole, *speech: tuple[int, int]) -> list[tuple[int, int]]:
    runs = [Run(start_ms, end_ms, end_ms - start_ms, 0) for start_ms, end_ms in speech]
    return [(run.start_ms, run.end_ms) for run in taken(hole, runs)]


@given(st.integers(-400, 400), st.integers(-400, 400))
def test_an_utterance_is_written_down_whole_wherever_the_server_places_its_line(start: int, end: int) -> None:
    hole = hole_of(3_800 + start, 6_500 + end, (800, 3_800 + start), (6_500 + end, 9_500))
    assert spans_of(hole, BEFORE, MINE, AFTER) == [MINE]


def test_a_long_utterance_that_two_lines_share_is_cut_between_them() -> None:
    assert spans_of(hole_of(4_000, 6_000, (2_000, 4_000)), (2_000, 6_000)) == [(4_000, 6_000)]


def test_speech_that_an_edge_halves_is_of_the_earlier_one() -> None:
    first, second = hole_of(1_000, 2_000, (2_000, 3_000)), hole_of(2_000, 3_000, (1_000, 2_000))
    assert spans_of(first, (1_800, 2_200)) == [(1_800, 2_200)]
    assert spans_of(second, (1_800, 2_200)) == []


def test_what_was_heard_as_silence_around_a_hole_is_not_written_down_at_length() -> None:
    assert spans_of(hole_of(4_000, 6_000), (3_000, 4_100), (5_800, 6_200)) == [(4_000, 4_100), (5_800, 6_200)]
