"""The status line: am I heard, are they heard, how does it travel, for how long, for how much."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Container, Horizontal
from textual.content import Content

from sentra_tui.domain.roads import Road
from sentra_tui.domain.state import MIC, SPEAKER, AppState, Connection, Stream
from sentra_tui.domain.text import clean_line
from sentra_tui.ui.widgets.line import Headline, Line
from sentra_tui.ui.widgets.meter import Meter
from sentra_tui.ui.words import Word, call_words, connection_word, cost_words, duration

WORD_CELLS = 20
METER_MIN_CELLS = 8
ROOMY_CELLS = 78
"""From here on the line under the status has room for figures beside its words."""
_URGENT = ("bad", "busy", "loud")
"""Tones of a line that may take a second row, so that the key that helps is not cut off."""
_TONES = {"quiet": "$muted", "busy": "$warning", "bad": "$error"}


class StreamStatus(Horizontal):
    """One stream: a sign, its name, a word for its call and one for its source, and a meter unless they need the room.

    Words that come and go step in fours of cells, so that the meter stays in its place.
    """

    DEFAULT_CSS = "StreamStatus { height: 1; }"

    def __init__(self, name: str) -> None:
        super().__init__()
        self._stream_name = clean_line(name, 16)
        self._word = Line(Content.assemble(f"○ {name} off"), classes="-quiet")
        self._meter = Meter()
        self._cells = WORD_CELLS

    def compose(self) -> ComposeResult:
        """Yield the word and the meter."""
        yield self._word
        yield self._meter

    def show(self, stream: Stream, state: AppState, now_ms: int) -> None:
        """Take the newest state of the stream."""
        from sentra_tui.ui.sound_words import cover, in_text_mode, source_word

        word = connection_word(stream, now_ms)
        if state.talking and stream.name == MIC and stream.connection is Connection.LIVE:
            word = Word("◉", word.text.replace("live", "talking"), word.tone)
        flaw = source_word(stream, now_ms) if stream.connection is not Connection.FAILED else Word("", "", "quiet")
        hushed = flaw.tone == "bad" or stream.connection in (Connection.RECONNECTING, Connection.FAILED)
        if in_text_mode(state):
            flaw = flaw._replace(sign="·", tone="quiet")
        content = self._content(word, flaw)
        if flaw.text and content.cell_length > self.size.width > 0:
            content = self._content(word._replace(text=""), flaw)
        self._word.show(content, word.tone)
        wordy = flaw.text or stream.transport == Road.HTTP
        self._share_room(content.cell_length + 1 if wordy else 0, hushed)
        self._meter.show(stream.rms_dbfs, stream.peak_dbfs, cover(stream, state))

    def _content(self, word: Word, flaw: Word) -> Content:
        call = f"{word.sign} {self._stream_name} {word.text}".rstrip()
        return Content.assemble(call, (f" {flaw.sign} {flaw.text}" if flaw.text else "", _TONES[flaw.tone]))

    def _share_room(self, needed: int, hushed: bool) -> None:
        """Give the word `needed` cells, and the meter the others, if they are enough for one and it has to tell."""
        cells = max(WORD_CELLS, -(-needed // 4) * 4)
        cramped = 0 < self.size.width < cells + METER_MIN_CELLS
        self.set_class(cramped or hushed, "-wordy")
        if cells != self._cells:
            self._cells = cells
            self._word.styles.width = None if cells == WORD_CELLS else cells


class StatusBar(Container):
    """Both streams, the call, the money, the clock, and a line of what is wrong or worth knowing.

    `face` gives how the key of a command is written. Streams beyond the two have a row of their own where it is wide.
    """

    def __init__(self, face: Callable[[str], str]) -> None:
        super().__init__(id="status")
        self._face = face
        self._streams = {name: StreamStatus(name) for name in (MIC, SPEAKER)}
        self._calls = (Line(widget_id="call-narrow"), Line(widget_id="call"))
        self._clock = Line(Content("◷ 0:00"), widget_id="clock")
        self._trouble = Headline(Content("◌ starting…"), widget_id="trouble", classes="-quiet")
        self._others: Horizontal | None = None

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
        await self.mount(
            mic, self._calls[0], speaker, self._calls[1], self._clock, before=self._others or self._trouble
        )

    def show(self, state: AppState, now_ms: int) -> None:
        """Take the newest state."""
        for stream in state.streams:
            if stream.name not in self._streams:
                self._add(stream.name)
            self._streams[stream.name].show(stream, state, now_ms)
        call = Content(call_words(state))
        for line in self._calls:
            line.show(call)
        cost = cost_words(state)
        self.set_class(bool(cost), "-billed")
        self.set_class(state.economy, "-economy")
        economy = ("economy  ", "$warning") if state.economy else ""
        self._clock.show(Content.assemble(economy, (f"{cost}  " if cost else "", "bold"), "◷ ", duration(now_ms)))
        self._show_headline(state, now_ms)

    def _add(self, name: str) -> None:
        """Give one more stream its place."""
        if self._others is None:
            self._others = Horizontal(id="other-streams")
            self.mount(self._others, before=self._trouble)
            self.add_class("-others")
        self._streams[name] = StreamStatus(name)
        self._others.mount(self._streams[name])

    def _show_headline(self, state: AppState, now_ms: int) -> None:
        from sentra_tui.ui.headline import headline, lights

        word = headline(state, self._face)
        urgent = word.tone in _URGENT
        roomy = self.size.width >= ROOMY_CELLS and not urgent
        aside = lights(state, now_ms, roomy)
        if word.tone == "loud":
            aside = Content(aside.plain)
        self._trouble.show(Content.assemble(word.sign, " ", word.text), word.tone, aside)
        self.set_class(urgent and not self._trouble.fits, "-long")
