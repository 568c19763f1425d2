"""The panes: a transcript for each stream, and two assistants."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from textual import events
from textual.content import Content
from textual.message import Message

from sentra_tui.domain.state import MIC, SPEAKER, AppState, Lane
from sentra_tui.domain.text import clean_line
from sentra_tui.domain.transcript import Line
from sentra_tui.ui.citations import citations
from sentra_tui.ui.drawing import CITED
from sentra_tui.ui.echoes import EchoFold, HiddenEchoes
from sentra_tui.ui.entries import Entry, hidden_entry, line_entry
from sentra_tui.ui.lane_words import lane_subtitle, lane_title
from sentra_tui.ui.story import Card, Story
from sentra_tui.ui.virtual_rows import Item, Pages
from sentra_tui.ui.widgets.transcript_view import TranscriptView
from sentra_tui.ui.words import empty_words


class _Pane(TranscriptView[Item]):
    """A view with words on its border."""

    tab = ""
    """What its tab says."""
    _title = ""
    _subtitle = ""

    def _set_titles(self, title: str, subtitle: str) -> None:
        if title != self._title:
            self._title = title
            self.border_title = Content(title)
        if subtitle != self._subtitle:
            self._subtitle = subtitle
            self.border_subtitle = Content(subtitle) if subtitle else None


class StreamPane(_Pane[Line | HiddenEchoes]):
    """What one stream said; echoes of another one stand there only when they are asked for."""

    def __init__(
        self, stream: str, title: str, keys: Callable[[str], str], *, widget_id: str, classes: str = ""
    ) -> None:
        """Make the pane of a stream; `keys` gives how the key of a command is written."""

        def entry(item: Line | HiddenEchoes) -> Entry:
            return line_entry(item) if isinstance(item, Line) else hidden_entry(item, keys("echoes"))

        super().__init__(entry, _line_key, widget_id=widget_id, classes=classes, holds=_holds_line)
        self.tab = clean_line(title, 16)
        self._stream = stream
        self._base_title = title if title == stream else f"{title} · {stream}"
        self._connect_key = keys(stream if stream in (MIC, SPEAKER) else "palette")
        self._fold = EchoFold()
        self._heard: tuple[tuple[Line, ...], ...] = ()
        self.echoes_shown = False
        self._set_titles(clean_line(self._base_title), "")

    def has_news(self, state: AppState) -> bool:
        """Return whether `state` has entries that are not shown."""
        stream = state.stream(self._stream)
        return stream is not None and stream.transcript.pages is not self._heard

    def show_state(self, state: AppState, now_ms: int) -> None:
        """Take the newest state."""
        from sentra_tui.ui.sound_words import condition, origin_words

        stream = state.stream(self._stream)
        said = condition(stream, state) if stream is not None else ""
        title = f"{self._base_title} · {said}" if said else self._base_title
        self._set_titles(clean_line(title), origin_words(stream, now_ms))
        self.empty = empty_words(stream, self._connect_key) if state.engine.running else ""
        if stream is not None:
            self._heard = stream.transcript.pages
            pages: Pages[Line | HiddenEchoes] = self._heard if self.echoes_shown else self._fold.pages(self._heard)
            self.show(pages, state.engine.started_at)

    @property
    def latest(self) -> object:
        """What was shown last, another object whenever there was something new."""
        return self._heard

    @property
    def stream(self) -> str:
        """The name of the stream."""
        return self._stream

    def newest_line(self) -> Line | None:
        """Return the newest line in view that has words."""
        lines = (item for item in reversed(self.in_view) if isinstance(item, Line))
        return next(filter(_has_words, lines), None)

    def line_to_judge(self) -> Line | None:
        """Return the line of which the user says whether it is an echo: the selected one, else the newest in view.

        One that is hidden counts as in view where its row is, so that the same key takes back what it did.
        """
        chosen = self.chosen
        items = reversed(self.in_view) if chosen is None else [chosen]
        lines = (item.lines[-1] if isinstance(item, HiddenEchoes) else item for item in items)
        return next(filter(_has_words, lines), None)


class AnswerPane(_Pane[Card]):
    """What one assistant answered."""

    class Cited(Message):
        """The user clicked the time of a cited line."""

        def __init__(self, cited: str) -> None:
            super().__init__()
            self.cited = cited

    def __init__(self, lane: Lane, title: str, empty: str, story: Story, *, widget_id: str) -> None:
        super().__init__(_card_entry, _card_key, widget_id=widget_id, empty=empty, cites=True)
        self.tab = title
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

    @property
    def latest(self) -> object:
        """What was shown last, another object whenever there was something new."""
        return self._cards

    def cited(self) -> tuple[str, ...]:
        """Return the times of day that the newest answer in view cites."""
        found = (citations(card.answer.text) for card in reversed(self.in_view) if card.answer is not None)
        return next(filter(None, found), ())

    def on_click(self, event: events.Click) -> None:
        """Go to the line whose time was clicked."""
        cited = event.style.meta.get(CITED)
        if cited is not None:
            self.post_message(self.Cited(cited))


def _line_key(item: Line | HiddenEchoes) -> Hashable:
    return item.key


def _holds_line(item: Line | HiddenEchoes, key: Hashable) -> bool:
    return item.key == key or (isinstance(item, HiddenEchoes) and item.holds(key))


def _has_words(line: Line) -> bool:
    return bool(line.text) and line.kind != "gap"


def _card_key(card: Card) -> Hashable:
    return card.key


def _card_entry(card: Card) -> Entry:
    return card.entry
