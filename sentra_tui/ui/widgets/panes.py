"""The four panes: two transcripts and two assistants."""

from __future__ import annotations

from collections.abc import Hashable

from textual import events
from textual.content import Content
from textual.message import Message

from sentra_tui.domain.state import AppState, Lane
from sentra_tui.domain.transcript import Line
from sentra_tui.ui.citations import citations
from sentra_tui.ui.drawing import CITED
from sentra_tui.ui.entries import Entry, line_entry
from sentra_tui.ui.lane_words import lane_subtitle, lane_title
from sentra_tui.ui.story import Card, Story
from sentra_tui.ui.virtual_rows import Item
from sentra_tui.ui.widgets.transcript_view import TranscriptView
from sentra_tui.ui.words import empty_words, source_words


class _Pane(TranscriptView[Item]):
    """A view with words on its border."""

    _title = ""
    _subtitle = ""

    def _set_titles(self, title: str, subtitle: str) -> None:
        if title != self._title:
            self._title = title
            self.border_title = Content(title)
        if subtitle != self._subtitle:
            self._subtitle = subtitle
            self.border_subtitle = Content(subtitle) if subtitle else None


class StreamPane(_Pane[Line]):
    """What one stream said."""

    def __init__(self, stream: str, title: str, key: str, *, widget_id: str, classes: str = "") -> None:
        super().__init__(line_entry, _line_key, widget_id=widget_id, classes=classes)
        self._stream = stream
        self._base_title = f"{title} · {stream}"
        self._connect_key = key
        self._set_titles(self._base_title, "")

    def has_news(self, state: AppState) -> bool:
        """Return whether `state` has entries that are not shown."""
        stream = state.stream(self._stream)
        return stream is not None and stream.transcript.pages is not self.pages

    def show_state(self, state: AppState, now_ms: int) -> None:
        """Take the newest state."""
        stream = state.stream(self._stream)
        muted = " · muted" if stream is not None and stream.muted else ""
        self._set_titles(self._base_title + muted, source_words(stream))
        self.empty = empty_words(stream, self._connect_key) if state.engine.running else ""
        if stream is not None:
            self.show(stream.transcript.pages, state.engine.started_at)

    @property
    def stream(self) -> str:
        """The name of the stream."""
        return self._stream

    def newest_line(self) -> Line | None:
        """Return the newest line in view that has words."""
        return next((line for line in reversed(self.in_view) if line.text and line.kind != "gap"), None)


class AnswerPane(_Pane[Card]):
    """What one assistant answered."""

    class Cited(Message):
        """The user clicked the time of a cited line."""

        def __init__(self, cited: str) -> None:
            super().__init__()
            self.cited = cited

    def __init__(self, lane: Lane, title: str, empty: str, story: Story, *, widget_id: str) -> None:
        super().__init__(_card_entry, _card_key, widget_id=widget_id, empty=empty, cites=True)
        self._lane = lane
        self._base_title = title
        self._story = story
        self._cards: tuple[Card, ...] = ()
        self._set_titles(title, "")

    def has_news(self, state: AppState) -> bool:
        """Return whether `state` has entries that are not shown."""
        return self._story.cards(state, self._lane) is not self._cards

    def show_state(self, state: AppState, now_ms: int) -> None:
        """Take the newest state."""
        cards = self._story.cards(state, self._lane)
        if cards is not self._cards:
            self._cards = cards
            self.show((cards,) if cards else (), state.engine.started_at)
        title = lane_title(self._base_title, cards, state.engine.started_at)
        voice = " · spoken" if state.voice and self._lane is Lane.AUX else ""
        self._set_titles(title + voice, lane_subtitle(cards, self._lane, state.questions, now_ms))

    def cited(self) -> tuple[str, ...]:
        """Return the times of day that the newest answer in view cites."""
        found = (citations(card.answer.text) for card in reversed(self.in_view) if card.answer is not None)
        return next(filter(None, found), ())

    def on_click(self, event: events.Click) -> None:
        """Go to the line whose time was clicked."""
        cited = event.style.meta.get(CITED)
        if cited is not None:
            self.post_message(self.Cited(cited))


def _line_key(line: Line) -> Hashable:
    return line.key


def _card_key(card: Card) -> Hashable:
    return card.key


def _card_entry(card: Card) -> Entry:
    return card.entry
