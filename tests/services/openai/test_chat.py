"""What chat completion servers do that is not like OpenAI, and the history that we keep for them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from sentra_tui.domain.briefing import Brief, BriefLine, compose
from sentra_tui.domain.errors import OutcomeUnknown, TransportRefused
from sentra_tui.domain.main_run import RunRef, RunStatus
from sentra_tui.domain.ports import MainAssistant
from sentra_tui.domain.provider_config import ProviderProfile
from sentra_tui.domain.secret import Secret
from sentra_tui.domain.usage import Usage
from sentra_tui.services.openai.main.main_assistant import main_assistant
from sentra_tui.services.openai.main.retry import Timing
from tests.services.openai.main_peers import INSTRUCTIONS, Ran, Recaller, main_config, main_peer, request
from tests.services.openai.peer import Peer

PATH = "/chat/completions"
EVENTS = {"Content_Type": "text/event-stream"}


def chunk(content: str | None = None, **more: Any) -> dict[str, Any]:
    finish_reason = more.pop("finish_reason", None)
    delta = {"content": content, **more.pop("delta", {})}
    return {"id": "chatcmpl-1", "model": "m-1", "choices": [{"delta": delta, "finish_reason": finish_reason}], **more}


def stream(*chunks: dict[str, Any], done: bool = True) -> str:
    return "".join(f"data: {json.dumps(each)}\n\n" for each in chunks) + ("data: [DONE]\n\n" if done else "")


WHOLE = stream(chunk("Yes"), chunk(", it is."), chunk(finish_reason="stop"))


def chat(peer: Peer, log: list[str] | None = None, **config: Any) -> MainAssistant:
    lines = [] if log is None else log
    profile = ProviderProfile(main="chat")
    return main_assistant(
        profile, peer.client, lambda: Secret("sk-test"), main_config(**config), lines.append, Timing()
    )


async def ask(assistant: MainAssistant, question: str = "one", **more: Any) -> Ran:
    return Ran(tuple([event async for event in assistant.ask(request(question, **more))]))


async def test_an_older_server_is_asked_without_what_it_does_not_know(peer: Peer) -> None:
    peer.answer(PATH, 400, '{"error": {"message": "Unrecognized request argument supplied: stream_options"}}')
    peer.then(PATH, 422, '{"detail": [{"loc": ["body", "max_completion_tokens"], "msg": "Extra inputs"}]}')
    peer.then(PATH, 200, WHOLE, **EVENTS)
    assistant = chat(peer)
    assert (await ask(assistant)).end.text == "Yes, it is."
    await ask(assistant)
    first, second, third, fourth = peer.bodies(PATH)
    assert {"stream_options", "max_completion_tokens"} < first.keys()
    assert "stream_options" not in second
    assert third["max_tokens"] == 800
    assert fourth.keys() == third.keys(), "it is remembered"


async def test_a_parameter_that_is_refused_twice_is_an_error(peer: Peer) -> None:
    peer.answer(PATH, 400, '{"error": {"message": "Not max_completion_tokens, and not max_tokens."}}')
    with pytest.raises(TransportRefused, match="refused the request"):
        await ask(chat(peer))
    assert len(peer.bodies(PATH)) == 2


@pytest.mark.parametrize(
    ("body", "status", "text", "cause"),
    [
        (stream(chunk("Yes"), chunk(finish_reason="stop"), done=False), "completed", "Yes", ""),
        (stream(chunk("Yes"), done=True), "completed", "Yes", ""),
        (stream(chunk("Yes"), done=False), "incomplete", "Yes", "The answer broke off."),
        (stream(chunk("Ye"), chunk(finish_reason="length")), "incomplete", "Ye", "cut at the length limit"),
        (
            stream(chunk("Ye"), chunk(finish_reason="content_filter")),
            "incomplete",
            "Ye",
            "held back by the provider's content filter",
        ),
        (
            stream(chunk(delta={"tool_calls": [{"index": 0}]}), chunk(finish_reason="tool_calls")),
            "incomplete",
            "",
            "the assistant asked for a tool, and has none",
        ),
        (stream(chunk(delta={"refusal": "I can"}), chunk(delta={"refusal": "not."})), "incomplete", "", "I cannot."),
        (stream(chunk(finish_reason="stop")), "incomplete", "", "no words came"),
        (stream(chunk("Ye"), {"error": {"message": "Out of memory."}}), "failed", "Ye", "Out of memory."),
        (stream({"error": "CUDA error"}), "failed", "", "CUDA error"),
        (
            stream(chunk(delta={"reasoning_content": "Hmm."}), chunk("Yes"), chunk(finish_reason="stop")),
            "completed",
            "Yes",
            "",
        ),
        ("data: {broken\n\n: a comment\n\n" + WHOLE, "completed", "Yes, it is.", ""),
        (stream({"choices": [], "id": None}, {"choices": None}, chunk("Yes")), "completed", "Yes", ""),
    ],
)
async def test_a_stream_ends_in_one_of_many_ways(peer: Peer, body: str, status: str, text: str, cause: str) -> None:
    peer.answer(PATH, 200, body, **EVENTS)
    ran = await ask(chat(peer))
    assert (ran.end.status.value, ran.end.text, ran.end.cause) == (status, text, cause)
    assert ran.deltas == text


async def test_a_server_that_does_not_stream_is_read_as_well(peer: Peer) -> None:
    whole = {"id": "c", "choices": [{"message": {"content": "Yes."}, "finish_reason": "stop"}], "usage": {}}
    peer.answer(PATH, 200, json.dumps(whole), Content_Type="application/json")
    ran = await ask(chat(peer))
    assert (ran.deltas, ran.end.text, ran.end.status, ran.end.usage) == ("Yes.", "Yes.", RunStatus.COMPLETED, None)


async def test_a_web_page_is_no_answer(peer: Peer) -> None:
    peer.answer(PATH, 200, "<html>Sign in</html>", Content_Type="text/html")
    with pytest.raises(TransportRefused, match="web page"):
        await ask(chat(peer))


@pytest.mark.parametrize("place", ["last chunk", "chunk of its own"])
async def test_tokens_are_read_where_a_server_puts_them(peer: Peer, place: str) -> None:
    counted = {"prompt_tokens": 9, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 4}}
    last = [chunk(finish_reason="stop", usage=counted)]
    if place == "chunk of its own":
        last = [chunk(finish_reason="stop", usage=None), {"choices": [], "usage": counted}]
    peer.answer(PATH, 200, stream(chunk("Yes"), *last), **EVENTS)
    assert (await ask(chat(peer))).end.usage == Usage(text_in=9, cached_text_in=4, text_out=2)


async def test_earlier_questions_are_sent_without_their_transcript() -> None:
    model = Recaller()
    async with main_peer("chat", model=model) as peer:
        for mark in ("01234567", "12345678"):
            lines = (BriefLine("speaker", 0, "Is it slow?"),)
            text = compose(Brief(question="Why?", draft="Because.", lines=lines), 0.0, mark)
            await peer.ask("", full=text)
    first, _, second = [message.text for message in model.read[-1]][1:]
    assert "Is it slow?" not in first
    assert "Because." in first
    assert "Why?" in first
    assert "Is it slow?" in second


async def test_what_leaves_the_history_is_summarised_between_questions_and_billed_with_the_next_answer() -> None:
    model = Recaller()
    async with main_peer("chat", model=model, history_turns=2) as peer:
        for question in ("one", "two", "three"):
            await peer.ask(question)
        async with asyncio.timeout(10):
            while not any("summarised" in line for line in peer.log):
                await asyncio.sleep(0.01)
        summary, *_ = [read for read in model.read if read[-1].text.startswith("Summarise")]
        assert [message.role for message in summary] == ["user"]
        assert "full: one" in summary[0].text
        assert "full: two" not in summary[0].text
        ran = await peer.ask("four")
        bodies = peer.recorder.bodies(PATH)
    assert peer.log[0].startswith("History: 1 turn left the window, 2 kept")
    roles = [message["role"] for message in bodies[4]["messages"]]
    assert roles == ["system", "user", "assistant", "user", "assistant", "user"]
    assert bodies[4]["messages"][0]["content"] == INSTRUCTIONS
    assert "You asked: Summarise" in bodies[4]["messages"][2]["content"]
    assert ran.end.usage is not None
    words = sum(len(message["content"].split()) for message in bodies[4]["messages"])
    asked = sum(len(message["content"].split()) for message in bodies[3]["messages"])
    assert ran.end.usage.text_in == words + asked


async def test_a_question_does_not_wait_for_a_summary() -> None:
    async with main_peer("chat", model=Recaller(interval_s=0.01), history_turns=1) as peer:
        for question in ("one", "two", "three"):
            ran = await peer.ask(question)
            assert ran.end.status is RunStatus.COMPLETED
    assert not any("summarised" in line for line in peer.log)


async def test_turns_are_dropped_where_no_summary_is_to_be_had(peer: Peer) -> None:
    log: list[str] = []
    peer.answer(PATH, 200, WHOLE, **EVENTS)
    peer.then(PATH, 200, WHOLE, **EVENTS)
    peer.then(PATH, 400, '{"error": {"message": "No."}}')
    assistant = chat(peer, log, history_turns=1)
    await ask(assistant, "one")
    await ask(assistant, "two")
    async with asyncio.timeout(10):
        while len(log) < 3:
            await asyncio.sleep(0.01)
    assert log[1].startswith("History: no summary: ")
    assert log[2] == "History: 1 turn dropped, no summary came."
    await assistant.close()


async def test_a_stopped_answer_is_not_remembered(peer: Peer) -> None:
    peer.answer(PATH, 200, WHOLE, **EVENTS)
    assistant = chat(peer)
    events = assistant.ask(request("one"))
    await anext(events)
    await assistant.cancel(RunRef("chat", "chatcmpl-1"))
    left = [event async for event in events]
    assert Ran(tuple(left)).end.status is RunStatus.CANCELLED
    await ask(assistant, "two")
    assert [message["content"] for message in peer.bodies(PATH)[-1]["messages"]] == [INSTRUCTIONS, "full: two"]


async def test_a_completion_cannot_be_resumed(peer: Peer) -> None:
    with pytest.raises(OutcomeUnknown):
        async for _ in chat(peer).resume(RunRef("chat", "chatcmpl-1")):
            pass
