"""The speech of a hole is cut where it is quiet, and goes to the line that lacks it."""

from __future__ import annotations

from collections.abc import Sequence

from sentra_tui.domain.audio import FRAME_MS
from sentra_tui.domain.transcript import LineKey
from sentra_tui.protocol.recovery.holes import Hole, HoleLine
from sentra_tui.protocol.recovery.pieces import Piece, SpeechFinder

END_MS = 100_000
FIRST, SECOND = LineKey(1, "first"), LineKey(2, "second")


def found(
    *speech: tuple[int, int], lines: Sequence[HoleLine] = (), without: Sequence[tuple[int, int]] = ()
) -> SpeechFinder:
    """Return a finder that heard speech in these spans, and no sound at all in those `without`."""
    finder = SpeechFinder(Hole(0, END_MS, 1, tuple(lines)))
    for at_ms in range(0, END_MS, FRAME_MS):
        if any(start <= at_ms < end for start, end in without):
            continue
        speaks = any(start <= at_ms < end for start, end in speech)
        finder.hear(at_ms, FRAME_MS if speaks else 0, 100 if speaks else 1)
    return finder


def spans(pieces: Sequence[Piece]) -> list[tuple[int, int]]:
    return [(piece.start_ms, piece.end_ms) for piece in pieces]


def test_words_with_short_pauses_between_them_are_one_piece_with_silence_around_it() -> None:
    assert spans(found((1_000, 2_000), (2_580, 3_000), (3_600, 4_000)).pieces()) == [(760, 3_240), (3_360, 4_240)]


def test_a_noise_is_no_piece_but_a_word_that_the_edge_cuts_is() -> None:
    pieces = found((1_000, 1_100), (50_000, 50_120), (END_MS - 60, END_MS)).pieces()
    assert [piece.speech_start_ms for piece in pieces] == [50_000, END_MS - 60]


def test_what_is_long_is_cut_at_its_quietest_place() -> None:
    finder = SpeechFinder(Hole(0, END_MS, 1))
    for at_ms in range(0, END_MS, FRAME_MS):
        finder.hear(at_ms, FRAME_MS if at_ms < 45_000 else 0, 5 if at_ms in range(15_000, 15_100) else 100)
    pieces = finder.pieces()
    assert pieces[0].end_ms == 15_040
    assert all(piece.end_ms - piece.start_ms <= 20_000 for piece in pieces)
    assert [piece.end_ms for piece in pieces[:-1]] == [piece.start_ms for piece in pieces[1:]]
    assert sum(piece.speech_ms for piece in pieces) == 45_000


def test_speech_goes_to_the_line_that_has_most_of_it() -> None:
    lines = [HoleLine(FIRST, 900, 3_000, "partial"), HoleLine(SECOND, 10_000, 12_000, "failed")]
    pieces = found((1_000, 4_000), (10_300, 11_000), (20_000, 21_000), lines=lines).pieces()
    assert [piece.key for piece in pieces] == [FIRST, SECOND, None]


def test_two_lines_with_a_short_pause_between_them_keep_their_own_words() -> None:
    lines = [HoleLine(FIRST, 900, 2_200, "partial"), HoleLine(SECOND, 2_200, 5_000, "partial")]
    pieces = found((1_000, 2_000), (2_400, 4_000), lines=lines).pieces()
    assert [(piece.key, piece.speech_ms) for piece in pieces] == [(FIRST, 1_000), (SECOND, 1_600)]
    assert pieces[0].end_ms == pieces[1].start_ms == 2_200


def test_a_phrase_in_which_a_call_began_is_one_piece_for_one_of_its_lines_and_replaces_the_other() -> None:
    lines = [HoleLine(FIRST, 1_000, 2_500, "partial"), HoleLine(SECOND, 2_500, 5_000, "partial")]
    pieces = found((1_000, 4_000), lines=lines).pieces()
    assert [(piece.key, piece.speech_start_ms, piece.replaces) for piece in pieces] == [(FIRST, 1_000, (SECOND,))]


def test_a_line_placed_a_little_beside_the_speech_that_it_heard_is_replaced() -> None:
    pieces = found((2_000, 2_500), lines=[HoleLine(FIRST, 2_700, 3_200, "partial")]).pieces()
    assert [(piece.key, piece.replaces) for piece in pieces] == [(None, (FIRST,))]


def test_a_line_without_speech_far_from_any_is_not_replaced() -> None:
    pieces = found((2_000, 2_500), lines=[HoleLine(FIRST, 4_000, 4_500, "failed")]).pieces()
    assert [(piece.key, piece.replaces) for piece in pieces] == [(None, ())]


def test_a_phrase_that_reaches_the_end_of_a_hole_goes_on() -> None:
    assert finder_of((1_000, 2_000), (2_500, 6_000)).goes_on_from_ms == 2_500
    assert finder_of((1_000, 2_000), (2_500, 4_500), (4_650, 5_800)).goes_on_from_ms == 2_500
    assert finder_of((1_000, 2_000), (2_500, 5_600)).goes_on_from_ms is None


def test_a_phrase_that_goes_on_takes_its_line_along_and_what_that_line_cuts() -> None:
    line = HoleLine(FIRST, 1_500, 6_000, "partial")
    assert finder_of((1_000, 2_000), (2_500, 6_000), lines=[line]).goes_on_from_ms == 1_000


def finder_of(*speech: tuple[int, int], lines: Sequence[HoleLine] = ()) -> SpeechFinder:
    """Return one that heard a hole of six seconds with this speech."""
    finder = SpeechFinder(Hole(0, 6_000, 1, tuple(lines)))
    for at_ms in range(0, 6_000, FRAME_MS):
        finder.hear(at_ms, FRAME_MS if any(start <= at_ms < end for start, end in speech) else 0, 1)
    return finder


def test_speech_on_both_sides_of_missing_sound_is_not_one_piece() -> None:
    finder = found((1_000, 3_000), without=[(1_800, 2_200), (90_000, END_MS)])
    assert [(piece.speech_start_ms, piece.speech_end_ms) for piece in finder.pieces()] == [
        (1_000, 1_800),
        (2_200, 3_000),
    ]
    assert finder.missing == [(1_800, 2_200), (90_000, END_MS)]
