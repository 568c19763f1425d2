"""What is particular to threads and runs of the Assistants API, against the served local provider."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sentra_tui.domain.errors import OutcomeUnknown
from sentra_tui.domain.main_run import RunExtended, RunProgressed, RunRef, RunStatus
from tests.services.openai.main_peers import main_peer, read_rest

RUNS = "/v1/threads/*/runs"
MESSAGES = "/v1/threads/*/messages"


def rules(*faults: dict[str, Any]) -> str:
    return json.dumps({"text": [{"api": "assistants", **fault} for fault in faults]})


def begun(**fault: Any) -> str:
    return rules({"method": "POST", "path": RUNS, "numbers": [1], **fault})


async def test_one_assistant_and_one_thread_serve_all_questions() -> None:
    async with main_peer("assistants") as peer:
        for question in ("one", "two", "three"):
            await peer.ask(question)
        posted = [asked.path for asked in peer.recorder.asked if asked.method == "POST"]
    assert posted.count("/v1/assistants") == 1
    assert posted.count("/v1/threads") == 1
    assert len([path for path in posted if path.endswith("/runs")]) == 3


async def test_a_run_that_wants_a_tool_is_cancelled_and_says_so() -> None:
    async with main_peer("assistants", begun(requires_action=True)) as peer:
        ran = await peer.ask("one")
        assert (ran.end.status, ran.end.cause) == (
            RunStatus.INCOMPLETE,
            "the assistant asked for a tool, and has none",
        )
        assert any(asked.path.endswith("/cancel") for asked in peer.recorder.asked)
        assert not any("submit_tool_outputs" in asked.path for asked in peer.recorder.asked)
        assert (await peer.ask("two")).end.status is RunStatus.COMPLETED


async def test_a_run_that_expires_says_so() -> None:
    async with main_peer("assistants", begun(stuck="in_progress", expire_after_s=0.2)) as peer:
        ran = await peer.ask("one")
        assert (ran.end.status, ran.end.cause) == (RunStatus.INCOMPLETE, "the provider let it expire")
        assert (await peer.ask("two")).end.status is RunStatus.COMPLETED


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("rate_limit_exceeded", "the provider's limit, or the account's credit, is used up: Sorry."),
        ("server_error", "the provider failed: Sorry."),
        ("invalid_prompt", "the provider does not accept the question: Sorry."),
    ],
)
async def test_a_failure_is_told_in_plain_words(code: str, words: str) -> None:
    async with main_peer("assistants", begun(fail={"code": code, "message": "Sorry."})) as peer:
        ran = await peer.ask("one")
    assert (ran.end.status, ran.end.cause) == (RunStatus.FAILED, words)


async def test_a_server_that_says_when_to_look_again_is_obeyed() -> None:
    plan = rules({"method": "POST", "path": RUNS, "poll_after_ms": 1500}, {"method": "GET", "poll_after_ms": 700})
    async with main_peer("assistants", plan) as peer:
        await peer.ask("one two three four five")
        assert peer.slept[0] == 1.5
        assert set(peer.slept[1:]) <= {0.7}


@pytest.mark.row(27)
async def test_a_look_that_fails_is_repeated() -> None:
    plan = rules({"method": "GET", "path": f"{RUNS}/*", "numbers": [1, 2], "status": 500})
    async with main_peer("assistants", plan) as peer:
        assert (await peer.ask("one")).end.status is RunStatus.COMPLETED


async def test_nothing_is_added_to_a_thread_while_a_run_that_nobody_follows_is_active() -> None:
    async with main_peer("assistants", begun(word_interval_s=0.05)) as peer:
        _, events = await peer.ask_until_named("one two three four")
        await events.aclose()  # type: ignore[attr-defined]
        assert (await peer.ask("two")).end.status is RunStatus.COMPLETED
        paths = [asked.path for asked in peer.recorder.asked if asked.method == "POST"]
        looks = [asked for asked in peer.recorder.asked if asked.method == "GET"]
    assert [path.rpartition("/")[2] for path in paths] == [
        "assistants", "threads", "messages", "runs", "messages", "runs",
    ]  # fmt: skip
    assert len(looks) > 2


async def test_a_thread_that_another_run_holds_is_waited_for() -> None:
    message = "Can't add messages to thread_1 while a run run_1 is active."
    plan = rules({"method": "POST", "path": MESSAGES, "numbers": [2, 3], "status": 400, "message": message})
    async with main_peer("assistants", plan) as peer:
        await peer.ask("one")
        ran = await peer.ask("two")
    assert ran.end.status is RunStatus.COMPLETED
    assert "full: one | news: two" in ran.end.text
    assert [wait_s for wait_s in peer.slept if wait_s >= 2.0] == [2.0, 4.0]


async def test_a_thread_that_stays_held_is_left_for_a_new_one() -> None:
    message = "Thread thread_1 already has an active run run_1."
    plan = rules({"method": "POST", "path": MESSAGES, "numbers": [2, 3, 4, 5, 6], "status": 400, "message": message})
    async with main_peer("assistants", plan) as peer:
        await peer.ask("one")
        ran = await peer.ask("two")
    assert ran.end.text.strip() == "You asked: full: two"


async def test_a_thread_or_an_assistant_that_is_gone_is_made_anew() -> None:
    plan = rules(
        {"method": "POST", "path": MESSAGES, "numbers": [2], "status": 404, "message": "No thread found."},
        {"method": "POST", "path": RUNS, "numbers": [2], "status": 404, "message": "No assistant found."},
    )
    async with main_peer("assistants", plan) as peer:
        await peer.ask("one")
        ran = await peer.ask("two")
        posted = [asked.path for asked in peer.recorder.asked]
    assert ran.end.text.strip() == "You asked: full: two"
    assert posted.count("/v1/assistants") == posted.count("/v1/threads") == 2


async def test_a_run_of_another_process_is_found_again_and_its_thread_goes_on() -> None:
    async with main_peer("assistants", begun(word_interval_s=0.1)) as peer:
        named, events = await peer.ask_until_named("one")
        await events.aclose()  # type: ignore[attr-defined]
        found = await read_rest(peer.assistant.resume(named.ref))
        assert found.end.text.strip() == "You asked: full: one"
        assert found.events[0] == named
        assert {type(event) for event in found.events} >= {RunProgressed}
        assert RunExtended not in {type(event) for event in found.events}
        peer.assistant.adopt(named.ref)
        ran = await peer.ask("two")
        assert ran.named.ref.conversation_id == named.ref.conversation_id


@pytest.mark.row(27)
@pytest.mark.parametrize(
    "ref",
    [RunRef("assistants", "run_1", "thread_1"), RunRef("assistants", "../x", "thread_1"), RunRef("assistants", "")],
)
async def test_a_run_that_the_server_does_not_know_has_no_outcome(ref: RunRef) -> None:
    async with main_peer("assistants") as peer:
        with pytest.raises(OutcomeUnknown):
            await read_rest(peer.assistant.resume(ref))
        await peer.assistant.cancel(ref)
        assert not any(".." in asked.path for asked in peer.recorder.asked)


async def test_an_answer_that_is_cut_says_so() -> None:
    async with main_peer("assistants") as peer:
        ran = await peer.ask(" ".join(["word"] * 400), max_output_tokens=10)
    assert (ran.end.status, ran.end.hint) == (RunStatus.INCOMPLETE, "Raise max_output_tokens in [main].")
