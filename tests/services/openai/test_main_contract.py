"""What all four ways of asking the main assistant have in common, against the served local provider."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from sentra_tui.domain.errors import CredentialRefused, NotSupported, OutcomeUnknown, TransportRefused
from sentra_tui.domain.main_run import RunEnded, RunExtended, RunNamed, RunStatus
from sentra_tui.domain.provider_config import MainKind
from sentra_tui.services.openai.main.main_assistant import WAYS
from tests.services.openai.main_peers import INSTRUCTIONS, RUN_PATHS, Recaller, main_peer, read_rest

pytestmark = pytest.mark.parametrize("way", WAYS)


def fault(way: MainKind, **rule: Any) -> str:
    """Return a plan with one rule for the request that begins a run."""
    return json.dumps({"text": [{"method": "POST", "path": RUN_PATHS[way], **rule}]})


async def test_a_question_is_answered_with_words_and_what_they_cost(way: MainKind) -> None:
    async with main_peer(way) as peer:
        ran = await peer.ask("What is a cache?")
    assert ran.end.status is RunStatus.COMPLETED
    assert ran.end.text.strip() == "You asked: full: What is a cache?"
    assert ran.end.model == "sentra-local-text"
    assert ran.end.usage is not None
    assert ran.end.usage.text_in > 0
    assert ran.end.usage.text_out == 7


async def test_a_run_is_named_before_its_words(way: MainKind) -> None:
    async with main_peer(way) as peer:
        ran = await peer.ask("one")
    kinds = [type(event) for event in ran.events]
    assert kinds.index(RunNamed) < (kinds.index(RunExtended) if RunExtended in kinds else len(kinds) - 1)
    assert ran.named.ref.implementation == way
    assert ran.named.ref.run_id
    assert kinds.count(RunEnded) == 1


async def test_the_second_question_knows_the_first(way: MainKind) -> None:
    model = Recaller()
    async with main_peer(way, model=model) as peer:
        await peer.ask("one")
        ran = await peer.ask("two")
    assert "full: one" in ran.end.text
    assert ("full: two" if way == "chat" else "news: two") in ran.end.text
    answers = [message.text for message in model.read[-1] if message.role == "assistant"]
    assert [answer.strip() for answer in answers] == ["You asked: full: one"]


async def test_the_instructions_and_the_model_of_each_question_are_its_own(way: MainKind) -> None:
    model = Recaller()
    async with main_peer(way, model=model) as peer:
        await peer.ask("one")
        ran = await peer.ask("two", instructions="Answer at length.", model="another-model")
    told = [message.text for message in model.read[-1] if message.role in ("system", "developer")]
    assert told == ["Answer at length."]
    assert ran.end.model == "another-model"


async def test_after_a_cancelled_run_the_next_question_is_answered(way: MainKind) -> None:
    async with main_peer(way, fault(way, numbers=[1], word_interval_s=0.2)) as peer:
        named, events = await peer.ask_until_named("one two three four five six seven eight nine ten")
        await peer.assistant.cancel(named.ref)
        assert (await read_rest(events)).end.status is RunStatus.CANCELLED
        assert (await peer.ask("again")).end.status is RunStatus.COMPLETED


async def test_after_a_run_that_nobody_follows_and_is_cancelled_the_next_question_is_answered(way: MainKind) -> None:
    async with main_peer(way, fault(way, numbers=[1], word_interval_s=0.2)) as peer:
        named, events = await peer.ask_until_named("one two three four five six seven eight nine ten")
        await events.aclose()  # type: ignore[attr-defined]
        await peer.assistant.cancel(named.ref)
        assert (await peer.ask("again")).end.status is RunStatus.COMPLETED


async def test_cancelling_a_run_that_is_over_is_no_error(way: MainKind) -> None:
    async with main_peer(way) as peer:
        ran = await peer.ask("one")
        await peer.assistant.cancel(ran.named.ref)
        assert (await peer.ask("two")).end.status is RunStatus.COMPLETED


@pytest.mark.parametrize(
    ("told", "least_s", "most_s"),
    [
        ({"retry_after_s": 3}, 3, 3),
        ({"retry_after_ms": 1500}, 1.5, 1.5),
        ({"retry_after_date": 5}, 3, 5),
        ({}, 0.2, 0.5),
    ],
)
async def test_a_server_that_asks_for_patience_gets_it(
    way: MainKind, told: dict[str, int], least_s: float, most_s: float
) -> None:
    plan = fault(way, numbers=[1], status=429, code="rate_limit_exceeded", **told)
    async with main_peer(way, plan) as peer:
        ran = await peer.ask("one")
        assert ran.end.status is RunStatus.COMPLETED
        assert least_s <= peer.slept[0] <= most_s


async def test_a_server_that_fails_is_asked_again(way: MainKind) -> None:
    async with main_peer(way, fault(way, numbers=[1, 2], status=503)) as peer:
        assert (await peer.ask("one")).end.status is RunStatus.COMPLETED


async def test_an_account_without_credit_is_not_asked_again(way: MainKind) -> None:
    async with main_peer(way, fault(way, status=429, code="insufficient_quota")) as peer:
        with pytest.raises(TransportRefused, match="no credit"):
            await peer.ask("one")
        assert peer.slept == []


async def test_a_wrong_key_is_refused(way: MainKind) -> None:
    async with main_peer(way, api_key="sk-wrong") as peer:
        with pytest.raises(CredentialRefused):
            await peer.ask("one")


async def test_a_server_without_this_api_is_told_apart(way: MainKind) -> None:
    apis = {"responses_background": "responses"}
    async with main_peer(way, json.dumps({"without": [apis.get(way, way)]})) as peer:
        with pytest.raises(NotSupported):
            await peer.ask("one")


async def test_a_run_that_does_not_end_is_given_up_and_the_next_is_answered(way: MainKind) -> None:
    async with main_peer(way, fault(way, numbers=[1], stuck="in_progress"), deadline_s=2.0) as peer:
        ran = await peer.ask("one")
        assert (ran.end.status, ran.end.cause) == (RunStatus.INCOMPLETE, "no answer in 2 seconds")
        assert (await peer.ask("two")).end.status is RunStatus.COMPLETED


async def test_a_run_that_fails_says_why(way: MainKind) -> None:
    failure = {"code": "server_error", "message": "The model fell over.", "after_words": 2}
    async with main_peer(way, fault(way, numbers=[1], fail=failure)) as peer:
        ran = await peer.ask("one two three")
        assert ran.end.status is RunStatus.FAILED
        assert "The model fell over." in ran.end.cause
        assert (await peer.ask("again")).end.status is RunStatus.COMPLETED


async def test_a_connection_that_breaks_before_the_answer_begins_is_not_silently_asked_again(way: MainKind) -> None:
    async with main_peer(way, fault(way, numbers=[1], no_reply=True, drop_stream_after_events=0)) as peer:
        with pytest.raises(OutcomeUnknown):
            await peer.ask("one")
        assert len(peer.recorder.bodies(RUN_PATHS[way].rpartition("/")[2])) == 1
        assert (await peer.ask("two")).end.status is RunStatus.COMPLETED


@pytest.mark.parametrize("events", [1, 4, 9])
async def test_a_dropped_connection_loses_and_doubles_no_word(way: MainKind, events: int) -> None:
    whole = "You asked: full: one two three four five six seven eight"
    async with main_peer(way, fault(way, numbers=[1], drop_stream_after_events=events)) as peer:
        ran = await peer.ask("one two three four five six seven eight")
    if ran.end.status is RunStatus.COMPLETED:
        assert ran.end.text.strip() == whole
    else:
        assert way in ("chat", "responses")
        assert whole.startswith(ran.end.text.strip())
        assert ran.end.cause
    assert ran.end.text.startswith(ran.deltas)


async def test_what_a_model_says_is_cleaned(way: MainKind) -> None:
    async with main_peer(way, model=Recaller("\x1b]52;c;aGk=\x07\u202eevil\u200b ")) as peer:
        ran = await peer.ask("one")
    for text in (ran.deltas, ran.end.text):
        assert not {"\x1b", "\x07", "\u202e", "\u200b"} & set(text)
    assert "evil" in ran.end.text


async def test_an_answer_that_is_too_long_is_cut_and_says_so(way: MainKind) -> None:
    question = " ".join(["word"] * 400)
    async with main_peer(way) as peer:
        ran = await peer.ask(question, max_output_tokens=20)
    assert ran.end.status is RunStatus.INCOMPLETE
    assert ran.end.cause == "cut at the length limit"
    assert 0 < len(ran.end.text.split()) < 400


async def test_the_key_is_in_the_header_and_nowhere_else(way: MainKind) -> None:
    async with main_peer(way) as peer:
        await peer.ask("one")
        for asked in peer.recorder.asked:
            key = asked.headers["Authorization"].removeprefix("Bearer ")
            assert key not in json.dumps(asked.body) + asked.path
        assert INSTRUCTIONS in json.dumps([asked.body for asked in peer.recorder.asked])


async def test_two_conversations_do_not_mix(way: MainKind) -> None:
    async with main_peer(way) as one, main_peer(way) as other:
        await asyncio.gather(one.ask("first"), other.ask("second"))
        ran = await one.ask("third")
    assert "second" not in ran.end.text
