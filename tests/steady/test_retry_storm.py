"""A hundred clients of a service that is down for five minutes, in virtual time."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from random import Random

import pytest

from sentra_tui.domain.config import ReconnectConfig
from sentra_tui.protocol.connection import CallMachine
from sentra_tui.protocol.effects import WaitThenDial

CLIENTS = 100
DOWN_MS = 300_000
REFUSAL_MS = 50
SETTLED_MS = 30_000
"""When all have reached the longest wait."""


def dials_until_all_stand(seed: int) -> Iterator[tuple[int, bool]]:
    """Yield when each dial comes, in milliseconds since the service went down, and whether it came through."""
    random = Random(seed)
    calls = [CallMachine(f"client{number}", ReconnectConfig(), random.random) for number in range(CLIENTS)]
    due: list[tuple[int, int]] = []
    for number, call in enumerate(calls):
        call.connect(0)
        call.connected(0, "webrtc", 80.0)
        heapq.heappush(due, (_wait_ms(call, 10_000), number))
    while due:
        at_ms, number = heapq.heappop(due)
        calls[number].retry_due(at_ms)
        stands = at_ms >= DOWN_MS
        yield at_ms, stands
        if not stands:
            heapq.heappush(due, (_wait_ms(calls[number], at_ms + REFUSAL_MS), number))


def _wait_ms(call: CallMachine, now_ms: int) -> int:
    effect = call.lost(now_ms, "The server failed (503).")[-1]
    assert isinstance(effect, WaitThenDial)
    return now_ms + round(effect.delay_s * 1000)


@pytest.mark.row(12)
@pytest.mark.parametrize("seed", range(5))
def test_clients_of_a_service_that_is_down_come_evenly_and_are_back_soon_after_it(seed: int) -> None:
    dials = list(dials_until_all_stand(seed))
    by_second = Counter(at_ms // 1000 for at_ms, stands in dials if not stands and at_ms > SETTLED_MS)
    mean = sum(by_second.values()) / ((DOWN_MS - SETTLED_MS) / 1000)
    assert max(by_second.values()) <= 2 * mean
    assert sum(stands for _, stands in dials) == CLIENTS
    assert max(at_ms for at_ms, _ in dials) <= DOWN_MS + 6_000
