"""The words on the screen: what a state is called, in short, with a sign that tells it apart without colour."""

from __future__ import annotations

import math
from typing import NamedTuple

from sentra_tui.domain.roads import Road
from sentra_tui.domain.state import MIC, AppState, Connection, Quality, SourceStatus, Stream
from sentra_tui.domain.text import clean_line

WEAK_CONTACT_MS = 3_000
WEAK_ROUND_TRIP_MS = 400
WEAK_LOSS = 0.05
TICK_MS = 500
"""Ages and countdowns move in these steps, so that the line stays calm."""

CAUSE_CHARS = 120
CALL_CELLS = 17
"""The room for how the calls travel."""

NOUNS = {MIC: "microphone"}
"""What a stream is called in a sentence, where that is not its name."""


class Word(NamedTuple):
    """A state in words."""

    sign: str
    text: str
    tone: str
    """`quiet`, `good`, `busy`, `bad` or `loud`: the class that colours it."""


def connection_word(stream: Stream, now_ms: int) -> Word:
    """Return where a stream's call stands."""
    return _CONNECTION_WORDS[stream.connection](stream, now_ms)


def _off(stream: Stream, now_ms: int) -> Word:
    return Word("○", "off", "quiet")


def _connecting(stream: Stream, now_ms: int) -> Word:
    return Word("◌", "connecting", "busy")


def _failed(stream: Stream, now_ms: int) -> Word:
    return Word("✕", f"failed: {clean_line(stream.cause, CAUSE_CHARS)}", "bad")


def _live(stream: Stream, now_ms: int) -> Word:
    age_ms = 0 if stream.contact_at_ms is None else stepped(now_ms - stream.contact_at_ms)
    by_http = stream.transport == Road.HTTP
    if stream.suspected or age_ms >= WEAK_CONTACT_MS or (_is_weak(stream.quality) and not by_http):
        return Word("◐", f"weak {seconds(age_ms)}", "busy")
    return Word("●", "live (http)" if by_http else f"live {seconds(age_ms)}", "good")


def _is_weak(quality: Quality) -> bool:
    loss = max(quality.loss_up or 0.0, quality.loss_down or 0.0)
    return loss >= WEAK_LOSS or (quality.round_trip_ms or 0.0) >= WEAK_ROUND_TRIP_MS


def _reconnecting(stream: Stream, now_ms: int) -> Word:
    wait_ms = 0 if stream.retry_at_ms is None else stream.retry_at_ms - now_ms
    when = f" · in {math.ceil(wait_ms / 1000)} s" if wait_ms > 0 else ""
    return Word("↻", f"reconnecting {stream.attempt}{when}", "busy")


_CONNECTION_WORDS = {
    Connection.OFF: _off,
    Connection.CONNECTING: _connecting,
    Connection.LIVE: _live,
    Connection.RECONNECTING: _reconnecting,
    Connection.FAILED: _failed,
}


def seconds(age_ms: int) -> str:
    """Return `0.5s`, or `12s` from ten seconds on."""
    return f"{age_ms / 1000:.1f}s" if age_ms < 10_000 else f"{age_ms // 1000}s"


def stepped(age_ms: int) -> int:
    """Return an age in steps of TICK_MS, at least 0."""
    return max(0, age_ms) // TICK_MS * TICK_MS


def duration(total_ms: int) -> str:
    """Return `12:04`, or `1:12:04`."""
    total_s = max(0, total_ms) // 1000
    hours, minutes, rest = total_s // 3600, total_s // 60 % 60, total_s % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def call_words(state: AppState) -> str:
    """Return how the live calls travel: their roads and, where there is room, the worst round trip, with bars, unless
    one of them seems dead; empty without a call.
    """
    live = [stream for stream in state.streams if stream.connection is Connection.LIVE]
    if not live:
        return ""
    transport = "+".join(dict.fromkeys(clean_line(stream.transport, 12) for stream in live))
    trips = [trip for stream in live if (trip := stream.quality.round_trip_ms) is not None]
    if not trips or any(stream.suspected for stream in live):  # what was measured was another path than this one
        return transport
    bars = min(_bars(stream.quality) for stream in live)
    timed = f"{transport} {round(max(trips))}ms"
    whole = f"{timed} {'▮' * bars}{'▯' * (4 - bars)}"
    return next((words for words in (whole, timed) if len(words) <= CALL_CELLS), transport)


def _bars(quality: Quality) -> int:
    trip = quality.round_trip_ms or 0.0
    loss = max(quality.loss_up or 0.0, quality.loss_down or 0.0)
    bars = 4 - sum(trip > limit for limit in (50, 150, 300)) - sum(loss > limit for limit in (0.01, 0.05, 0.15))
    return max(1, bars)


def empty_words(stream: Stream | None, key: str) -> str:
    """Return what a transcript says before its first line; `key` connects its stream."""
    if stream is None:
        return ""
    if stream.source.status is SourceStatus.FAILED:
        return clean_line(f"No sound. {stream.source.cause}", 2 * CAUSE_CHARS)
    if stream.connection is Connection.OFF:
        return f"Press {key} to connect the {NOUNS.get(stream.name, stream.name)}."
    if stream.connection is Connection.LIVE:
        return "Listening. Words appear here as they are spoken."
    return ""


def cost_words(state: AppState) -> str:
    """Return what was spent, `$0.31`, with a plus where something had no price; empty before the first bill."""
    cost = state.cost
    if not cost.rows:
        return ""
    if not cost.usd and cost.unpriced:
        return "$ ?"
    amount = f"${cost.usd:.2f}" if cost.usd < 100 else f"${cost.usd:,.0f}"
    return f"{amount}+" if cost.unpriced else amount
