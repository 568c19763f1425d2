"""Every private name of Textual that this program touches, in one place, with a test that each is still there.

Textual offers no public way to see that the terminal is behind, or to keep local variables out of the report of a
crash. Where a name is gone, `missing_names` says so and the program does without it as far as it can.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from textual.app import App
from textual.filter import ANSIToTruecolor, LineFilter
from textual.screen import Screen

BACKLOG_MAX = 3
"""Writes that the terminal may be behind; from 30 on Textual blocks the whole loop until it catches up."""
BACKLOG_POLL_S = 0.03

_APP_NAMES = ("_fatal_error", "_close_messages_no_wait", "_exception")


def missing_names() -> list[str]:
    """Return the private names that this Textual does not have."""
    app = App[int]()
    missing = [f"App.{name}" for name in _APP_NAMES if not hasattr(app, name)]
    try:
        from textual.drivers import _writer_thread

        if not hasattr(_writer_thread.WriterThread(None), "_queue"):  # type: ignore[arg-type]
            missing.append("WriterThread._queue")
    except ImportError:
        missing.append("textual.drivers._writer_thread")
    return missing


def backlog(app: App[Any]) -> int:
    """Return how many writes the terminal has not taken yet; 0 where that cannot be known."""
    driver = getattr(app, "_driver", None)
    writer = getattr(driver, "_writer_thread", None)
    queue = getattr(writer, "_queue", None)
    return 0 if queue is None else int(queue.qsize())


async def hold_painting_while_behind(app: App[Any]) -> None:
    """Paint nothing while the terminal is behind, for ever: the newest state is painted when it has caught up."""
    with ExitStack() as held:
        holding = False
        while True:
            await asyncio.sleep(BACKLOG_POLL_S)
            behind = backlog(app)
            if not holding and behind > BACKLOG_MAX:
                held.enter_context(app.batch_update())
                holding = True
            elif holding and not behind:
                held.close()
                holding = False


class StyledOnceScreen(Screen[None]):
    """A screen that takes the styles its widgets were mounted with; Textual computes them all again on showing it."""

    _shown = False

    def update_node_styles(self, animate: bool = True) -> None:
        """Compute the styles of everything again, except on the first showing."""
        if self._shown:
            super().update_node_styles(animate)
        self._shown = True


class CalmApp(App[int]):
    """An app that styles its first screen once, and whose crash prints nothing.

    Textual styles everything a second time for the theme it starts with, before the first paint. Its report of a crash
    shows the values of local variables, keys and transcripts among them; here the error is kept for whoever ran it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._styled_with: dict[str, str] = {}

    def begin_with_theme(self, name: str) -> None:
        """Choose the theme to start with; it is registered, and the app does not run yet."""
        self.set_reactive(App.theme, name)
        self._styled_with = self.get_css_variables()
        self.stylesheet.set_variables(self._styled_with)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return what goes over every row; not what turns ANSI colours to true ones, since no such theme has any."""
        return [each for each in super().get_line_filters() if not isinstance(each, ANSIToTruecolor)]

    def refresh_css(self, animate: bool = True) -> None:
        """Style everything again, unless no colour changed."""
        variables = self.get_css_variables()
        if variables != self._styled_with:
            self._styled_with = variables
            super().refresh_css(animate)

    @property
    def crash(self) -> BaseException | None:
        """The error that ended the app."""
        error: BaseException | None = getattr(self, "_exception", None)
        return getattr(error, "error", error)

    def _fatal_error(self) -> None:
        self._close_messages_no_wait()

    def panic(self, *renderables: object) -> None:
        """End the app after an error that Textual could draw; it is not drawn."""
        self.exit(return_code=1)
        self._close_messages_no_wait()
