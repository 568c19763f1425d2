"""Every body that a main assistant posts, against the official SDK's own types."""

from __future__ import annotations

import re
from typing import Any

import pytest
from openai.types.beta.assistant_create_params import AssistantCreateParams
from openai.types.beta.thread_create_params import ThreadCreateParams
from openai.types.beta.threads.message_create_params import MessageCreateParams
from openai.types.beta.threads.run_create_params import RunCreateParamsNonStreaming
from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming
from openai.types.conversations.conversation_create_params import ConversationCreateParams
from openai.types.responses.response_create_params import (
    ResponseCreateParamsNonStreaming,
    ResponseCreateParamsStreaming,
)

from sentra_tui.domain.provider_config import MainKind
from sentra_tui.services.openai.main.main_assistant import WAYS
from tests.protocol.official_schema import check
from tests.services.openai.main_peers import main_peer
from tests.services.openai.recorder import Asked

_EMPTY = None
"""The type of a request that has no body."""
_TYPES: dict[str, Any] = {
    r"/v1/responses": ResponseCreateParamsStreaming | ResponseCreateParamsNonStreaming,
    r"/v1/conversations": ConversationCreateParams,
    r"/v1/chat/completions": CompletionCreateParamsStreaming,
    r"/v1/assistants": AssistantCreateParams,
    r"/v1/threads": ThreadCreateParams,
    r"/v1/threads/[^/]+/messages": MessageCreateParams,
    r"/v1/threads/[^/]+/runs": RunCreateParamsNonStreaming,
    r"/v1/.*/cancel": _EMPTY,
}


def check_official(asked: Asked) -> None:
    """Raise SchemaError where the body is not what the official client would post there."""
    if asked.method != "POST":
        assert asked.body == {}
        return
    kind = next(kind for pattern, kind in _TYPES.items() if re.fullmatch(pattern, asked.path))
    if kind is _EMPTY:
        assert asked.body == {}
    else:
        check(asked.body, kind)


@pytest.mark.parametrize("way", WAYS)
async def test_every_body_is_one_that_the_official_client_could_post(way: MainKind) -> None:
    async with main_peer(way, history_turns=1) as peer:
        for question in ("one", "two", "three"):
            ran = await peer.ask(question)
        await peer.assistant.cancel(ran.named.ref)
        assert len(peer.recorder.asked) >= 3
        for asked in peer.recorder.asked:
            check_official(asked)


async def test_requests_of_the_assistants_api_name_its_version() -> None:
    async with main_peer("assistants") as peer:
        ran = await peer.ask("one")
        await peer.assistant.cancel(ran.named.ref)
        assert {asked.headers["OpenAI-Beta"] for asked in peer.recorder.asked} == {"assistants=v2"}
