"""What it costs, how it travels, and what the program did by itself."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import ContentSwitcher, Static

from sentra_tui.domain.state import AppState, LogRow
from sentra_tui.ui.entries import Entry
from sentra_tui.ui.log_words import cost_listing, latency_listing
from sentra_tui.ui.screens.live import LiveScreen
from sentra_tui.ui.widgets.pane_tabs import PaneTabs
from sentra_tui.ui.widgets.transcript_view import TranscriptView

TITLES = ("Cost", "Latency", "Events")
PAGES = ("log-cost", "log-latency", "log-events")
NO_EVENTS = "Nothing yet. What the program does by itself is listed here: reconnects, summaries, limits of money."


class LogScreen(LiveScreen):
    """Three pages; each follows what happens."""

    CSS_PATH = "modal.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,l,ctrl+c", "dismiss", "Back"),
        Binding("shift+tab", "step(-1)", "The page before"),
        Binding("tab", "step(1)", "The next page"),
        *(Binding(str(number + 1), f"choose({number})", title) for number, title in enumerate(TITLES)),
    ]

    def __init__(self, state: AppState) -> None:
        super().__init__()
        self._first_state = state
        self._page = 0
        self._tabs = PaneTabs(TITLES, widget_id="log-tabs")
        self._pages = ContentSwitcher(initial=PAGES[0], id="log-pages")
        self._listings = (Static(), Static())
        self._listed: list[Content] = [Content(""), Content("")]
        self._events = TranscriptView(_row_entry, _row_key, widget_id=PAGES[2], empty=NO_EVENTS)
        self._rows: tuple[LogRow, ...] = ()

    def compose(self) -> ComposeResult:
        """Yield the tabs and the pages."""
        with Vertical(classes="dialog -tall-dialog -broad-dialog"):
            yield self._tabs
            with self._pages:
                for page, listing in zip(PAGES, self._listings, strict=False):
                    yield VerticalScroll(listing, id=page)
                yield self._events
            yield Static(
                Content.assemble(("tab", "$accent bold"), " next page    ", ("esc", "$accent bold"), " back"),
                classes="footing",
            )

    def on_mount(self) -> None:
        """Show what is known."""
        self.show_state(self._first_state, self._first_state.now_ms)
        self.action_choose(0)

    def show_state(self, state: AppState, now_ms: int) -> None:
        """Take the newest state."""
        contents = (cost_listing(state, now_ms), latency_listing(state))
        for number, content in enumerate(contents):
            if not content.is_same(self._listed[number]):
                self._listed[number] = content
                self._listings[number].update(content)
        if state.log is not self._rows:
            self._rows = state.log
            self._events.show((state.log,) if state.log else (), state.engine.started_at)

    def action_step(self, step: int) -> None:
        """Go round the pages."""
        self.action_choose((self._page + step) % len(PAGES))

    def action_choose(self, number: int) -> None:
        """Show a page."""
        self._page = number
        self._tabs.show(number, frozenset())
        self._pages.current = PAGES[number]
        self.query_one(f"#{PAGES[number]}").focus()

    def on_pane_tabs_chosen(self, event: PaneTabs.Chosen) -> None:
        """Show the page whose tab was clicked."""
        self.action_choose(event.index)


def _row_entry(row: LogRow) -> Entry:
    return Entry(f"{row.source}: {row.text}" if row.source else row.text, row.at_ms)


def _row_key(row: LogRow) -> Hashable:
    return id(row)
