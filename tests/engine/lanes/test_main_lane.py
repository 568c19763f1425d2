from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from msgspec.structs import replace

from sentra_tui.domain import changes as c
from sentra_tui.domain.briefing import sections
from sentra_tui.domain.config import MainConfig
from sentra_tui.domain.errors import OutcomeUnknown, SentraError, TransportRefused
from sentra_tui.domain.main_run import MainRequest, RunRef
from sentra_tui.domain.ports import StoredRun
from sentra_tui.domain.question import Question, Scope
from sentra_tui.domain.state import Answer, AnswerStatus, Lane, Verdict
from sentra_tui.domain.transcript import LineKey
from sentra_tui.domain.usage import Usage
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.lanes import main_lane
from sentra_tui.engine.lanes.main_lane import MainLane
from sentra_tui.engine.store import Store
from sentra_tui.engine.tasks import TaskOwner
from tests.engine.lanes.assistants import ListRunBook, ScriptedAssistant
from tests.engine.peers import until

SCOPES: tuple[Scope, ...] = ("recent", "2m", "recent")
QUESTION = Question("speaker.1.item_1", 3_000, "why is it slow", "speaker")


class Room:
    """A main lane, and what it tells."""

    def __init__(self, reply: Callable[[MainRequest], str | SentraError]) -> None:
        self.store = Store()
        self.tasks = TaskOwner()
        self.now_ms = 5_000
        self.bills: list[tuple[str, str, str, Usage]] = []
        self.runs = ListRunBook(lambda: len(self.store.state.answers))
        self.assistant = ScriptedAssistant(reply)
        self.ended: list[str] = []
        context = EngineContext(self.tasks, lambda: self.now_ms, self.store.publish)
        bill = lambda *of: self.bills.append(of)  # noqa: E731
        self.lane = MainLane([self.assistant], MainConfig(), self.store, context, self.runs, bill)
        self.store.publish(c.StreamAdded("mic"))
        self.store.publish(c.StreamAdded("speaker"))

    def say(self, stream: str, text: str, at_ms: int) -> None:
        key = LineKey(1, f"{stream}_{at_ms}")
        self.store.publish(c.TranscriptCommitted(stream, key, text, at_ms, at_ms + 500))

    def ask(self, question: Question = QUESTION, draft: str = "") -> None:
        self.store.publish(c.QuestionRaised(question.question_id, question.at_ms, question.text))
        self.lane.ask(question, draft, "m", lambda: self.ended.append(question.question_id))

    @property
    def answer(self) -> Answer:
        return self.store.state.lane(Lane.MAIN)[-1]

    async def answered(self, count: int = 1) -> Answer:
        await until(lambda: len(self.ended) >= count)
        return self.answer


@pytest.fixture
async def rooms() -> AsyncIterator[Callable[..., Room]]:
    made: list[Room] = []

    def make(reply: str | SentraError = "ANSWER\nA cold cache.") -> Room:
        made.append(Room(lambda _: reply))
        return made[-1]

    yield make
    for room in made:
        await room.lane.close()
        await room.tasks.close()


async def test_an_answer_is_shown_without_its_verdict_and_billed(rooms: Callable[..., Room]) -> None:
    room = rooms()
    room.ask()
    answer = await room.answered()
    assert (answer.text, answer.status, answer.question_id) == (
        "A cold cache.", AnswerStatus.COMPLETED, QUESTION.question_id,
    )  # fmt: skip
    assert room.bills == [("", "main", "m", Usage(text_in=10, text_out=2))]


@pytest.mark.parametrize(
    ("reply", "draft", "verdict"),
    [
        ("CONFIRMED\nYes.", "Yes.", Verdict.CONFIRMED),
        ("CORRECTED\nNo.", "Yes.", Verdict.CORRECTED),
        ("WITHDRAWN\nNothing to say.", "Yes.", Verdict.WITHDRAWN),
        ("No.", "Yes.", Verdict.CORRECTED),
        ("No.", "", Verdict.NONE),
    ],
)
async def test_the_draft_is_judged_once(rooms: Callable[..., Room], reply: str, draft: str, verdict: Verdict) -> None:
    room = rooms(reply)
    room.store.publish(c.AnswerStarted("aux.1", Lane.AUX, 4_000, QUESTION.question_id))
    room.ask(draft=draft)
    await room.answered()
    assert {each.verdict for each in room.store.state.answers} == {verdict}


async def test_a_run_is_written_down_before_it_is_shown(rooms: Callable[..., Room]) -> None:
    room = rooms()
    room.ask()
    await room.answered()
    assert room.runs.shown_when_opened == [0]
    assert room.runs.named == [(room.answer.answer_id, RunRef("scripted", "run_1", "conv_1"))]


async def test_both_sides_go_in_labelled_and_in_order_and_news_only_once(rooms: Callable[..., Room]) -> None:
    room = rooms()
    room.say("speaker", "is it slow", 2_000)
    room.say("mic", "yes since monday", 1_000)
    room.ask()
    await room.answered()
    room.say("mic", "and in one region", 6_000)
    room.ask(replace(QUESTION, question_id="q2"), "draft")
    await room.answered(2)
    first, second = (sections(request.news) for request in room.assistant.requests)
    assert [line[11:] for line in first["transcript"].splitlines()] == ["You: yes since monday", "Them: is it slow"]
    assert second["transcript"].endswith("You: and in one region")
    assert "monday" not in second["transcript"]
    assert "monday" in sections(room.assistant.requests[1].full)["transcript"]
    assert second["draft"] == "draft"


async def test_a_scope_takes_the_last_minutes_only(rooms: Callable[..., Room]) -> None:
    room = rooms()
    room.now_ms = 300_000
    room.say("mic", "long ago", 1_000)
    room.say("mic", "just now", 290_000)
    room.ask(replace(QUESTION, scope="2m"))
    await room.answered()
    assert "long ago" not in room.assistant.requests[0].full
    assert "just now" in room.assistant.requests[0].news


async def test_a_scope_does_not_have_everything_before_told_again(rooms: Callable[..., Room]) -> None:
    room = rooms()
    room.now_ms = 300_000
    room.say("mic", "long ago", 1_000)
    for number, scope in enumerate(SCOPES):
        room.say("mic", f"just now {number}", 290_000 + number)
        room.ask(replace(QUESTION, question_id=f"q{number}", scope=scope))
        await room.answered(number + 1)
    news = [sections(request.news)["transcript"] for request in room.assistant.requests]
    assert ["long ago" in text for text in news] == [True, False, False]
    assert ["just now 1" in text for text in news] == [False, True, False]


async def test_a_refusal_says_what_helps(rooms: Callable[..., Room]) -> None:
    room = rooms(TransportRefused("No credit left.", hint="Add some."))
    room.ask()
    answer = await room.answered()
    assert (answer.status, answer.cause, answer.hint) == (AnswerStatus.FAILED, "No credit left.", "Add some.")


@pytest.mark.row(27)
async def test_what_may_have_run_says_so_and_offers_to_ask_again(rooms: Callable[..., Room]) -> None:
    room = rooms(OutcomeUnknown("The connection broke."))
    room.ask()
    answer = await room.answered()
    assert (answer.status, answer.cause) == (AnswerStatus.UNKNOWN, "The connection broke.")
    assert "A" in answer.hint


async def test_a_question_that_is_cancelled_is_stopped_at_the_provider(rooms: Callable[..., Room]) -> None:
    room = rooms()
    room.assistant.go.clear()
    room.ask()
    await until(lambda: bool(room.runs.named))
    room.lane.cancel(QUESTION.question_id)
    answer = await room.answered()
    assert answer.status is AnswerStatus.CANCELLED
    assert [ref.run_id for ref in room.assistant.cancelled] == ["run_1"]


async def test_a_question_that_is_cancelled_before_it_is_asked_is_cancelled_on_the_screen(
    rooms: Callable[..., Room],
) -> None:
    room = rooms()
    room.ask()
    room.store.publish(c.QuestionQueued(QUESTION.question_id, 5_000))
    room.lane.cancel(QUESTION.question_id)
    answer = await room.answered()
    assert (answer.status, answer.question_id) == (AnswerStatus.CANCELLED, QUESTION.question_id)
    assert not any(each.waiting for each in room.store.state.questions)
    assert room.assistant.requests == []


async def test_an_answer_that_ended_is_not_cancelled_any_more(rooms: Callable[..., Room]) -> None:
    room = rooms()

    def cancel_at_the_end(change: c.Change) -> None:
        if isinstance(change, c.AnswerEnded):
            room.lane.cancel_all()

    room.store.subscribe(cancel_at_the_end)
    room.ask()
    answer = await room.answered()
    assert (answer.status, answer.text) == (AnswerStatus.COMPLETED, "A cold cache.")
    assert room.assistant.cancelled == []


async def test_a_provider_that_does_not_let_itself_be_stopped_holds_the_lane_for_a_moment_only(
    rooms: Callable[..., Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(main_lane, "STOP_S", 0.05)
    room = rooms()
    room.assistant.go.clear()
    room.assistant.may_stop.clear()
    room.ask()
    await until(lambda: bool(room.runs.named))
    room.lane.cancel(QUESTION.question_id)
    assert (await room.answered()).status is AnswerStatus.CANCELLED
    assert room.store.state.log[-1].text == "could not be stopped: no reply in 0.05 s"


async def test_an_engine_that_ends_leaves_the_run_to_the_next_one(rooms: Callable[..., Room]) -> None:
    room = rooms()
    room.assistant.go.clear()
    room.ask()
    await until(lambda: bool(room.runs.named))
    await room.lane.close()
    assert room.answer.status is AnswerStatus.PROCESSING
    assert room.assistant.cancelled == []
    assert room.assistant.closed


async def test_a_run_of_before_is_answered(rooms: Callable[..., Room]) -> None:
    room = rooms()
    room.assistant.kept["run_9"] = "ANSWER\nA cold cache."
    room.lane.resume(StoredRun("main.1", "q", 100, RunRef("scripted", "run_9")))
    await until(lambda: any(each.status is AnswerStatus.COMPLETED for each in room.store.state.answers))
    assert room.answer.text == "A cold cache."
    assert (room.answer.question_id, room.answer.started_ms) == ("q", 100)


async def test_a_run_of_before_judges_the_draft_of_before(rooms: Callable[..., Room]) -> None:
    room = rooms()
    room.store.publish(c.AnswerStarted("aux.1", Lane.AUX, 50, "q"))
    room.store.publish(c.AnswerEnded("aux.1", Lane.AUX, 60, AnswerStatus.COMPLETED, "A slow disk."))
    room.assistant.kept["run_9"] = "A cold cache."
    room.lane.resume(StoredRun("main.1", "q", 100, RunRef("scripted", "run_9")))
    await until(lambda: room.answer.status is AnswerStatus.COMPLETED)
    assert {each.verdict for each in room.store.state.answers} == {Verdict.CORRECTED}


@pytest.mark.row(27)
@pytest.mark.parametrize("ref", [None, RunRef("scripted", "run_forgotten")])
async def test_a_run_of_before_that_nobody_knows_may_have_run(rooms: Callable[..., Room], ref: RunRef | None) -> None:
    room = rooms()
    room.lane.resume(StoredRun("main.1", "q", 100, ref))
    await until(lambda: any(each.status is AnswerStatus.UNKNOWN for each in room.store.state.answers))
    assert "A" in room.answer.hint


async def test_a_run_of_before_that_takes_long_is_said_to_be_unknown_and_answered_all_the_same(
    rooms: Callable[..., Room], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(main_lane, "RESUME_S", 0.05)
    room = rooms()
    room.assistant.kept["run_9"] = "ANSWER\nA cold cache."
    room.assistant.go.clear()
    room.lane.resume(StoredRun("main.1", "q", 100, RunRef("scripted", "run_9")))
    await until(lambda: any(each.status is AnswerStatus.UNKNOWN for each in room.store.state.answers))
    room.assistant.go.set()
    await until(lambda: room.answer.status is AnswerStatus.COMPLETED)
    assert room.answer.text == "A cold cache."


async def test_a_run_of_before_is_stopped_with_the_others(rooms: Callable[..., Room]) -> None:
    room = rooms()
    room.assistant.kept["run_9"] = "ANSWER\nA cold cache."
    room.assistant.go.clear()
    room.lane.resume(StoredRun("main.1", "q", 100, RunRef("scripted", "run_9")))
    await until(lambda: bool(room.store.state.answers))
    await asyncio.sleep(0.01)
    assert room.lane.cancel_all()
    await until(lambda: room.answer.status is AnswerStatus.CANCELLED)
    assert [ref.run_id for ref in room.assistant.cancelled] == ["run_9"]
