"""The front end: takes a link, shows what comes over it, and asks for what the user wants."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
from collections.abc import Callable, Iterable

from textual.app import SystemCommand
from textual.screen import Screen

from sentra_tui.domain.state import AppState, Connection, Notice, Severity
from sentra_tui.ui import terminal
from sentra_tui.ui.feed import Feed
from sentra_tui.ui.internals import hold_painting_while_behind
from sentra_tui.ui.keys import check_keymap
from sentra_tui.ui.messages import Asked, Told
from sentra_tui.ui.notices import TIMEOUTS_S, TITLES, Notices, notice_text
from sentra_tui.ui.options import AppOptions
from sentra_tui.ui.screens.main import MainScreen
from sentra_tui.ui.themed_app import ThemedApp


class SentraApp(ThemedApp):
    """Draws the newest state of the engine."""

    TITLE = "sentra"
    CSS_PATH = "screens/main.tcss"

    def __init__(self, options: AppOptions, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(options.theme, options.themes_dirs)
        self.animation_level = "none"
        self.feed = Feed(clock)
        self._options = options
        self._keymap, self._remarks = check_keymap(options.keys)
        self._main = MainScreen(self._keymap, self.size)
        self._notices = Notices(self._show_notice)

    def get_default_screen(self) -> Screen[None]:
        """Return the main screen."""
        return self._main

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Return what the palette offers."""
        from sentra_tui.ui.palette import palette_commands

        return palette_commands(self._main, self._keymap, self.theme_names, self.set_theme)

    def on_mount(self) -> None:
        """Paint first; everything else comes after."""
        self.set_keymap(self._keymap)
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 50)
        gc.enable()
        self.run_worker(hold_painting_while_behind(self), name="hold painting")
        self.run_worker(self.feed.draw(self._show), name="draw")
        for remark in [*self._remarks, *self.load_themes()]:
            self._show_notice(Notice(0, Severity.WARNING, remark))
        if self._options.choices:
            self._ask_for_provider()
        else:
            self._start("")

    def _ask_for_provider(self) -> None:
        from sentra_tui.ui.screens.provider import ProviderScreen

        def take(name: str | None) -> None:
            if name is None:
                self.exit(return_code=0)
            else:
                self._start(name)

        self.push_screen(ProviderScreen(self._options.choices), take)

    def _start(self, provider: str) -> None:
        self.run_worker(self.feed.read(self._options.start(provider)), name="read")

    @property
    def is_shown(self) -> bool:
        """Whether the newest state is on the screen."""
        return self._main.caught_up and self._main.state is self.feed.state

    def _show(self, state: AppState, now_ms: int) -> bool:
        self._main.show(state, now_ms)
        if self.screen is not self._main:
            self._show_on_top(state, now_ms)
        self._notices.update(state)
        return self._main.caught_up

    def _show_on_top(self, state: AppState, now_ms: int) -> None:
        from sentra_tui.ui.screens.live import LiveScreen

        if isinstance(self.screen, LiveScreen):
            self.screen.show_state(state, now_ms)

    def on_asked(self, message: Asked) -> None:
        """Send an action."""
        self.feed.send(message.action)

    def on_told(self, message: Told) -> None:
        """Show a remark of a screen."""
        self._show_notice(Notice(0, message.severity, message.text, message.hint))

    def _show_notice(self, notice: Notice) -> None:
        severity = notice.severity
        text = notice_text(notice.text, notice.hint)
        self.notify(text, title=TITLES[severity], severity=severity.value, timeout=TIMEOUTS_S[severity], markup=False)

    async def action_quit(self) -> None:
        """Quit; ask first while a call is live."""
        live = sum(stream.connection is not Connection.OFF for stream in self.feed.state.streams)
        if not live or len(self.screen_stack) > 1:
            self.exit(return_code=0)
            return
        from sentra_tui.ui.screens.quit import QuitScreen

        self.push_screen(QuitScreen(live), lambda yes: self.exit(return_code=0) if yes else None)

    def action_help_quit(self) -> None:
        """Quit on ctrl+c where nothing is selected that it could copy."""
        self.call_next(self.action_quit)


async def _session(app: SentraApp, mouse: bool) -> None:
    terminal.end_on_signals(lambda status: app.exit(return_code=status))
    try:
        await app.run_async(mouse=mouse)
    finally:
        await app.feed.close()


def _crash_report(error: BaseException) -> str:
    from sentra_tui.ui.crash_log import report

    return report(error)


def run(options: AppOptions) -> int:
    """Run the front end; return the exit status: 0, 128 + n after signal n, 1 after a crash, 2 without a terminal."""
    refusal = terminal.refusal(os.environ)
    if refusal is not None:
        sys.stderr.write(f"{refusal}\n")
        return 2
    gc.disable()
    app = SentraApp(options)
    with terminal.TerminalGuard(options.log_path) as guard:
        asyncio.run(_session(app, options.mouse))
        if app.crash is not None:
            guard.write_log(_crash_report(app.crash))
    if app.crash is not None:
        sys.stderr.write(f"sentra-tui ended on an error of its own. What happened is in {options.log_path}\n")
    return app.return_code or 0
