from __future__ import annotations

import socket
from typing import Any

import pytest

from sentra_tui.domain.errors import ProviderError
from sentra_tui.domain.secret import Secret
from sentra_tui.provider.models.forwarding import ForwardingModel, checked_llm_url, key_from
from sentra_tui.provider.models.text_model import TextMessage
from tests.provider.model_server import model_server, sse

SECRET = "sk-not-to-be-repeated"
QUESTION = (TextMessage("developer", "Be short."), TextMessage("user", "Why?"))
WORDS = '{"choices": [{"index": 0, "delta": {"content": "%s"}, "finish_reason": null}]}'


async def answered(base_url: str, model: str = "", key: Secret | None = None, asked: str = "") -> list[str]:
    forwarding = ForwardingModel(base_url, model, key)
    try:
        return [piece async for piece in forwarding.answer(QUESTION, asked)]
    finally:
        await forwarding.close()


async def refusal(**server: Any) -> ProviderError:
    async with model_server(**server) as other:
        with pytest.raises(ProviderError) as error:
            await answered(other.base_url)
    return error.value


async def test_the_words_come_as_the_server_sends_them() -> None:
    async with model_server(reply=sse(WORDS % "Be", WORDS % "cause.", "[DONE]")) as server:
        assert await answered(server.base_url) == ["Be", "cause."]
    assert server.bodies == [
        {
            "model": "small:4b",
            "messages": [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Why?"}],
            "stream": True,
        }
    ]
    assert server.keys == [""]


async def test_thoughts_notes_usage_and_empty_chunks_are_no_part_of_the_answer() -> None:
    chunks = (
        '{"choices": [{"delta": {"role": "assistant", "content": null, "reasoning_content": "Hmm."}}]}',
        WORDS % "Yes",
        '{"choices": [], "usage": {"prompt_tokens": 1}}',
        '{"choices": null}',
        "[DONE]",
        WORDS % "late",
    )
    reply = ": keep-alive\nevent: message\nid: 1\n\n" + sse(*chunks).replace("data: ", "data:")
    async with model_server(reply=reply) as server:
        assert await answered(server.base_url) == ["Yes"]


async def test_a_server_that_does_not_stream_is_read_as_well() -> None:
    reply = '{"choices": [{"message": {"role": "assistant", "content": "Because."}}]}'
    async with model_server(reply=reply, content_type="application/json") as server:
        assert await answered(server.base_url) == ["Because."]


@pytest.mark.parametrize(
    ("chosen", "asked", "sent"),
    [("mine", "", "mine"), ("mine", "sentra-local-text", "mine"), ("mine", "theirs", "theirs"), ("", "", "small:4b")],
)
async def test_the_local_models_name_stands_for_the_servers(chosen: str, asked: str, sent: str) -> None:
    async with model_server(reply=sse("[DONE]")) as server:
        await answered(server.base_url, chosen, asked=asked)
    assert server.bodies[0]["model"] == sent


async def test_the_key_goes_to_the_server_and_nowhere_else() -> None:
    async with model_server(status=401, reply='{"error": {"message": "Bad key."}}') as server:
        with pytest.raises(ProviderError) as error:
            await answered(server.base_url, key=key_from({"SENTRA_LLM_KEY": SECRET}))
    assert server.keys == [f"Bearer {SECRET}"]
    assert SECRET not in str(error.value)
    assert "SENTRA_LLM_KEY" in error.value.hint


async def test_a_server_that_is_down_is_said_to_be() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(ProviderError, match="cannot be reached"):
            await answered(f"http://127.0.0.1:{taken.getsockname()[1]}/v1")


@pytest.mark.parametrize(
    ("server", "words"),
    [
        ({"status": 500, "reply": '{"error": "out of memory"}'}, "out of memory"),
        ({"status": 404, "reply": "\x1b[2J<html>"}, "404"),
        ({"models": []}, "no models"),
        ({"reply": sse('{"error": {"message": "the model crashed"}}')}, "the model crashed"),
        ({"reply": sse("not json")}, "no chat completion"),
        ({"reply": "[]", "content_type": "application/json"}, "no chat completion"),
        ({"reply": sse(WORDS % "Be"), "breaks_off": True}, "broke off"),
    ],
)
async def test_what_goes_wrong_at_the_server_is_told_in_one_line(server: dict[str, Any], words: str) -> None:
    error = await refusal(**server)
    assert words in error.message
    assert error.message.isprintable()


@pytest.mark.parametrize("url", ["https://example.com/v1/", "http://localhost:11434/v1", "http://[::1]:8080"])
def test_addresses_that_can_be_used(url: str) -> None:
    assert checked_llm_url(url) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/v1",
        "http://192.168.1.2:11434/v1",
        "ftp://localhost/v1",
        "localhost:11434",
        f"http://me:{SECRET}@localhost/v1",
        "http://localhost:99999/v1",
        "http://localhost/v1?x=1",
        "http://[::1",
        "",
    ],
)
def test_addresses_that_cannot_be_used(url: str) -> None:
    with pytest.raises(ProviderError) as error:
        checked_llm_url(url)
    assert SECRET not in str(error.value)


@pytest.mark.parametrize("value", ["", "  "])
def test_an_empty_key_is_none(value: str) -> None:
    assert key_from({"SENTRA_LLM_KEY": value}) is None
