"""How old sound is when it is played: a train of clicks over our transport to our playout buffer.

A click begins its frame, so its capture began one frame before the frame was handed over; it is heard where the pulled
frame has it. The two clocks, of capture and of playout, stand in no relation in real life: calls with different
distances between them share the clicks. Sound cards come on top.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from random import Random

import numpy as np

from bench.measurement import CannotMeasure, Measurement, Measurements, Request, median, progress
from bench.peer import CREDENTIAL, Peer, ready
from sentra_tui.domain.audio import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE_HZ, SILENCE
from sentra_tui.services.transport.webrtc import WebRtcTransport

PHASES_MS = (0.0, 4.0, 8.0, 12.0, 16.0)
"""How much later than capture the playout of each call ticks."""
CLICKS = 16
"""Clicks a call."""
LOSS = 0.05
SEED = 7

_CLICK_FRAMES = 25
_SETTLE_FRAMES = 100
_CLICK_SAMPLES = 96
_AMPLITUDE = 24_000
_HEARD_AMPLITUDE = 6_000
_LATEST_MS = 400
"""A click heard later than this is another's."""


def measure(request: Request) -> Measurements:
    """Return the medians of clicks over a good path, and over a relay that loses packets."""
    return asyncio.run(_measure(request))


async def _measure(request: Request) -> Measurements:
    measured = {}
    for figure, loss in (("media_one_way_ms", 0.0), ("media_one_way_5pct_loss_ms", LOSS)):
        if figure in request.figures:
            measured[figure] = await _train(loss)
    return measured


async def _train(loss: float) -> Measurement:
    delays_ms: list[float] = []
    for index, phase_ms in enumerate(PHASES_MS):
        async with _Path(loss, Random(SEED + index)) as path:
            heard_ms = await _Call(path.transport, path.peer, phase_ms / 1000).run()
        progress(f"one way, {loss:.0%} loss, call {index + 1}: {len(heard_ms)} of {CLICKS} clicks heard")
        delays_ms += heard_ms
    if not delays_ms:
        raise CannotMeasure("no click was heard")
    sent = CLICKS * len(PHASES_MS)
    note = f"{len(delays_ms)} of {sent} clicks heard, {len(PHASES_MS)} calls, frame of {FRAME_MS} ms included"
    return Measurement(value=median(delays_ms), trials=tuple(delays_ms), note=note)


class _Path:
    """A transport connected to a peer, through a relay where something is to be lost."""

    def __init__(self, loss: float, random: Random) -> None:
        from sentra_tui.provider.relay import UdpRelay

        self._loss = loss
        self._relay = UdpRelay(random)
        self.peer = Peer(rewrite=self._relay.rewrite if loss else None)
        self.transport = WebRtcTransport(self.peer)

    async def __aenter__(self) -> _Path:
        await self.transport.connect(ready(CREDENTIAL))
        self._relay.up.loss = self._relay.down.loss = self._loss
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.transport.close()
        await self.peer.close()
        await self._relay.close()


class _Call:
    """Sends the train on one clock and pulls on another."""

    def __init__(self, transport: WebRtcTransport, peer: Peer, phase_s: float) -> None:
        self._transport = transport
        self._peer = peer
        self._loop = asyncio.get_running_loop()
        self._began_s = self._loop.time() + 0.1
        self._phase_s = phase_s
        self._captured_s: list[float] = []
        self._delays_ms: list[float] = []

    async def run(self) -> list[float]:
        """Return the delays of the clicks that were heard."""
        gc.collect()
        gc.freeze()
        frames = _SETTLE_FRAMES + CLICKS * _CLICK_FRAMES
        await asyncio.gather(
            self._each_frame(self._began_s, frames, self._send),
            self._each_frame(self._began_s + self._phase_s, frames, self._listen),
        )
        return self._delays_ms

    async def _each_frame(self, began_s: float, frames: int, step: Callable[[int], None]) -> None:
        for index in range(frames):
            await asyncio.sleep(max(0.0, began_s + index * FRAME_MS / 1000 - self._loop.time()))
            step(index)

    def _send(self, index: int) -> None:
        clicks = index >= _SETTLE_FRAMES and index % _CLICK_FRAMES == 0
        if clicks:
            self._captured_s.append(self._loop.time() - FRAME_MS / 1000)
        self._transport.send_audio(CLICK if clicks else SILENCE)

    def _listen(self, index: int) -> None:
        pulled_s = self._loop.time()
        offset = onset(self._peer.playout.pull() or b"")
        if offset is None or not self._captured_s:
            return
        delay_ms = (pulled_s - self._captured_s[-1]) * 1000 + offset * 1000 / SAMPLE_RATE_HZ
        if delay_ms <= _LATEST_MS:
            self._delays_ms.append(delay_ms)
            self._captured_s.clear()


def click() -> bytes:
    """Return a frame that begins with a short burst of 1.5 kHz and is silent else."""
    samples = np.zeros(FRAME_SAMPLES)
    time_s = np.arange(_CLICK_SAMPLES) / SAMPLE_RATE_HZ
    samples[:_CLICK_SAMPLES] = np.cos(2 * np.pi * 1_500 * time_s) * _AMPLITUDE
    return bytes(samples.astype("<i2").tobytes())


CLICK = click()


def onset(frame: bytes) -> int | None:
    """Return the index of the sample at which a click begins, or None where there is none."""
    loud = np.abs(np.frombuffer(frame, "<i2").astype(int)) >= _HEARD_AMPLITUDE
    return int(loud.argmax()) if loud.any() else None
