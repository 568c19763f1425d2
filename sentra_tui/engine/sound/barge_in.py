"""Barge-in by voice: listens to the microphone while an answer sounds, and silences the answer for the user."""

from __future__ import annotations

from collections.abc import Callable
from functools import singledispatchmethod

from sentra_tui.domain.audio import FRAME_BYTES, dbfs
from sentra_tui.domain.changes import Change, EchoChanged, EventLogged, LineOpened, TranscriptExtended
from sentra_tui.domain.sound import EchoMode
from sentra_tui.domain.sound_ports import SpeechDetector
from sentra_tui.domain.state import MIC
from sentra_tui.domain.transcript import LineKey
from sentra_tui.engine.context import EngineContext
from sentra_tui.protocol.barge_in import BargeIn, BargeInEffect, Duck, StopAnswer, Unduck

DUCKED_GAIN = 0.125
"""18 dB down: still heard, much less in the way of the user's voice, and an echo of it is plainly quieter."""
TAIL_FRAMES = 35
"""For so long an answer that is silent may only be between two words: 700 ms."""
WARM_UP_FRAMES = 150
"""What a new echo canceller leaves of the first 3 s of an answer is not trusted."""
LOG_SOURCE = "barge-in"

_HALF_BYTES = FRAME_BYTES // 2


class BargeInDriver:
    """Hears every frame of the microphone as it goes to the provider, without echo; costs next to nothing in silence.

    `sounding` tells whether an answer is heard, `allowed` whether the microphone can be trusted to hear the user and
    not the answer. `duck` sets how loud the answer is, from 0 to 1; `stop` stops it for good, here and at the provider.
    """

    def __init__(
        self,
        detector: SpeechDetector,
        context: EngineContext,
        *,
        sounding: Callable[[], bool],
        allowed: Callable[[], bool],
        duck: Callable[[float], None],
        stop: Callable[[], object],
    ) -> None:
        self._detector = detector
        self._now_ms = context.now_ms
        self._publish = context.publish
        self._sounding = sounding
        self._allowed = allowed
        self._duck = duck
        self._stop = stop
        self._machine = BargeIn()
        self._listening = False
        self._silent_frames = 0
        self._cold_frames = 0
        self._echo_mode = EchoMode.NONE
        self._lines: set[LineKey] = set()
        """The lines that were opened since the answer sounds."""

    def hear(self, frame: bytes) -> None:
        """Take the microphone's next frame."""
        if not self._answer_sounds() or not self._allowed() or self._is_cold():
            self._rest()
            return
        self._listening = True
        first, second = self._detector.hear(frame)
        self._perform(self._machine.hear(first, _peak_dbfs(frame[:_HALF_BYTES])))
        self._perform(self._machine.hear(second, _peak_dbfs(frame[_HALF_BYTES:])))

    def notice(self, change: Change) -> None:
        """Take what happened: words that were begun over the answer are no cough, and an echo canceller may be new."""
        match change:
            case EchoChanged(echo=echo):
                if echo.mode is EchoMode.CANCELLING and self._echo_mode is not EchoMode.CANCELLING:
                    self._cold_frames = WARM_UP_FRAMES
                self._echo_mode = echo.mode
            case LineOpened(stream=stream, key=key) if stream == MIC and self._listening:
                self._lines.add(key)
            case TranscriptExtended(stream=stream, key=key, delta=delta) if stream == MIC and key in self._lines:
                if delta.strip():
                    self._perform(self._machine.hear_word())

    def _is_cold(self) -> bool:
        if self._echo_mode is not EchoMode.CANCELLING or not self._cold_frames:
            return False
        self._cold_frames -= 1
        return True

    def _answer_sounds(self) -> bool:
        if self._sounding():
            self._silent_frames = 0
            return True
        self._silent_frames += 1
        return self._listening and not self._machine.stopped and self._silent_frames < TAIL_FRAMES

    def _rest(self) -> None:
        if not self._listening:
            return
        self._listening = False
        self._lines.clear()
        if self._machine.reset() is not None:
            self._duck(1.0)

    def _perform(self, effect: BargeInEffect | None) -> None:
        if effect is not None:
            self._carry_out(effect)

    @singledispatchmethod
    def _carry_out(self, effect: BargeInEffect) -> None:
        raise TypeError(f"no way to carry out {type(effect).__name__}")

    @_carry_out.register
    def _(self, effect: Duck) -> None:
        self._duck(DUCKED_GAIN)
        self._log("ducked")

    @_carry_out.register
    def _(self, effect: Unduck) -> None:
        self._duck(1.0)
        self._log(f"false alarm after {effect.after_ms} ms")

    @_carry_out.register
    def _(self, effect: StopAnswer) -> None:
        self._stop()
        self._log(f"interrupted by {'a word' if effect.by_word else 'speech'} after {effect.after_ms} ms")

    def _log(self, text: str) -> None:
        self._publish(EventLogged(self._now_ms(), LOG_SOURCE, text))


def _peak_dbfs(half: bytes) -> float:
    samples = memoryview(half).cast("h")
    return dbfs(max(max(samples), -min(samples)))
