"""A main assistant in front of the served local provider, with everything that it sends recorded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import Any

from msgspec import Struct

from sentra_tui.domain.config import MainConfig
from sentra_tui.domain.main_run import MainRequest, RunEnded, RunEvent, RunExtended, RunNamed
from sentra_tui.domain.ports import MainAssistant
from sentra_tui.domain.provider_config import MainKind, ProviderProfile
from sentra_tui.domain.secret import Secret
from sentra_tui.provider.faults import parse_plan
from sentra_tui.provider.models.text_model import TextMessage, TextModel
from sentra_tui.provider.server import ProviderOptions, serving
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.endpoint import Endpoint
from sentra_tui.services.openai.main.main_assistant import main_assistant
from sentra_tui.services.openai.main.retry import Timing
from tests.services.openai.recorder import Recorder

INSTRUCTIONS = "Answer briefly."
RUN_PATHS = {
    "responses_background": "/v1/responses",
    "responses": "/v1/responses",
    "assistants": "/v1/threads/*/runs",
    "chat": "/v1/chat/completions",
}
"""Where a plan finds the request that begins a run."""


class Recaller:
    """A model that answers with all that it was asked, and remembers what it read."""

    def __init__(self, before: str = "", interval_s: float = 0.0) -> None:
        self.read: list[list[TextMessage]] = []
        self._before = before
        self._interval_s = interval_s

    async def answer(self, messages: Sequence[TextMessage], model: str = "") -> AsyncGenerator[str, None]:
        self.read.append(list(messages))
        asked = " | ".join(message.text for message in messages if message.role == "user")
        for word in f"{self._before}You asked: {asked}".split(" "):
            yield f"{word} "
            await asyncio.sleep(self._interval_s)

    async def close(self) -> None:
        pass


class Ran(Struct, frozen=True):
    """One question, answered."""

    events: tuple[RunEvent, ...]

    @property
    def end(self) -> RunEnded:
        last = self.events[-1]
        assert isinstance(last, RunEnded)
        return last

    @property
    def deltas(self) -> str:
        return "".join(event.delta for event in self.events if isinstance(event, RunExtended))

    @property
    def named(self) -> RunNamed:
        return next(event for event in self.events if isinstance(event, RunNamed))


class MainPeer:
    """A main assistant, the proxy that it asks, and what it logged and slept."""

    def __init__(self, recorder: Recorder, client: ApiClient, way: MainKind, api_key: str, config: MainConfig) -> None:
        self.recorder = recorder
        self.log: list[str] = []
        self.slept: list[float] = []
        timing = Timing(sleep=self._sleep, random=lambda: 0.5)
        self.assistant: MainAssistant = main_assistant(
            ProviderProfile(main=way), client, lambda: Secret(api_key), config, self.log.append, timing
        )

    async def _sleep(self, wait_s: float) -> None:
        self.slept.append(wait_s)
        await asyncio.sleep(min(wait_s, 0.02))

    async def ask(self, question: str, **more: Any) -> Ran:
        """Ask and read to the end."""
        return Ran(tuple([event async for event in self.assistant.ask(request(question, **more))]))

    async def ask_until_named(self, question: str) -> tuple[RunNamed, AsyncIterator[RunEvent]]:
        """Ask and read until the run has a name; the iterator has the rest."""
        events = self.assistant.ask(request(question))
        async for event in events:
            if isinstance(event, RunNamed):
                return event, events
        raise AssertionError("the run was never named")


def request(question: str, **more: Any) -> MainRequest:
    fields: dict[str, Any] = {
        "question_id": "q1",
        "instructions": INSTRUCTIONS,
        "news": f"news: {question}",
        "full": f"full: {question}",
        "model": "sentra-local-text",
        "max_output_tokens": 800,
    }
    return MainRequest(**{**fields, **more})


def main_config(**more: Any) -> MainConfig:
    return MainConfig(**{"poll_s": 0.1, "deadline_s": 20.0, **more})


@asynccontextmanager
async def main_peer(
    way: MainKind, plan: str = "{}", *, model: TextModel | None = None, api_key: str = "", **config: Any
) -> AsyncIterator[MainPeer]:
    async with serving(ProviderOptions(plan=parse_plan(plan)), model or Recaller()) as started:
        recorder = Recorder(started.base_url)
        async with recorder.running():
            client = ApiClient(Endpoint(recorder.base_url, label="The server"))
            peer = MainPeer(recorder, client, way, api_key or started.api_key, main_config(**config))
            try:
                yield peer
            finally:
                await peer.assistant.close()
                await client.close()


async def read_rest(events: AsyncIterator[RunEvent]) -> Ran:
    async with aclosing(events) as left:  # type: ignore[type-var]
        return Ran(tuple([event async for event in left]))
