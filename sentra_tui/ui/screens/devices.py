"""Where sound comes from and goes to: every device can be heard before it is chosen."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from sentra_tui.domain.actions import Action, ChooseOutput, ChooseSource, WatchDevices
from sentra_tui.domain.state import AppState
from sentra_tui.domain.text import clean_line
from sentra_tui.ui.device_rows import LOUDSPEAKER, NOTE_CHARS, DeviceRow, device_rows
from sentra_tui.ui.messages import Asked, Told
from sentra_tui.ui.screens.live import LiveScreen
from sentra_tui.ui.widgets.device_list import DeviceList
from sentra_tui.ui.widgets.line import Line


class DevicesScreen(LiveScreen):
    """Has the engine listen to all devices while it is open, and again of an engine that takes another's place."""

    CSS_PATH = "modal.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,d,ctrl+c", "leave", "Back")]

    def __init__(self, state: AppState) -> None:
        super().__init__()
        self._state = state
        self._asked = False
        self._list = DeviceList(widget_id="device-list")
        self._title_line = Line(widget_id="device-name")
        self._note_line = Line(widget_id="device-note", classes="-quiet")
        self._backend = Line(widget_id="device-backend", classes="-quiet")

    def compose(self) -> ComposeResult:
        """Yield the list, and below it all about the row under the cursor, and about how sound is reached."""
        with Vertical(classes="dialog -tall-dialog -broad-dialog"):
            yield Static(Content("Devices"), classes="heading")
            yield self._list
            yield self._title_line
            yield self._note_line
            yield self._backend
            yield Static(
                Content.assemble(
                    *(("↑ ↓", "$accent bold"), " move  ", ("tab", "$accent bold"), " next heading  "),
                    *(("⏎", "$accent bold"), " choose  ", ("esc", "$accent bold"), " back"),
                ),
                classes="footing",
            )

    def on_mount(self) -> None:
        """Show what is known already, and have the rest found out."""
        self._list.show(device_rows(self._state))
        self._list.measure(self._state.devices.levels)
        self.show_state(self._state, self._state.now_ms)
        self._list.focus()

    def show_state(self, state: AppState, now_ms: int) -> None:
        """Take the newest state."""
        before, self._state = self._state, state
        if _choices(state) != _choices(before):
            self._list.show(device_rows(state))
        if state.devices.levels is not before.devices.levels:
            self._list.measure(state.devices.levels)
        devices = state.devices
        known = (devices.backend, devices.reason) if devices.devices else ()
        parts = [clean_line(part, NOTE_CHARS) for part in known if part]
        self._backend.show(Content(" · ".join(parts)))
        self._keep_watching(state)

    def _keep_watching(self, state: AppState) -> None:
        if not state.engine.running or state.devices.watched:
            self._asked = False
        elif not self._asked:
            self._asked = True
            self._ask(WatchDevices(True))

    def on_device_list_moved(self) -> None:
        """Tell all about the row under the cursor."""
        row = self._list.row
        if row is None:
            return
        facts = " · ".join(part for part in ("in use" if row.in_use else "", row.facts) if part)
        self._title_line.show(Content.assemble((row.name, "bold"), (f"  {facts}", "$muted")))
        level = self._list.level_of(row)
        cause = clean_line(level.cause, NOTE_CHARS) if level is not None else ""
        self._note_line.show(Content(" · ".join(part for part in (cause, clean_line(row.note, NOTE_CHARS)) if part)))

    def on_device_list_chosen(self, event: DeviceList.Chosen) -> None:
        """Ask for what was chosen."""
        if not self._state.engine.running:
            self.post_message(Told("The engine is not running yet.", "It starts by itself; try again in a moment."))
            return
        self._list.wait_for(event.row)
        self._ask(_choice(event.row))

    def action_leave(self) -> None:
        """Let the devices go, and go back."""
        if self._state.engine.running:
            self._ask(WatchDevices(False))
        self.dismiss()

    def _ask(self, action: Action) -> None:
        self.post_message(Asked(action))


def _choice(row: DeviceRow) -> Action:
    return ChooseOutput(row.source) if row.target == LOUDSPEAKER else ChooseSource(row.target, row.source)


def _choices(state: AppState) -> tuple[object, ...]:
    """Return all that decides which rows there are."""
    devices = state.devices
    sources = tuple((each.name, each.source.choice, each.source.label) for each in state.streams)
    return (id(devices.devices), devices.backend, devices.reason, sources, state.output_choice, state.output)
