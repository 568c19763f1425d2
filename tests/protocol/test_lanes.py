from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sentra_tui.domain.changes import AnswerExpired, QuestionDropped, QuestionQueued, QuestionRaised
from sentra_tui.domain.config import AuxConfig, MainConfig
from sentra_tui.domain.question import Question
from sentra_tui.domain.state import Lane
from sentra_tui.protocol.lanes import (
    CROWDED_OUT,
    DRAFTS_KEPT,
    SUPERSEDED,
    WAITING_MAX,
    AskMain,
    CancelMain,
    Lanes,
    RequestDraft,
)


def new_lanes(*, aux_live: bool = True, aux: AuxConfig | None = None, **main: Any) -> Lanes:
    lanes = Lanes(aux or AuxConfig(), replace(MainConfig(), **main))
    lanes.aux_live = aux_live
    return lanes


def asked(text: str = "why is it slow", stream: str = "speaker", number: int = 1) -> Question:
    return Question(f"{stream}.1.item_{number}", 1_000, text, stream)


def effects(outcome: list[Any]) -> list[Any]:
    return [each for each in outcome if isinstance(each, RequestDraft | AskMain | CancelMain)]


def test_a_question_of_the_speaker_is_drafted_at_once_and_asked_after_the_pause_with_its_draft() -> None:
    lanes, question = new_lanes(), asked()
    raised = lanes.line(question, 1_000, asks=True)
    assert [type(each) for each in raised] == [QuestionRaised, RequestDraft, QuestionQueued]
    assert effects(lanes.draft_ended(question.question_id, "a cold cache", 1_500)) == []
    assert lanes.next_due_ms() == 2_200
    assert effects(lanes.tick(2_199)) == []
    assert effects(lanes.tick(2_200)) == [AskMain(question, "a cold cache")]


def test_a_turn_of_the_microphone_is_drafted_by_the_server_itself() -> None:
    outcome = new_lanes().line(asked(stream="mic"), 1_000, asks=True)
    assert effects(outcome) == []


def test_a_statement_of_the_speaker_raises_nothing() -> None:
    assert new_lanes().line(asked("it was slow"), 1_000, asks=False) == []


def test_words_after_the_question_put_off_the_main_lane_but_not_for_ever() -> None:
    lanes, question = new_lanes(patience_s=3.0), asked()
    lanes.line(question, 1_000, asks=True)
    lanes.draft_ended(question.question_id, "draft", 1_100)
    for now_ms in range(1_500, 4_000, 500):
        lanes.line(asked("and so on", number=now_ms), now_ms, asks=False)
        assert effects(lanes.tick(now_ms)) == []
    assert effects(lanes.tick(4_000)) == [AskMain(question, "draft")]


def test_the_main_lane_waits_for_a_slow_draft_and_then_asks_without_it() -> None:
    lanes, question = new_lanes(), asked()
    lanes.line(question, 1_000, asks=True)
    assert effects(lanes.tick(6_999)) == []
    assert effects(lanes.tick(7_000)) == [AskMain(question, "")]


def test_a_draft_that_is_done_before_the_words_of_its_line_come_is_judged_all_the_same() -> None:
    lanes, question = new_lanes(), asked(stream="mic")
    lanes.draft_ended(question.question_id, "draft", 900)
    lanes.line(question, 1_000, asks=True)
    assert effects(lanes.tick(2_200)) == [AskMain(question, "draft")]


def test_without_a_session_no_draft_is_waited_for() -> None:
    lanes, question = new_lanes(aux_live=False), asked()
    assert effects(lanes.line(question, 1_000, asks=True)) == []
    assert effects(lanes.tick(2_200)) == [AskMain(question, "")]


def test_a_typed_line_without_a_session_is_asked_at_once_even_where_only_a_key_asks() -> None:
    lanes, question = new_lanes(aux_live=False, replies="key"), asked("hello", stream="mic")
    lanes.line(question, 1_000, asks=False, typed=True)
    assert effects(lanes.tick(1_000)) == [AskMain(question, "")]


def test_one_question_runs_at_a_time_and_the_next_follows_it() -> None:
    lanes, first, second = new_lanes(), asked(number=1), asked(number=2)
    assert effects(lanes.ask(first, 1_000)) == [AskMain(first, "")]
    assert effects(lanes.ask(second, 1_100)) == []
    assert effects(lanes.main_ended(first.question_id, 1_200)) == [AskMain(second, "")]


def test_the_newest_question_takes_the_place_of_those_that_wait_and_run() -> None:
    lanes = new_lanes(policy="newest_wins")
    first, second, third = asked(number=1), asked(number=2), asked(number=3)
    lanes.ask(first, 1_000)
    assert effects(lanes.ask(second, 1_100)) == [CancelMain(first.question_id)]
    outcome = lanes.ask(third, 1_200)
    assert QuestionDropped(second.question_id, 1_200, SUPERSEDED) in outcome
    assert effects(lanes.main_ended(first.question_id, 1_300)) == [AskMain(third, "")]


def test_a_key_does_not_wait_for_the_pause() -> None:
    lanes, question = new_lanes(), asked()
    lanes.line(question, 1_000, asks=True)
    assert effects(lanes.answer_now(asked(number=9), 1_050)) == [AskMain(question, "")]


def test_a_key_without_a_question_asks_what_to_say_in_both_lanes() -> None:
    lanes, question = new_lanes(), asked("", stream="")
    assert effects(lanes.answer_now(question, 1_000)) == [RequestDraft(question.question_id)]
    assert effects(lanes.draft_ended(question.question_id, "say hello", 1_400)) == [AskMain(question, "say hello")]


def test_a_question_is_asked_again_once_it_is_over_and_not_before() -> None:
    lanes, question = new_lanes(), asked()
    lanes.ask(question, 1_000)
    assert lanes.ask_again(question, "draft", 1_100) == []
    lanes.main_ended(question.question_id, 1_200)
    assert effects(lanes.ask_again(question, "draft", 1_300)) == [AskMain(question, "draft")]


def test_answers_expire_after_their_lanes_time_to_live() -> None:
    lanes = new_lanes(aux=AuxConfig(ttl_s=10.0), ttl_s=20.0)
    lanes.answered("a", Lane.AUX, 0)
    lanes.answered("b", Lane.MAIN, 0)
    assert lanes.tick(10_000) == [AnswerExpired("a", 10_000)]
    assert lanes.tick(20_000) == [AnswerExpired("b", 20_000)]
    assert lanes.next_due_ms() is None


class Judge:
    """Follows what the lanes ask: never two at a time, and each question once."""

    def __init__(self) -> None:
        self.lanes = new_lanes()
        self.raised: set[str] = set()
        self.counts: dict[str, int] = {}
        self.running = ""

    def follow(self, outcome: list[Any]) -> None:
        self.raised |= {each.question_id for each in outcome if isinstance(each, QuestionQueued)}
        for each in outcome:
            if isinstance(each, AskMain):
                assert not self.running
                self.running = each.question.question_id
                self.counts[self.running] = self.counts.get(self.running, 0) + 1

    def step(self, name: str, number: int, now_ms: int) -> None:
        if name == "line":
            self.follow(self.lanes.line(asked(number=now_ms), now_ms, asks=number % 2 == 0))
        elif name == "draft" and self.raised:
            question_id = sorted(self.raised)[number % len(self.raised)]
            self.follow(self.lanes.draft_ended(question_id, "draft", now_ms))
        elif name == "end":
            self.end(now_ms)
        elif name == "now":
            self.follow(self.lanes.answer_now(asked(stream="", number=now_ms), now_ms))
        self.follow(self.lanes.tick(now_ms))

    def end(self, now_ms: int) -> None:
        ended, self.running = self.running, ""
        if ended:
            self.follow(self.lanes.main_ended(ended, now_ms))


@settings(max_examples=200)
@given(st.lists(st.tuples(st.sampled_from(["line", "draft", "end", "tick", "now"]), st.integers(0, 7)), max_size=60))
def test_whatever_happens_a_question_is_asked_once_and_never_two_at_a_time(steps: list[tuple[str, int]]) -> None:
    judge, now_ms = Judge(), 0
    for name, number in steps:
        now_ms += 400
        judge.step(name, number, now_ms)
    for _ in range(2 * len(steps) + 1):
        now_ms += 10_000
        judge.step("end", 0, now_ms)
    assert judge.counts == dict.fromkeys(judge.raised, 1)


def test_the_draft_of_a_question_that_waits_is_kept_however_many_drafts_come() -> None:
    lanes, question = new_lanes(), asked()
    lanes.ask(asked("first", number=0), 900)
    lanes.line(question, 1_000, asks=True)
    for number in range(DRAFTS_KEPT * 2):
        lanes.draft_ended("mic.1.item_" + str(number + 100), "a draft", 1_100)
    lanes.draft_ended(question.question_id, "a cold cache", 1_200)
    for number in range(DRAFTS_KEPT * 2):
        lanes.draft_ended("mic.1.item_" + str(number + 500), "a draft", 1_300)
    assert effects(lanes.main_ended(asked(number=0).question_id, 9_000)) == [AskMain(question, "a cold cache")]


def test_a_talk_that_asks_faster_than_anybody_answers_loses_the_oldest_questions() -> None:
    lanes = new_lanes(debounce_s=60.0, patience_s=60.0)
    outcomes = [lanes.line(asked(number=number), 1_000, asks=True) for number in range(WAITING_MAX + 2)]
    dropped = [each for outcome in outcomes for each in outcome if isinstance(each, QuestionDropped)]
    assert [(each.question_id, each.cause) for each in dropped] == [
        (asked(number=number).question_id, CROWDED_OUT) for number in range(2)
    ]
