"""The status line: am I heard, are they heard, how does it travel, for how long, for how much."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container, Horizontal
from textual.content import Content

from sentra_tui.domain.state import MIC, SPEAKER, AppState, Connection, Stream
from sentra_tui.ui.widgets.line import Line
from sentra_tui.ui.widgets.meter import Meter
from sentra_tui.ui.words import call_words, connection_word, cost_words, duration, trouble


class StreamStatus(Horizontal):
    """One stream: a sign, its name, a word for its call, and a meter unless the word needs the room."""

    DEFAULT_CSS = "StreamStatus { height: 1; }"

    def __init__(self, name: str) -> None:
        super().__init__(id=f"status-{name}")
        self._stream_name = name
        self._word = Line(Content.assemble(f"○ {name} off"), classes="-quiet")
        self._meter = Meter()

    def compose(self) -> ComposeResult:
        """Yield the word and the meter."""
        yield self._word
        yield self._meter

    def show(self, stream: Stream, now_ms: int) -> None:
        """Take the newest state of the stream."""
        word = connection_word(stream, now_ms)
        self._word.show(Content.assemble(f"{word.sign} {self._stream_name} {word.text}"), word.tone)
        wordy = stream.connection in (Connection.RECONNECTING, Connection.FAILED)
        self.set_class(wordy, "-wordy")
        self._meter.show(stream.rms_dbfs, stream.peak_dbfs, stream.muted)


class StatusBar(Container):
    """Both streams, the call, the money, the clock, and a line of what is wrong or worth knowing."""

    def __init__(self) -> None:
        super().__init__(id="status")
        self._streams = {name: StreamStatus(name) for name in (MIC, SPEAKER)}
        self._calls = (Line(widget_id="call-narrow"), Line(widget_id="call"))
        self._clock = Line(Content("◷ 0:00"), widget_id="clock")
        self._trouble = Line(Content("◌ starting…"), widget_id="trouble", classes="-quiet")

    def compose(self) -> ComposeResult:
        """Yield what is known before the engine speaks; the rest comes right after the first paint."""
        yield Line(Content("sentra"), widget_id="title")
        yield self._trouble

    def on_mount(self) -> None:
        """Put the rest in its place after the first paint."""
        self.call_after_refresh(self._mount_rest)

    async def _mount_rest(self) -> None:
        """Mount in the order of both layouts; the stylesheet shows one of the two call lines."""
        mic, speaker = (self._streams[name] for name in (MIC, SPEAKER))
        await self.mount(mic, self._calls[0], speaker, self._calls[1], self._clock, before=self._trouble)

    def show(self, state: AppState, now_ms: int) -> None:
        """Take the newest state."""
        for stream in state.streams:
            if stream.name in self._streams:
                self._streams[stream.name].show(stream, now_ms)
        call = Content(call_words(state))
        for line in self._calls:
            line.show(call)
        cost = cost_words(state)
        self.set_class(bool(cost), "-billed")
        self.set_class(state.economy, "-economy")
        economy = ("economy  ", "$warning") if state.economy else ""
        self._clock.show(Content.assemble(economy, (f"{cost}  " if cost else "", "bold"), "◷ ", duration(now_ms)))
        word = trouble(state)
        self._trouble.show(Content.assemble(word.sign, " ", word.text), word.tone)
