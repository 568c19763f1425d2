from __future__ import annotations

import pytest

from sentra_tui.domain.transcript import Line, LineKey
from sentra_tui.protocol.recovery.holes import HoleLine
from sentra_tui.protocol.recovery.inheritance import SLACK_MS, share_out

KEY = LineKey(715, "item_cut")


def line(start_ms: int, end_ms: int) -> Line:
    return Line(KEY, start_ms, "the first words", end_ms=end_ms, final=True)


@pytest.mark.parametrize("off_ms", [-SLACK_MS, -5, 0, 5, 31, SLACK_MS])
def test_a_line_that_was_cut_is_written_down_again_although_its_times_are_inexact(off_ms: int) -> None:
    known, lacking = share_out([(3_955 + off_ms, 16_000)], [line(3_955, 11_301)])
    assert known == []
    assert lacking == [HoleLine(KEY, 3_955, 11_301, "partial")]


def test_a_line_is_known_whose_sound_was_released() -> None:
    known, lacking = share_out([(11_150, 16_000)], [line(3_955, 11_301)])
    assert known == [(3_955 - SLACK_MS, 11_301 + SLACK_MS)]
    assert lacking == []


def test_a_line_in_the_midst_of_which_a_source_stalled_is_written_down_again() -> None:
    known, lacking = share_out([(3_000, 6_000), (6_500, 16_000)], [line(3_955, 11_301)])
    assert known == []
    assert lacking == [HoleLine(KEY, 3_955, 11_301, "partial")]


def test_a_line_whose_silence_before_it_was_never_captured_is_written_down_again() -> None:
    assert share_out([(4_400, 16_000)], [line(3_955, 11_301)])[1] == [HoleLine(KEY, 3_955, 11_301, "partial")]
    assert share_out([(1_400, 16_000)], [line(1_000, 1_400)])[1] == []
