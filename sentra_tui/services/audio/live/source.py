"""A stream of the sound server that keeps to its target, and says what becomes of it."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncIterator, Callable
from functools import partial

from msgspec.structs import replace

from sentra_tui.domain.audio import FRAME_MS, SILENCE
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound import Trouble
from sentra_tui.domain.sound_ports import Report
from sentra_tui.services.audio.live.anchor import SETTLE_S, move_there_and_back, stopover
from sentra_tui.services.audio.live.backend import Backend, Capture
from sentra_tui.services.audio.live.gate import Gate
from sentra_tui.services.audio.live.server import SoundServer
from sentra_tui.services.audio.live.snapshot import PulseSource, Snapshot, SourceOutput
from sentra_tui.services.audio.live.supervisor import VERIFY_S, Action, Step, Stream, Supervisor
from sentra_tui.services.audio.live.target import CHOOSE, Found, Target, find
from sentra_tui.services.audio.live.verdict import Verdict
from sentra_tui.services.audio.thread import on_a_thread

LOOK_S = 0.25
FRAME_S = FRAME_MS / 1000
GAP_S = 0.1
"""How late a frame may be before silence is given in its place."""
KEPT_FRAMES = 3
"""What is kept of the sound that comes late, after silence was given in its place."""
SLOW_S = 1.0
"""A device that takes longer to open gives no sound, and that is said."""
_BUSY = ("busy", "device unavailable")


class LiveSource:
    """An AudioSource: a microphone, or what an output plays. `open_live` makes it."""

    def __init__(
        self, target: Target, backend: Backend, report: Report, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._target = target
        self._backend = backend
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._arrived = asyncio.Event()
        self._changed = asyncio.Event()
        self._gate = Gate(partial(self._call_soon, self._arrived.set))
        self._supervisor = Supervisor(target)
        self._verdict = Verdict(target, report, backend.reason)
        self._stream: Stream | None = None
        self._capture: Capture | None = None
        self._heard_at: float | None = None
        self._filling = False
        self._due: float | None = None
        self._closed = False
        self._server = SoundServer.join(self._judge, self._gate.doubt)
        found = self._found()
        self.label = found.label if found is not None else target.name or "microphone"
        self._supervision = self._loop.create_task(self._supervise(), name=f"capture {self.label}")

    @property
    def dropped_blocks(self) -> int:
        """Blocks of 10 ms lost because the loop did not come for them."""
        return self._gate.dropped_blocks

    @property
    def is_open(self) -> bool:
        """Whether sound of the device passes, being verified."""
        return self._gate.is_open

    async def frames(self) -> AsyncIterator[bytes]:
        """Yield a frame each 20 ms, of the device as it gives them, else of silence; until it is closed."""
        while not self._closed:
            frame = self._gate.take()
            if frame is not None:
                self._verdict.hear(frame)
                self._filling = False
                self._due = self._clock() + FRAME_S
                yield frame
            elif await self._late():
                yield SILENCE

    async def close(self) -> None:
        """End `frames`, and let go of the device."""
        self._closed = True
        self._arrived.set()
        self._server.leave(self._judge)
        self._supervision.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._supervision
        await self._close_stream()

    def _judge(self, snapshot: Snapshot | None) -> None:
        self._gate.judge(snapshot)
        self._call_soon(self._changed.set)

    async def _late(self) -> bool:
        """Wait for sound; return whether a frame of silence is due in its place."""
        self._arrived.clear()
        due = self._clock() if self._due is None else self._due
        wait_s = due - self._clock() + (0 if self._filling else GAP_S)
        if wait_s > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._arrived.wait()
                if self._filling:
                    self._gate.trim(KEPT_FRAMES)
                return False
        self._due = max(due, self._clock() - GAP_S) + FRAME_S
        self._filling = True
        return not self._closed

    async def _supervise(self) -> None:
        await self._changed.wait()  # until the sound server has, or has not, answered
        while True:
            self._changed.clear()
            if self._stream is not None:
                self._stream = replace(self._stream, heard_at=self._heard_at)
            step = self._supervisor.step(self._gate.snapshot, self._stream, self._clock())
            if step.passes and self._stream is not None:
                self._gate.open(self._stream.token, self._stream.source.index)
            else:
                self._gate.shut()
            self._tell(step)
            if step.action is Action.CLOSE:
                await self._close_stream()
            elif step.action is Action.OPEN and step.source is not None:
                await self._open_stream(step.source)
            else:
                await self._change(LOOK_S if step.wait_s is None else min(step.wait_s, LOOK_S))

    async def _change(self, wait_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._changed.wait()

    async def _open_stream(self, source: PulseSource) -> None:
        token = uuid.uuid4().hex[:12]
        capture = self._backend.make(source, token, partial(self._on_block, token), partial(self._on_ended, token))
        self._capture = capture
        self._heard_at = None
        self._stream = Stream(token, source, self._clock())
        slow = self._loop.call_later(SLOW_S, self._tell_slow)
        try:
            await capture.open()
            await self._anchor(token, source)
        except SourceError as error:
            await self._close_stream()
            busy = any(sign in error.message.casefold() for sign in _BUSY)
            trouble = Trouble.BUSY if busy else Trouble.GONE
            help_ = "Close the other program that uses it." if busy else "It is tried again."
            self._supervisor.failed(trouble, f"{error.message} {help_} {CHOOSE}", self._clock())
        finally:
            slow.cancel()

    def _tell_slow(self) -> None:
        advice = f"The sound server does not open it. {CHOOSE}"
        self._verdict.judge(Trouble.STALLED, advice, self.label, self._gate.snapshot)

    async def _anchor(self, token: str, source: PulseSource) -> None:
        snapshot = self._gate.snapshot
        there = stopover(self._target, source, snapshot) if snapshot is not None else None
        if there is None:
            return
        shown = await self._shown(token)
        if shown is not None:
            await on_a_thread(partial(move_there_and_back, shown.index, there.index, source.index))
            await asyncio.sleep(SETTLE_S)

    async def _shown(self, token: str) -> SourceOutput | None:
        """Wait until the sound server shows our stream; None when that takes too long."""
        deadline = self._clock() + VERIFY_S
        while True:
            shown = self._gate.snapshot.stream(token) if self._gate.snapshot is not None else None
            ended = self._stream is None or self._stream.ended
            if shown is not None or ended or self._clock() >= deadline:
                return shown
            self._changed.clear()
            await self._change(LOOK_S)

    async def _close_stream(self) -> None:
        self._gate.shut()
        capture, self._capture, self._stream = self._capture, None, None
        if capture is not None:
            await capture.close()

    def _tell(self, step: Step) -> None:
        self.label = step.label or self.label
        self._verdict.judge(step.trouble, step.advice, self.label, self._gate.snapshot, self._found())

    def _found(self) -> Found | None:
        snapshot = self._gate.snapshot
        found = find(self._target, snapshot) if snapshot is not None else None
        return found if isinstance(found, Found) else None

    def _on_block(self, token: str, block: bytes) -> None:
        first = self._heard_at is None
        self._heard_at = self._clock()
        self._gate.put(token, block)
        if first:
            self._call_soon(self._changed.set)

    def _on_ended(self, token: str, cause: str) -> None:
        self._call_soon(self._note_end, token, cause)

    def _note_end(self, token: str, cause: str) -> None:
        if self._stream is not None and self._stream.token == token:
            self._stream = replace(self._stream, ended=cause)
            self._changed.set()

    def _call_soon(self, callback: Callable[..., object], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens
            self._loop.call_soon_threadsafe(callback, *arguments)
