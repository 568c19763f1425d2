"""What fifty calls to the local provider leave behind, here and there."""

from __future__ import annotations

import asyncio
import threading

import httpx
import psutil
from msgspec import Struct

from bench.measurement import Measurement, Measurements, Request, progress
from sentra_tui.domain.config import Config
from sentra_tui.domain.provider_config import shipped_providers
from sentra_tui.domain.stream_settings import StreamSettings
from sentra_tui.protocol import session_config
from sentra_tui.services.bearer import BearerAuth
from sentra_tui.services.local_provider import LocalProvider
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.endpoint import endpoint
from sentra_tui.services.openai.signalling.realtime_http import RealtimeHttp
from sentra_tui.services.openai.tokens import ApiKeyTokens
from sentra_tui.services.transport.webrtc import WebRtcTransport

DIALS = 50
WARM_UP_DIALS = 3
"""So many before counting starts: connections that are kept open, and threads that are kept."""
SETTLE_S = 3.0


class Possessions(Struct, frozen=True):
    """What this process holds, and what calls the provider has."""

    tasks: int
    sockets: int
    threads: int
    calls: int


def measure(request: Request) -> Measurements:
    """Return how much more there is after `DIALS` calls than before."""
    before, after = asyncio.run(_measure())
    left = {
        "tasks": after.tasks - before.tasks,
        "sockets": after.sockets - before.sockets,
        "threads": after.threads - before.threads,
        "calls at the provider": after.calls,
    }
    note = ", ".join(f"{max(0, number)} {name}" for name, number in left.items())
    value = float(sum(max(0, number) for number in left.values()))
    return {"leaks_after_50_dials": Measurement(value=value, n=DIALS, note=f"{note}; microphone and speaker in turn")}


async def _measure() -> tuple[Possessions, Possessions]:
    provider = LocalProvider()
    await provider.start()
    try:
        client = ApiClient(endpoint(shipped_providers()["local"], provider.base_url))
        tokens = ApiKeyTokens(client, lambda: provider.api_key)
        await _dial_and_hang_up(client, tokens, WARM_UP_DIALS)
        before = await _count(provider)
        await _dial_and_hang_up(client, tokens, DIALS)
        after = await _count(provider)
        await client.close()
        return before, after
    finally:
        await provider.close()


async def _dial_and_hang_up(client: ApiClient, tokens: ApiKeyTokens, dials: int) -> None:
    profile, config = shipped_providers()["local"], Config()
    sessions = (
        session_config.mic_session(profile, config.aux, StreamSettings()),
        session_config.speaker_session(profile, StreamSettings()),
    )
    for number in range(dials):
        transport = WebRtcTransport(RealtimeHttp(client))
        await transport.connect(tokens.mint(sessions[number % len(sessions)]))
        await transport.close()
        if number % 10 == 9:
            progress(f"leaks: {number + 1} of {dials} dials")


async def _count(provider: LocalProvider) -> Possessions:
    await asyncio.sleep(SETTLE_S)
    calls = await _calls(provider)
    return Possessions(
        tasks=len(asyncio.all_tasks()),
        sockets=len(psutil.Process().net_connections("all")),
        threads=threading.active_count(),
        calls=calls,
    )


async def _calls(provider: LocalProvider) -> int:
    """Return how many calls the provider says it has."""
    async with httpx.AsyncClient(trust_env=False) as client:
        reply = await client.get(f"{provider.base_url}/status", auth=BearerAuth(provider.api_key))
        return len(reply.raise_for_status().json()["calls"])
