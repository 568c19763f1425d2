"""How long turns take, however little or late the server tells."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.metrics import Metric
from sentra_tui.protocol import server_events as s
from sentra_tui.protocol.client_events import ResponseCreate, ResponseParams
from sentra_tui.protocol.objects import Item, Response
from sentra_tui.protocol.responses import REPEATED
from sentra_tui.protocol.turn_timing import ANSWER_MAX_MS, TURNS_KEPT, SpokenTurns, Timed, TurnTiming
from tests.strategies import values_of


def timing(stream: str = "mic", turns: SpokenTurns | None = None, *, words_sound: bool = True) -> TurnTiming:
    return TurnTiming(stream, 1, 1_000, turns or SpokenTurns(), words_sound=words_sound)


def play(timer: TurnTiming, *events: tuple[int, s.ServerEvent]) -> dict[Metric, int]:
    told = [timed for now_ms, event in events for timed in timer.receive(event, now_ms)]
    assert len({timed.metric for timed in told}) == len(told)
    return {timed.metric: timed.value_ms for timed in told}


def answer(metadata: str = "", response_id: str = "r") -> s.ResponseCreated:
    return s.ResponseCreated(Response(response_id, metadata={"question_id": metadata} if metadata else None))


STOPPED = s.InputAudioBufferSpeechStopped("a", 500.0)
COMMITTED = s.InputAudioBufferCommitted("a")
WORDS = s.InputAudioTranscriptionCompleted("a", 0, "hello")


def test_a_turn_is_timed_from_the_end_of_its_speech_in_the_sessions_sound() -> None:
    assert play(
        timing(),
        (1_700, STOPPED),
        (1_750, COMMITTED),
        (1_800, answer()),
        (2_100, s.OutputAudioBufferStarted("r")),
        (2_400, WORDS),
    ) == {
        Metric.TURN_COMMIT_MS: 250,
        Metric.TURN_EVENT_MS: 300,
        Metric.TURN_SOUND_MS: 600,
        Metric.TURN_WORDS_MS: 900,
    }


def test_what_is_told_twice_counts_once() -> None:
    twice: list[tuple[int, s.ServerEvent]] = [(1_700, STOPPED), (1_750, COMMITTED), (1_800, answer()), (1_900, WORDS)]
    assert len(play(timing(), *(each for event in twice for each in (event, event)))) == 3


def test_without_an_end_in_the_sound_speech_ends_when_the_server_says_so() -> None:
    late = s.InputAudioBufferSpeechStopped("a", None)
    assert play(timing(), (1_700, late), (1_760, COMMITTED)) == {Metric.TURN_COMMIT_MS: 60}


def test_an_end_of_speech_in_the_future_makes_no_negative_time() -> None:
    ahead = s.InputAudioBufferSpeechStopped("a", 1e12)
    assert play(timing(), (1_700, ahead), (1_700, COMMITTED)) == {Metric.TURN_COMMIT_MS: 0}


def test_a_turn_without_a_name_gets_that_of_its_commit() -> None:
    unnamed = s.InputAudioBufferSpeechStopped("", 500.0)
    assert play(timing(), (1_700, unnamed), (1_750, COMMITTED), (1_800, WORDS)) == {
        Metric.TURN_COMMIT_MS: 250,
        Metric.TURN_WORDS_MS: 300,
    }


def test_words_of_a_turn_whose_end_nobody_told_are_not_timed() -> None:
    assert play(timing(), (1_750, COMMITTED), (1_800, WORDS), (1_900, answer())) == {}


def test_where_no_beginning_is_told_the_first_words_of_an_answer_are_its_first_event() -> None:
    delta = s.ResponseOutputTextDelta("r", delta="Hi")
    assert play(timing(), (1_700, STOPPED), (1_900, delta), (1_950, delta)) == {Metric.TURN_EVENT_MS: 400}
    item = s.ResponseOutputItemAdded("r", 0, Item("i"))
    assert play(timing(), (1_700, STOPPED), (1_900, item)) == {Metric.TURN_EVENT_MS: 400}


def test_spoken_words_are_the_first_sound_where_they_come_with_it() -> None:
    events = ((1_700, STOPPED), (1_800, answer()), (2_000, s.ResponseOutputAudioTranscriptDelta("r", delta="Hi")))
    assert play(timing(), *events)[Metric.TURN_SOUND_MS] == 500
    assert Metric.TURN_SOUND_MS not in play(timing(words_sound=False), *events)


def test_sound_without_a_name_is_that_of_the_newest_answer() -> None:
    events = ((1_700, STOPPED), (1_800, answer()), (2_000, s.OutputAudioBufferStarted("")))
    assert play(timing(), *events)[Metric.TURN_SOUND_MS] == 500


def test_a_turn_of_one_stream_is_answered_in_the_session_of_another() -> None:
    turns = SpokenTurns()
    speaker, mic = timing("speaker", turns), timing("mic", turns)
    speaker.receive(STOPPED, 1_700)
    assert mic.receive(answer("speaker.1.a"), 2_000) == [Timed(Metric.TURN_EVENT_MS, 500, "speaker")]


def test_a_server_that_echoes_no_metadata_is_believed_to_answer_what_was_asked() -> None:
    turns = SpokenTurns()
    speaker, mic = timing("speaker", turns), timing("mic", turns)
    speaker.receive(STOPPED, 1_700)
    mic.asked(ResponseCreate(response=ResponseParams(metadata={"question_id": "speaker.1.a"})))
    assert mic.receive(answer(), 2_000) == [Timed(Metric.TURN_EVENT_MS, 500, "speaker")]


def test_what_is_said_again_answers_no_turn() -> None:
    assert play(timing(), (1_700, STOPPED), (1_800, answer(REPEATED))) == {}


def test_an_answer_that_nobody_waited_for_is_not_timed() -> None:
    assert play(timing(), (1_700, STOPPED), (1_600 + ANSWER_MAX_MS, answer())) == {}


def test_a_second_answer_to_a_turn_is_not_its_first() -> None:
    events: list[tuple[int, s.ServerEvent]] = [(1_700, STOPPED), (1_800, answer()), (5_000, answer("", "r2"))]
    assert play(timing(), *events) == {Metric.TURN_EVENT_MS: 300}


def test_only_the_newest_turns_are_kept() -> None:
    timer = timing()
    for number in range(TURNS_KEPT + 1):
        timer.receive(s.InputAudioBufferSpeechStopped(f"a{number}", 500.0), 1_700)
    assert timer.receive(s.InputAudioBufferCommitted("a0"), 1_800) == []
    assert timer.receive(s.InputAudioBufferCommitted("a1"), 1_800) != []


@given(st.lists(st.tuples(values_of(s.ServerEvent), st.integers(-(10**6), 10**9)), max_size=30))
def test_no_order_of_events_raises_or_takes_less_than_no_time(events: list[tuple[s.ServerEvent, int]]) -> None:
    timer, counts = timing(), Counter[Metric]()
    for event, now_ms in events:
        for timed in timer.receive(event, now_ms):
            assert timed.value_ms >= 0
            counts[timed.metric] += 1
    assert sum(counts.values()) <= 4 * len(events)
