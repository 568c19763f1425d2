"""How soon a word that came over the wire is drawn: from the provider's data channel to the pty, through everything.

The whole program runs in a pty, with the demo talk as the sound of both streams, so that its meters move as they do in
a call. A scripted provider says unique words at irregular times, in answers and in both transcripts.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Protocol

from bench.measurement import CannotMeasure, Measurement, Measurements, Request, median, percentile, progress
from bench.new_user import environment, sentra_tui
from bench.peer import Peer
from bench.scripted_provider import NAME, ScriptedProvider
from bench.terminal import Terminal

WORDS = 300
GAPS_S = (0.02, 0.3)
"""The least and the most between two words, in whichever lane."""
WORDS_A_LINE = 12
SEED = 17

_DEADLINE_S = 40.0
_SETTLE_S = 4.0
_LAST_S = 2.0

Event = dict[str, Any]


class Line(Protocol):
    """One line of words, as events of the provider's."""

    def __init__(self, name: str) -> None: ...

    def begin(self) -> Event:
        """Return what opens it."""
        ...

    def extend(self, delta: str) -> Event:
        """Return what carries more of it."""
        ...

    def end(self, text: str) -> Event:
        """Return what closes it."""
        ...


class SpokenLine:
    """Words that were heard."""

    def __init__(self, name: str) -> None:
        self._item = {"item_id": f"item_{name}", "content_index": 0}

    def begin(self) -> Event:
        """A turn of the user became an item."""
        return {"type": "input_audio_buffer.committed", "previous_item_id": None, **self._item}

    def extend(self, delta: str) -> Event:
        """More of it was understood."""
        return {"type": "conversation.item.input_audio_transcription.delta", "delta": delta, **self._item}

    def end(self, text: str) -> Event:
        """All of it was."""
        return {"type": "conversation.item.input_audio_transcription.completed", "transcript": text, **self._item}


class AnswerLine:
    """Words that the assistant writes."""

    def __init__(self, name: str) -> None:
        self._id = f"resp_{name}"

    def begin(self) -> Event:
        """A response began."""
        return {"type": "response.created", "response": {"id": self._id, "status": "in_progress", "output": []}}

    def extend(self, delta: str) -> Event:
        """It goes on."""
        part = {"response_id": self._id, "item_id": f"{self._id}_item", "output_index": 0, "content_index": 0}
        return {"type": "response.output_text.delta", "delta": delta, **part}

    def end(self, text: str) -> Event:
        """It is over."""
        return {"type": "response.done", "response": {"id": self._id, "status": "completed", "output": []}}


class Lane:
    """Where words of one kind are said, so many in a line."""

    def __init__(self, peer: Peer, kind: type[Line]) -> None:
        self._peer = peer
        self._kind = kind
        self._numbers = count()
        self._line: Line | None = None
        self._words: list[str] = []

    def say(self, word: str) -> None:
        """Say a word more, in a new line when the last one is full."""
        if self._line is not None and len(self._words) == WORDS_A_LINE:
            self._peer.say(self._line.end(" ".join(self._words)))
            self._line, self._words = None, []
        if self._line is None:
            self._line = self._kind(str(next(self._numbers)))
            self._peer.say(self._line.begin())
        self._words.append(word)
        self._peer.say(self._line.extend(f"{word} "))


def measure(request: Request) -> Measurements:
    """Return the delay from a delta on the wire to its word on the screen, p95."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        delays_ms = asyncio.run(_measure(Path(home)))
    trials = tuple(delay_ms for delays in delays_ms.values() for delay_ms in delays)
    progress(f"delta to screen: {len(trials)} of {WORDS} words")
    if len(trials) < WORDS:
        raise CannotMeasure(f"only {len(trials)} of {WORDS} words were drawn")
    lanes = ", ".join(f"{lane} {median(delays):.0f}" for lane, delays in delays_ms.items())
    note = (
        f"p95 of {len(trials)} words, from a data channel of the provider to the pty of the screen, each "
        f"{GAPS_S[0]} to {GAPS_S[1]} s after the last; medians in ms: {lanes}; worst {max(trials):.0f}"
    )
    return {"delta_to_screen_p95_ms": Measurement(value=percentile(trials, 95), trials=trials, note=note)}


async def _measure(home: Path) -> dict[str, list[float]]:
    peers = {"realtime": Peer(), "transcription": Peer()}
    provider = ScriptedProvider(peers.__getitem__)
    await provider.start()
    provider.write_config(home / "config.toml")
    options = (f"--config={home / 'config.toml'}", f"--provider={NAME}", "--mic=demo", "--speaker=demo", "--loop")
    terminal = await asyncio.to_thread(Terminal, (*sentra_tui(), *options), environment(home))
    try:
        async with asyncio.timeout(_DEADLINE_S):
            for peer in peers.values():
                await peer.opened.wait()
        await asyncio.sleep(_SETTLE_S)
        return await _speak(peers, terminal)
    finally:
        await asyncio.to_thread(terminal.close)
        await provider.close()


async def _speak(peers: Mapping[str, Peer], terminal: Terminal) -> dict[str, list[float]]:
    """Say all words; return the delays of those that were drawn, by lane."""
    lanes = {
        "answers": Lane(peers["realtime"], AnswerLine),
        "microphone": Lane(peers["realtime"], SpokenLine),
        "speaker": Lane(peers["transcription"], SpokenLine),
    }
    random = Random(SEED)
    said: list[tuple[str, str, float]] = []
    for number in range(WORDS):
        lane, word = random.choice(list(lanes)), f"w{number:04}w"
        terminal.seek(word)
        said.append((lane, word, time.monotonic()))
        lanes[lane].say(word)
        await asyncio.sleep(random.uniform(*GAPS_S))
    await asyncio.sleep(_LAST_S)
    delays_ms: dict[str, list[float]] = {lane: [] for lane in lanes}
    for lane, word, said_s in said:
        seen_s = terminal.seen_s(word)
        if seen_s is not None:
            delays_ms[lane].append((seen_s - said_s) * 1000)
    return delays_ms
