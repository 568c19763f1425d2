"""The main screen: status, panes, prompt and hints."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widgets import Input

from sentra_tui.domain.actions import CancelAnswer, MarkEcho, NoteLine, SayText
from sentra_tui.domain.state import MIC, SPEAKER, UNFINISHED, AppState, Lane
from sentra_tui.domain.text import clean
from sentra_tui.ui.citations import cited_line
from sentra_tui.ui.keys import COMMANDS, PROMPT_HINTS, bindings, face, keys_of
from sentra_tui.ui.screens.asking import AskingScreen
from sentra_tui.ui.story import Story
from sentra_tui.ui.widgets.hint_bar import HintBar
from sentra_tui.ui.widgets.line import Line
from sentra_tui.ui.widgets.pane_grid import PaneGrid
from sentra_tui.ui.widgets.pane_tabs import PaneTabs
from sentra_tui.ui.widgets.panes import AnswerPane, StreamPane
from sentra_tui.ui.widgets.prompt import Prompt
from sentra_tui.ui.widgets.status import StatusBar

TITLES = ("You", "Them", "Aux", "Main")
AUX_EMPTY = "Quick drafts appear here when somebody asks something, or when you type."
MAIN_EMPTY = "The considered answer appears here a little later: it confirms, corrects or withdraws the draft."
MAIN_KEYS = " Press {ask} to ask about the last minutes."
TOO_SMALL = "This window is too small. 40 × 10 cells are enough."

WIDTHS = [(0, "-tiny"), (40, "-narrow"), (100, "-normal"), (120, "-roomy"), (200, "-wide")]
HEIGHTS = [(0, "-low"), (10, "-tall")]
"""The class of the screen from each width, and from each height, in cells."""

PANES_A_FRAME = 2
"""Panes with news that are drawn in one frame; of more, half wait for the next, which halves the work of a flood."""


def breakpoint_class(cells: int, breakpoints: list[tuple[int, str]]) -> str:
    """Return the class of this many cells."""
    return [name for least, name in breakpoints if cells >= least][-1]


class MainScreen(AskingScreen):
    """Shows one `AppState`; asks for actions, and never acts itself."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS

    active = reactive(0, init=False)
    """The index of the pane that keys act on, and that is shown where only one is."""
    zoomed = reactive(False, toggle_class="-zoomed", init=False)

    def __init__(self, keymap: dict[str, str], size: Size) -> None:
        """Begin at a window of `size` cells: classes that come later cost a second styling of everything."""
        classes = f"{breakpoint_class(size.width, WIDTHS)} {breakpoint_class(size.height, HEIGHTS)}"
        super().__init__(keymap, classes=classes)
        self.caught_up = True
        """Whether all of `state` is shown."""
        self._now_ms = 0
        self._turn = 0
        self._echoes_shown = False
        self._status = StatusBar(self._face)
        self._tabs = PaneTabs(TITLES, widget_id="tabs")
        story = Story()
        main_empty = MAIN_EMPTY + MAIN_KEYS.format(ask=self._face("ask"))
        self._panes: list[StreamPane | AnswerPane] = [
            StreamPane(MIC, TITLES[0], self._face, widget_id="you", classes="-active"),
            StreamPane(SPEAKER, TITLES[1], self._face, widget_id="them"),
            AnswerPane(Lane.AUX, TITLES[2], AUX_EMPTY, story, widget_id="aux"),
            AnswerPane(Lane.MAIN, TITLES[3], main_empty, story, widget_id="main"),
        ]
        self._streams_shown = {MIC, SPEAKER}
        self._main_pane = self._panes[3]
        self._grid = PaneGrid()
        self._seen: list[object] = [()] * len(self._panes)
        self._prompt = Prompt()
        self._hints = HintBar(self._hints_of_panes(), widget_id="hints")

    def compose(self) -> ComposeResult:
        """Yield the rows of the screen, and what stands there in a window that is too small for them."""
        yield Line(Content(TOO_SMALL), widget_id="too-small")
        yield self._status
        yield self._tabs
        yield self._grid
        with Container(id="bottom"):
            yield self._prompt
            yield self._hints

    def on_mount(self) -> None:
        """Put the panes in their places after the first paint, which comes a tenth sooner for that."""
        self.call_after_refresh(self._mount_panes)

    async def _mount_panes(self) -> None:
        await self._grid.put(self._panes[:2], self._panes[2:4])
        if self._add_panes(self.state):
            self.show(self.state, self._now_ms)
        if self.focused is None:
            self._panes[self.active].focus()

    def show(self, state: AppState, now_ms: int) -> None:
        """Take the newest state; `now_ms` is milliseconds since the engine started."""
        self._add_panes(state)
        self.state, self._now_ms = state, now_ms
        self._status.show(state, now_ms)
        waiting = self._panes_that_wait(state)
        for pane in self._panes:
            if pane not in waiting:
                pane.show_state(state, now_ms)
        self.caught_up = not waiting
        self._show_tabs()

    def _add_panes(self, state: AppState) -> bool:
        """Give each stream beyond the two a pane of its own; return whether there are new ones."""
        others = [stream.name for stream in state.streams if stream.name not in self._streams_shown]
        if not others or not self._grid.is_filled:
            return False
        for name in others:
            self._streams_shown.add(name)
            pane = StreamPane(name, name, self._face, widget_id=f"pane-{len(self._panes) + 1}", classes="-other")
            self._panes.append(pane)
            self._seen.append(())
            self._grid.add(pane)
        self._tabs.show_titles([pane.tab for pane in self._panes])
        return True

    def _panes_that_wait(self, state: AppState) -> list[StreamPane | AnswerPane]:
        news = [pane for pane in self._panes if pane.has_news(state)]
        if len(news) <= PANES_A_FRAME:
            return []
        self._turn = 1 - self._turn
        return news[self._turn :: 2]

    def _show_tabs(self) -> None:
        self._seen[self.active] = self._panes[self.active].latest
        news = (i for i, pane in enumerate(self._panes) if pane.latest is not self._seen[i])
        self._tabs.show(self.active, frozenset(news))

    def watch_active(self, active: int) -> None:
        """Show the pane where only one is shown."""
        for index, pane in enumerate(self._panes):
            pane.set_class(index == active, "-active")
        self._show_tabs()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Follow the focus: a pane that was clicked is the active one, and the prompt has its own hints."""
        if event.widget in self._panes:
            self.active = self._panes.index(event.widget)
        self._show_hints()

    def _show_hints(self) -> None:
        if self._prompt.has_focus_within:
            self._hints.show(tuple((face(key), word) for key, word in PROMPT_HINTS))
        else:
            self._hints.show(self._hints_of_panes())

    def _hints_of_panes(self) -> tuple[tuple[str, str], ...]:
        shown = (command for command in COMMANDS if command.hint)
        return tuple((face(keys_of(command, self._keymap)), command.hint) for command in shown)

    def action_cancel(self) -> None:
        """Leave the prompt; outside it, stop the answer, which may still sound when all its words are there."""
        if self._prompt.has_focus_within:
            self._panes[self.active].focus()
        elif self.selections:
            self.clear_selection()
        elif self.state.voice or any(answer.status in UNFINISHED for answer in self.state.answers):
            self.request(CancelAnswer())

    def action_open_prompt(self) -> None:
        """Go to the prompt."""
        self._prompt.open()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Send what was typed; it stays while there is no engine that could take it."""
        event.stop()
        if clean(event.value).strip() and self.engine_runs():
            self.request(SayText(self._prompt.take()))

    def on_pane_tabs_chosen(self, event: PaneTabs.Chosen) -> None:
        """Show the pane whose tab was clicked."""
        self.action_choose_pane(event.index)

    def action_choose_pane(self, index: int) -> None:
        """Go to a pane."""
        if index >= len(self._panes):
            self.tell(f"There is no pane {index + 1}: each stream beyond mic and speaker has one.")
            return
        self.active = index
        self._panes[index].focus()

    def action_step_pane(self, step: int) -> None:
        """Go round the panes; out of the prompt, to the active one."""
        if self._prompt.has_focus_within:
            step = 0
        self.action_choose_pane((self.active + step) % len(self._panes))

    def action_zoom(self) -> None:
        """Give the active pane the whole screen, or show all."""
        self.zoomed = not self.zoomed
        self._grid.share_out()

    def action_toggle_echoes(self) -> None:
        """Show the lines that are echoes of another stream, or hide them."""
        self._echoes_shown = not self._echoes_shown
        for pane in self._panes:
            if isinstance(pane, StreamPane):
                pane.echoes_shown = self._echoes_shown
                pane.show_state(self.state, self._now_ms)

    def action_mark_echo(self) -> None:
        """Say that the newest line in view, or the selected one, is an echo; or that it is none."""
        pane = self._panes[self.active]
        line = pane.line_to_judge() if isinstance(pane, StreamPane) else None
        if line is None or not isinstance(pane, StreamPane):
            self.tell("No line is in view that could be an echo.", f"{self._face('pane.you')} goes to what you said.")
        else:
            self.request(MarkEcho(pane.stream, line.key.session, line.key.item_id, not line.echo))

    def action_note(self) -> None:
        """Mark the newest line that is in view, or that is at all, to find it again."""
        self.request(self._note())

    def _note(self) -> NoteLine:
        pane = self._panes[self.active]
        line = pane.newest_line() if isinstance(pane, StreamPane) else None
        if line is None or not isinstance(pane, StreamPane):
            return NoteLine()
        return NoteLine(pane.stream, line.key.session, line.key.item_id)

    def action_cite(self) -> None:
        """Go to the line that the newest answer in view cites; ask which, where it cites several."""
        pane = self._panes[self.active]
        answers = pane if isinstance(pane, AnswerPane) else self._main_pane
        cited = answers.cited() if isinstance(answers, AnswerPane) else ()
        if not cited:
            self.tell("The answer in view cites no line.", "Cited lines are times in square brackets.")
        elif len(cited) == 1:
            self._go_to(cited[0])
        else:
            from sentra_tui.ui.screens.citations import CitationsScreen

            self.app.push_screen(CitationsScreen(cited, self.state), self._go_to)

    def on_answer_pane_cited(self, event: AnswerPane.Cited) -> None:
        """Go to the line whose time was clicked."""
        self._go_to(event.cited)

    def _go_to(self, cited: str | None) -> None:
        if cited is None:
            return
        found = cited_line(self.state, cited)
        names = [pane.stream if isinstance(pane, StreamPane) else "" for pane in self._panes]
        if found is None or found.stream not in names:
            self.tell(f"No line was said at {cited}.", "Assistants make mistakes: check what it says.")
            return
        index = names.index(found.stream)
        self.action_choose_pane(index)
        self.call_after_refresh(self._panes[index].find, found.line.key)
