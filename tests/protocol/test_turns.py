from __future__ import annotations

from sentra_tui.domain.changes import (
    Change,
    LineOpened,
    TranscriptCommitted,
    TranscriptExtended,
    TranscriptFailed,
    TranscriptRevised,
)
from sentra_tui.domain.transcript import LineKey
from sentra_tui.protocol.turns import NO_WORDS, Turns


def new_turns(started_ms: int = 1_000) -> Turns:
    return Turns("mic", 1, started_ms)


def key(item_id: str) -> LineKey:
    return LineKey(1, item_id)


def committed(item_id: str, text: str, start_ms: int, end_ms: int, *, partial: bool = False) -> Change:
    return TranscriptCommitted("mic", key(item_id), text, start_ms, end_ms, partial=partial)


def test_a_turn_from_its_first_sound_to_its_final_words() -> None:
    turns = new_turns()
    assert turns.speech_started("a", 500, 1_700) == [LineOpened("mic", key("a"), 1_500)]
    assert turns.speech_stopped("a", 1_400, 3_000) == []
    assert turns.committed("a", "", 3_010) == []
    assert turns.extended("a", "so the cash", 3_200) == [TranscriptExtended("mic", key("a"), 3_200, "so the cash")]
    assert turns.completed("a", "so the cache", 3_400) == [committed("a", "so the cache", 1_500, 2_400)]


def test_a_line_is_opened_by_whatever_tells_of_it_first() -> None:
    assert new_turns().committed("a", "", 1_200) == [LineOpened("mic", key("a"), 1_200)]
    assert new_turns().added("a", 1_200) == [LineOpened("mic", key("a"), 1_200)]
    assert new_turns().extended("a", "hm", 1_200)[0] == LineOpened("mic", key("a"), 1_200)
    assert new_turns().failed("a", "noise", 1_200)[0] == LineOpened("mic", key("a"), 1_200)


def test_a_turn_whose_sound_was_not_told_lasts_from_first_news_to_its_commit() -> None:
    turns = new_turns()
    turns.extended("a", "so", 2_000)
    turns.committed("a", "", 3_000)
    assert turns.completed("a", "so", 9_000) == [committed("a", "so", 2_000, 3_000)]


def test_moments_outside_of_the_call_are_moved_into_it() -> None:
    turns = new_turns()
    assert turns.speech_started("a", -5_000, 2_000) == [LineOpened("mic", key("a"), 1_000)]
    turns.speech_stopped("a", float("inf"), 2_500)
    assert turns.completed("a", "yes", 2_600) == [committed("a", "yes", 1_000, 2_500)]
    turns.speech_started("b", 1_000, 3_000)
    turns.speech_stopped("b", 10, 3_000)
    assert turns.completed("b", "no", 3_000) == [committed("b", "no", 2_000, 2_000)]


def test_final_words_come_once() -> None:
    turns = new_turns()
    turns.completed("a", "yes", 1_100)
    assert turns.completed("a", "no", 1_200) == []
    assert turns.extended("a", "late", 1_200) == []
    assert turns.failed("a", "late", 1_200) == []


def test_words_that_come_after_a_failure_are_not_lost() -> None:
    turns = new_turns()
    turns.failed("a", "too noisy", 1_100)
    assert turns.completed("a", "yes", 1_200) == [committed("a", "yes", 1_100, 1_200)]


def test_a_failed_turn_says_why() -> None:
    turns = new_turns()
    turns.committed("a", "", 1_100)
    assert turns.failed("a", "too\nnoisy", 1_200) == [TranscriptFailed("mic", key("a"), 1_200, "too noisy")]


def test_a_turn_without_words_is_no_empty_line() -> None:
    turns = new_turns()
    turns.committed("a", "", 1_100)
    assert turns.completed("a", " \n", 1_200) == [TranscriptFailed("mic", key("a"), 1_200, NO_WORDS)]


def test_final_words_that_are_none_take_the_interim_ones_back() -> None:
    turns = new_turns()
    turns.extended("a", "thanks for watching", 1_100)
    assert turns.completed("a", "", 1_200) == [
        TranscriptRevised("mic", key("a"), 1_200, ""),
        TranscriptFailed("mic", key("a"), 1_200, NO_WORDS),
    ]


def test_a_turn_that_precedes_a_known_one_is_put_between() -> None:
    turns = new_turns()
    turns.committed("a", "", 1_100)
    turns.committed("c", "b", 1_200)
    turns.linked("b", "a")
    assert turns.completed("b", "between", 1_300) == [
        LineOpened("mic", key("b"), 1_300, after=key("a")),
        committed("b", "between", 1_300, 1_300),
    ]


def test_a_turn_that_precedes_the_first_known_one_is_put_in_front() -> None:
    turns = new_turns()
    turns.committed("b", "a", 1_200)
    assert turns.committed("a", "", 1_300) == [LineOpened("mic", key("a"), 1_300, before=key("b"))]


def test_the_order_holds_through_items_that_have_no_line() -> None:
    turns = new_turns()
    turns.committed("question_1", "", 1_100)
    turns.linked("answer_2", "question_2")
    turns.committed("question_3", "answer_2", 1_200)
    assert turns.committed("question_2", "answer_1", 1_300) == [
        LineOpened("mic", key("question_2"), 1_300, after=key("question_1"))
    ]


def test_an_item_that_the_server_puts_in_the_middle_is_put_there() -> None:
    turns = new_turns()
    turns.committed("a", "", 1_100)
    turns.committed("c", "a", 1_200)
    assert turns.committed("b", "a", 1_300) == [LineOpened("mic", key("b"), 1_300, after=key("a"))]


def test_items_that_follow_each_other_in_a_circle_do_no_harm() -> None:
    turns = new_turns()
    for item_id, previous in (("x", "y"), ("y", "z"), ("z", "x"), ("z", "z")):
        turns.linked(item_id, previous)
    assert turns.added("x", 1_100) == [LineOpened("mic", key("x"), 1_100)]


def test_a_server_that_names_no_items_still_gives_lines() -> None:
    turns = new_turns()
    assert turns.speech_started("", 500, 1_600) == []
    assert turns.committed("", "", 1_700) == []
    assert turns.extended("", "so", 1_800) == [
        LineOpened("mic", key("unnamed_1"), 1_500),
        TranscriptExtended("mic", key("unnamed_1"), 1_800, "so"),
    ]
    assert turns.speech_stopped("", 800, 1_900) == []
    assert turns.completed("", "so what", 1_950) == [committed("unnamed_1", "so what", 1_500, 1_800)]
    assert turns.completed("", "next", 2_000)[-1] == committed("unnamed_2", "next", 2_000, 2_000)


def test_speech_whose_item_is_named_later_keeps_its_beginning() -> None:
    turns = new_turns()
    turns.speech_started("", 500, 1_600)
    assert turns.committed("a", "", 1_900) == [LineOpened("mic", key("a"), 1_500)]


def test_typed_text_is_a_final_line() -> None:
    typed = TranscriptCommitted("mic", key("typed_1"), "why?", 1_100, 1_100, "typed")
    assert new_turns().typed("typed_1", "why?", 1_100) == [typed]


def test_the_end_of_the_call_settles_every_line_and_loses_no_word() -> None:
    turns = new_turns()
    turns.completed("a", "done", 1_100)
    turns.extended("b", " half a sen", 1_200)
    turns.committed("c", "b", 1_300)
    assert turns.close("the call ended", 1_400) == [
        committed("b", "half a sen", 1_200, 1_400, partial=True),
        TranscriptFailed("mic", key("c"), 1_400, "the call ended"),
    ]
    assert turns.close("the call ended", 1_500) == []


def test_hostile_words_are_cleaned_wherever_they_are_cut() -> None:
    turns = new_turns()
    turns.extended("a", "\x1b", 1_100)
    turns.extended("a", "]0;owned\x07", 1_200)
    (change,) = turns.close("the call ended", 1_300)
    assert change == committed("a", "␛]0;owned␇", 1_100, 1_300, partial=True)


def test_a_server_that_counted_the_wait_of_a_call_is_understood() -> None:
    turns = Turns("mic", 1, 60_000, stood_ms=20_000)
    turns.speech_started("item_1", 33_200, 61_500)
    turns.speech_stopped("item_1", 35_000, 63_000)
    (committed,) = turns.completed("item_1", "hello", 64_000)
    assert isinstance(committed, TranscriptCommitted)
    assert (committed.start_ms, committed.end_ms) == (61_200, 63_000)


def test_a_server_that_counts_sound_alone_is_understood_after_a_wait_too() -> None:
    turns = Turns("mic", 1, 60_000, stood_ms=20_000)
    turns.speech_started("item_1", 1_200, 61_500)
    turns.speech_stopped("item_1", 3_000, 63_400)
    (committed,) = turns.completed("item_1", "hello", 64_000)
    assert isinstance(committed, TranscriptCommitted)
    assert (committed.start_ms, committed.end_ms) == (61_200, 63_000)
