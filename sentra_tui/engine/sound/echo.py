"""Echo control: the microphone does not hear the loudspeaker, and the others' stream does not hear the assistant.

What a microphone hears of the loudspeaker is cancelled where that can be done: of answers alone where only they are
played, of everything that is played where the loudspeaker's loopback is one of the streams. Otherwise the microphone is
held while an answer sounds, and where it hears no more than what the others say. A loopback hears answers as well:
they are subtracted, or cancelled too where the sound system changes sound on its way.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from sentra_tui.domain.audio import SILENCE
from sentra_tui.domain.changes import EchoChanged, HeadphonesChanged
from sentra_tui.domain.sound import Echo, EchoMode
from sentra_tui.domain.sound_config import SoundConfig
from sentra_tui.domain.sound_ports import BleedGate, EchoCanceller
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.sound.live_stream import CancellerOptions, LiveStream, LoadCanceller
from sentra_tui.protocol.echo_mode import EchoSituation, decide
from sentra_tui.protocol.guard import HalfDuplexGuard

LOOPBACK_DELAY_MS = 40
"""How much a microphone is delayed whose echo is known from a loopback: a capture is late, and must not be too late."""
LOOPBACK_TAIL_MS = 300
"""How long a loopback is held after an answer: it hears no room, only what the sound server still holds."""


class EchoControl:
    """Cleans the frames of live sources, and says how. All but `played` belongs to the loop's thread.

    `sounding` tells whether an answer is being heard, or is about to be.
    """

    def __init__(
        self,
        config: SoundConfig,
        load: LoadCanceller,
        context: EngineContext,
        *,
        sounding: Callable[[], bool],
        make_gate: Callable[[], BleedGate],
    ) -> None:
        self._config = config
        self._load = load
        self._context = context
        self._sounding = sounding
        self._make_gate = make_gate
        self._streams: dict[str, LiveStream] = {}
        self._hear_playback: tuple[EchoCanceller, ...] = ()
        self._hear_loopback: tuple[EchoCanceller, ...] = ()
        self._guard = HalfDuplexGuard(config.guard_tail_ms)
        self._loopback_guard = HalfDuplexGuard(LOOPBACK_TAIL_MS)
        self._voice = False
        self._headphones = config.headphones
        self._headphones_told = False
        self._failure = ""
        self._echo = Echo()
        self._told = Echo()

    def source_opened(self, stream: str, *, live: bool, loopback: bool = False, hears_answers: bool = True) -> None:
        """Take it that a stream has this source from now on.

        `live` is sound of this room at this moment, from a microphone or a loopback of a loudspeaker; all other
        sources are left alone. `hears_answers`: the loopback is of the loudspeaker on which answers are played.
        """
        self.source_closed(stream)
        if live:
            self._streams[stream] = LiveStream(
                self._load,
                self._context.tasks,
                self._settle,
                self._failed,
                loopback=loopback,
                hears_answers=loopback and hears_answers,
            )
            self._settle()

    def source_closed(self, stream: str) -> None:
        """Take it that a stream has no source any more."""
        closed = self._streams.pop(stream, None)
        if closed is not None:
            closed.close()
            self._settle()

    def set_voice(self, on: bool) -> None:
        """Answers are spoken, or only written."""
        self._voice = on
        self._settle()

    def set_headphones(self, on: bool) -> None:
        """The user wears headphones: the microphone hears nothing of what is played. Or no longer."""
        self._headphones = on
        self._settle()

    def talking(self, on: bool) -> None:
        """The user holds the key to talk: the microphone is not held, whatever sounds. Or no longer."""
        self._guard.talking = on

    def forget(self, name: str = "") -> None:
        """Hold no sound of this stream from before, or of any: nothing of it comes out later."""
        for stream_name, stream in self._streams.items():
            if name in ("", stream_name):
                stream.forget()

    def played(self, block: bytes) -> None:
        """Take 10 ms of what the loudspeaker is given for answers, silence included. From any thread; never blocks."""
        for canceller in self._hear_playback:
            canceller.hear(block)

    def clean(self, stream: str, frame: bytes) -> bytes:
        """Return what of a stream's next frame may be heard: the frame itself where there is nothing to do."""
        live = self._streams.get(stream)
        if live is None:
            return frame
        return self._clean_loopback(live, frame) if live.loopback else self._clean_microphone(live, frame)

    async def close(self) -> None:
        """Let go of all cancellers."""
        for stream in list(self._streams):
            self.source_closed(stream)

    def _clean_loopback(self, live: LiveStream, frame: bytes) -> bytes:
        for canceller in self._hear_loopback:
            canceller.hear(frame)
        if self._gating:
            for gate in self._gates():
                gate.hear_other(frame)
        if live.canceller is not None:
            cleaned = live.clean(frame)
            live.measure()
            if live.exact and live.weakness.weak_db is not None:
                live.exact = False
                self._settle()
            return cleaned
        held = self._answers_in(live) and self._holds(self._loopback_guard)
        return SILENCE if held else frame

    def _clean_microphone(self, live: LiveStream, frame: bytes) -> bytes:
        if self._echo.mode in (EchoMode.NONE, EchoMode.OFF, EchoMode.HEADPHONES):
            return frame
        cleaned = live.clean(frame)
        self._measure(live)
        if self._echo.mode is not EchoMode.GUARD:
            return cleaned
        held = self._holds(self._guard)
        if held is not self._echo.held:
            self._tell(replace(self._echo, held=held))
        if held or (self._gating and not self._passes(live, frame)):
            return SILENCE
        return cleaned

    def _holds(self, guard: HalfDuplexGuard) -> bool:
        return guard.holds(self._context.now_ms(), sounding=self._sounding())

    def _passes(self, live: LiveStream, frame: bytes) -> bool:
        if live.gate is None:
            live.gate = self._make_gate()
        return live.gate.passes(frame) or self._guard.talking

    def _gates(self) -> list[BleedGate]:
        return [stream.gate for stream in self._streams.values() if stream.gate is not None]

    def _measure(self, live: LiveStream) -> None:
        erle_db = live.measure()
        if erle_db is not None:
            self._echo = replace(self._echo, erle_db=float(round(erle_db)))
            self._settle()

    @property
    def _gating(self) -> bool:
        """Whether the others' voices are kept out of the microphone by its loudness alone."""
        hopeless = bool(self._failure) or self._config.echo == "guard" or self._weak_db() is not None
        return self._echo.mode is EchoMode.GUARD and hopeless and self._loopback() is not None

    def _loopback(self) -> LiveStream | None:
        return next((stream for stream in self._streams.values() if stream.loopback), None)

    def _weak_db(self) -> float | None:
        watches = (stream.weakness.weak_db for stream in self._streams.values() if not stream.loopback)
        return next((weak_db for weak_db in watches if weak_db is not None), None)

    def _answers_in(self, live: LiveStream) -> bool:
        """Return whether answers are to be kept out of this loopback."""
        return self._voice and live.hears_answers and self._config.echo != "off"

    def _settle(self) -> None:
        """Bring cancellers, their references, and what is told in line with what is the case."""
        for stream in self._streams.values():
            stream.want(self._wanted(stream))
        self._connect()
        microphones = [stream for stream in self._streams.values() if not stream.loopback]
        ready = any(stream.canceller is not None for stream in microphones)
        mode, cause = decide(
            EchoSituation(
                setting=self._config.echo,
                headphones=self._headphones,
                needed=bool(microphones) and (self._voice or self._loopback() is not None),
                ready=ready,
                failure=self._failure,
                weak_db=self._weak_db(),
                loopback_held=any(
                    self._answers_in(stream) and not self._cancels(stream) for stream in self._streams.values()
                ),
            )
        )
        self._tell(
            Echo(
                mode=mode,
                erle_db=self._echo.erle_db if ready else None,
                held=self._echo.held and mode is EchoMode.GUARD,
                cause=cause,
            )
        )

    def _cancels(self, stream: LiveStream) -> bool:
        """Return whether there is, or will be, a canceller for this stream if it needs one."""
        if stream.loopback:
            return stream.exact or not (self._failure or self._config.echo == "guard")
        return self._config.echo in ("auto", "cancel") and not self._failure

    def _wanted(self, stream: LiveStream) -> CancellerOptions | None:
        """Return the canceller that a stream needs."""
        if not self._cancels(stream):
            return None
        if stream.loopback:
            options = CancellerOptions(exact=stream.exact, noise_suppression=False, high_pass=False, may_rest=True)
            return options if self._answers_in(stream) else None
        if self._headphones or not (self._voice or self._loopback()):
            return None
        return CancellerOptions(
            noise_suppression=self._config.noise_suppression,
            gain_control=self._config.gain_control,
            delay_ms=LOOPBACK_DELAY_MS if self._hears_all() else 0,
        )

    def _hears_all(self) -> bool:
        """Return whether all that is played is known from a loopback."""
        loopback = self._loopback()
        return loopback is not None and (loopback.hears_answers or not self._voice)

    def _connect(self) -> None:
        """Tell each canceller what its loudspeaker is."""
        streams = [stream for stream in self._streams.values() if stream.canceller is not None]
        by_loopback = [stream for stream in streams if not stream.loopback and self._hears_all()]
        self._hear_loopback = _cancellers(by_loopback)
        self._hear_playback = _cancellers([stream for stream in streams if stream not in by_loopback])

    def _failed(self, cause: str) -> None:
        self._failure = cause
        self._settle()

    def _tell(self, echo: Echo) -> None:
        self._echo = echo
        if echo != self._told:
            self._told = echo
            self._context.publish(EchoChanged(self._context.now_ms(), echo))
        if self._headphones is not self._headphones_told:
            self._headphones_told = self._headphones
            self._context.publish(HeadphonesChanged(self._headphones))


def _cancellers(streams: list[LiveStream]) -> tuple[EchoCanceller, ...]:
    return tuple(stream.canceller for stream in streams if stream.canceller is not None)
