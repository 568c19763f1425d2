"""What the assistants do with what is said and asked for, without a call behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from sentra_tui.domain import actions as a
from sentra_tui.domain import changes as c
from sentra_tui.domain.config import Config
from sentra_tui.domain.provider_config import ProviderProfile
from sentra_tui.domain.state import MIC, SPEAKER, AnswerStatus, Lane
from sentra_tui.domain.transcript import LineKey
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.lanes.assistants import Assistants, LanePlan
from sentra_tui.engine.lanes.main_lane import MainLane
from sentra_tui.engine.store import Store
from sentra_tui.engine.tasks import TaskOwner
from sentra_tui.protocol.context import ContextEntry
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
        self.main = ScriptedAssistant(lambda _: "ANSWER\nA cold cache.")
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
