from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import AsyncOpenAI, BadRequestError, NotFoundError
from openai.types.responses import Response
from openai.types.responses.response_create_params import ResponseCreateParamsBase

from sentra_tui.provider.api_error import ApiError
from sentra_tui.provider.models.plain_model import PlainModel
from sentra_tui.provider.models.reply import load_answerer
from sentra_tui.provider.text.conversations import MAX_CONVERSATIONS, Conversations
from sentra_tui.provider.text.paging import page
from sentra_tui.provider.text.response_request import ResponseRequest
from sentra_tui.provider.text.responses import MAX_RESPONSES, MAX_RUNNING, UNSTORED_LIFETIME_S, Responses
from sentra_tui.provider.text.stored_response import StoredResponse
from sentra_tui.provider.text_faults import TextFault
from tests.provider.client import DEADLINE_S, until
from tests.provider.official import MODEL, QUESTION, check_event, check_response, official, plain

SLOWLY = '{"text": [{"method": "POST", "path": "/v1/responses", "word_interval_s": 0.05}]}'
STUCK = '{"text": [{"method": "POST", "path": "/v1/responses", "stuck": "in_progress"}]}'
LIFE = ["created", "queued", "in_progress", "output_item.added", "content_part.added", "output_text.delta"]
END = ["output_text.done", "content_part.done", "output_item.done", "completed"]


async def poll(client: AsyncOpenAI, response: Response) -> Response:
    async with asyncio.timeout(DEADLINE_S):
        while response.status in ("queued", "in_progress"):
            await asyncio.sleep(0.02)
            response = await client.responses.retrieve(response.id)
    return response


async def read_events(http: httpx.AsyncClient, method: str, path: str, **kwargs: Any) -> list[dict[str, Any]]:
    """Return the events of a stream, each checked, as far as it goes."""
    events: list[dict[str, Any]] = []
    try:
        async with http.stream(method, path, **kwargs) as stream:
            name = ""
            async for line in stream.aiter_lines():
                field, _, value = line.partition(": ")
                name = value if field == "event" else name
                if field == "data":
                    events.append(check_event(json.loads(value)))
                    assert events[-1]["type"] == name
    except httpx.RemoteProtocolError:
        pass
    return events


def kinds(events: list[dict[str, Any]]) -> list[str]:
    """Return what the events are, the deltas in a row as one."""
    names = [event["type"].removeprefix("response.") for event in events]
    return [name for name, before in zip(names, ["", *names], strict=False) if name != before]


def said(events: list[dict[str, Any]]) -> str:
    return "".join(event["delta"] for event in events if event["type"] == "response.output_text.delta")


def test_every_parameter_that_is_taken_is_an_official_one() -> None:
    """Newer official types may have more: those are refused by name, as a server older than its client does."""
    assert set(ResponseRequest.__struct_fields__) <= set(ResponseCreateParamsBase.__annotations__) | {"stream"}


async def test_a_response_is_answered_in_the_official_shape() -> None:
    async with plain() as http:
        reply = await http.post("responses", json={"model": MODEL, "input": QUESTION, "metadata": {"a": "b"}})
        body = check_response(reply.json())
        again = check_response((await http.get(f"responses/{body['id']}")).json())
    assert body == again
    assert set(Response.model_fields) >= set(body) - {"store"}
    assert (body["status"], body["metadata"]) == ("completed", {"a": "b"})
    words = len(body["output"][0]["content"][0]["text"].split())
    assert body["usage"]["output_tokens"] == words
    assert body["usage"]["total_tokens"] == words + len(QUESTION.split())


async def test_a_background_response_is_queued_at_once_and_found_by_polling() -> None:
    async with official() as client:
        response = await client.responses.create(model=MODEL, input=QUESTION, background=True)
        assert response.status == "queued"
        ended = await poll(client, response)
    assert (ended.status, ended.background) == ("completed", True)
    assert ended.output_text


async def test_a_background_stream_tells_everything_in_order() -> None:
    async with plain() as http:
        body = {"model": MODEL, "input": QUESTION, "background": True, "stream": True}
        events = await read_events(http, "POST", "responses", json=body)
    assert kinds(events) == LIFE + END
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert events[-1]["response"]["output"][0]["content"][0]["text"] == said(events)


async def test_a_foreground_stream_is_never_queued() -> None:
    async with plain() as http:
        events = await read_events(http, "POST", "responses", json={"model": MODEL, "input": QUESTION, "stream": True})
    assert "queued" not in kinds(events)
    assert events[0]["response"]["status"] == "in_progress"


async def test_a_dropped_stream_is_resumed_behind_the_last_event_that_was_read() -> None:
    plan = '{"text": [{"method": "POST", "word_interval_s": 0.02, "drop_stream_after_events": 7}]}'
    async with plain(plan) as http:
        body = {"model": MODEL, "input": QUESTION, "background": True, "stream": True}
        first = await read_events(http, "POST", "responses", json=body)
        assert len(first) == 7
        query = {"stream": "true", "starting_after": first[-1]["sequence_number"]}
        path = f"responses/{first[0]['response']['id']}"
        rest = await read_events(http, "GET", path, params=query)
        again = await read_events(http, "GET", path, params={"stream": "true"})
    assert first + rest == again
    assert kinds(again) == LIFE + END
    assert again[-1]["response"]["output"][0]["content"][0]["text"] == said(first + rest)


async def test_the_official_client_resumes_a_stream() -> None:
    async with official(SLOWLY) as client:
        seen = []
        stream = await client.responses.create(model=MODEL, input=QUESTION, background=True, stream=True)
        response_id = ""
        async for event in stream:
            seen.append(event.sequence_number)
            response_id = event.response.id if event.type == "response.created" else response_id
            if event.type == "response.output_text.delta":
                break
        await stream.close()
        async for event in await client.responses.retrieve(response_id, stream=True, starting_after=seen[-1]):
            seen.append(event.sequence_number)
        assert event.type == "response.completed"
    assert seen == list(range(len(seen)))


@pytest.mark.parametrize("options", [{"background": True}, {"stream": True}])
async def test_only_background_streams_are_resumed(options: dict[str, Any]) -> None:
    async with plain() as http:
        reply = await http.post("responses", json={"model": MODEL, "input": QUESTION, **options})
        text = reply.text
        response_id = text[text.index("resp_") :].split('"')[0]
        refusal = await http.get(f"responses/{response_id}", params={"stream": "true"})
    assert refusal.status_code == 400


async def test_a_background_response_outlives_the_client_and_a_foreground_one_does_not() -> None:
    async with plain(STUCK) as http:
        ids = []
        for background in (True, False):
            body = {"model": MODEL, "input": QUESTION, "background": background, "stream": True}
            async with http.stream("POST", "responses", json=body) as stream:
                async for line in stream.aiter_lines():
                    if line.startswith("data:"):
                        ids.append(json.loads(line[5:])["response"]["id"])
                        break

        async def foreground_is_cancelled() -> bool:
            return bool((await http.get(f"responses/{ids[1]}")).json()["status"] == "cancelled")

        await until(foreground_is_cancelled)
        assert (await http.get(f"responses/{ids[0]}")).json()["status"] == "in_progress"


async def test_cancelling_ends_a_run_once_and_for_all() -> None:
    async with official(STUCK) as client:
        response = await client.responses.create(model=MODEL, input=QUESTION, background=True)
        for _ in range(2):
            assert (await client.responses.cancel(response.id)).status == "cancelled"
        assert (await client.responses.retrieve(response.id)).status == "cancelled"


async def test_the_stream_of_a_cancelled_run_ends_without_a_word() -> None:
    async with official(STUCK) as client:
        seen = []
        stream = await client.responses.create(model=MODEL, input=QUESTION, background=True, stream=True)
        async for event in stream:
            seen.append(event.type)
            if event.type == "response.in_progress":
                await client.responses.cancel(event.response.id)
    assert seen == ["response.created", "response.queued", "response.in_progress"]


async def test_a_run_that_has_ended_stays_as_it_is_when_cancelled() -> None:
    async with official() as client:
        ended = await poll(client, await client.responses.create(model=MODEL, input=QUESTION, background=True))
        assert (await client.responses.cancel(ended.id)) == ended


async def test_a_foreground_response_cannot_be_cancelled() -> None:
    async with official() as client:
        response = await client.responses.create(model=MODEL, input=QUESTION)
        with pytest.raises(BadRequestError):
            await client.responses.cancel(response.id)


async def test_an_answer_ends_at_its_longest() -> None:
    async with official() as client:
        response = await client.responses.create(model=MODEL, input=QUESTION, max_output_tokens=16)
    assert response.status == "incomplete"
    assert response.incomplete_details is not None
    assert response.incomplete_details.reason == "max_output_tokens"
    assert len(response.output_text.split()) == 16


async def test_a_deleted_response_is_gone() -> None:
    async with official(STUCK) as client:
        response = await client.responses.create(model=MODEL, input=QUESTION, background=True)
        await client.responses.delete(response.id)
        with pytest.raises(NotFoundError):
            await client.responses.retrieve(response.id)


async def test_what_was_sent_is_listed() -> None:
    async with official() as client:
        items: Any = [{"role": "user", "content": [{"type": "input_text", "text": word}]} for word in "abc"]
        response = await client.responses.create(model=MODEL, input=items)
        listed = await client.responses.input_items.list(response.id, limit=2, order="asc")
        texts = [item.to_dict()["content"][0]["text"] async for item in listed]  # type: ignore[index]
    assert texts == ["a", "b", "c"]


async def test_a_response_follows_the_one_before_it_without_its_instructions() -> None:
    async with official() as client:
        first = await client.responses.create(model=MODEL, input=QUESTION, instructions="Be short, please.")
        second = await client.responses.create(model=MODEL, input="And databases?", previous_response_id=first.id)
        assert first.usage is not None
        assert second.usage is not None
        before = len(QUESTION.split()) + first.usage.output_tokens
        assert second.usage.input_tokens_details.cached_tokens == before
        assert second.usage.input_tokens == before + 2
        assert second.instructions is None


@pytest.mark.parametrize(
    ("body", "status", "code", "param"),
    [
        ({}, 400, "missing_required_parameter", "model"),
        ({"model": MODEL, "input": 3}, 400, "invalid_value", "input"),
        ({"model": MODEL, "input": "a", "invented": 1}, 400, "unknown_parameter", "invented"),
        ({"model": MODEL, "input": "a", "max_output_tokens": 1}, 400, "invalid_value", "max_output_tokens"),
        ({"model": MODEL, "input": [{"role": "user"}]}, 400, "missing_required_parameter", "input[0].content"),
        (
            {"model": MODEL, "input": "a", "previous_response_id": "resp_x"},
            400,
            "previous_response_not_found",
            "previous_response_id",
        ),
        (
            {"model": MODEL, "input": "a", "previous_response_id": "resp_x", "conversation": "conv_x"},
            400,
            "mutually_exclusive_parameters",
            None,
        ),
        ({"model": MODEL, "input": "a", "conversation": {"id": "conv_x"}}, 404, None, None),
    ],
)
async def test_a_request_that_does_not_fit_is_refused(
    body: dict[str, Any], status: int, code: str | None, param: str | None
) -> None:
    async with plain() as http:
        reply = await http.post("responses", json=body)
    error = reply.json()["error"]
    assert (reply.status_code, error["code"], error["param"]) == (status, code, param)


@pytest.mark.parametrize(
    "body", [b"{", b'{"model": "\xff"}', b'{"model": "\\ud800"}', b'{"tools": ' + b'[{"a":' * 5000]
)
async def test_what_is_no_json_is_refused(body: bytes) -> None:
    async with plain() as http:
        assert (await http.post("responses", content=body)).status_code == 400


async def test_the_key_is_needed() -> None:
    async with plain() as http:
        for path in ("responses/resp_1", "conversations/conv_1"):
            reply = await http.get(path, headers={"Authorization": "Bearer wrong"})
            assert reply.status_code == 401


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=" + "9" * 5000, "order=up", "after=msg_x"])
async def test_a_page_that_is_not_there_is_refused(query: str) -> None:
    async with plain() as http:
        response_id = (await http.post("responses", json={"model": MODEL, "input": "a"})).json()["id"]
        assert (await http.get(f"responses/{response_id}/input_items?{query}")).status_code == 400


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def make(clock: Clock) -> Responses:
    return Responses(PlainModel(load_answerer(), 0.0), Conversations(clock), clock, clock)


async def test_a_background_response_that_is_not_stored_is_kept_for_a_while() -> None:
    clock = Clock()
    responses = make(clock)
    response = responses.begin(ResponseRequest(model=MODEL, input="a", background=True, store=False), TextFault())
    await response.ended.wait()
    clock.now_s = UNSTORED_LIFETIME_S - 1
    assert responses.find(response.id) is response
    clock.now_s = UNSTORED_LIFETIME_S
    with pytest.raises(ApiError):
        responses.find(response.id)
    await responses.close()


async def test_a_foreground_response_that_is_not_stored_is_not_kept() -> None:
    responses = make(Clock())
    response = responses.begin(ResponseRequest(model=MODEL, input="a", store=False), TextFault())
    await response.ended.wait()
    await responses.close()
    with pytest.raises(ApiError):
        responses.find(response.id)


async def test_the_oldest_response_that_has_ended_makes_room() -> None:
    responses = make(Clock())
    stuck = responses.begin(ResponseRequest(model=MODEL, background=True), TextFault(stuck="queued"))
    ended = []
    for _ in range(MAX_RESPONSES):
        ended.append(responses.begin(ResponseRequest(model=MODEL, background=True), TextFault()))
        await ended[-1].ended.wait()
    assert responses.find(stuck.id) is stuck
    assert responses.find(ended[1].id) is ended[1]
    with pytest.raises(ApiError):
        responses.find(ended[0].id)
    await responses.close()


async def test_only_so_many_run_at_once() -> None:
    responses = make(Clock())
    for _ in range(MAX_RUNNING):
        responses.begin(ResponseRequest(model=MODEL, background=True), TextFault(stuck="in_progress"))
    with pytest.raises(ApiError) as refusal:
        responses.begin(ResponseRequest(model=MODEL, background=True), TextFault())
    assert refusal.value.status == 429
    await responses.close()


def test_the_oldest_idle_conversation_makes_room() -> None:
    conversations = Conversations(Clock())
    kept = [conversations.create([], {}) for _ in range(MAX_CONVERSATIONS)]
    kept[0].writer = "resp_1"
    conversations.create([], {})
    assert conversations.find(kept[0].id) is kept[0]
    with pytest.raises(ApiError):
        conversations.find(kept[1].id)


@given(st.lists(st.text(min_size=1, max_size=3), max_size=5), st.integers(-1, 20))
async def test_a_log_is_read_from_anywhere(deltas: list[str], after: int) -> None:
    response = StoredResponse(ResponseRequest(model=MODEL, stream=True, background=True), [], [], 0)
    response.create()
    response.queue()
    response.begin()
    for delta in deltas:
        response.extend(delta)
    response.fail("server_error", "Broken.")
    whole = [event async for event in response.events()]
    assert [event["sequence_number"] for event in whole] == list(range(len(whole)))
    assert [event async for event in response.events(after)] == whole[after + 1 :]
    assert said(whole) == "".join(deltas)


@given(st.integers(0, 30), st.integers(1, 7), st.sampled_from(["asc", "desc"]))
def test_pages_behind_each_other_are_the_whole_list(length: int, limit: int, order: str) -> None:
    items = [{"id": str(number)} for number in range(length)]
    query = {"limit": str(limit), "order": order}
    shown = page(items, query)
    read = shown["data"]
    while shown["has_more"]:
        shown = page(items, query | {"after": shown["last_id"]})
        read = read + shown["data"]
    assert read == (items if order == "asc" else items[::-1])
