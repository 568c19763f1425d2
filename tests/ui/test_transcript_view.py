from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.app import App, ComposeResult
from textual.geometry import Offset
from textual.pilot import Pilot
from textual.selection import Selection

from sentra_tui.domain.transcript import Line, LineKey, Transcript
from sentra_tui.ui.entries import CHARS_SHOWN, line_entry
from sentra_tui.ui.widgets.transcript_view import TranscriptView


class Show(App[None]):
    CSS = "TranscriptView { height: 1fr; }"

    def compose(self) -> ComposeResult:
        yield TranscriptView(line_entry, lambda line: line.key, widget_id="view", empty="Nothing yet.")

    @property
    def view(self) -> TranscriptView[Line]:
        return self.query_one("#view", TranscriptView)


@asynccontextmanager
async def showing(width: int = 60, height: int = 10) -> AsyncIterator[tuple[Show, Pilot[None]]]:
    app = Show()
    async with app.run_test(size=(width, height)) as pilot:
        yield app, pilot


def line(number: int, text: str, final: bool = True, start_ms: int = 0, kind: str = "speech") -> Line:
    return Line(LineKey(1, str(number)), start_ms, text, final, kind=kind)  # type: ignore[arg-type]


def transcript(count: int) -> Transcript:
    result = Transcript()
    for number in range(count):
        result = result.insert(line(number, f"line number {number}", start_ms=number * 1000))
    return result


def shown(app: Show) -> list[str]:
    return [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]


async def test_the_newest_line_is_in_view_and_older_ones_are_a_scroll_away() -> None:
    async with showing() as (app, pilot):
        app.view.show(transcript(600).pages, 0.0)
        await pilot.pause()
        assert "line number 599" in shown(app)[-1]
        await pilot.press("home")
        await pilot.pause()
        assert "line number 0" in shown(app)[0]


async def test_lines_that_come_while_scrolled_away_are_counted_until_the_end_is_asked_for() -> None:
    async with showing() as (app, pilot):
        before = transcript(100)
        app.view.show(before.pages, 0.0)
        await pilot.press("pageup")
        await pilot.pause()
        top = shown(app)[0]
        more = before
        for number in range(100, 103):
            more = more.insert(line(number, "new"))
        app.view.show(more.pages, 0.0)
        await pilot.pause()
        assert shown(app)[0] == top
        assert "3 new below" in shown(app)[-1]
        await pilot.press("end")
        await pilot.pause()
        assert shown(app)[-1].endswith("new")
        assert app.view.below == 0


async def test_a_line_inserted_above_moves_nothing_in_view() -> None:
    async with showing() as (app, pilot):
        before = transcript(100)
        app.view.show(before.pages, 0.0)
        await pilot.press("pageup")
        await pilot.pause()
        top = shown(app)[0]
        late = before.insert(line(900, "late"), after=LineKey(1, "50"))
        app.view.show(late.pages, 0.0)
        await pilot.pause()
        assert shown(app)[0] == top


async def test_the_entry_at_the_top_stays_there_when_the_width_changes() -> None:
    async with showing() as (app, pilot):
        long = Transcript()
        for number in range(80):
            long = long.insert(line(number, f"entry {number} " + "words " * 20))
        app.view.show(long.pages, 0.0)
        app.view.scroll_to(y=40, animate=False)
        await pilot.pause()
        entry = next(row for row in shown(app) if "entry" in row).split("words")[0]
        await pilot.resize_terminal(90, 10)
        await pilot.pause()
        assert entry in "\n".join(shown(app)[:4])


async def test_interim_words_are_marked_by_more_than_colour() -> None:
    async with showing() as (app, pilot):
        words = Transcript(
            (
                (
                    line(1, "final"),
                    line(2, "interim", final=False),
                    line(3, "", final=False),
                    line(4, "typed", kind="typed"),
                    Line(LineKey(1, "5"), 0, final=True, failed=True),
                ),
            )
        )
        app.view.show(words.pages, 0.0)
        await pilot.pause()
        assert [row[10:] for row in shown(app)[:5]] == [" final", "▌interim ⋯", "▌⋯", "›typed", " (not recognised)"]


async def test_times_of_day_make_room_for_words_in_a_narrow_view() -> None:
    async with showing() as (app, pilot):
        app.view.show(((line(1, "words", start_ms=43_431_000),),), 0.0)
        await pilot.pause()
        assert shown(app)[0] == " 12:03:51  words"
        await pilot.resize_terminal(40, 10)
        await pilot.pause()
        assert shown(app)[0] == "  words"


async def test_a_very_long_line_is_capped_and_says_by_how_much() -> None:
    async with showing() as (app, pilot):
        app.view.show(((line(1, "x" * (CHARS_SHOWN + 1_234_567)),),), 0.0)
        await pilot.pause()
        assert "… 1,234,567 more characters" in " ".join(row.strip() for row in shown(app))


async def test_wide_characters_and_emoji_keep_the_edge_of_the_view_straight() -> None:
    async with showing(50) as (app, pilot):
        app.view.show(((line(1, "漢字かな交じり文" * 12), line(2, "👩‍🚀 🇩🇪 ❤️ é " * 12)),), 0.0)
        await pilot.pause()
        assert {strip.cell_length for strip in app.screen._compositor.render_strips()} == {50}
        words = "".join(row[10:].strip() for row in shown(app))
        assert "漢字かな交じり文" * 12 in words


async def test_a_selection_over_wrapped_rows_gives_back_the_words_as_they_were() -> None:
    async with showing(30) as (app, pilot):
        text = "one two three four five six seven eight nine ten"
        app.view.show(((line(1, text), line(2, "漢字かな"), line(3, "last")),), 0.0)
        await pilot.pause()
        everything = app.view.get_selection(Selection(None, None))
        assert everything == (f"{text}\n漢字かな\nlast", "\n")
        part = app.view.get_selection(Selection(Offset(4, 0), Offset(5, 1)))
        assert part == ("two three four five six seven", "\n")


async def test_words_are_selected_with_the_mouse_and_copied_with_ctrl_c() -> None:
    async with showing() as (app, pilot):
        app.view.show(((line(1, "the quick brown fox"),),), 0.0)
        await pilot.pause()
        await pilot.mouse_down("#view", offset=(15, 0))
        await pilot.hover("#view", offset=(19, 0))
        await pilot.mouse_up("#view", offset=(19, 0))
        await pilot.pause()
        assert app.screen.get_selected_text() == "quick"
        await pilot.press("ctrl+c")
        assert app.clipboard == "quick"


async def test_an_empty_view_says_what_it_is_for() -> None:
    async with showing() as (app, pilot):
        await pilot.pause()
        assert "Nothing yet." in shown(app)[1]
        app.view.show(((line(1, "words"),),), 0.0)
        await pilot.pause()
        assert "Nothing yet." not in "\n".join(shown(app))
