"""The official `openai` client against a provider, with every object checked against its own types."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import httpx
from openai import AsyncOpenAI
from openai._models import validate_type
from openai.types.responses import Response, ResponseStreamEvent

from sentra_tui.provider.faults import parse_plan
from sentra_tui.provider.server import ProviderOptions, ProviderStarted, serving

QUESTION = "How does garbage collection work?"
MODEL = "sentra-local"


@contextlib.asynccontextmanager
async def official_client(started: ProviderStarted, max_retries: int = 0) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(
        base_url=started.base_url, api_key=started.api_key, max_retries=max_retries, timeout=20
    ) as client:
        yield client


@contextlib.asynccontextmanager
async def official(plan: str = "{}", max_retries: int = 0) -> AsyncIterator[AsyncOpenAI]:
    """Serve a provider with this plan, and give the official client of it."""
    async with (
        serving(ProviderOptions(plan=parse_plan(plan))) as started,
        official_client(started, max_retries) as client,
    ):
        yield client


@contextlib.asynccontextmanager
async def plain(plan: str = "{}") -> AsyncIterator[httpx.AsyncClient]:
    """Serve a provider with this plan, and give an HTTP client that has its key."""
    async with (
        serving(ProviderOptions(plan=parse_plan(plan))) as started,
        httpx.AsyncClient(
            base_url=started.base_url, headers={"Authorization": f"Bearer {started.api_key}"}, timeout=20
        ) as http,
    ):
        yield http


def check_response(body: Any) -> Any:
    """Raise where this is not a response as OpenAI's own types have it; return it."""
    validate_type(type_=Response, value=body)
    return body


def check_event(event: Any) -> Any:
    """Raise where this is not an event as OpenAI's own types have it; return it."""
    validate_type(type_=ResponseStreamEvent, value=event)  # type: ignore[arg-type]
    return event
