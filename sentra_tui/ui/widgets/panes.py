"""The four panes: two transcripts and two assistants."""

from __future__ import annotations

from collections.abc import Hashable

from textual.content import Content

from sentra_tui.domain.state import Answer, AppState, Lane
from sentra_tui.domain.transcript import Line
from sentra_tui.ui.entries import answer_entry, line_entry
from sentra_tui.ui.virtual_rows import Item
from sentra_tui.ui.widgets.transcript_view import TranscriptView
from sentra_tui.ui.words import answer_words, empty_words, source_words


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


class AnswerPane(_Pane[Answer]):
    """What one assistant answered."""

    def __init__(self, lane: Lane, title: str, empty: str, *, widget_id: str) -> None:
        super().__init__(answer_entry, _answer_key, widget_id=widget_id, empty=empty)
        self._lane = lane
        self._base_title = title
        self._answers: tuple[Answer, ...] = ()
        self._mine: tuple[Answer, ...] = ()
        self._set_titles(title, "")

    def has_news(self, state: AppState) -> bool:
        """Return whether `state` has entries that are not shown."""
        return state.answers is not self._answers and state.lane(self._lane) != self._mine

    def show_state(self, state: AppState, now_ms: int) -> None:
        """Take the newest state."""
        if state.answers is not self._answers:
            self._answers = state.answers
            self._mine = state.lane(self._lane)
            self.show((self._mine,) if self._mine else (), state.engine.started_at)
        voice = " · spoken" if state.voice and self._lane is Lane.AUX else ""
        self._set_titles(self._base_title + voice, answer_words(self._mine, now_ms))


def _line_key(line: Line) -> Hashable:
    return line.key


def _answer_key(answer: Answer) -> Hashable:
    return answer.answer_id
