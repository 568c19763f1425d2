"""What it costs, how it travels, what the program did by itself, and what crosses the provider's wire."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import ClassVar

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import ContentSwitcher, Input, Static

from sentra_tui.domain.actions import WatchWire
from sentra_tui.domain.state import AppState, LogRow, WireRow
from sentra_tui.ui.entries import Entry
from sentra_tui.ui.filtered_rows import FilteredRows
from sentra_tui.ui.latency_words import latency_listing
from sentra_tui.ui.log_words import cost_listing
from sentra_tui.ui.messages import Asked
from sentra_tui.ui.row_filter import RowFilter
from sentra_tui.ui.screens.live import LiveScreen
from sentra_tui.ui.widgets.line import Line
from sentra_tui.ui.widgets.pane_tabs import PaneTabs
from sentra_tui.ui.widgets.prompt import PromptInput
from sentra_tui.ui.widgets.transcript_view import TranscriptView

TITLES = ("Cost", "Latency", "Events", "Wire")
PAGES = ("log-cost", "log-latency", "log-events", "log-wire")
EVENTS, WIRE = 2, 3
ROWS_KEPT = 1_000
FILTER_CHARS = 100
BAR_CELLS = 1
NO_EVENTS = "Nothing yet. What the program does by itself is listed here: dials, breaks, summaries, limits of money."
NO_WIRE = "Nothing crossed the provider's wire yet. Events are listed here with ids, times and sizes, never with words."
NO_MATCH = "Nothing here matches the filter."
_FIND = (("/", "find"), ("f", "whose"))
_KEYS = ((), (), _FIND, (*_FIND, ("d", "direction")))
"""What may be done on each page."""
_TYPING = (("⏎", "keep"), ("esc", "show all"))


class LogScreen(LiveScreen):
    """Four pages; each follows what happens. The engine tells of its wire only while that page is open."""

    CSS_PATH = "modal.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back"),
        Binding("q,l,ctrl+c", "leave", "Back"),
        Binding("shift+tab", "step(-1)", "The page before"),
        Binding("tab", "step(1)", "The next page"),
        Binding("slash", "find", "Show only rows with these words"),
        Binding("f", "next_source", "Show only rows of one stream"),
        Binding("d", "next_way", "Show only what came, or went"),
        *(Binding(str(number + 1), f"choose({number})", title) for number, title in enumerate(TITLES)),
    ]

    def __init__(self, state: AppState) -> None:
        super().__init__()
        self._state = state
        self._now_ms = state.now_ms
        self._page = 0
        self._watches = False
        """This engine was asked to tell of its wire."""
        self._tabs = PaneTabs(TITLES, widget_id="log-tabs")
        self._pages = ContentSwitcher(initial=PAGES[0], id="log-pages")
        self._listings = (Static(), Static())
        self._listed: list[Content] = [Content(""), Content("")]
        self._events = TranscriptView(_event_entry, _row_key, widget_id=PAGES[EVENTS], empty=NO_EVENTS)
        self._wire = TranscriptView(_wire_entry, _row_key, widget_id=PAGES[WIRE], empty=NO_WIRE)
        self._event_rows = FilteredRows[LogRow](ROWS_KEPT)
        self._wire_rows = FilteredRows[WireRow](ROWS_KEPT)
        self._event_filter = RowFilter()
        self._wire_filter = RowFilter()
        self._words = PromptInput(placeholder="words to find", compact=True, max_length=FILTER_CHARS, id="log-words")
        self._filter_line = Line(widget_id="log-filter", classes="-quiet")
        self._footing = Static(classes="footing")

    def compose(self) -> ComposeResult:
        """Yield the tabs, the pages, and below them which rows are shown."""
        with Vertical(classes="dialog -tall-dialog -broad-dialog"):
            yield self._tabs
            with self._pages:
                for page, listing in zip(PAGES, self._listings, strict=False):
                    yield VerticalScroll(listing, id=page)
                yield self._events
                yield self._wire
            yield self._filter_line
            yield self._words
            yield self._footing

    def on_mount(self) -> None:
        """Show what is known."""
        self._words.display = False
        self.show_state(self._state, self._now_ms)
        self.action_choose(0)

    def on_resize(self) -> None:
        """Use the room that there is now."""
        self.call_after_refresh(lambda: self.show_state(self._state, self._now_ms))

    def show_state(self, state: AppState, now_ms: int) -> None:
        """Take the newest state."""
        self._state, self._now_ms = state, now_ms
        self._event_rows.take(state.log, self._event_filter.takes_event)
        self._wire_rows.take(state.wire, self._wire_filter.takes_wire)
        self._show_page()
        self._keep_watching()

    def _show_page(self) -> None:
        """Bring the page that is open up to date; the others are not seen."""
        started_at = self._state.engine.started_at
        if self._page == EVENTS:
            self._events.empty = NO_MATCH if self._event_filter.words else NO_EVENTS
            self._events.show(self._event_rows.pages, started_at)
        elif self._page == WIRE:
            self._wire.empty = NO_MATCH if self._wire_filter.words else NO_WIRE
            self._wire.show(self._wire_rows.pages, started_at)
        else:
            self._show_listing()

    def _show_listing(self) -> None:
        if self._page == 0:
            content = cost_listing(self._state, self._now_ms)
        else:
            width = self._pages.content_size.width - BAR_CELLS
            content = latency_listing(self._state, self._now_ms, width)
        if not content.is_same(self._listed[self._page]):
            self._listed[self._page] = content
            self._listings[self._page].update(content)

    def _keep_watching(self) -> None:
        """Have this engine tell of its wire while the page is open, also one that takes another's place."""
        if not self._state.engine.running:
            self._watches = False
        elif self._watches is not (self._page == WIRE):
            self._watches = self._page == WIRE
            self.post_message(Asked(WatchWire(self._watches)))

    def action_step(self, step: int) -> None:
        """Go round the pages."""
        self.action_choose((self._page + step) % len(PAGES))

    def action_choose(self, number: int) -> None:
        """Show a page."""
        self._page = number
        self._words.display = False
        self._footing.update(_keys((("tab", "page"), *_KEYS[number], ("esc", "back"))))
        self._tabs.show(number, frozenset())
        self._pages.current = PAGES[number]
        self._show_filter()
        self._show_page()
        self._keep_watching()
        self.query_one(f"#{PAGES[number]}").focus()

    def on_pane_tabs_chosen(self, event: PaneTabs.Chosen) -> None:
        """Show the page whose tab was clicked."""
        self.action_choose(event.index)

    def action_find(self) -> None:
        """Let the user type what rows must hold."""
        if self._page in (EVENTS, WIRE):
            self._words.display = True
            self._words.focus()
            self._footing.update(_keys(_TYPING))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show only rows with these words, on both pages."""
        text = event.value.strip()
        self._filter(replace(self._event_filter, text=text), replace(self._wire_filter, text=text))

    def on_input_submitted(self) -> None:
        """Go back to the rows; the words stay."""
        self.action_choose(self._page)

    def action_next_source(self) -> None:
        """Show only rows of the next stream, or of the next part of the program."""
        if self._page == WIRE:
            streams = (stream.name for stream in self._state.streams)
            self._filter(self._event_filter, self._wire_filter.next_source(streams))
        elif self._page == EVENTS:
            sources = sorted({row.source for row in self._state.log})
            self._filter(self._event_filter.next_source(sources), self._wire_filter)

    def action_next_way(self) -> None:
        """Show only what came, then only what went."""
        if self._page == WIRE:
            self._filter(self._event_filter, self._wire_filter.next_way())

    def _filter(self, events: RowFilter, wire: RowFilter) -> None:
        if events != self._event_filter:
            self._event_filter = events
            self._event_rows.again(events.takes_event)
        if wire != self._wire_filter:
            self._wire_filter = wire
            self._wire_rows.again(wire.takes_wire)
        self._show_filter()
        self._show_page()

    def _show_filter(self) -> None:
        wanted = {EVENTS: self._event_filter, WIRE: self._wire_filter}.get(self._page, RowFilter())
        self._filter_line.show(Content(f"only {wanted.words}" if wanted.words else ""))

    def action_back(self) -> None:
        """Drop the words that are asked for, where they are being typed; else go back."""
        if not self._words.has_focus:
            self.action_leave()
            return
        self._words.value = ""
        self.on_input_submitted()

    def action_leave(self) -> None:
        """Go back, and have the engine keep its wire to itself."""
        if self._watches and self._state.engine.running:
            self.post_message(Asked(WatchWire(False)))
        self.dismiss()


def _keys(keys: Iterable[tuple[str, str]]) -> Content:
    return Content.assemble(*(part for key, what in keys for part in ((key, "$accent bold"), f" {what}  "))).rstrip()


def _event_entry(row: LogRow) -> Entry:
    return Entry(f"{row.source}: {row.text}" if row.source else row.text, row.at_ms)


def _wire_entry(row: WireRow) -> Entry:
    if not row.stream:
        return Entry(f" {row.event}", row.at_ms, "aside", "⋯", tail=f" {row.detail}")
    mark = "→" if row.outgoing else "←"
    return Entry(f" {row.stream} {row.event}", row.at_ms, mark=mark, tail=f" {row.detail}" if row.detail else "")


def _row_key(row: LogRow | WireRow) -> Hashable:
    return id(row)
