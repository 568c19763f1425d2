"""Checks of a path that stands: STUN binding requests, as ICE sends them for consent (RFC 7675), more often.

Consent as aioice has it asks each five seconds, and takes an answer later than half a second for none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import aioice.ice
from aioice.stun import TransactionFailed, TransactionTimeout
from aiortc import RTCIceGatherer, RTCPeerConnection

CHECK_INTERVAL_S = 0.5
RETRANSMISSIONS = 2
"""After 0.5 and 1.5 s; an answer counts until 3.5 s after the request (RFC 8489, section 6.2.1)."""

FIRST_TRY_S = 0.5
"""When the request is sent again: whatever is answered earlier is the first."""

_ICE_CONNECTION = "_connection"
_NOMINATED = "_nominated"


def self_test() -> list[str]:
    """Return the private names that this aioice lacks; empty when all are there."""
    missing = []
    if _ICE_CONNECTION not in RTCIceGatherer.__init__.__code__.co_names:
        missing.append(f"aiortc.RTCIceGatherer.{_ICE_CONNECTION}")
    if _NOMINATED not in aioice.ice.Connection.__init__.__code__.co_names:
        missing.append(f"aioice.Connection.{_NOMINATED}")
    if not hasattr(aioice.ice.Connection, "build_request"):
        missing.append("aioice.Connection.build_request")
    return missing


async def check_path(
    connection: RTCPeerConnection, on_ask: Callable[[], int], on_answer: Callable[[int, bool], None]
) -> None:
    """Ask the peer each half second whether what we send arrives, until cancelled.

    `on_answer` is called when it does, with what `on_ask` gave when it was asked, and whether the first request was
    enough, so that the path is known to have been open just then.
    Through a TURN server, too: it is the pair that carries the sound which is asked. Cancel it, and wait for it,
    before the connection is closed. Returns at once where this aioice lacks what it takes.
    """
    if self_test():
        return
    checks: set[asyncio.Task[None]] = set()
    try:
        while True:
            check = asyncio.create_task(_check(connection, on_ask, on_answer))
            checks.add(check)
            check.add_done_callback(checks.discard)
            await asyncio.sleep(CHECK_INTERVAL_S)
    finally:
        for check in checks:
            check.cancel()
        if checks:
            await asyncio.wait(checks)


async def _check(
    connection: RTCPeerConnection, on_ask: Callable[[], int], on_answer: Callable[[int, bool], None]
) -> None:
    loop = asyncio.get_running_loop()
    transport = connection.getTransceivers()[0].receiver.transport.transport
    ice = getattr(transport.iceGatherer, _ICE_CONNECTION)
    pairs: dict[int, Any] = getattr(ice, _NOMINATED)
    for pair in tuple(pairs.values()):
        request = ice.build_request(pair, nominate=False)
        key = (ice.remote_password or "").encode()
        asked, asked_at_s = on_ask(), loop.time()
        try:
            await pair.protocol.request(request, pair.remote_addr, integrity_key=key, retransmissions=RETRANSMISSIONS)
        except TransactionTimeout:
            return
        except TransactionFailed:
            pass  # a refusal is signed as well, and shows that the request arrived
        on_answer(asked, loop.time() - asked_at_s < FIRST_TRY_S)
