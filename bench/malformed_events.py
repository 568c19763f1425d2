"""Ten thousand events that are not as they should be: whether any of them raises, from the wire to the screen.

Frames are well-formed events with fields taken away, replaced, or filled with anything, cut short, doubled, of calls
that are over, or no JSON at all. Each goes the whole way: codec, session, what the session wants sent, the state, and
the line to the front end.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from random import Random
from typing import Any, get_args

import msgspec

from bench.measurement import Measurement, Measurements, Request, percentile
from sentra_tui.domain import changes as c
from sentra_tui.domain.reduce import reduce
from sentra_tui.domain.state import AppState
from sentra_tui.protocol.effects import SendEvent
from sentra_tui.protocol.server_events import KnownServerEvent
from sentra_tui.protocol.session import Session
from sentra_tui.protocol.turn_timing import SpokenTurns, TurnTiming
from sentra_tui.protocol.wire import Wire

FRAMES = 10_000
SEED = 6
SESSION_FRAMES = 250
"""A new session begins after so many."""

_EVENTS = [kind.__struct_config__.tag for kind in get_args(KnownServerEvent)]
_IDS = [f"item_{number}" for number in range(12)] + [f"resp_{number}" for number in range(6)] + [""]
_WORDS = ["so the cache", "\x1b]52;c;aGk=\x07", "[/b][@click=app.quit]", "\ud83d", "\u202e", "x" * 5_000, "", "\0"]
_FIELDS = (
    *("item_id", "previous_item_id", "response_id", "event_id", "delta", "transcript", "text", "audio_start_ms"),
    *("audio_end_ms", "content_index", "output_index", "item", "response", "session", "error", "usage", "part"),
)


def hostile_frames(seed: int, count: int) -> Iterator[str | bytes]:
    """Yield frames as a server that has lost its mind would send them; the same for the same seed."""
    random = Random(seed)
    last: str | bytes = ""
    for _ in range(count):
        frame = last if random.random() < 0.05 else _frame(random)
        last = frame
        yield frame


def uncaught(frames: Iterator[str | bytes]) -> tuple[int, list[float]]:
    """Return how many frames raised anything, and how long each took, in milliseconds."""
    listener, failures, took_ms = _Listener(), 0, []
    for number, frame in enumerate(frames):
        if number % SESSION_FRAMES == 0:
            listener.begin(number * 20)
        began_s = time.perf_counter()
        try:
            listener.take(frame, number * 20)
        except Exception:  # noqa: BLE001 - what is counted is whatever escapes
            failures += 1
        took_ms.append((time.perf_counter() - began_s) * 1000)
    return failures, took_ms


def measure(request: Request) -> Measurements:
    """Count what escapes."""
    failures, took_ms = uncaught(hostile_frames(SEED, FRAMES))
    p99_ms = percentile(took_ms, 99) or 0.0
    note = f"handling: p99 {p99_ms:.2f} ms, longest {max(took_ms):.1f} ms"
    return {"malformed_events_uncaught": Measurement(value=failures, n=len(took_ms), note=note)}


class _Listener:
    """Everything that an event passes through, on one stream."""

    def __init__(self) -> None:
        self.state = reduce(AppState(), c.StreamAdded("mic"))
        self._encoder = msgspec.json.Encoder()
        self._wire = Wire()
        self.begin(0)

    def begin(self, now_ms: int) -> None:
        """Go on in another session."""
        self._session = Session("mic", now_ms, now_ms, answers=True, voice=True, mark="mark", context_lines=9)
        self._timing = TurnTiming("mic", now_ms, now_ms, SpokenTurns(), words_sound=True)

    def take(self, frame: str | bytes, now_ms: int) -> None:
        """Take one frame of the wire."""
        event = self._wire.decode(frame)  # type: ignore[arg-type]
        self._timing.receive(event, now_ms)
        self._wire.answer(event)
        for output in self._session.receive(event, now_ms):
            if isinstance(output, SendEvent):
                self._wire.encode(output.event)
            elif isinstance(output, c.Change):
                self.state = reduce(self.state, output)
                self._encoder.encode(output)


def _frame(random: Random) -> str | bytes:
    chance = random.random()
    if chance < 0.05:
        return random.randbytes(random.randrange(60))
    if chance < 0.08:
        depth = random.randrange(1, 4_000)
        return "[" * depth + "]" * random.randrange(depth + 1)
    kind = random.choice(_EVENTS) if random.random() < 0.95 else f"response.invented.{random.randrange(9)}"
    fields = {name: _value(random, 0) for name in random.sample(_FIELDS, random.randrange(len(_FIELDS)))}
    text = json.dumps({"type": kind, **fields}, allow_nan=True)
    return text[: random.randrange(len(text))] if random.random() < 0.05 else text


def _value(random: Random, depth: int) -> Any:
    kind = random.randrange(9 if depth < 3 else 7)
    match kind:
        case 0 | 1:
            return random.choice(_IDS)
        case 2 | 3:
            return random.choice(_WORDS)
        case 4:
            return random.choice([0, -1, 2**40, 1e300, float("nan"), 1.5, 700, 1_200, 10**30])
        case 5:
            return random.choice([None, True, False])
        case 6:
            return random.choice(["completed", "cancelled", "failed", "user", "assistant", "message", "input_audio"])
        case 7:
            return [_value(random, depth + 1) for _ in range(random.randrange(4))]
    names = ("id", "type", "role", "status", "content", "output", "code", "message", "usage", "metadata", "name")
    return {name: _value(random, depth + 1) for name in random.sample(names, random.randrange(len(names)))}
