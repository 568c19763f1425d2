"""Minting is not in the way of a dial: one with a client secret at hand takes as long as one that mints none.

The three kinds of dial take turns, to a peer of the same kind in this process: one is given its credential, one takes
a client secret that was minted before, and one, for the note, has its secret minted while its offer is made.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from aiortc.mediastreams import AudioStreamTrack

from bench.measurement import Measurement, Measurements, Request, median, progress
from bench.peer import CREDENTIAL, Peer, ready
from sentra_tui.domain.ports import Credential
from sentra_tui.domain.provider_config import ProviderProfile
from sentra_tui.domain.secret import Secret
from sentra_tui.media.peer import prepare_process
from sentra_tui.services.openai.cached_tokens import CachedTokens
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.endpoint import endpoint
from sentra_tui.services.openai.tokens import ApiKeyTokens
from sentra_tui.services.transport.webrtc import WebRtcTransport

ROUNDS = 60
_SETTLE_S = 0.1
_LIFETIME_S = 600
_SESSION: dict[str, Any] = {"type": "realtime", "model": "bench"}

Mint = Callable[[], Awaitable[Credential]]


def measure(request: Request) -> Measurements:
    """Return how much longer a dial with a secret at hand takes, in the median."""
    return asyncio.run(_measure())


async def _measure() -> Measurements:
    prepare_process()
    application = web.Application()
    application.add_routes([web.post("/v1/realtime/client_secrets", _mint)])
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    profile = ProviderProfile(label="bench", base_url=f"http://127.0.0.1:{runner.addresses[0][1]}/v1", key_env="")
    client = ApiClient(endpoint(profile))
    source = ApiKeyTokens(client, lambda: Secret("bench"))
    cached = CachedTokens(source)
    try:
        await cached.mint(_SESSION)
        kinds: dict[str, Mint] = {
            "given": lambda: ready(CREDENTIAL),
            "cached": lambda: cached.mint(_SESSION),
            "minted": lambda: source.mint(_SESSION),
        }
        took_ms: dict[str, list[float]] = {kind: [] for kind in kinds}
        for number in range(-2, ROUNDS):
            for kind, mint in kinds.items():
                dial_ms = await _dial_ms(mint)
                if number >= 0:
                    took_ms[kind].append(dial_ms)
    finally:
        await cached.close()
        await client.close()
        await runner.cleanup()
    given_ms, cached_ms, minted_ms = (median(took_ms[kind]) for kind in kinds)
    progress(f"dial: given {given_ms:.1f} ms, cached {cached_ms:.1f} ms, minted {minted_ms:.1f} ms")
    extra_ms = tuple(one - other for one, other in zip(took_ms["cached"], took_ms["given"], strict=True))
    note = (
        f"medians of {ROUNDS} dials each, in turn: {cached_ms:.1f} ms against {given_ms:.1f} ms; with a secret minted "
        f"while the offer is made {minted_ms:.1f} ms; p50 and p95 are of the pairs"
    )
    return {"cached_token_dial_extra_ms": Measurement(value=cached_ms - given_ms, trials=extra_ms, note=note)}


async def _dial_ms(mint: Mint) -> float:
    peer = Peer(AudioStreamTrack())
    began_s = time.perf_counter()
    transport = WebRtcTransport(peer)
    await transport.connect(mint())
    took_ms = (time.perf_counter() - began_s) * 1000
    await transport.close()
    await peer.close()
    await asyncio.sleep(_SETTLE_S)
    return took_ms


async def _mint(request: web.Request) -> web.Response:
    session = (await request.json())["session"]
    expires_at = int(datetime.now(UTC).timestamp()) + _LIFETIME_S
    return web.json_response({"value": "ek_bench", "expires_at": expires_at, "session": session})
