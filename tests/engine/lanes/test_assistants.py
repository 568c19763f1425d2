"""What the assistants do with what is said and asked for, without a call behind them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import repeat

import pytest

from sentra_tui.domain import actions as a
from sentra_tui.domain import changes as c
from sentra_tui.domain.config import Config
from sentra_tui.domain.errors import SentraError, TransportLost
from sentra_tui.domain.provider_config import ProviderProfile
from sentra_tui.domain.state import MIC, SPEAKER, AnswerStatus, Lane
from sentra_tui.domain.transcript import LineKey
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.lanes.assistants import Assistants, LanePlan
from sentra_tui.engine.lanes.main_answer import ASKED_WHEN_BACK
from sentra_tui.engine.lanes.main_lane import MainLane
from sentra_tui.engine.store import Store
from sentra_tui.engine.tasks import TaskOwner
from sentra_tui.protocol.context import ContextEntry
from sentra_tui.protocol.session import CALL_ENDED
from tests.engine.lanes.assistants import ListRunBook, ScriptedAssistant
from tests.engine.peers import until

HIDDEN = "why \x1b]0;gone\x07 so"


class SilentLane:
    """A quick lane that keeps what it was asked for, and answers nothing by itself."""

    def __init__(self) -> None:
        self.told: list[ContextEntry] = []
        self.asked: list[str] = []
        self.said: list[str] = []
        self.cancelled: list[str] = []
        self.on_told: Callable[[], None] = lambda: None

    def tell(self, entry: ContextEntry) -> None:
        self.told.append(entry)

    def answer(self, question_id: str) -> None:
        self.asked.append(question_id)

    def say_again(self, text: str) -> bool:
        self.said.append(text)
        return True

    def cancel(self, question_id: str = "") -> bool:
        self.cancelled.append(question_id)
        return False


class Room:
    """Both lanes, and what they tell. The main assistant answers nothing before it is let."""

    def __init__(self) -> None:
        self.store = Store()
        self.tasks = TaskOwner()
        self.now_ms = 5_000
        context = EngineContext(self.tasks, lambda: self.now_ms, self.store.publish)
        self.replies: Iterator[str | SentraError] = repeat("ANSWER\nA cold cache.")
        self.main = ScriptedAssistant(lambda _: next(self.replies))
        self.main.go.clear()
        config = Config()
        book = ListRunBook(lambda: 0)
        lane = MainLane([self.main], config.main, self.store, context, book, lambda *_: None)
        self.quick = SilentLane()
        self.store.publish(c.StreamAdded(MIC))
        self.store.publish(c.StreamAdded(SPEAKER))
        plan = LanePlan(config, ProviderProfile(), lambda: True)
        self.assistants = Assistants(plan, self.store, context, self.quick, lane)
        self.lane = lane

    def say(self, stream: str, text: str, at_ms: int) -> str:
        """Have this said; return the question that it would raise."""
        self.store.publish(c.TranscriptCommitted(stream, LineKey(1, f"i{at_ms}"), text, at_ms, at_ms + 500))
        return f"{stream}.1.i{at_ms}"

    def draft(self, question_id: str, text: str, status: AnswerStatus = AnswerStatus.COMPLETED) -> None:
        answer_id = f"aux.{question_id}"
        self.store.publish(c.AnswerStarted(answer_id, Lane.AUX, self.now_ms, question_id))
        self.store.publish(c.AnswerEnded(answer_id, Lane.AUX, self.now_ms, status, text))


@pytest.fixture
async def room() -> AsyncIterator[Room]:
    made = Room()
    yield made
    made.assistants.close()
    await made.lane.close()
    await made.tasks.close()


async def test_what_is_typed_is_cleaned_before_it_is_shown(room: Room) -> None:
    room.assistants.take_typed(HIDDEN)
    room.store.dispatch(a.Ask(HIDDEN))
    mic = room.store.state.stream(MIC)
    assert mic is not None
    shown = [line.text for line in mic.transcript] + [each.text for each in room.store.state.questions]
    assert len(shown) == 3
    assert not any(sign in text for text in shown for sign in "\x1b\x07")


async def test_esc_drops_what_waits_for_a_pause(room: Room) -> None:
    room.say(SPEAKER, "why is it slow", 4_000)
    assert [each.waiting for each in room.store.state.questions] == [True]
    room.store.dispatch(a.CancelAnswer())
    assert [(each.waiting, each.dropped) for each in room.store.state.questions] == [(False, "stopped")]


@pytest.mark.parametrize(
    ("status", "judged"),
    [(AnswerStatus.COMPLETED, True), (AnswerStatus.CANCELLED, False), (AnswerStatus.FAILED, False)],
)
async def test_a_draft_that_was_stopped_or_failed_is_not_judged(room: Room, status: AnswerStatus, judged: bool) -> None:
    question_id = room.say(SPEAKER, "why is it slow", 4_000)
    room.draft(question_id, "a slow", status)
    room.store.dispatch(a.AnswerNow())
    await until(lambda: bool(room.main.requests))
    assert ("a slow" in room.main.requests[0].full) is judged


async def test_what_a_session_began_to_answer_a_command_with_is_not_the_last_answer(room: Room) -> None:
    room.draft(room.say(SPEAKER, "why is it slow", 4_000), "A cold cache.")
    room.draft("mic.1.i4500", "Sure, I will repeat", AnswerStatus.CANCELLED)
    room.say(MIC, "repeat that", 4_500)
    assert room.quick.said == ["A cold cache."]
    assert room.quick.cancelled == ["mic.1.i4500"]


async def test_an_echo_of_the_other_stream_raises_no_question_and_no_answer(room: Room) -> None:
    room.store.publish(c.LineOpened(MIC, LineKey(1, "i1000"), 1_000))
    room.store.publish(c.LineEchoed(MIC, 1, "i1000"))
    echoed = room.say(MIC, "What is the budget for next year?", 1_000)
    assert room.quick.cancelled == [echoed]
    assert room.store.state.questions == ()


async def test_a_question_that_turns_out_to_be_an_echo_is_not_asked(room: Room) -> None:
    echoed = room.say(MIC, "What is the budget for next year?", 1_000)
    room.store.publish(c.LineEchoed(MIC, 1, "i1000"))
    question = room.store.state.question(echoed)
    assert question is not None and question.dropped == "it is an echo of the other stream"
    assert room.quick.cancelled == [echoed]


async def test_a_gap_is_no_question(room: Room) -> None:
    room.store.publish(c.TranscriptCommitted(MIC, LineKey(1, "gap"), "Why is there a gap?", 0, 900, "gap"))
    assert room.store.state.questions == ()


def cut(room: Room, question_id: str) -> None:
    """Have the call end in the middle of an answer."""
    answer_id = f"cut.{question_id}"
    room.store.publish(c.AnswerStarted(answer_id, Lane.AUX, room.now_ms, question_id))
    room.store.publish(c.AnswerEnded(answer_id, Lane.AUX, room.now_ms, AnswerStatus.INCOMPLETE, "A co", CALL_ENDED))


def begin_session(room: Room) -> None:
    room.store.publish(c.StreamConnected(MIC, room.now_ms, "webrtc"))
    room.quick.told.clear()
    room.quick.asked.clear()
    room.quick.on_told()


async def test_what_the_end_of_a_call_cut_is_asked_again_in_the_next_with_its_words_and_once(room: Room) -> None:
    begin_session(room)
    cut_short = room.say(SPEAKER, "why is it slow", 4_000)
    not_begun = room.say(SPEAKER, "what does it cost", 4_100)
    room.draft(room.say(SPEAKER, "who made it", 4_200), "We did.")
    cut(room, cut_short)
    begin_session(room)
    assert room.quick.asked == [cut_short, not_begun]
    assert [entry.name for entry in room.quick.told] == [cut_short, not_begun]
    assert "why is it slow" in room.quick.told[0].text
    begin_session(room)
    assert room.quick.asked == []


async def test_what_was_asked_while_the_call_was_away_is_drafted_once_it_is_back(room: Room) -> None:
    begin_session(room)
    room.store.publish(c.StreamReconnecting(MIC, 5_000, 1, 6_000, "lost"))
    question_id = room.say(SPEAKER, "why is it slow", 4_000)
    assert room.quick.asked == []
    begin_session(room)
    assert room.quick.asked == [question_id]


async def test_what_is_too_old_or_was_hung_up_or_answered_by_the_other_is_not_asked_again(room: Room) -> None:
    begin_session(room)
    cut(room, room.say(SPEAKER, "why is it slow", 4_000))
    room.now_ms += 121_000
    begin_session(room)
    assert room.quick.asked == []
    cut(room, room.say(SPEAKER, "what does it cost", 4_100))
    room.store.publish(c.StreamClosed(MIC, room.now_ms))
    begin_session(room)
    assert room.quick.asked == []
    cut(room, room.say(SPEAKER, "who made it", 4_200))
    room.store.dispatch(a.AnswerNow())
    room.main.go.set()
    await until(lambda: [each.status for each in room.store.state.lane(Lane.MAIN)] == [AnswerStatus.COMPLETED] * 3)
    begin_session(room)
    assert room.quick.asked == []


async def test_a_turn_that_a_session_heard_only_in_part_is_drafted_only_where_it_asks(room: Room) -> None:
    begin_session(room)
    for key, text in (("i1", "So this is what"), ("i2", "why is it slow")):
        room.store.publish(c.TranscriptCommitted(MIC, LineKey(1, key), text, 4_000, 4_500, partial=True))
    begin_session(room)
    assert room.quick.asked == ["mic.1.i2"]
    room.quick.asked.clear()
    for key in ("i2", "recovered_900"):
        room.store.publish(c.TranscriptCommitted(MIC, LineKey(1, key), "why is that so", 900, 1_500, recovered=True))
    assert room.quick.asked == ["mic.1.recovered_900"]
    assert room.quick.told[-1].text == "why is that so"


async def test_a_question_whose_line_is_one_with_another_now_is_not_asked_again(room: Room) -> None:
    begin_session(room)
    said = LineKey(1, "i7")
    room.store.publish(c.TranscriptCommitted(SPEAKER, said, "why is that so?", 900, 1_500))
    raised = [each.text for each in room.store.state.questions]
    assert raised == ["why is that so?"]
    whole = c.TranscriptCommitted(
        SPEAKER, LineKey(9, "b"), "but why is that so?", 800, 1_500, recovered=True, replaces=(said,)
    )
    room.store.publish(whole)
    assert [each.text for each in room.store.state.questions] == raised


async def test_what_is_written_down_late_obeys_nobody_and_asks_nobody(room: Room) -> None:
    room.now_ms = 100_000
    begin_session(room)
    room.say(MIC, "the first line", 20_000)
    for end_ms, text in ((30_000, "why is that so"), (90_000, "note that")):
        key = LineKey(1, f"recovered_{end_ms}")
        room.store.publish(c.TranscriptCommitted(MIC, key, text, end_ms - 1_000, end_ms, recovered=True))
    assert room.quick.asked == []
    assert "why is that so" not in [each.text for each in room.store.state.questions]
    stream = room.store.state.stream(MIC)
    assert stream is not None
    assert not any(line.noted for line in stream.transcript)


async def test_a_main_question_waits_while_the_network_is_away(room: Room) -> None:
    room.store.publish(c.NetworkChanged(5_000, "down"))
    room.store.dispatch(a.Ask("why is it slow"))
    assert room.main.requests == []
    room.store.publish(c.NetworkChanged(6_000, "up"))
    await until(lambda: len(room.main.requests) == 1)


async def test_a_main_question_that_met_the_break_is_asked_again_when_a_call_is_back(room: Room) -> None:
    room.replies = iter([TransportLost("No way to the provider."), "ANSWER\nA cold cache."])
    room.main.go.set()
    room.store.publish(c.StreamReconnecting(MIC, 5_000, 1, 6_000, "lost"))
    room.store.dispatch(a.Ask("why is it slow"))
    await until(lambda: any(each.status is AnswerStatus.FAILED for each in room.store.state.lane(Lane.MAIN)))
    assert room.store.state.lane(Lane.MAIN)[0].hint == ASKED_WHEN_BACK
    await until(lambda: not room.main.running)
    begin_session(room)
    await until(lambda: any(each.status is AnswerStatus.COMPLETED for each in room.store.state.lane(Lane.MAIN)))
    assert len(room.main.requests) == 2


async def test_a_main_question_that_fails_while_the_network_stands_is_left_to_the_user(room: Room) -> None:
    room.replies = iter([TransportLost("The provider is busy.")])
    begin_session(room)
    room.store.dispatch(a.Ask("why is it slow"))
    await until(lambda: any(each.status is AnswerStatus.FAILED for each in room.store.state.lane(Lane.MAIN)))
    begin_session(room)
    await asyncio.sleep(0.01)
    assert len(room.main.requests) == 1
