"""What measured values, and events on the wire, mean."""

from __future__ import annotations

from msgspec.structs import replace

from sentra_tui.domain import changes as c
from sentra_tui.domain.metrics import Series
from sentra_tui.domain.reduce.arms import arm
from sentra_tui.domain.state import AppState, WireRow

WIRE_ROWS_KEPT = 1_000


@arm.register
def _metric_measured(change: c.MetricMeasured, state: AppState) -> AppState:
    key = (change.metric, change.stream)
    if not any((each.metric, each.stream) == key for each in state.metrics):
        state = replace(state, metrics=(*state.metrics, Series(change.metric, change.stream)))
    metrics = tuple(
        each.with_value(change.value) if (each.metric, each.stream) == key else each for each in state.metrics
    )
    return replace(state, metrics=metrics)


@arm.register
def _wire_logged(change: c.WireLogged, state: AppState) -> AppState:
    row = WireRow(change.at_ms, change.stream, change.outgoing, change.event, change.detail)
    return replace(state, wire=(*state.wire, row)[-WIRE_ROWS_KEPT:])
