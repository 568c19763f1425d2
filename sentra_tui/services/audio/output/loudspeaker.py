"""An output that is followed: opened again when it was lost, and told where its sound is heard."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
import uuid
from collections.abc import Callable
from functools import partial

from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.text import clean_line
from sentra_tui.services.audio.live.server import SoundServer
from sentra_tui.services.audio.live.snapshot import PulseSink, Snapshot
from sentra_tui.services.audio.output.choice import Output, choose_output
from sentra_tui.services.audio.output.player import Fill, Player
from sentra_tui.services.audio.output.ring import Ring
from sentra_tui.services.audio.output.slack import Slack

LOOK_S = 0.25
ANSWER_S = 3.0
STALL_S = 1.0
VANISHED_S = 2.0
"""How long the sound server may not show a stream of ours before it is opened anew."""
FIRST_RETRY_S = 0.2
LAST_RETRY_S = 1.0

OnReport = Callable[[str, str], None]
"""Takes where sound is heard now, empty while nowhere, and why it is not as it was asked for, one line, empty when it
is. In the loop's thread.
"""


class Loudspeaker:
    """Plays what `fill` gives of `ring`, to one output, whatever becomes of it.

    The sound server may move the stream: an answer that is heard elsewhere is better than one that is not heard.
    """

    def __init__(self, name: str, ring: Ring, fill: Fill, on_report: OnReport | None) -> None:
        self.label = clean_line(name) or "loudspeaker"
        self._name = name
        self._fill = fill
        self._ring = ring
        self._on_report = on_report
        self._output: Output | None = None
        self._player: Player | None = None
        self._token = ""
        self._slack = Slack()
        self._ended = self._cause = ""
        self._filled_at = self._seen_at = time.monotonic()
        self._retry_at, self._retry_s = 0.0, FIRST_RETRY_S
        self._missed = False
        self._told = ("", "")
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._server: SoundServer | None = None
        self._snapshot: Snapshot | None = None
        self._following: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Open it, and follow it from then on; raises SourceError."""
        if sys.platform == "linux":
            self._server = SoundServer.join(self._on_snapshot)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ANSWER_S):
                    await self._changed.wait()
        self._output = await choose_output(self._name, self._snapshot)
        if not self._output.on_server:
            self._leave_server()
        await self._start(self._output)
        self._told = (self._heard_at(), "")
        self._tell(self._output.way.reason)
        self._following = self._loop.create_task(self._follow(), name=f"loudspeaker {self.label}")

    async def close(self) -> None:
        """Let go of it; may be called more than once."""
        self._leave_server()
        following, self._following = self._following, None
        if following is not None:
            following.cancel()
            await asyncio.wait([following])  # not awaited itself: that could not be told from our own cancellation
        await self._stop()

    @property
    def latency_s(self) -> float:
        """How long after a block was asked for it is heard."""
        return 0.0 if self._player is None else self._player.latency_s

    @property
    def plays(self) -> bool:
        """Whether it takes sound just now."""
        return self._player is not None and not self._ended and not self._stalled()

    # What becomes of it

    async def _follow(self) -> None:
        while True:
            self._changed.clear()
            if self._player is not None and self._is_to_be_opened_anew():
                await self._stop()
            if self._player is None and self._output is not None and self._can_open():
                await self._restart(self._output)
            self._tell(self._cause_now())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._changed.wait()

    def _is_to_be_opened_anew(self) -> bool:
        if self._ended:
            self._cause = self._ended
            return True
        if self._runs_dry():
            return True
        if self._server is None or self._snapshot is None:
            return False
        sink = self._sink()
        now = time.monotonic()
        self._seen_at = now if sink is not None else self._seen_at
        if now - self._seen_at > VANISHED_S:
            self._cause = "The sound server dropped it."
            return True
        return self._is_back(sink)

    def _runs_dry(self) -> bool:
        """Return whether more is to be held from now on: only between answers, for the stream begins anew."""
        if self._player is None or self._ring.sounding(self._player.latency_s):
            return False
        return self._slack.grows(self._player.xruns, time.monotonic())

    def _is_back(self, sink: PulseSink | None) -> bool:
        """Return whether the sink that was chosen was unplugged, is there again, and the sound is still elsewhere."""
        wanted = self._wanted()
        if self._output is None or not self._output.name or sink is None:
            return False
        was_missed, self._missed = self._missed, wanted is None
        return was_missed and wanted is not None and sink.index != wanted.index

    def _can_open(self) -> bool:
        if time.monotonic() < self._retry_at:
            return False
        return self._server is None or (self._snapshot is not None and bool(self._snapshot.sinks))

    async def _restart(self, output: Output) -> None:
        cause = self._cause
        try:
            await self._start(output)
        except SourceError as error:
            self._cause = cause or error.message
            self._retry_at = time.monotonic() + self._retry_s
            self._retry_s = min(self._retry_s * 2, LAST_RETRY_S)
        else:
            self._retry_s = FIRST_RETRY_S
            self._missed = self._missed or (bool(output.name) and self._server is not None and self._wanted() is None)

    async def _start(self, output: Output) -> None:
        gone = self._server is not None and self._wanted() is None
        self._token = token = uuid.uuid4().hex[:12]
        name, on_ended = "" if gone else output.name, partial(self._on_ended, token)
        player = output.way.make(name, token, self._slack.latency_s, self._give, on_ended)
        self._ended = self._cause = ""
        self._player = player
        self._ring.resume()
        try:
            await player.open()
        except BaseException:
            await self._stop()
            raise
        self._filled_at = self._seen_at = time.monotonic()

    async def _stop(self) -> None:
        player, self._player = self._player, None
        if player is not None:
            await player.close()

    # Where its sound is heard

    def _tell(self, cause: str) -> None:
        heard_at = self._heard_at()
        self.label = heard_at or self.label
        if (heard_at, cause) != self._told:
            self._told = (heard_at, cause)
            if self._on_report is not None:
                self._on_report(heard_at, cause)

    def _heard_at(self) -> str:
        if self._player is None or self._ended:
            return ""
        if self._server is None:
            return clean_line(self._name) or "loudspeaker"
        sink = self._sink() or self._wanted()
        return self.label if sink is None else sink.description

    def _cause_now(self) -> str:
        if self._player is None:
            return self._cause or "There is no loudspeaker: connect one."
        if self._stalled():
            return "It takes no sound: the sound server has suspended it, or hangs."
        sink, wanted = self._sink(), self._wanted()
        if self._output is not None and self._output.name and self._server is not None and sink is not None:
            if wanted is None:
                return f"{clean_line(self._output.name, 60)} was unplugged: the sound server plays elsewhere."
            if sink.index != wanted.index:
                return f"The sound server moved it away from {wanted.description}."
        return self._output.way.reason if self._output is not None else ""

    def _stalled(self) -> bool:
        return time.monotonic() - self._filled_at > STALL_S

    def _sink(self) -> PulseSink | None:
        """Return the sink that has our stream just now."""
        if self._snapshot is None:
            return None
        ours = next((each.sink for each in self._snapshot.sink_inputs if each.token == self._token), None)
        return next((sink for sink in self._snapshot.sinks if sink.index == ours), None)

    def _wanted(self) -> PulseSink | None:
        """Return the sink that was asked for, where it is there."""
        if self._snapshot is None or self._output is None:
            return None
        return self._snapshot.sink(self._output.name or self._snapshot.default_sink)

    # From other threads

    def _give(self) -> bytes:
        self._filled_at = time.monotonic()
        return self._fill()

    def _on_ended(self, token: str, cause: str) -> None:
        if token == self._token:
            self._ended = cause
            self._wake()

    def _on_snapshot(self, snapshot: Snapshot | None) -> None:
        self._snapshot = snapshot
        self._wake()

    def _wake(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens
            self._loop.call_soon_threadsafe(self._changed.set)

    def _leave_server(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.leave(self._on_snapshot)
