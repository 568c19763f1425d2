from __future__ import annotations

from sentra_tui.domain import changes as c
from sentra_tui.domain.actions import SetAnswerVoice, SetCommands, SetLanguage, SetSpeed
from sentra_tui.domain.usage import Usage
from tests.ui.conftest import Perform
from tests.ui.scenes import idle, live, two_lanes


async def test_l_lists_the_bill_and_goes_on_counting(perform: Perform) -> None:
    async with perform(two_lanes()) as stage:
        await stage.press("l")
        for words in (
            "$0.31+ so far",
            "no known price: pocketsphinx",
            "mic · aux · sentra-local",
            "3,000 text + 12,000 audio (10,000 cached)",
            "out 400 text",
            "speaker · transcription · pocketsphinx",
            "price unknown",
            "1.6 min",
        ):
            assert words in stage.text
        await stage.play(c.Billed(130_000, "sentra-local-text", Usage(text_in=900), "", "main", 1.0))
        assert "$1.31+ so far" in stage.text
        assert "5,000 text" in stage.text
        assert "an hour at this rate" in stage.text


async def test_nothing_is_said_of_money_before_the_first_bill(perform: Perform) -> None:
    async with perform(idle()) as stage:
        assert "$" not in stage.text
        await stage.press("l")
        assert "Nothing was billed yet." in stage.text


async def test_the_log_screen_shows_latency_and_follows_events(perform: Perform) -> None:
    async with perform(two_lanes(), size=(60, 20)) as stage:
        await stage.press("l", "tab")
        assert "now: round trip 62 ms" in stage.text
        await stage.press("3")
        assert "history: 4 older turns" in stage.text
        await stage.play(*(c.EventLogged(99_500 + n, "cost", f"event {n}") for n in range(40)))
        assert "cost: event 39" in stage.text
        await stage.press("escape")
        assert "event 39" not in stage.text


async def test_a_language_is_set_on_enter_and_on_leaving_the_field(perform: Perform) -> None:
    async with perform(live()) as stage:
        await stage.press("s", *"de", "enter", "down", *"pt-BR", "down", "escape")
        assert stage.link.actions == [SetLanguage("mic", "de"), SetLanguage("speaker", "pt-BR")]


async def test_what_is_no_language_code_is_said_and_not_sent(perform: Perform) -> None:
    async with perform(live()) as stage:
        await stage.press("s", *"German", "enter")
        assert "“German” is no language code" in stage.text
        assert stage.link.actions == []


async def test_a_language_that_is_deleted_lets_the_provider_find_out(perform: Perform) -> None:
    async with perform(two_lanes()) as stage:
        await stage.press("s", "down", "backspace", "backspace", "enter")
        assert stage.link.actions == [SetLanguage("speaker", "")]


async def test_voice_speed_and_commands_are_set_at_once(perform: Perform) -> None:
    async with perform(two_lanes()) as stage:
        await stage.press("s", "down", "down", *["backspace"] * 5, *"cedar", "enter", "down", "right", "down", "space")
        assert stage.link.actions == [SetAnswerVoice("cedar"), SetSpeed(1.25), SetCommands(False)]


async def test_escape_sets_what_was_typed_last(perform: Perform) -> None:
    async with perform(live()) as stage:
        await stage.press("s", *"fr", "escape")
        assert stage.link.actions == [SetLanguage("mic", "fr")]
        assert "Settings of this session" not in stage.text


async def test_settings_follow_what_the_engine_says(perform: Perform) -> None:
    async with perform(live()) as stage:
        await stage.press("s")
        await stage.play(
            c.LanguageChanged("speaker", "ja"),
            c.AnswerVoiceChanged("Sage"),
            c.SpeedChanged(1.5),
            c.CommandsChanged(False),
        )
        for words in ("ja", "Sage", "[1.5×]", "[off]"):
            assert words in stage.text
