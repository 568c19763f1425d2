"""How soon a question that the provider heard is asked of the quick assistant: our own thinking, nothing else.

The engine is real, in a process of its own. A scripted provider says a final line on the speaker's call, and notes when
`response.create` comes on the microphone's; the way over loopback counts, both ways.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.measurement import CannotMeasure, Measurement, Measurements, Request, percentile, progress
from bench.peer import Peer
from bench.scripted_provider import NAME, ScriptedProvider
from sentra_tui.domain import actions as a
from sentra_tui.domain.state import MIC, SPEAKER
from tests.engine.process import EngineProcess

LINES = 50

_DEADLINE_S = 20.0
_GAP_S = 0.4
_SETTLE_S = 3.0


class Answering(Peer):
    """Takes requests for answers, notes when, and answers each with a word."""

    def __init__(self) -> None:
        super().__init__()
        self.on_event = self._take
        self.asked_s: asyncio.Queue[float] = asyncio.Queue()
        self._responses = 0

    def _take(self, event: dict[str, Any]) -> None:
        if event["type"] != "response.create":
            return
        self.asked_s.put_nowait(time.monotonic())
        self._responses += 1
        response = {"id": f"resp_{self._responses}", "status": "in_progress", "output": []}
        self.say({"type": "response.created", "response": response})
        self.say({"type": "response.done", "response": {**response, "status": "completed"}})


def measure(request: Request) -> Measurements:
    """Return the delay from a final line to the request, p95."""
    with tempfile.TemporaryDirectory() as home:
        delays_ms = tuple(asyncio.run(_ask(Path(home))))
    progress(f"final line to request: {len(delays_ms)} lines")
    note = f"p95 of {len(delays_ms)} questions on the speaker's call, way over loopback included"
    value = percentile(delays_ms, 95)
    return {"final_line_to_aux_request_p95_ms": Measurement(value=value, trials=delays_ms, note=note)}


async def _ask(home: Path) -> list[float]:
    peers: dict[str, Peer] = {"realtime": Answering(), "transcription": Peer()}
    provider = ScriptedProvider(peers.__getitem__)
    await provider.start()
    provider.write_config(home / "config.toml")
    options = (f"--config={home / 'config.toml'}", f"--provider={NAME}", "--mic=none", "--speaker=none")
    engine = await EngineProcess.start(home, *options)
    try:
        await engine.until_live(MIC)
        engine.send(a.ConnectStream(SPEAKER))
        await engine.until_live(MIC, SPEAKER)
        await asyncio.sleep(_SETTLE_S)
        mic = peers["realtime"]
        assert isinstance(mic, Answering)
        return [await _delay_ms(number, peers["transcription"], mic) for number in range(LINES)]
    finally:
        await engine.stop()
        await provider.close()


async def _delay_ms(number: int, speaker: Peer, mic: Answering) -> float:
    item_id = f"item_{number}"
    speaker.say({"type": "input_audio_buffer.committed", "item_id": item_id, "previous_item_id": None})
    await asyncio.sleep(_GAP_S)
    if not mic.asked_s.empty():
        raise CannotMeasure("there were more requests than questions")
    said_s = time.monotonic()
    speaker.say(
        {
            "type": "conversation.item.input_audio_transcription.completed",
            "item_id": item_id,
            "content_index": 0,
            "transcript": f"What does cache number {number} cost us?",
        }
    )
    async with asyncio.timeout(_DEADLINE_S):
        return (await mic.asked_s.get() - said_s) * 1000
