from __future__ import annotations

from collections.abc import Sequence

import pytest

from sentra_tui.domain.briefing import WHAT_NOW, Brief, BriefLine, compose, time_of_day
from sentra_tui.domain.history import ChatHistory
from sentra_tui.domain.state import Verdict
from sentra_tui.domain.verdict import split_verdict
from sentra_tui.provider.models.plain_model import PlainModel
from sentra_tui.provider.models.reply import load_answerer
from sentra_tui.provider.models.text_model import TextMessage

ANSWERER = load_answerer()
STARTED_AT = 1_700_000_000.0
UNKNOWABLE = "Who won the cup?"


async def told(*messages: TextMessage) -> list[str]:
    return [piece async for piece in PlainModel(ANSWERER, 0).answer(messages)]


async def judged(question: str, draft: str = "", said: Sequence[str] = ()) -> tuple[Verdict | None, str]:
    lines = tuple(BriefLine("speaker", place * 10_000, words) for place, words in enumerate(said))
    text = compose(Brief(question=question, draft=draft, lines=lines), STARTED_AT, "0123abcd")
    return split_verdict("".join(await told(TextMessage("user", text))))


async def test_a_draft_of_the_same_topic_is_confirmed_and_its_line_cited() -> None:
    said = ["Good morning.", "Shall we put a cache in front?", "Thanks."]
    verdict, answer = await judged("Is a cache worth it?", ANSWERER.answer("Is a cache worth it?"), said)
    assert verdict is Verdict.CONFIRMED
    assert answer.endswith(time_of_day(STARTED_AT, 10_000))


async def test_what_was_said_around_a_question_can_correct_its_draft() -> None:
    question = "And what would that mean for us?"
    draft = ANSWERER.answer(question)
    verdict, answer = await judged(question, draft, ["We plan a write through cache.", question])
    assert verdict is Verdict.CORRECTED
    assert "write-through" in answer.lower()
    assert time_of_day(STARTED_AT, 0) in answer


async def test_of_two_topics_in_a_question_the_talk_decides() -> None:
    question = "Can we measure the latency before and after?"
    draft = ANSWERER.answer(question)
    assert (await judged(question, draft, [question]))[0] is Verdict.CONFIRMED
    verdict, answer = await judged(question, draft, [question, "I will add a dashboard."])
    assert verdict is Verdict.CORRECTED
    assert "p50" in answer


async def test_the_talk_around_it_does_not_drown_a_question() -> None:
    question = "What happens when it goes down?"
    said = ["We read a hundred times more often than we write.", question]
    assert (await judged(question, ANSWERER.answer(question), said))[0] is Verdict.CONFIRMED


async def test_of_a_line_that_says_something_and_then_asks_only_what_is_asked_counts() -> None:
    draft = "With 100 reads for 1 write, slower writes cost little and cached reads gain much: a cache pays off."
    line = "we read a hundred times more often than we write and what happens when the cache in one region goes down"
    verdict, answer = await judged(line, draft)
    assert verdict is Verdict.CORRECTED
    assert "cold cache" in answer.lower()


async def test_where_it_has_nothing_a_draft_that_has_nothing_is_withdrawn() -> None:
    verdict, answer = await judged(UNKNOWABLE, ANSWERER.unknown, ["Good morning.", UNKNOWABLE])
    assert (verdict, answer) == (Verdict.WITHDRAWN, "I have nothing on that either.")


async def test_where_it_has_nothing_it_does_not_judge_a_draft_that_has() -> None:
    verdict, answer = await judged(UNKNOWABLE, "Spain did.")
    assert verdict is Verdict.NONE
    assert "cannot judge" in answer


async def test_without_a_draft_it_answers() -> None:
    assert (await judged("Is a cache worth it?"))[0] is Verdict.NONE
    assert await judged(UNKNOWABLE) == (Verdict.NONE, ANSWERER.unknown)


async def test_what_to_say_now_is_about_the_newest_topic() -> None:
    said = ["The cache is cold.", "Kafka has a backlog.", "Good morning."]
    verdict, answer = await judged(WHAT_NOW, said=said)
    assert verdict is Verdict.NONE
    assert "queue" in answer
    assert answer.endswith(time_of_day(STARTED_AT, 10_000))


async def test_a_plain_message_is_answered_as_the_quick_lane_does() -> None:
    messages = (TextMessage("system", "Talk about kafka."), TextMessage("user", "What about opus?"))
    assert "".join(await told(*messages)) == ANSWERER.answer("opus")


@pytest.mark.parametrize("messages", [(), (TextMessage("assistant", "cache"),)])
async def test_without_a_user_there_is_no_question(messages: Sequence[TextMessage]) -> None:
    assert "".join(await told(*messages)) == ANSWERER.silence


async def test_words_come_a_few_at_a_time() -> None:
    pieces = await told(TextMessage("user", "cache"))
    assert len(pieces) > 3
    assert max(len(piece.split()) for piece in pieces) <= 3


async def test_a_summary_is_the_first_words_of_each_part() -> None:
    history = ChatHistory(max_turns=1)
    history.add("Is a cache worth it for the prices that we read a hundred times as often as we write them?", "Yes.")
    history.add("Why?", "Because.")
    summary = "".join(await told(TextMessage("user", history.to_summarise())))
    assert summary.splitlines() == ["Question: Is a cache worth it for the prices that we read …", "Answer: Yes."]


async def test_a_summary_of_nothing_but_a_request_is_of_the_earlier_messages() -> None:
    messages = (TextMessage("user", "Is it slow?"), TextMessage("assistant", "No."), TextMessage("user", "Summarise"))
    assert "".join(await told(*messages)) == "Is it slow?\nNo."
