"""What the first paint costs, and what stays behind."""

from __future__ import annotations

import functools
import gc
import subprocess
import sys

import pytest

from sentra_tui.ui import internals
from tests.ui.conftest import Perform
from tests.ui.pty_session import ROOT
from tests.ui.scenes import two_lanes

HEAVY = {
    *("numpy", "av", "aiortc", "httpx", "click", "sounddevice", "websockets", "sqlite3", "markdown_it", "pygments"),
    *("rich.traceback", "rich.markdown", "textual.widgets._markdown", "textual.widgets._text_area"),
    *("textual.widgets._data_table", "textual.widgets._help_panel", "textual.widgets._footer"),
    *("sentra_tui.domain.reduce", "sentra_tui.domain.config_file", "sentra_tui.ui.palette", "sentra_tui.ui.crash_log"),
    *(f"sentra_tui.ui.screens.{name}" for name in ("help", "ask", "citations", "devices", "live", "log", "settings")),
    *("sentra_tui.ui.sound_words", "sentra_tui.ui.headline", "sentra_tui.ui.device_rows"),
    *("sentra_tui.domain.config", "sentra_tui.domain.budget", "sentra_tui.ui.log_words", "sentra_tui.ui.tongues"),
    *(
        "sentra_tui.ui.widgets.choice",
        "sentra_tui.engine",
        "sentra_tui.media",
        "sentra_tui.services",
        "sentra_tui.link",
    ),
}

PROBE = """
import sys
from pathlib import Path
from sentra_tui.ui.app import SentraApp
from sentra_tui.ui.options import AppOptions

def tell(app):
    print(*sorted(sys.modules), sep="\\n", file=sys.__stdout__)
    app.exit()

SentraApp._begin = tell
SentraApp(AppOptions(start=None, log_path=Path("log"))).run(headless=True, size=(120, 40))
"""


def test_nothing_heavy_is_loaded_before_the_first_paint() -> None:
    done = subprocess.run([sys.executable, "-c", PROBE], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "sentra_tui.ui.screens.main" in loaded
    assert loaded & HEAVY == set()


def test_every_private_name_of_textual_that_is_used_is_there() -> None:
    assert internals.missing_names() == []


def living_objects() -> int:
    """Count what lives, but for caches of bounded size, which Textual keeps by the dozen."""
    for each in gc.get_objects():
        if isinstance(each, functools._lru_cache_wrapper):
            each.cache_clear()
    gc.collect()
    return len(gc.get_objects())


@pytest.mark.parametrize(
    ("keys", "rounds"),
    [
        (("tab", "tab", "enter", "escape", "z", "z", "question_mark", "escape", "q", "escape"), 2),
        (
            (
                "a",
                "tab",
                "escape",
                "s",
                "down",
                "escape",
                "d",
                "down",
                "escape",
                "l",
                "tab",
                "tab",
                "escape",
                "4",
                "c",
                "escape",
            ),
            2,
        ),
    ],
    ids=["panes", "screens"],
)
async def test_focus_changes_and_modals_leave_nothing_behind(
    perform: Perform, keys: tuple[str, ...], rounds: int
) -> None:
    async with perform(two_lanes()) as stage:
        for _ in range(2):
            await stage.press(*keys)
        gc.unfreeze()
        before = living_objects()
        for _ in range(rounds):
            await stage.press(*keys)
        assert living_objects() - before < 200 * rounds
