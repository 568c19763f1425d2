"""What it means that the network, or a call's life, is in doubt."""

from __future__ import annotations

from msgspec.structs import replace

from sentra_tui.domain import changes as c
from sentra_tui.domain.reduce.arms import arm, with_stream
from sentra_tui.domain.state import AppState


@arm.register
def _network_changed(change: c.NetworkChanged, state: AppState) -> AppState:
    if change.step not in ("down", "up"):
        return state
    return replace(state, network_down=change.step == "down")


@arm.register
def _stream_suspected(change: c.StreamSuspected, state: AppState) -> AppState:
    suspected = (change.cause or "no sign of life") if change.suspected else ""
    return with_stream(state, change.stream, lambda stream: replace(stream, suspected=suspected))


@arm.register
def _session_limited(change: c.SessionLimited, state: AppState) -> AppState:
    return with_stream(state, change.stream, lambda stream: replace(stream, ends_ms=change.ends_ms))


@arm.register
def _recovery_progressed(change: c.RecoveryProgressed, state: AppState) -> AppState:
    return with_stream(state, change.stream, lambda stream: replace(stream, recovering_ms=change.left_ms))
