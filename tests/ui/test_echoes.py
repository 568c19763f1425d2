from __future__ import annotations

from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sentra_tui.domain import changes as c
from sentra_tui.domain.actions import MarkEcho, NoteLine
from sentra_tui.domain.transcript import Line, LineKey
from sentra_tui.ui.echoes import EchoFold, HiddenEchoes, is_hidden
from tests.ui.conftest import Perform
from tests.ui.scenes import live, said
from tests.ui.sound_scenes import echoes


def line(number: int, echo: bool = False, noted: bool = False) -> Line:
    return Line(LineKey(1, str(number)), number, f"line {number}", True, echo=echo, noted=noted)


LINES = st.lists(st.tuples(st.booleans(), st.booleans()), max_size=12)


@given(LINES)
def test_every_line_stands_once_and_echoes_in_a_row_are_one(marks: list[tuple[bool, bool]]) -> None:
    page = tuple(line(number, echo, noted) for number, (echo, noted) in enumerate(marks))
    folded = EchoFold().pages((page,))[0]
    unfolded = [each for item in folded for each in (item.lines if isinstance(item, HiddenEchoes) else (item,))]
    assert unfolded == list(page)
    runs = sum(1 for hidden, _ in groupby(page, is_hidden) if hidden)
    assert sum(isinstance(item, HiddenEchoes) for item in folded) == runs


def test_what_did_not_change_stays_the_same_object() -> None:
    fold = EchoFold()
    plain, mixed = (line(1), line(2)), (line(3), line(4, echo=True), line(5, echo=True), line(6))
    first = fold.pages((plain, mixed))
    assert first[0] is plain
    assert fold.pages((plain, mixed)) is not None
    second = fold.pages((plain, (*mixed, line(7))))
    assert second[0] is plain
    assert second[1][1] is first[1][1]
    third = fold.pages((plain, (*mixed[:2], replace(mixed[2], text="other"), mixed[3])))
    assert third[1][1] is not first[1][1]


async def test_echoes_leave_a_row_that_counts_them_and_e_shows_them(perform: Perform) -> None:
    async with perform(echoes()) as stage:
        assert "~ echo hidden (e shows)" in stage.text
        assert "~ 2 echoes hidden (e shows)" in stage.text
        assert "cash node" not in stage.text
        await stage.press("e")
        assert "~and what happens when the cash node restarts" in stage.text
        assert "hidden" not in stage.text
        await stage.press("e")
        assert "cash node" not in stage.text


async def test_capital_e_says_that_the_newest_line_is_an_echo_and_takes_it_back(perform: Perform) -> None:
    async with perform([*live(), said("mic", 1, 2_000, "mine"), said("mic", 2, 3_000, "theirs")]) as stage:
        await stage.press("E")
        assert stage.link.actions == [MarkEcho("mic", 1, "mic2", True)]
        await stage.play(c.LineEchoed("mic", 1, "mic2", True, by_user=True))
        assert "theirs" not in stage.text
        await stage.press("E")
        assert stage.link.actions[1:] == [MarkEcho("mic", 1, "mic2", False)]
        await stage.play(c.LineEchoed("mic", 1, "mic2", False, by_user=True))
        assert "theirs" in stage.text


async def test_capital_e_takes_the_line_in_which_words_are_selected(perform: Perform) -> None:
    async with perform([*live(), said("mic", 1, 2_000, "mine"), said("mic", 2, 3_000, "theirs")]) as stage:
        await stage.pilot.mouse_down("#you", offset=(13, 1))
        await stage.pilot.hover("#you", offset=(15, 1))
        await stage.pilot.mouse_up("#you", offset=(15, 1))
        await stage.press("E")
        assert stage.link.actions == [MarkEcho("mic", 1, "mic1", True)]


async def test_capital_e_says_so_where_no_line_is(perform: Perform) -> None:
    async with perform(live()) as stage:
        await stage.press("E", "3", "E")
        assert stage.link.actions == []
        await stage.until(lambda: "No line is in view" in stage.text)


async def test_a_noted_line_is_never_hidden_and_a_hidden_one_is_not_noted(perform: Perform) -> None:
    changes = [said("mic", 1, 2_000, "keep me"), c.LineNoted("mic", LineKey(1, "mic1"), 2_500)]
    changes += [c.LineEchoed("mic", 1, "mic1"), said("mic", 2, 3_000, "hide me"), c.LineEchoed("mic", 1, "mic2")]
    async with perform([*live(), *changes]) as stage:
        assert "✎keep me" in stage.text
        assert "hide me" not in stage.text
        await stage.press("b")
        assert stage.link.actions == [NoteLine("mic", 1, "mic1")]


async def test_what_is_hidden_above_moves_nothing_in_view(perform: Perform) -> None:
    talk = [said("mic", number, 2_000 + number, f"line number {number}") for number in range(80)]
    async with perform([*live(), *talk], size=(80, 24)) as stage:
        await stage.press("pageup")
        await stage.settle()
        top = stage.text.splitlines()[5]
        number = int(top.split("number ")[1].split()[0])
        await stage.play(*(c.LineEchoed("mic", 1, f"mic{above}") for above in range(number - 5, number)))
        assert stage.text.splitlines()[5] == top
        await stage.play(c.LineEchoed("mic", 1, f"mic{number}"))
        assert "6 echoes hidden" in stage.text.splitlines()[5]
        await stage.press("e")
        assert "line number" in stage.text.splitlines()[5]


async def test_a_cited_line_that_is_hidden_is_found_where_its_row_is(perform: Perform) -> None:
    async with perform(echoes()) as stage:
        pane = stage.app.screen.query_one("#you")
        assert pane.find(LineKey(1, "mic3"))  # type: ignore[attr-defined]
        await stage.settle()
        assert "▸ 2 echoes hidden" in stage.text


async def test_a_gap_is_a_line_across_the_pane(perform: Perform) -> None:
    async with perform(echoes()) as stage:
        row = next(line for line in stage.text.splitlines() if "unplugged" in line)
        assert "12:01:00 ┄ the microphone was unplugged: 4 s were" in row
        assert "┄┄┄" in stage.text
