"""What the tests of the Responses implementations share: a provider with a plan, questions, and scripted replies."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sentra_tui.domain.briefing import Brief, compose
from sentra_tui.domain.main_run import MainRequest, RunEnded, RunEvent, RunExtended, RunNamed, RunRef
from sentra_tui.domain.ports import MainAssistant
from sentra_tui.domain.secret import Secret
from sentra_tui.provider.faults import parse_plan
from sentra_tui.provider.server import ProviderOptions, serving
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.endpoint import Endpoint
from sentra_tui.services.openai.main.main_settings import MainSettings

SETTINGS = MainSettings(poll_s=0.02, deadline_s=30.0, label="The local provider")
EVENTS = {"Content_Type": "text/event-stream"}
QUESTION = compose(Brief(question="How does garbage collection work?"), 0.0, "0123abcd4567")


def request(news: str = QUESTION, full: str = QUESTION) -> MainRequest:
    return MainRequest(
        question_id="mic.1.item_7",
        instructions="Answer briefly.",
        news=news,
        full=full,
        model="sentra-local-text",
        max_output_tokens=200,
    )


class Provider:
    """A served local provider, as the implementations are given one."""

    def __init__(self, client: ApiClient, key: Secret) -> None:
        self.client = client
        self._key = key

    def key(self) -> Secret:
        return self._key


@asynccontextmanager
async def provider(**plan: Any) -> AsyncIterator[Provider]:
    """Serve a local provider with this plan of faults."""
    async with serving(ProviderOptions(plan=parse_plan(json.dumps(plan)))) as started:
        client = ApiClient(Endpoint(started.base_url, label="The local provider"))
        try:
            yield Provider(client, Secret(started.api_key))
        finally:
            await client.close()


async def run(assistant: MainAssistant, asked: MainRequest | None = None) -> list[RunEvent]:
    """Ask, and return all that the run tells."""
    return [event async for event in assistant.ask(asked or request())]


def ended(events: list[RunEvent]) -> RunEnded:
    """Return how a run ended; check that this is told once, last, and after its name and its words."""
    *before, last = events
    assert isinstance(last, RunEnded)
    assert not any(isinstance(event, RunEnded) for event in before)
    kinds = [type(event) for event in before]
    if RunExtended in kinds:
        assert RunNamed in kinds[: kinds.index(RunExtended)]
    return last


def name(events: list[RunEvent]) -> RunRef:
    """Return the run's newest name."""
    return [event.ref for event in events if isinstance(event, RunNamed)][-1]


def words(events: list[RunEvent]) -> str:
    """Return the words that were told on the way."""
    return "".join(event.delta for event in events if isinstance(event, RunExtended))


def response(status: str = "completed", text: str = "", **more: Any) -> dict[str, Any]:
    """Return a response as a compatible server might have it."""
    output = [{"type": "message", "content": [{"type": "output_text", "text": text}]}] if text else []
    return {"id": "resp_1", "object": "response", "status": status, "output": output, **more}


def stream(*events: dict[str, Any]) -> str:
    """Return the body of a stream."""
    return "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)


def event(kind: str, sequence_number: int | None = None, **fields: Any) -> dict[str, Any]:
    """Return one event of a stream."""
    number = {} if sequence_number is None else {"sequence_number": sequence_number}
    return {"type": f"response.{kind}", **number, **fields}


def delta(text: str, sequence_number: int | None = None) -> dict[str, Any]:
    """Return the event of some words."""
    return event("output_text.delta", sequence_number, delta=text, output_index=0, content_index=0)


def refusal(code: str, param: str | None = None, message: str = "No.") -> str:
    """Return the body of a refusal."""
    return json.dumps({"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}})
