"""What is known of sound, step by step; `test_coverage_machine` puts the steps into every order."""

from __future__ import annotations

from sentra_tui.domain.audio import FRAME_MS
from sentra_tui.domain.transcript import LineKey
from sentra_tui.protocol.coverage import Coverage
from sentra_tui.protocol.recovery.holes import Hole, HoleLine

FIRST, SECOND = LineKey(1, "i1"), LineKey(1, "i2")


def called(until_ms: int, *, timed: bool = True) -> Coverage:
    """Return the account of a call that has stood since 1,000 ms, and still does."""
    coverage = Coverage()
    coverage.wanted(1_000)
    coverage.session_began(1, 1_000, timed=timed)
    for at_ms in range(1_000, until_ms, FRAME_MS):
        coverage.captured(at_ms)
    return coverage


def broken(coverage: Coverage, at_ms: int, again_ms: int) -> list[Hole]:
    """Have the call break, and another one stand; return what is to be written down."""
    coverage.session_ended(1, at_ms)
    for position_ms in range(at_ms, again_ms, FRAME_MS):
        coverage.captured(position_ms)
    coverage.session_began(2, again_ms)
    return coverage.holes()


def test_sound_is_released_once_it_was_heard_as_silence_or_has_its_words() -> None:
    coverage = called(20_000)
    coverage.proved(6_000)
    assert coverage.released_ms == 6_000
    coverage.line_opened(FIRST, 7_000)
    coverage.proved(15_000)
    assert coverage.released_ms == 7_000
    coverage.line_settled(FIRST, 7_000, 9_000, "whole")
    assert coverage.released_ms == 15_000


def test_a_hole_reaches_from_the_first_unproved_sound_to_the_next_session() -> None:
    coverage = called(20_000)
    coverage.line_opened(FIRST, 4_000)
    coverage.line_settled(FIRST, 4_000, 9_000, "whole")
    coverage.line_opened(SECOND, 10_000)
    coverage.proved(15_000)
    coverage.line_settled(SECOND, 10_000, 20_000, "partial")
    (hole,) = broken(coverage, 20_000, 25_000)
    assert (hole.start_ms, hole.end_ms, hole.session) == (9_700, 25_000, 1)
    assert hole.lines == (HoleLine(SECOND, 10_000, 20_000, "partial"),)
    assert hole.others == ((8_700, 9_000),)
    assert hole.cuts == (25_000,)
    assert coverage.released_ms == 10_000
    coverage.settled(hole)
    assert coverage.released_ms == 25_000


def test_a_line_that_is_whole_parts_what_is_around_it() -> None:
    coverage = called(20_000)
    for key, start_ms, end_ms, outcome in ((FIRST, 2_000, 5_000, "failed"), (SECOND, 5_000, 9_000, "whole")):
        coverage.line_settled(key, start_ms, end_ms, "whole" if outcome == "whole" else "failed")
    holes = broken(coverage, 20_000, 25_000)
    assert [(hole.start_ms, hole.end_ms) for hole in holes] == [(1_700, 5_000), (9_000, 25_000)]


def test_a_break_is_no_hole_before_it_is_over() -> None:
    coverage = called(20_000)
    coverage.session_ended(1, 20_000)
    coverage.captured(20_000)
    assert coverage.holes() == []
    assert coverage.waiting == [(1_000, 20_020)]
    coverage.hung_up(20_020)
    assert [(hole.start_ms, hole.end_ms) for hole in coverage.holes()] == [(1_000, 20_020)]
    assert not coverage.is_wanted


def test_where_nobody_tells_when_speech_began_a_line_holds_everything_since_the_one_before() -> None:
    coverage = called(20_000, timed=False)
    coverage.proved(15_000)
    assert coverage.released_ms <= 1_000
    coverage.line_opened(FIRST, 8_000)
    coverage.line_settled(FIRST, 8_000, 8_000, "whole")
    assert coverage.released_ms == 8_000
    coverage.line_settled(SECOND, 14_000, 14_000, "partial")
    (hole,) = broken(coverage, 20_000, 21_000)
    assert hole.lines == (HoleLine(SECOND, 8_000, 14_000, "partial"),)
    assert (hole.start_ms, hole.end_ms) == (8_000, 21_000)


def test_a_loss_that_is_told_twice_is_repaired_once() -> None:
    coverage = called(20_000)
    coverage.line_settled(FIRST, 4_000, 9_000, "whole")
    coverage.proved(16_000)
    coverage.lost(7_000, 7_400)
    (hole,) = coverage.holes()
    assert (hole.start_ms, hole.end_ms, hole.session) == (3_700, 9_300, 1)
    assert hole.lines == (HoleLine(FIRST, 4_000, 9_000, "whole"),)
    coverage.lost(7_200, 8_000)
    assert coverage.holes() == []


def test_a_line_that_failed_may_still_become_whole() -> None:
    coverage = called(9_000)
    coverage.line_settled(FIRST, 4_000, 8_000, "failed")
    assert coverage.holes() == []
    coverage.line_settled(FIRST, 4_000, 8_000, "whole")
    coverage.proved(9_000)
    assert coverage.holes() == []
    assert coverage.released_ms == 9_000


def test_a_line_is_repaired_while_losses_go_on() -> None:
    coverage = called(9_000)
    coverage.line_opened(FIRST, 4_000)
    coverage.lost(3_000, 9_000)
    coverage.line_settled(FIRST, 4_000, 8_000, "whole")
    coverage.line_opened(SECOND, 8_400)
    coverage.captured(9_000)
    coverage.lost(8_000, 9_000)
    coverage.proved(8_000)
    (hole,) = coverage.holes()
    assert hole.end_ms <= 8_400
    assert [line.key for line in hole.lines] == [FIRST]


def test_lost_sound_behind_a_line_is_written_down_with_it_once_it_is_known_how_far_it_goes() -> None:
    coverage = called(9_000)
    coverage.line_opened(FIRST, 4_000)
    coverage.lost(5_000, 6_700)
    coverage.line_settled(FIRST, 4_000, 6_100, "whole")
    coverage.proved(6_200)
    assert coverage.holes() == []
    coverage.proved(6_800)
    (hole,) = coverage.holes()
    assert hole.start_ms <= 4_000
    assert hole.end_ms >= 6_700
    assert [line.key for line in hole.lines] == [FIRST]


def test_a_loss_beside_a_line_may_be_one_of_its_sound() -> None:
    coverage = called(9_000)
    coverage.line_opened(FIRST, 4_000)
    coverage.lost(3_500, 3_900)
    coverage.line_settled(FIRST, 4_000, 6_000, "whole")
    coverage.proved(8_000)
    assert [line.key for hole in coverage.holes() for line in hole.lines] == [FIRST]


def test_a_line_stays_where_it_is_told_last() -> None:
    coverage = called(9_000)
    coverage.line_opened(FIRST, 5_000)
    coverage.line_settled(FIRST, 4_000, 6_000, "failed")
    coverage.proved(8_000)
    (hole,) = coverage.holes()
    assert hole.lines == (HoleLine(FIRST, 4_000, 6_000, "failed"),)


def test_a_line_that_turns_out_to_be_elsewhere_is_written_down_where_it_is() -> None:
    coverage = called(9_000)
    coverage.line_opened(FIRST, 5_000)
    coverage.lost(3_500, 3_900)
    coverage.line_settled(FIRST, 5_000, 7_000, "whole")
    coverage.line_moved(FIRST, 4_000, 6_000)
    coverage.proved(8_000)
    assert [line.start_ms for hole in coverage.holes() for line in hole.lines] == [4_000]
    coverage.line_moved(FIRST, 1_000, 2_000)
    assert not coverage.holes()


def again(*, timed: bool = True) -> tuple[Coverage, Hole]:
    """Return the account of a call that broke at 20,000 ms and began anew at 21,000, with the hole between."""
    coverage = called(21_000)
    coverage.proved(18_000)
    coverage.session_ended(1, 20_000)
    coverage.session_began(2, 21_000, timed=timed)
    (hole,) = coverage.holes()
    return coverage, hole


def seamed(*, timed: bool) -> Coverage:
    """Return the account of a call that began at 21,000 ms, in a phrase that did so at 20,500."""
    coverage, hole = again(timed=timed)
    rest = coverage.goes_on(hole, 20_500)
    assert (rest.start_ms, rest.end_ms) == (hole.start_ms, 20_500)
    coverage.settled(rest)
    assert coverage.holes() == []
    return coverage


def listened(coverage: Coverage, from_ms: int, until_ms: int) -> list[Hole]:
    for at_ms in range(from_ms, until_ms, FRAME_MS):
        coverage.captured(at_ms)
    return coverage.holes()


def test_a_phrase_in_which_a_call_began_is_handed_out_with_the_first_line_of_that_call() -> None:
    coverage = seamed(timed=True)
    first = LineKey(2, "i1")
    coverage.line_opened(first, 21_300)
    assert listened(coverage, 21_000, 26_000) == []
    coverage.line_settled(first, 21_300, 24_000, "whole")
    assert coverage.holes() == []
    coverage.proved(25_000)
    (hole,) = coverage.holes()
    assert (hole.start_ms, hole.end_ms) == (20_500, 24_300)
    assert hole.lines == (HoleLine(first, 21_000, 24_000, "whole"),)
    assert hole.cuts == ()


def test_a_phrase_that_ends_soon_after_a_call_began_is_handed_out_once_no_line_can_have_it() -> None:
    coverage = seamed(timed=True)
    assert listened(coverage, 21_000, 23_000) == []
    coverage.proved(22_000)
    (hole,) = coverage.holes()
    assert (hole.start_ms, hole.end_ms, hole.lines) == (20_500, 21_540, ())


def test_where_nobody_proves_that_sound_arrived_a_phrase_waits_for_its_line_and_no_longer() -> None:
    coverage = seamed(timed=False)
    first = LineKey(2, "i1")
    assert listened(coverage, 21_000, 24_000) == []
    coverage.line_settled(first, 24_000, 24_000, "whole")
    (hole,) = listened(coverage, 24_000, 33_000)
    assert (hole.start_ms, hole.end_ms) == (20_500, 24_000)
    assert hole.lines == (HoleLine(first, 21_000, 24_000, "whole"),)


def test_what_was_said_before_a_call_that_broke_at_once_is_one_with_what_was_said_in_it() -> None:
    coverage, hole = again()
    listened(coverage, 21_000, 23_000)
    coverage.session_ended(2, 22_000)
    coverage.session_began(3, 23_000)
    assert coverage.holes() == []
    coverage.settled(coverage.goes_on(hole, 20_500))
    (hole,) = coverage.holes()
    assert (hole.start_ms, hole.end_ms, hole.cuts) == (20_500, 23_000, (23_000,))
