"""What a bill means."""

from __future__ import annotations

from msgspec.structs import replace

from sentra_tui.domain import changes as c
from sentra_tui.domain.reduce.arms import arm
from sentra_tui.domain.state import AppState
from sentra_tui.domain.usage import RECENT_MINUTES, BillRow, Cost


@arm.register
def _billed(change: c.Billed, state: AppState) -> AppState:
    name = (change.stream, change.lane, change.model)
    rows = {(row.stream, row.lane, row.model): row for row in state.cost.rows}
    row = rows.get(name, BillRow(*name))
    rows[name] = replace(
        row,
        usage=row.usage + change.usage,
        usd=row.usd + (change.usd or 0.0),
        unpriced=row.unpriced + (change.usd is None),
    )
    since_ms = change.at_ms if state.cost.since_ms is None else state.cost.since_ms
    return replace(state, cost=Cost(tuple(rows.values()), since_ms, _recent(state.cost, change)))


def _recent(cost: Cost, change: c.Billed) -> tuple[tuple[int, float], ...]:
    now = change.at_ms // 60_000
    minutes = {minute: usd for minute, usd in cost.recent if now - RECENT_MINUTES < minute}
    minutes[now] = minutes.get(now, 0.0) + (change.usd or 0.0)
    return tuple(sorted(minutes.items()))[-RECENT_MINUTES:]
