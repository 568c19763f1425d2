from __future__ import annotations

from pathlib import Path

import pytest

from sentra_tui.domain import changes as c
from sentra_tui.domain.actions import (
    CancelAnswer,
    ConnectStream,
    HangUp,
    RetryNow,
    SayText,
    SetMute,
    SetOffRecord,
    SetVoice,
)
from sentra_tui.domain.state import MIC, Severity
from sentra_tui.domain.transcript import LineKey
from sentra_tui.ui.options import ProviderChoice
from tests.ui.conftest import Perform
from tests.ui.scenes import failing, idle, in_call, live, lost


async def test_i_and_o_connect_what_is_off_and_hang_up_what_is_live(perform: Perform) -> None:
    async with perform(idle()) as stage:
        await stage.press("i", "o")
        assert stage.link.actions == [ConnectStream("mic"), ConnectStream("speaker")]
    async with perform(live()) as stage:
        await stage.press("i", "o")
        assert stage.link.actions == [HangUp("mic"), HangUp("speaker")]


async def test_m_mutes_before_any_call_and_the_meter_says_so(perform: Perform) -> None:
    async with perform(idle()) as stage:
        await stage.press("m")
        assert stage.link.actions == [SetMute("mic", True)]
        await stage.play(c.MuteChanged("mic", True))
        assert "MUTED" in stage.text
        assert "You · mic · muted" in stage.text
        await stage.press("m")
        assert stage.link.actions[-1] == SetMute("mic", False)


async def test_v_asks_for_spoken_answers_and_for_written_ones_again(perform: Perform) -> None:
    async with perform(idle()) as stage:
        await stage.press("v")
        await stage.play(c.VoiceChanged(True))
        assert "spoken" in stage.text
        await stage.press("v")
        assert stage.link.actions == [SetVoice(True), SetVoice(False)]


async def test_typed_text_is_sent_on_enter_and_escape_leaves_the_prompt(perform: Perform) -> None:
    async with perform(live()) as stage:
        await stage.press("enter", *"i o?", "enter")
        assert stage.link.actions == [SayText("i o?")]
        assert "⏎ send" in stage.text
        await stage.press("escape", "i")
        assert stage.link.actions[-1] == HangUp("mic")


async def test_typed_text_goes_out_whatever_the_microphones_call_does(perform: Perform) -> None:
    async with perform(idle()) as stage:
        await stage.press("enter", *"why", "enter")
        assert stage.link.actions == [SayText("why")]


async def test_typed_text_stays_while_there_is_no_engine(perform: Perform) -> None:
    async with perform(lost()) as stage:
        await stage.press("enter", *"why", "enter")
        assert stage.link.actions == []
        await stage.until(lambda: "not running yet" in stage.text)
        assert "❯ why" in stage.text


async def test_escape_silences_an_answer_whose_words_are_all_there(perform: Perform) -> None:
    async with perform(live()) as stage:
        await stage.play(c.VoiceChanged(True))
        await stage.press("escape")
        assert stage.link.actions == [CancelAnswer()]


async def test_escape_stops_the_answer_that_is_being_written(perform: Perform) -> None:
    async with perform(live()) as stage:
        await stage.press("escape")
        assert stage.link.actions == []
    async with perform(in_call()) as stage:
        await stage.press("escape")
        assert stage.link.actions == [CancelAnswer()]


async def test_r_dials_again_only_where_something_waits(perform: Perform) -> None:
    async with perform(live()) as stage:
        await stage.press("r")
        assert stage.link.actions == []
        assert "Nothing waits" in stage.text
    async with perform(failing()) as stage:
        await stage.press("r")
        assert stage.link.actions == [RetryNow()]


async def test_keys_say_so_calmly_while_the_engine_is_gone(perform: Perform) -> None:
    async with perform(lost()) as stage:
        assert "Starting it again" in stage.text
        await stage.press("i", "v")
        assert stage.link.actions == []
        assert "not running yet" in stage.text
        assert "so the cache is invalidated" in stage.text


async def test_what_keeps_sound_back_is_asked_of_the_next_engine(perform: Perform) -> None:
    async with perform(lost()) as stage:
        await stage.press("m", "x")
        assert stage.link.actions == [SetMute(MIC, True), SetOffRecord(True)]
        assert "off the record when it is" in stage.text


async def test_tab_and_digits_move_the_focus_and_narrow_windows_show_that_pane(perform: Perform) -> None:
    async with perform(in_call(), size=(80, 24)) as stage:
        assert "so the cache is invalidated" in stage.text
        assert "good morning" not in stage.text
        await stage.press("2")
        assert "good morning" in stage.text
        await stage.press("tab")
        assert "Write-through" in stage.text
        await stage.press("shift+tab", "shift+tab", "shift+tab")
        assert "The considered answer appears here" in stage.text
        assert "Press a to ask" in stage.text


async def test_z_gives_one_pane_the_screen_and_gives_it_back(perform: Perform) -> None:
    async with perform(in_call()) as stage:
        await stage.press("2", "z")
        assert "good morning" in stage.text
        assert "so the cache" not in stage.text
        await stage.press("z")
        assert "so the cache" in stage.text


async def test_a_hidden_pane_with_news_has_a_dot_on_its_tab(perform: Perform) -> None:
    async with perform(live(), size=(80, 24)) as stage:
        assert "2 Them•" not in stage.text
        await stage.play(c.LineOpened("speaker", LineKey(1, "x"), 3_000))
        assert "2 Them•" in stage.text
        await stage.press("2")
        assert "Them•" not in stage.text


async def test_a_click_on_a_tab_shows_its_pane(perform: Perform) -> None:
    async with perform(in_call(), size=(80, 24)) as stage:
        await stage.pilot.click("#tabs", offset=(13, 0))
        await stage.settle()
        assert "good morning" in stage.text


@pytest.mark.parametrize("size", [(39, 24), (80, 9)])
async def test_a_window_too_small_says_so_in_one_sentence(perform: Perform, size: tuple[int, int]) -> None:
    async with perform(in_call(), size=size) as stage:
        assert "too small" in stage.text
        assert "cache" not in stage.text
        await stage.pilot.resize_terminal(60, 20)
        await stage.settle()
        assert "so the cache" in stage.text


async def test_q_quits_at_once_without_a_call_and_asks_while_one_is_live(perform: Perform) -> None:
    async with perform(idle()) as stage:
        await stage.press("q")
        assert stage.app.return_code == 0
    async with perform(live()) as stage:
        await stage.press("q")
        assert "2 calls are live" in stage.text
        await stage.press("escape")
        assert "2 calls are live" not in stage.text
        await stage.press("q", "enter")
        assert stage.app.return_code == 0


async def test_help_lists_every_command_with_the_users_own_keys(perform: Perform) -> None:
    async with perform(idle(), size=(80, 50), keys={"mute": "f2", "pane.zoom": "w,f3"}) as stage:
        await stage.press("question_mark")
        assert "f2" in stage.text
        assert "w f3" in stage.text
        await stage.press("escape", "f2")
        assert stage.link.actions == [SetMute("mic", True)]
        assert "f2 mute" in stage.text


async def test_unusable_keys_of_the_user_are_told_and_left_out(perform: Perform) -> None:
    async with perform(idle(), keys={"mutee": "f2", "voice": "a b"}) as stage:
        await stage.settle()
        assert "Did you mean mute?" in stage.text
        assert "is not a key" in stage.text
        await stage.press("v")
        assert stage.link.actions == [SetVoice(True)]


async def test_a_key_that_two_commands_want_is_told(perform: Perform) -> None:
    async with perform(idle(), keys={"pane.zoom": "x"}) as stage:
        await stage.settle()
        assert "x does pane.zoom now: give record.off another key." in stage.text


async def test_the_palette_runs_commands_and_changes_the_theme(perform: Perform) -> None:
    async with perform(idle()) as stage:
        await stage.press("ctrl+p", *"mute the", "down", "enter")
        await stage.until(lambda: stage.link.actions)
        assert stage.link.actions == [SetMute("mic", True)]
        await stage.press("ctrl+p", *"theme: harbour", "down", "enter")
        await stage.until(lambda: stage.app.theme == "harbour")


async def test_an_unknown_theme_is_told_and_the_default_one_taken(perform: Perform) -> None:
    async with perform(idle(), theme="nope") as stage:
        assert stage.app.theme == "sentra-dark"
        assert "There is no theme" in stage.text


async def test_a_bad_theme_file_is_told_in_one_line(perform: Perform, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text('[colors]\nprimary = "red; } * { display: none"')
    async with perform(idle(), themes_dirs=(tmp_path,)) as stage:
        assert "bad.toml is left out" in stage.text


async def test_choices_are_asked_for_before_anything_starts(perform: Perform) -> None:
    choices = (ProviderChoice("openai", "OpenAI", "OPENAI_API_KEY is set"), ProviderChoice("local", "Local"))
    async with perform(idle(), choices=choices) as stage:
        await stage.until(lambda: "OPENAI_API_KEY is set" in stage.text)
        assert not stage.link.is_played
        await stage.press("down", "enter")
        await stage.until(lambda: stage.link.is_played)
    async with perform(idle(), choices=choices) as stage:
        await stage.until(lambda: "OPENAI_API_KEY is set" in stage.text)
        await stage.press("escape")
        assert stage.app.return_code == 0


async def test_notices_are_toasts_and_a_burst_of_them_shows_the_last_ones(perform: Perform) -> None:
    async with perform(idle()) as stage:
        await stage.play(*(c.Noticed(Severity.WARNING, f"notice {number}", "press r") for number in range(9)))
        assert "notice 8" in stage.text
        assert "notice 6" in stage.text
        assert "notice 5" not in stage.text


async def test_the_clock_and_the_countdown_move_without_any_change(perform: Perform) -> None:
    async with perform(failing()) as stage:
        assert "in 2 s" in stage.text
        assert "◷ 2:04" in stage.text
        stage.app.feed._clock = lambda: 1.0
        await stage.until(lambda: "in 1 s" in stage.text)
        assert "◷ 2:05" in stage.text


async def test_an_engine_that_takes_anothers_place_goes_on_with_its_time(perform: Perform) -> None:
    async with perform(lost()) as stage:
        before = stage.app.feed.now_ms
        await stage.play(*live())
        assert stage.app.feed.now_ms >= before
