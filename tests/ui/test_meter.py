from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.app import App, ComposeResult

from sentra_tui.ui.widgets.meter import Meter


class Counting(Meter):
    refreshes = 0

    def show(self, rms_dbfs: float, peak_dbfs: float, cover: str = "") -> None:
        before = self._shown
        super().show(rms_dbfs, peak_dbfs, cover)
        self.refreshes += self._shown is not before

    @property
    def text(self) -> str:
        return self.render_line(0).text


class Show(App[None]):
    def __init__(self, width: int) -> None:
        super().__init__()
        self._width = width

    def compose(self) -> ComposeResult:
        meter = Counting()
        meter.styles.width = self._width
        yield meter


@asynccontextmanager
async def meter(width: int = 22) -> AsyncIterator[Counting]:
    app = Show(width)
    async with app.run_test(size=(80, 3)) as pilot:
        await pilot.pause()
        yield app.query_one(Counting)


async def test_the_bar_grows_in_eighths_of_a_cell_and_marks_the_peak() -> None:
    async with meter() as bar:
        assert bar.cells == 14
        bar.show(-30.0, -15.0)
        assert bar.text == "▕███████   │   ▏ -30dB"
        bar.show(-29.5, -15.0)
        assert bar.text.startswith("▕███████▏")


async def test_nothing_is_repainted_while_what_is_shown_is_the_same() -> None:
    async with meter() as bar:
        bar.show(-60.0, -60.0)
        painted = bar.refreshes
        for _ in range(4):
            bar.show(-60.0 - 5, -60.0)
        assert bar.refreshes == painted


async def test_the_peak_mark_falls_slowly() -> None:
    async with meter() as bar:
        bar.show(-60.0, -6.0)
        high = bar.text.index("│")
        bar.show(-60.0, -60.0)
        assert bar.text.index("│") == high
        for _ in range(20):
            bar.show(-60.0, -60.0)
        assert bar.text.index("│") < high


async def test_a_muted_source_says_so_in_a_word() -> None:
    async with meter() as bar:
        bar.show(-10.0, -3.0, "MUTED")
        assert "MUTED" in bar.text
        assert "█" not in bar.text


async def test_words_that_do_not_fit_are_not_cut_in_the_middle() -> None:
    async with meter(10) as bar:
        bar.show(-20.0, -20.0, "OFF RECORD")
        assert bar.text == "▕  OFF   ▏"


async def test_the_number_makes_room_for_the_bar_in_a_narrow_place() -> None:
    async with meter(14) as bar:
        bar.show(-20.0, -20.0)
        assert "dB" not in bar.text
        assert len(bar.text) == 14
