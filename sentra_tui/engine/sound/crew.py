"""All drivers of sound, put together: echo, barge-in, endpointing, recordings, devices and the user's switches."""

from __future__ import annotations

from functools import partial

from sentra_tui.domain import actions as a
from sentra_tui.domain import changes as c
from sentra_tui.domain.sound import EchoMode
from sentra_tui.domain.source_spec import SourceKind, SourceSpec
from sentra_tui.domain.state import MIC
from sentra_tui.engine.connections import ConnectionManager
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.sound.barge_in import BargeInDriver
from sentra_tui.engine.sound.device_watch import DeviceWatch
from sentra_tui.engine.sound.echo import EchoControl
from sentra_tui.engine.sound.endpointing import EndpointingDriver
from sentra_tui.engine.sound.output import Output
from sentra_tui.engine.sound.ports import SoundPorts
from sentra_tui.engine.sound.recording import RecordingDriver
from sentra_tui.engine.sound.switches import Switches
from sentra_tui.engine.store import Store
from sentra_tui.engine.stream import StreamRunner

_TRUSTED = (EchoMode.NONE, EchoMode.CANCELLING, EchoMode.HEADPHONES)
"""In these the microphone hears the user, and not the answer."""


class SoundCrew:
    """Stands between the streams and whoever listens to their sound."""

    def __init__(
        self, ports: SoundPorts, manager: ConnectionManager, output: Output, store: Store, context: EngineContext
    ) -> None:
        self._ports = ports
        self._manager = manager
        self._output = output
        self._store = store
        self._context = context
        self._playback = manager.playback
        self._echo = EchoControl(
            ports.config,
            ports.load_canceller,
            context,
            sounding=self._playback.sounding,
            make_gate=ports.make_gate,
        )
        self._loopbacks: dict[str, tuple[SourceSpec, bool]] = {}
        """What each loopback listens to, and whether answers are heard there."""
        self._recording = RecordingDriver(ports.open_recorder, store, context)
        output.on_played = self._echo.played
        for stream in manager.streams:
            self._listen_to(stream)
        self._answer_for_actions()

    def start(self) -> None:
        """Say what is chosen at the start."""
        self._store.publish(c.OutputChosen(self._output.choice))
        self._echo.set_headphones(self._ports.config.headphones)

    async def close(self) -> None:
        """Finish recordings, and let go of cancellers."""
        await self._recording.close()
        await self._echo.close()

    def _listen_to(self, stream: StreamRunner) -> None:
        stream.on_source = partial(self._source_changes, stream.name)
        stream.pump.clean = partial(self._echo.clean, stream.name)
        stream.pump.taps.append(partial(self._record, stream))
        stream.make_endpointing = partial(self._endpointing, stream)
        if stream.name == MIC and self._ports.config.barge_in == "voice":
            self._listen_for_barge_in(stream)

    def _record(self, stream: StreamRunner, frame: bytes) -> None:
        if self._store.state.recording.on and stream.source.spec.kind is not SourceKind.NONE:
            self._recording.hear(stream.name, frame)

    def _listen_for_barge_in(self, stream: StreamRunner) -> None:
        driver = BargeInDriver(
            self._ports.open_detector(),
            self._context,
            sounding=self._playback.sounding,
            allowed=lambda: self._store.state.echo.mode in _TRUSTED,
            duck=self._playback.duck,
            stop=self._silence,
        )
        stream.pump.taps.append(driver.hear)
        self._store.subscribe(driver.notice)

    def _endpointing(self, stream: StreamRunner) -> EndpointingDriver:
        return EndpointingDriver(self._ports.open_detector(), self._ports.config.utterance_s, stream.commit)

    def _answer_for_actions(self) -> None:
        Switches(self._store, self._manager.streams, self._silence, self._context)
        DeviceWatch(self._ports.devices, self._store, self._context)
        self._store.handle(a.ChooseOutput, lambda action: self._choose_output(action.output))
        self._store.handle(a.SetHeadphones, lambda action: self._set_headphones(action.on))
        self._store.subscribe(self._follow)

    def _silence(self) -> None:
        """Stop the answer that sounds: here at once, and at the provider."""
        if not self._manager.stream(MIC).cancel_answer():
            self._playback.flush()

    def _source_changes(self, stream: str, spec: SourceSpec | None) -> None:
        self._loopbacks.pop(stream, None)
        if spec is None:
            self._echo.source_closed(stream)
        elif spec.kind is SourceKind.LOOPBACK:
            self._loopbacks[stream] = (spec, self._output.may_be_heard_by(spec))
            self._listen_to_output(stream)
        else:
            self._echo.source_opened(stream, live=spec.in_room)

    def _listen_to_output(self, stream: str) -> None:
        _, hears_answers = self._loopbacks[stream]
        self._echo.source_opened(stream, live=True, loopback=True, hears_answers=hears_answers)

    def _compare_outputs(self) -> None:
        """Find out anew which loopbacks hear answers: their loudspeaker, or that of the answers, is another now."""
        for stream, (spec, heard) in self._loopbacks.items():
            known = self._store.state.stream(stream)
            hears = self._output.is_heard_by(spec, known.source.label if known else "", before=heard)
            if hears is not heard:
                self._loopbacks[stream] = (spec, hears)
                self._listen_to_output(stream)

    def _choose_output(self, choice: str) -> None:
        self._output.choose(choice)
        self._ports.choices.remember_output(choice)
        self._store.publish(c.OutputChosen(choice, by_user=True))
        self._playback.reopen()

    def _set_headphones(self, on: bool) -> None:
        self._ports.choices.remember_headphones(on)
        self._echo.set_headphones(on)

    def _follow(self, change: c.Change) -> None:
        match change:
            case c.VoiceChanged(on=on):
                self._echo.set_voice(on)
            case c.TalkingChanged(on=on):
                self._echo.talking(on)
            case c.SourceOpened() | c.OutputOpened():
                self._compare_outputs()
            case c.OffRecordChanged():
                self._echo.forget()
            case c.MuteChanged(stream=stream):
                self._echo.talking(self._store.state.talking)  # who mutes has let go of the key
                self._echo.forget(stream)
