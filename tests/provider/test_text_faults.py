from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import APIStatusError

from sentra_tui.domain.errors import ProviderError
from sentra_tui.provider.faults import Faults, parse_plan
from sentra_tui.provider.models.answering import Answering
from sentra_tui.provider.models.text_model import TextMessage
from sentra_tui.provider.text_faults import RunFailure, TextFault
from tests.provider.client import until
from tests.provider.official import MODEL, QUESTION, official, plain
from tests.provider.test_responses import poll

ASK = {"model": MODEL, "input": QUESTION}


def test_a_rule_counts_the_requests_that_it_fits() -> None:
    rule = '{"api": "responses", "method": "GET", "path": "/v1/responses/*", "numbers": [2], "status": 503}'
    faults = Faults(parse_plan(f'{{"text": [{rule}]}}'))
    polls = [("responses", "GET", "/v1/responses/a"), ("chat", "GET", "/v1/responses/a")]
    requests = [polls[0], polls[1], ("responses", "POST", "/v1/responses"), polls[0], polls[0]]
    seen = [faults.for_text(api, method, path).status for api, method, path in requests]  # type: ignore[arg-type]
    assert seen == [None, None, None, 503, None]


@pytest.mark.parametrize(
    "text", ['{"without": ["breakfast"]}', '{"text": [{"stuck": "done"}]}', '{"text": [{"status": 200}]}']
)
def test_a_plan_that_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(ProviderError):
        parse_plan(text)


async def test_the_wait_is_told_in_each_form() -> None:
    forms = '{"numbers": [1], "retry_after_s": 2}, {"numbers": [2], "retry_after_ms": 1500}, {"retry_after_date": 60}'
    rules = forms.replace("{", '{"status": 429, "code": "rate_limit_exceeded", ')
    async with plain(f'{{"text": [{rules}]}}') as http:
        replies = [await http.post("responses", json=ASK) for _ in range(3)]
    assert {reply.status_code for reply in replies} == {429}
    assert replies[0].headers["Retry-After"] == "2"
    # A rule counts what comes before another one too: the second request is the second of each.
    assert replies[1].headers["retry-after-ms"] == "1500"
    assert parsedate_to_datetime(replies[2].headers["Retry-After"]).tzname() == "UTC"


async def test_a_refusal_carries_its_code_and_the_next_request_does_not() -> None:
    rule = '{"api": "responses", "numbers": [1], "status": 400, "code": "conversation_locked", "param": "conversation"}'
    async with official(f'{{"text": [{rule}]}}') as client:
        with pytest.raises(APIStatusError) as refusal:
            await client.responses.create(model=MODEL, input=QUESTION)
        assert (refusal.value.code, refusal.value.param) == ("conversation_locked", "conversation")
        assert (await client.responses.create(model=MODEL, input=QUESTION)).status == "completed"


async def test_the_official_client_comes_again_after_a_refusal() -> None:
    rule = '{"numbers": [1], "status": 503, "retry_after_ms": 10}'
    async with official(f'{{"text": [{rule}]}}', max_retries=1) as client:
        assert (await client.responses.create(model=MODEL, input=QUESTION)).status == "completed"


@pytest.mark.parametrize("stage", ["queued", "in_progress"])
async def test_a_stuck_run_stays_where_it_is(stage: str) -> None:
    async with official(f'{{"text": [{{"stuck": "{stage}"}}]}}') as client:
        response = await client.responses.create(model=MODEL, input=QUESTION, background=True)
        for _ in range(5):
            assert (await client.responses.retrieve(response.id)).status == stage


async def test_a_run_fails_as_planned() -> None:
    failure = '{"code": "rate_limit_exceeded", "message": "Too much.", "after_words": 4}'
    async with official(f'{{"text": [{{"fail": {failure}}}]}}') as client:
        ended = await poll(client, await client.responses.create(model=MODEL, input=QUESTION, background=True))
    assert (ended.status, ended.usage) == ("failed", None)
    assert ended.error is not None
    assert (ended.error.code, ended.error.message) == ("rate_limit_exceeded", "Too much.")
    assert len(ended.output_text.split()) >= 4


@pytest.mark.parametrize("background", [True, False])
@pytest.mark.parametrize("stream", [True, False])
async def test_a_request_without_a_reply_is_carried_out(background: bool, stream: bool) -> None:
    rule = '{"api": "responses", "numbers": [1], "no_reply": true}'
    async with plain(f'{{"text": [{rule}]}}') as http:
        conversation = (await http.post("conversations", json={})).json()["id"]
        body = {**ASK, "conversation": conversation, "background": background, "stream": stream}
        with pytest.raises(httpx.RemoteProtocolError):
            await http.post("responses", json=body)
        items: list[dict[str, Any]] = []

        async def carried_out() -> bool:
            items[:] = (await http.get(f"conversations/{conversation}/items")).json()["data"]
            return bool(items)

        await until(carried_out)
    assert [item["role"] for item in items] == ["assistant", "user"]


async def test_the_time_until_the_next_poll_is_told() -> None:
    async with plain('{"text": [{"poll_after_ms": 250}]}') as http:
        reply = await http.post("responses", json={**ASK, "background": True})
        assert reply.headers["openai-poll-after-ms"] == "250"
        reply = await http.get(f"responses/{reply.json()['id']}")
        assert reply.headers["openai-poll-after-ms"] == "250"


async def test_a_server_can_be_without_an_api() -> None:
    async with plain('{"without": ["responses", "conversations"]}') as http:
        for path in ("responses", "conversations"):
            reply = await http.post(path, json=ASK)
            assert (reply.status_code, reply.json()["error"]["code"]) == (404, "unknown_url")


async def test_a_server_can_be_without_background_and_conversations_in_responses() -> None:
    async with plain('{"without": ["background", "conversations"]}') as http:
        for param, value in (("background", True), ("conversation", "conv_1")):
            reply = await http.post("responses", json={**ASK, param: value})
            error = reply.json()["error"]
            assert (reply.status_code, error["code"], error["param"]) == (400, "unsupported_parameter", param)
        assert (await http.post("responses", json=ASK)).status_code == 200


class Pieces:
    """A model that says these pieces."""

    def __init__(self, pieces: Sequence[str]) -> None:
        self._pieces = pieces

    async def answer(self, messages: Sequence[TextMessage], model: str = "") -> AsyncGenerator[str, None]:
        for piece in self._pieces:
            yield piece

    async def close(self) -> None:
        pass


@given(st.lists(st.text(st.sampled_from("ab \n"), max_size=6)), st.integers(0, 8))
async def test_an_answer_has_no_more_words_than_allowed(pieces: list[str], limit: int) -> None:
    whole = "".join(pieces)
    answering = Answering(Pieces(pieces), TextFault(), limit)
    read = [piece async for piece in answering.write([], "")]
    assert "".join(read) == answering.text
    assert answering.text.split() == whole.split()[:limit]
    assert answering.words == len(answering.text.split())
    assert answering.cut == (len(whole.split()) > limit)


async def test_a_failure_that_comes_late_lets_the_words_before_it_out() -> None:
    answering = Answering(Pieces(["a ", "b ", "c "]), TextFault(fail=RunFailure(after_words=2)))
    read = []
    with pytest.raises(ProviderError):
        async for piece in answering.write([], ""):
            read.append(piece)  # noqa: PERF401
    assert read == ["a ", "b "]
