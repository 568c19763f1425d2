from __future__ import annotations

from functools import reduce as fold

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentra_tui.domain import changes as c
from sentra_tui.domain.reduce import reduce
from sentra_tui.domain.state import Answer, AnswerStatus, AppState, Lane, Verdict
from sentra_tui.ui.lane_words import lane_subtitle, lane_title
from sentra_tui.ui.story import Card, Story
from sentra_tui.ui.virtual_rows import VirtualRows
from sentra_tui.ui.wrapping import wrap
from tests.ui.scenes import STARTED_AT, aftermath, two_lanes

WIDTH = 12


def state_after(*changes: c.Change) -> AppState:
    return fold(reduce, changes, AppState())


def asked(stream: str = "speaker", text: str = "why?") -> c.Change:
    return c.QuestionRaised("q", 1_000, text, stream)


def drafted(status: AnswerStatus = AnswerStatus.COMPLETED, text: str = "because", **how: str) -> list[c.Change]:
    return [c.AnswerStarted("a", Lane.AUX, 2_000, "q"), c.AnswerEnded("a", Lane.AUX, 3_000, status, text, **how)]


def considered(status: AnswerStatus = AnswerStatus.COMPLETED, text: str = "indeed", **how: str) -> list[c.Change]:
    return [c.AnswerStarted("m", Lane.MAIN, 4_000, "q"), c.AnswerEnded("m", Lane.MAIN, 5_000, status, text, **how)]


def judged(verdict: Verdict) -> c.Change:
    return c.DraftJudged("q", 5_000, verdict)


def bodies(state: AppState, lane: Lane) -> list[str]:
    return [card.entry.body for card in Story().cards(state, lane)]


def test_an_answer_stands_under_its_question() -> None:
    assert bodies(state_after(asked(), *drafted()), Lane.AUX) == ["Them: why?\nbecause\n◐ draft"]
    assert bodies(state_after(asked("mic"), *drafted()), Lane.AUX) == ["You: why?\nbecause\n◐ draft"]
    assert bodies(state_after(asked("", ""), *considered()), Lane.MAIN) == [
        "› What should I say now?\nindeed\n✓ answered"
    ]


def test_an_answer_to_no_question_is_simply_completed() -> None:
    ended = c.AnswerEnded("a", Lane.AUX, 3_000, AnswerStatus.COMPLETED, "hello")
    assert bodies(state_after(ended), Lane.AUX) == ["hello\n✓ completed"]


@pytest.mark.parametrize(
    ("verdict", "aux", "main", "voice"),
    [
        (Verdict.CONFIRMED, "✓ confirmed", "✓ confirmed", "words"),
        (Verdict.CORRECTED, "▸ corrected: see Main", "▸ corrected · replaces the aux draft", "struck"),
        (Verdict.WITHDRAWN, "✕ withdrawn", "✕ withdrawn", "struck"),
        (Verdict.NONE, "◐ draft · see Main", "✓ answered", "words"),
    ],
)
def test_both_lanes_tell_the_same_verdict(verdict: Verdict, aux: str, main: str, voice: str) -> None:
    story, state = Story(), state_after(asked(), *drafted(), *considered(), judged(verdict))
    draft, answer = story.cards(state, Lane.AUX)[0].entry, story.cards(state, Lane.MAIN)[0].entry
    assert (draft.remark, draft.voice) == (f"\n{aux}", voice)
    assert (answer.remark, answer.voice) == (f"\n{main}", "words")


def test_a_draft_stays_one_while_the_main_assistant_waits_or_works() -> None:
    waiting = state_after(asked(), *drafted(), c.QuestionQueued("q", 3_500))
    working = reduce(waiting, c.AnswerStarted("m", Lane.MAIN, 4_000, "q"))
    assert [bodies(state, Lane.AUX)[0].splitlines()[-1] for state in (waiting, working)] == ["◐ draft"] * 2


def test_a_draft_says_why_nobody_checked_it() -> None:
    dropped = state_after(asked(), *drafted(), c.QuestionDropped("q", 4_000, "the budget is spent"))
    assert bodies(dropped, Lane.AUX)[0].endswith("◐ draft · not checked: the budget is spent")
    failed = state_after(asked(), *drafted(), *considered(AnswerStatus.FAILED, ""))
    assert bodies(failed, Lane.AUX)[0].endswith("◐ draft · Main failed")
    stopped = state_after(asked(), *drafted(), *considered(AnswerStatus.CANCELLED, ""))
    assert bodies(stopped, Lane.AUX)[0].endswith("◐ draft · not checked")


def test_a_dropped_question_stands_among_the_main_answers_in_its_time() -> None:
    early, late = c.QuestionRaised("q0", 100, "first?", "speaker"), c.QuestionDropped("q0", 4_500, "superseded")
    state = state_after(early, asked(), *considered(), late)
    assert bodies(state, Lane.MAIN) == ["Them: first?\n▪ dropped: superseded", "Them: why?\nindeed\n✓ answered"]


def test_a_failed_answer_says_why_and_what_helps() -> None:
    ended = considered(AnswerStatus.FAILED, "", cause="No credit left.", hint="Add some.")
    entry = Story().cards(state_after(asked(), *ended), Lane.MAIN)[0].entry
    assert entry.remark == "✕ failed: No credit left.\nAdd some."
    assert entry.tone == "bad"


def test_a_verdict_that_comes_before_the_words_is_told_at_once() -> None:
    state = state_after(
        asked(),
        *drafted(),
        c.AnswerStarted("m", Lane.MAIN, 4_000, "q"),
        c.AnswerExtended("m", Lane.MAIN, 4_100, "no"),
        judged(Verdict.CORRECTED),
    )
    entry = Story().cards(state, Lane.MAIN)[0].entry
    assert entry.remark == "\n▸ corrected · replaces the aux draft"
    assert entry.voice == "interim"


def test_an_old_answer_is_grey_as_a_whole_and_says_so() -> None:
    state = state_after(asked(), *drafted(), *considered(), judged(Verdict.CONFIRMED), c.AnswerExpired("m", 9_000))
    entry = Story().cards(state, Lane.MAIN)[0].entry
    assert (entry.voice, entry.tone, entry.remark) == ("aside", "aside", "\nold · ✓ confirmed")


@pytest.mark.parametrize(
    ("heard_chars", "heard", "rest"),
    [
        (0, "", "▪ cut: heard up to here\none two three"),
        (5, "one", "\n▪ cut: heard up to here\ntwo three"),
        (7, "one two", "\n▪ cut: heard up to here\nthree"),
        (13, "one two three", "\n▪ cut: heard up to here"),
        (99, "one two three", "\n▪ cut: heard up to here"),
    ],
)
def test_a_cut_spoken_answer_shows_what_was_heard(heard_chars: int, heard: str, rest: str) -> None:
    answer = Answer("a", Lane.AUX, 0, AnswerStatus.CANCELLED, "one two three", heard_chars=heard_chars)
    entry = Card("a", answer, None, "").entry
    assert (entry.text, entry.tail, entry.remark) == (heard, rest, "")


def test_text_from_outside_takes_one_row_in_a_head_and_in_a_remark() -> None:
    ended = drafted(AnswerStatus.FAILED, "", cause="a\nb\x1b[31m", hint="c\nd")
    entry = Story().cards(state_after(asked(text="why\nnot\x1b]0;x\x07?"), *ended), Lane.AUX)[0].entry
    assert "\n" not in entry.head
    assert entry.remark.count("\n") == 1
    assert "\x1b" not in entry.body


def test_what_did_not_change_stays_the_same_object() -> None:
    story, state = Story(), state_after(*two_lanes())
    aux, main = story.cards(state, Lane.AUX), story.cards(state, Lane.MAIN)
    state = reduce(state, c.AnswerExtended("main3", Lane.MAIN, 98_000, "word"))
    assert story.cards(state, Lane.AUX) is aux
    newer = story.cards(state, Lane.MAIN)
    assert [new is old for new, old in zip(newer, main, strict=True)] == [True, True, True, False]


def test_titles_say_what_the_newest_answer_is_and_when_it_was_asked() -> None:
    story, state = Story(), state_after(*two_lanes())
    main, aux = story.cards(state, Lane.MAIN), story.cards(state, Lane.AUX)
    assert lane_title("Main", main, STARTED_AT) == "Main · processing · asked 12:01:35"
    assert lane_title("Main", main[:2], STARTED_AT) == "Main · corrected · asked 12:00:38"
    assert lane_title("Aux", aux[:2], STARTED_AT) == "Aux · corrected · asked 12:00:38"
    assert lane_title("Aux", (), STARTED_AT) == "Aux"


def test_the_border_counts_the_seconds_and_what_waits() -> None:
    state = state_after(*two_lanes())
    cards = Story().cards(state, Lane.MAIN)
    assert lane_subtitle(cards, Lane.MAIN, state.questions, 99_100) == "◌ processing 2.0 s · 1 waiting"
    assert lane_subtitle(cards[:3], Lane.MAIN, (), 99_100) == ""
    over = state_after(*aftermath())
    assert lane_subtitle(Story().cards(over, Lane.MAIN), Lane.MAIN, over.questions, 99_900) == ""


IDS = st.integers(0, 3)
TEXTS = st.sampled_from(["", "word ", "two words ", "漢字漢字 ", "a longer piece [12:00:00] of text", "\n"])
CHANGES = st.one_of(
    st.builds(lambda n, t: c.QuestionRaised(f"q{n}", n, t or "why?", "mic"), IDS, TEXTS),
    st.builds(lambda n: c.QuestionQueued(f"q{n}", n), IDS),
    st.builds(lambda n: c.QuestionDropped(f"q{n}", n, "cause"), IDS),
    st.builds(lambda n, lane: c.AnswerStarted(f"{lane}{n}", lane, n, f"q{n}"), IDS, st.sampled_from(Lane)),
    st.builds(lambda n, lane, t: c.AnswerExtended(f"{lane}{n}", lane, n, t), IDS, st.sampled_from(Lane), TEXTS),
    st.builds(
        lambda n, lane, how, t: c.AnswerEnded(f"{lane}{n}", lane, n, how, t or None),
        *(IDS, st.sampled_from(Lane), st.sampled_from(list(AnswerStatus)[2:]), TEXTS),
    ),
    st.builds(lambda n, how: c.DraftJudged(f"q{n}", n, how), IDS, st.sampled_from(Verdict)),
    st.builds(lambda n, lane, chars: c.AnswerCut(f"{lane}{n}", n, 1, chars), IDS, st.sampled_from(Lane), IDS),
    st.builds(lambda n, lane: c.AnswerExpired(f"{lane}{n}", n), IDS, st.sampled_from(Lane)),
)


def picture(model: VirtualRows[Card]) -> list[tuple[object, ...]]:
    """All that decides how each row looks."""
    parts = [model.part(row) for row in range(model.height)]
    return [
        (
            part.entry.body[part.begin : part.end],
            part.entry.voice,
            part.entry.mark,
            part.entry.tail_at if part.entry.tail_at < part.end else -1,
            part.entry.tone if part.end > len(part.entry.body) - len(part.entry.remark) else "",
        )
        for part in parts
    ]


@settings(deadline=None)
@given(st.lists(CHANGES, max_size=40))
def test_rows_of_answers_kept_up_to_date_equal_rows_made_anew(changes: list[c.Change]) -> None:
    story, state = Story(), AppState()
    models = {lane: VirtualRows[Card](lambda card: card.entry, lambda card: card.key) for lane in Lane}
    for model in models.values():
        model.wrap_to(WIDTH)
    for change in changes:
        state = reduce(state, change)
        for lane, model in models.items():
            before = picture(model)
            cards = story.cards(state, lane)
            first_changed = model.show((cards,) if cards else ())
            after = picture(model)
            assert after[:first_changed] == before[:first_changed]
            fresh = [card.entry for card in Story().cards(state, lane)]
            assert [card.entry for card in cards] == fresh
            assert model.height == sum(len(wrap(entry.body, WIDTH, entry.text_at)) for entry in fresh)
