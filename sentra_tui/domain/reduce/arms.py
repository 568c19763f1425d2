"""Where the arms of `reduce` are registered, and the steps that they share."""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatch
from typing import Any

from msgspec.structs import replace

from sentra_tui.domain import changes as c
from sentra_tui.domain.state import AppState, Source, Stream
from sentra_tui.domain.transcript import Transcript

CALL_OVER = {
    "transport": "",
    "detour": "",
    "attempt": 0,
    "retry_at_ms": None,
    "contact_at_ms": None,
    "suspected": "",
    "ends_ms": None,
}
"""What no stream without a call has."""


def call_over(stream: Stream, at_ms: int) -> dict[str, Any]:
    """Return what becomes of the times of a call that ends at `at_ms`."""
    stood_ms = 0 if stream.connected_ms is None else max(0, at_ms - stream.connected_ms)
    return {"connected_ms": None, "live_ms": stream.live_ms + stood_ms}


@singledispatch
def arm(change: c.Change, state: AppState) -> AppState:
    """Return the state after `change`; each module here registers its arms."""
    raise TypeError(f"no arm for {type(change).__name__}")


def with_stream(state: AppState, name: str, update: Callable[[Stream], Stream]) -> AppState:
    """Return the state with this stream updated; a stream that is not there changes nothing."""
    streams = tuple(update(stream) if stream.name == name else stream for stream in state.streams)
    return replace(state, streams=streams)


def with_transcript(state: AppState, name: str, update: Callable[[Transcript], Transcript]) -> AppState:
    """Return the state with this stream's transcript updated."""
    return with_stream(state, name, lambda stream: replace(stream, transcript=update(stream.transcript)))


def with_source(state: AppState, name: str, update: Callable[[Source], Source]) -> AppState:
    """Return the state with this stream's source updated."""
    return with_stream(state, name, lambda stream: replace(stream, source=update(stream.source)))
