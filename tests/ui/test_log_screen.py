"""The log screen: its pages, its filters, and what it asks of the engine."""

from __future__ import annotations

import asyncio
import time

import pytest

from sentra_tui.domain import changes as c
from sentra_tui.domain.actions import WatchWire
from sentra_tui.domain.metrics import Metric
from sentra_tui.domain.state import WireRow
from sentra_tui.ui.filtered_rows import PAGE_ROWS, FilteredRows
from sentra_tui.ui.row_filter import RowFilter
from sentra_tui.ui.sparkline import BARS, sparkline
from tests.ui.conftest import Perform
from tests.ui.log_scenes import measured, watched
from tests.ui.scenes import NOTE, STARTED_AT


async def test_the_engine_is_watched_while_the_page_of_the_wire_is_open(perform: Perform) -> None:
    async with perform(watched()) as stage:
        await stage.press("l", "3")
        assert stage.link.actions == []
        await stage.press("4", "1", "4", "escape")
        assert stage.link.actions == [WatchWire(True), WatchWire(False), WatchWire(True), WatchWire(False)]


async def test_an_engine_that_takes_anothers_place_is_watched_too(perform: Perform) -> None:
    async with perform(watched()) as stage:
        await stage.press("l", "4")
        await stage.play(c.EngineLost("gone"))
        await stage.play(c.EngineStarted("0.1.0", STARTED_AT, "local", NOTE))
        assert stage.link.actions == [WatchWire(True), WatchWire(True)]
        await stage.play(c.EngineLost("gone"))
        await stage.press("escape")
        assert stage.link.actions == [WatchWire(True), WatchWire(True)]


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40)])
async def test_every_metric_is_a_row_of_figures_and_bars(perform: Perform, size: tuple[int, int]) -> None:
    async with perform(measured(), size=size) as stage:
        await stage.press("l", "2")
        rows = [" ".join(row.split()) for row in stage.text.splitlines()]
        assert any("2 breaks, 6.0 an hour · 34 words recovered" in row for row in rows)
        assert any("session 0:01 old · ends in 59:57" in row for row in rows)
        assert any("dial 290 ms 310 ms 355 ms 3 ▂▄▁" in row for row in rows)
        assert any("now: round trip 62 ms · jitter 4 ms" in row for row in rows)
        assert any("offer answered 120 ms 140 ms 180 ms 3" in row for row in rows)


async def test_latency_follows_what_is_measured(perform: Perform) -> None:
    async with perform(measured()) as stage:
        await stage.press("l", "2")
        assert "answer sounds" not in stage.text
        await stage.play(c.MetricMeasured(1_300_000, Metric.TURN_SOUND_MS, 812.0, "mic"))
        assert "answer sounds     812 ms" in stage.text


async def test_rows_are_found_by_words_stream_and_direction(perform: Perform) -> None:
    async with perform(watched()) as stage:
        await stage.press("l", "4", "d", "d")
        assert "→ outgoing" in stage.text
        assert "response.created" not in stage.text
        assert "response.create " in stage.text
        await stage.press("d", "f", "f")
        assert "only speaker" in stage.text
        assert "mic response" not in stage.text
        await stage.press("f", "slash", *"ITEM_41", "enter")
        assert "only “ITEM_41”" in stage.text
        assert "speech_stopped" in stage.text
        assert "sess_8f2" not in stage.text
        await stage.press("slash", "escape")
        assert "sess_8f2" in stage.text
        assert "only" not in stage.text


async def test_words_that_are_typed_move_no_page_and_close_nothing(perform: Perform) -> None:
    async with perform(watched()) as stage:
        await stage.press("l", "4", "slash", *"q4lfd")
        assert "Nothing here matches the filter." in stage.text
        assert stage.link.actions == [WatchWire(True)]


async def test_words_hold_for_events_and_wire_and_sources_for_one_of_them(perform: Perform) -> None:
    async with perform(watched()) as stage:
        await stage.press("l", "3", "f")
        assert "only cost" in stage.text
        assert "break noticed" not in stage.text
        await stage.press("4")
        assert "only" not in stage.text
        await stage.press("3", "f", "f", "f", "slash", *"again", "enter")
        assert "back again" in stage.text
        assert "break noticed" not in stage.text
        await stage.press("4")
        assert "only “again”" in stage.text


async def test_rows_that_come_are_followed_unless_the_user_scrolled_away(perform: Perform) -> None:
    def row(number: int) -> c.Change:
        return c.WireLogged(1_300_000 + number, "mic", False, "event", f"row {number:03}")

    async with perform(watched(), size=(80, 24)) as stage:
        await stage.press("l", "4")
        await stage.play(*map(row, range(60)))
        assert "row 059" in stage.text
        await stage.press("pageup")
        await stage.play(*map(row, range(60, 90)))
        assert "row 089" not in stage.text
        await stage.press("end")
        assert "row 089" in stage.text


async def test_a_flood_on_the_wire_leaves_the_screen_answering(perform: Perform) -> None:
    """Ten seconds' worth of the most that the engine tells, at once: drawing it may take a part of that at most."""
    rows = [c.WireLogged(1_300_000 + n, "mic", n % 2 == 0, "event", f"row {n}") for n in range(2_000)]
    async with perform(watched()) as stage:
        await stage.press("l", "4")
        began_s = time.monotonic()
        for start in range(0, len(rows), 10):
            stage.link.play(*rows[start : start + 10])
            await asyncio.sleep(0)
        await stage.until(lambda: "row 1999" in stage.text)
        assert time.monotonic() - began_s < 8


def test_bars_are_calm_where_values_hardly_change() -> None:
    assert sparkline((), 8) == ""
    assert sparkline((5.0, 5.0, 5.0), 8) == "▁▁▁"
    assert sparkline((0.0, 0.0), 8) == "▁▁"
    assert sparkline((60.0, 61.0, 60.0, 62.0), 8) == "▁▁▁▁"
    assert sparkline((0.0, 7.0), 8) == "▁█"
    assert sparkline(tuple(map(float, range(8))), 8) == BARS
    assert sparkline((9.0, 1.0, 9.0), 2) == "▁█"
    assert sparkline((1.0,), 0) == ""


def wire(number: int, stream: str = "mic") -> WireRow:
    return WireRow(number, stream, False, "event", f"{number}")


def test_rows_are_looked_at_once_and_about_as_many_kept_as_were_told() -> None:
    rows: FilteredRows[WireRow] = FilteredRows(1_000)
    looked = []

    def wanted(row: WireRow) -> bool:
        looked.append(row.at_ms)
        return row.at_ms % 2 == 0

    told: tuple[WireRow, ...] = ()
    for number in range(5_000):
        told = (*told, wire(number))[-1_000:]
        if number % 7 == 0:
            rows.take(told, wanted)
    rows.take(told, wanted)
    assert looked == list(range(5_000))
    kept = [row.at_ms for page in rows.pages for row in page]
    assert kept == list(range(5_000 - 2 * len(kept), 5_000, 2))
    assert 1_000 <= len(kept) < 1_000 + PAGE_ROWS
    rows.again(lambda row: True)
    assert [row.at_ms for page in rows.pages for row in page] == list(range(4_000, 5_000))


def test_after_more_rows_than_are_told_together_all_of_them_are_new() -> None:
    rows: FilteredRows[WireRow] = FilteredRows(1_000)
    rows.take((wire(1),), lambda row: True)
    rows.take((wire(5), wire(6)), lambda row: True)
    assert [row.at_ms for page in rows.pages for row in page] == [1, 5, 6]


def test_a_source_that_is_gone_gives_way_to_none() -> None:
    assert RowFilter(source="gone").next_source(["mic"]).source == ""
    assert RowFilter().next_source(["", "mic", "mic"]).source == "mic"
    assert RowFilter(source="mic").next_source(["mic"]).source == ""
