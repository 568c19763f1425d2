"""A conversation is answered by every kind of chat server, and what goes wrong is one clear line."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from sentra_tui.domain.errors import NotSupported, TransportError, TransportLost, TransportRefused
from sentra_tui.domain.roads import Reason
from sentra_tui.domain.usage import Usage
from sentra_tui.domain.voice_ports import ChatMessage, TextEnded, TextEvent, TextExtended
from sentra_tui.services.openai.voice.completion import HttpCompletion
from tests.services.openai.voice.peer import Answer, VoicePeer, body, key, pieces, refusal, silent, sse

TALK = [ChatMessage("system", "Be brief."), ChatMessage("user", "Is it?")]
COUNTED = {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 3}}


def chunk(content: str | None = None, finish_reason: str | None = None, **delta: Any) -> dict[str, Any]:
    return {"choices": [{"delta": {"content": content, **delta}, "finish_reason": finish_reason}]}


async def answered(voice: VoicePeer, **more: Any) -> list[TextEvent]:
    asked = HttpCompletion(voice.client, key, "gpt-6-luna", **more)
    return [event async for event in asked.complete(TALK, max_tokens=120)]


async def test_words_come_as_they_are_written(voice: VoicePeer) -> None:
    voice.answer = sse(chunk("Yes, "), chunk("it is."), chunk(finish_reason="stop"), COUNTED, "[DONE]")
    assert await answered(voice) == [
        TextExtended("Yes, "),
        TextExtended("it is."),
        TextEnded("Yes, it is.", Usage(text_in=9, text_out=3)),
    ]
    asked = voice.asked[0]
    assert asked["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Is it?"},
    ]
    assert (asked["model"], asked["max_completion_tokens"], asked["stream"]) == ("gpt-6-luna", 120, True)


@pytest.mark.parametrize(
    ("answer", "end"),
    [
        (sse(chunk("Yes."), chunk(finish_reason="stop")), TextEnded("Yes.")),
        (sse(chunk("Yes"), chunk(finish_reason="length"), "[DONE]"), TextEnded("Yes", cut=True)),
        (sse(chunk(finish_reason="length"), "[DONE]"), TextEnded("", cut=True)),
        (sse(chunk(reasoning_content="Hm."), chunk("Yes."), "[DONE]"), TextEnded("Yes.")),
        (body(200, '{"choices": [{"message": {"content": "Yes."}, "finish_reason": "stop"}]}'), TextEnded("Yes.")),
        (sse(chunk("Yes"), chunk(finish_reason="content_filter"), "[DONE]"), TextEnded("Yes")),
    ],
    ids=["no usage, no [DONE]", "cut", "cut before the first word", "reasoning", "not streamed", "filtered"],
)
async def test_every_server_is_understood(voice: VoicePeer, answer: Answer, end: TextEnded) -> None:
    voice.answer = answer
    assert (await answered(voice))[-1] == end


async def test_an_older_server_is_asked_in_its_words(voice: VoicePeer) -> None:
    voice.turns(
        refusal(400, "Unrecognized request argument supplied: stream_options"),
        body(422, '{"detail": [{"loc": ["body", "max_completion_tokens"], "msg": "Extra inputs"}]}'),
        sse(chunk("Yes."), "[DONE]"),
    )
    assert (await answered(voice))[-1] == TextEnded("Yes.")
    assert voice.asked[2]["max_tokens"] == 120


@pytest.mark.parametrize(
    ("answer", "kind", "reason", "message"),
    [
        (sse(chunk("Yes")), TransportLost, Reason.OTHER, "broke off"),
        (sse(chunk("Yes"), breaks=True), TransportLost, Reason.OTHER, "broke"),
        (pieces([b'data: {"choices": [{"del'], "text/event-stream"), TransportLost, Reason.OTHER, "broke off"),
        (sse({"error": {"message": "no GPU"}}, "[DONE]"), TransportRefused, Reason.OTHER, "no answer: no GPU"),
        (sse(chunk(finish_reason="stop"), "[DONE]"), TransportRefused, Reason.OTHER, "no words came"),
        (sse(chunk(finish_reason="content_filter"), "[DONE]"), TransportRefused, Reason.OTHER, "filter"),
        (body(200, "<html>Sign in</html>", "text/html"), TransportRefused, Reason.CAPTIVE_PORTAL, "web page"),
        (body(200, "[]"), TransportRefused, Reason.OTHER, "no completion"),
        (refusal(404, "There is no x.", code="model_not_found"), TransportRefused, Reason.MODEL_REFUSED, "no x"),
        (body(404, ""), NotSupported, Reason.OTHER, "does not have this API"),
        (refusal(413, "Too large."), TransportRefused, Reason.OTHER, "413"),
        (refusal(422, "No."), TransportRefused, Reason.OTHER, "422"),
        (refusal(503, "Later."), TransportLost, Reason.SERVER_ERROR, "cannot answer now"),
    ],
)
async def test_what_goes_wrong_is_said(
    voice: VoicePeer, answer: Answer, kind: type[TransportError], reason: Reason, message: str
) -> None:
    voice.answer = answer
    with pytest.raises(kind, match=message) as caught:
        await answered(voice)
    assert caught.value.reason is reason
    assert len(voice.asked) == 1, "nothing is asked twice"


async def test_the_hint_names_the_setting_of_the_model(voice: VoicePeer) -> None:
    voice.answer = refusal(404, "There is no x.", code="model_not_found")
    with pytest.raises(TransportRefused) as caught:
        await answered(voice)
    assert "chat_model" in caught.value.hint


async def test_a_server_that_never_answers_is_given_up(voice: VoicePeer) -> None:
    voice.answer = silent
    with pytest.raises(TransportLost, match="too long") as caught:
        await answered(voice, head_s=0.2)
    assert caught.value.reason is Reason.SILENT
    await asyncio.wait_for(voice.gone.wait(), 5)


async def test_closing_the_iterator_ends_the_request(voice: VoicePeer) -> None:
    voice.answer = sse(chunk("Yes"), hangs=True)
    asked = HttpCompletion(voice.client, key, "gpt-6-luna")
    async with aclosing(asked.complete(TALK, max_tokens=120)) as events:  # type: ignore[type-var]
        assert await anext(events) == TextExtended("Yes")
    await asyncio.wait_for(voice.gone.wait(), 5)
