from __future__ import annotations

import pytest

from sentra_tui.domain import changes as c
from sentra_tui.domain.actions import AnswerNow, Ask, AskAgain, NoteLine, RepeatAnswer, SetLanguage, StepSpeed
from sentra_tui.domain.state import AnswerStatus, Lane
from tests.ui.conftest import Perform
from tests.ui.scenes import aftermath, idle, live, lost, said, two_lanes


async def test_a_and_enter_ask_what_to_say_now(perform: Perform) -> None:
    async with perform(idle()) as stage:
        await stage.press("a")
        assert "What should I say now?" in stage.text
        await stage.press("enter")
        assert stage.link.actions == [Ask("", "2m")]


async def test_a_question_goes_out_with_its_scope_though_no_call_stands(perform: Perform) -> None:
    async with perform(idle()) as stage:
        await stage.press("a", *"why 3?", "tab", "3", "enter")
        assert stage.link.actions == [Ask("why 3?", "all")]
        await stage.press("a", "tab", "right", "tab", *"who", "enter")
        assert stage.link.actions[1:] == [Ask("who", "5m")]


async def test_escape_leaves_the_question_unasked(perform: Perform) -> None:
    async with perform(idle()) as stage:
        await stage.press("a", *"why", "escape")
        assert "Ask about what was said" not in stage.text
        assert stage.link.actions == []


async def test_the_scope_is_chosen_with_the_mouse_too(perform: Perform) -> None:
    async with perform(idle()) as stage:
        await stage.press("a")
        await stage.pilot.click("#ask-scope", offset=(16, 0))
        await stage.press("enter")
        assert stage.link.actions == [Ask("", "5m")]


async def test_without_an_engine_every_question_is_refused_calmly(perform: Perform) -> None:
    async with perform(lost()) as stage:
        await stage.press("a", "enter", "g", "b")
        assert stage.link.actions == []
        assert "not running yet" in stage.text


async def test_g_does_not_wait_for_a_pause(perform: Perform) -> None:
    async with perform(live()) as stage:
        await stage.press("g")
        assert stage.link.actions == [AnswerNow()]


async def test_capital_a_asks_again_what_was_not_answered(perform: Perform) -> None:
    async with perform(aftermath()) as stage:
        await stage.press("A")
        assert stage.link.actions == [AskAgain("q4")]
        await stage.play(*[c.AnswerEnded("again", Lane.MAIN, 99_900, AnswerStatus.COMPLETED, "x")])
        await stage.play(c.AnswerStarted("main4", Lane.MAIN, 99_900, "q4"))
        await stage.press("A")
        assert stage.link.actions[1:] == [AskAgain("q3")]


@pytest.mark.parametrize("scene", [live, two_lanes])
async def test_capital_a_says_so_where_nothing_is_unanswered(perform: Perform, scene: object) -> None:
    async with perform(scene()) as stage:  # type: ignore[operator]
        await stage.press("A")
        assert stage.link.actions == []
        await stage.until(lambda: "Every question is answered" in stage.text)


async def test_b_marks_the_newest_line_in_view_of_the_active_pane(perform: Perform) -> None:
    async with perform(two_lanes()) as stage:
        await stage.press("b", "2", "b", "4", "b")
        assert stage.link.actions == [
            NoteLine("mic", 1, "mic2"),
            NoteLine("speaker", 1, "speaker3"),
            NoteLine(),
        ]
        await stage.play(c.LineNoted("speaker", c.LineOpened("speaker", stage_key("speaker3"), 0).key, 99_000))
        assert "✎what about two writers" in stage.text


def stage_key(item_id: str):  # type: ignore[no-untyped-def]
    from tests.ui.scenes import key

    return key(item_id)


async def test_the_palette_repeats_answers_and_sets_languages_and_speed(perform: Perform) -> None:
    async with perform(live()) as stage:
        for words in ("repeat the last", "speak slower", "language of the microphone: german"):
            await stage.press("ctrl+p", *words, "down", "enter")
        await stage.until(lambda: len(stage.link.actions) == 3)
        assert stage.link.actions == [RepeatAnswer(), StepSpeed(-1), SetLanguage("mic", "de")]


async def test_c_goes_at_once_to_the_only_line_that_is_cited(perform: Perform) -> None:
    one = [*live(), said("speaker", 1, 15_000, "first"), said("speaker", 2, 20_000, "second")]
    answer = c.AnswerEnded("m", Lane.MAIN, 30_000, AnswerStatus.COMPLETED, "see [12:00:15]")
    async with perform([*one, answer]) as stage:
        await stage.press("4", "c")
        await stage.until(lambda: "▸first" in stage.text)
        assert stage.app._main.active == 1


async def test_c_asks_which_of_several_cited_lines(perform: Perform) -> None:
    async with perform(two_lanes(), size=(80, 24)) as stage:
        await stage.press("4", "c")
        assert "Go to which line?" in stage.text
        assert "12:01:14  You: right and the lease" in stage.text
        await stage.press("down", "enter")
        await stage.until(lambda: "▸right and the lease" in stage.text)
        assert "You · mic" in stage.text


async def test_a_click_on_a_citation_goes_to_its_line(perform: Perform) -> None:
    async with perform(two_lanes()) as stage:
        rows = stage.text.splitlines()
        y = next(y for y, row in enumerate(rows) if "[12:00:24]" in row)
        await stage.pilot.click(offset=(rows[y].index("[12:00:24]") + 3, y))
        await stage.until(lambda: "▸so the cache" in stage.text)


async def test_a_far_line_is_scrolled_to_and_end_follows_again(perform: Perform) -> None:
    talk = [said("mic", number, 10_000 + number * 1_000, f"line number {number}") for number in range(200)]
    answer = c.AnswerEnded("m", Lane.MAIN, 300_000, AnswerStatus.COMPLETED, "see [12:00:30]")
    async with perform([*live(), *talk, answer], size=(60, 20)) as stage:
        assert "line number 199" in stage.text
        await stage.press("4", "c")
        await stage.until(lambda: "▸line number 20" in stage.text)
        assert "line number 199" not in stage.text
        await stage.press("end")
        assert "line number 199" in stage.text
        await stage.until(lambda: stage.app._main._panes[0]._found is None)


async def test_a_time_at_which_nothing_was_said_is_told(perform: Perform) -> None:
    answer = c.AnswerEnded("m", Lane.MAIN, 30_000, AnswerStatus.COMPLETED, "see [03:00:15]")
    async with perform([*live(), answer]) as stage:
        await stage.press("4", "c")
        await stage.until(lambda: "No line was said at 03:00:15" in stage.text)
        await stage.press("3", "c")
        await stage.until(lambda: "cites no line" in stage.text)


async def test_the_story_is_on_the_screen(perform: Perform) -> None:
    async with perform(aftermath()) as stage:
        for words in (
            "Main · dropped · asked 12:01:38",
            "Them: what about two writers",
            "▸ corrected: see Main",
            "▸ corrected · replaces the aux draft",
            "✕ withdrawn",
            "old · ✓ confirmed",
            "▪ cut: heard up to here",
            "? may have run",
            "Press A to ask again.",
            "▪ dropped: a newer question took its place",
            "economy  $0.31+  ◷ 1:39",
        ):
            assert words in stage.text
