from __future__ import annotations

import pytest

from sentra_tui.domain import changes as c
from sentra_tui.domain.actions import (
    Action,
    ConnectStream,
    PushToTalk,
    RetryNow,
    SetHeadphones,
    SetOffRecord,
    SetRecording,
)
from sentra_tui.domain.sound import Trouble
from sentra_tui.ui.keys import COMMANDS
from tests.ui.conftest import Perform
from tests.ui.hostile import hostile
from tests.ui.scenes import idle, live, said
from tests.ui.sound_scenes import flawed, more_streams, off_record, text_mode, well


def test_no_key_is_given_to_two_commands() -> None:
    keys = [key for command in COMMANDS for key in command.key.split(",")]
    assert len(keys) == len(set(keys))
    assert len({command.id for command in COMMANDS}) == len(COMMANDS)


@pytest.mark.parametrize(
    ("key", "on", "told", "off"),
    [
        ("space", PushToTalk(True), c.TalkingChanged(True), PushToTalk(False)),
        ("R", SetRecording(True), c.RecordingChanged(True, 1_000), SetRecording(False)),
        ("x", SetOffRecord(True), c.OffRecordChanged(True, 1_000), SetOffRecord(False)),
        ("H", SetHeadphones(True), c.HeadphonesChanged(True), SetHeadphones(False)),
    ],
)
async def test_a_key_asks_for_it_and_then_for_its_end(
    perform: Perform, key: str, on: Action, told: c.Change, off: Action
) -> None:
    async with perform(idle()) as stage:
        await stage.press(key)
        await stage.play(told)
        await stage.press(key)
        assert stage.link.actions == [on, off]


async def test_space_is_a_space_in_the_prompt(perform: Perform) -> None:
    async with perform(live()) as stage:
        await stage.press("enter", "space", "R", "x")
        assert stage.link.actions == []


async def test_r_tries_the_sound_again_and_says_so(perform: Perform) -> None:
    async with perform(text_mode()) as stage:
        assert "text mode: type to the assistant; r tries the sound again" in stage.text
        await stage.press("r")
        assert stage.link.actions == [RetryNow()]
        await stage.until(lambda: "Trying the sound again." in stage.text)


async def test_off_the_record_covers_both_streams_until_it_ends(perform: Perform) -> None:
    async with perform(off_record()) as stage:
        assert stage.text.count("OFF RECORD") == 2
        assert "OFF THE RECORD: no sound is sent or kept." in stage.text
        assert "Them · speaker · off the record" in stage.text
        await stage.play(c.OffRecordChanged(False, 125_000))
        assert "OFF" not in stage.text


async def test_a_recording_has_its_dot_and_the_one_who_talks_is_told(perform: Perform) -> None:
    async with perform(well()) as stage:
        for words in ("● REC 0:42", "◉ mic talking", "echo ▮▮▮ 38 dB", "You · mic · talking"):
            assert words in stage.text


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 20)])
async def test_troubles_fit_with_the_key_that_helps(perform: Perform, size: tuple[int, int]) -> None:
    async with perform(flawed(), size=size) as stage:
        await stage.until(lambda: "choose another" in " ".join(stage.text.split()))
        for words in ("! clipping", "✕ gone", "HELD"):
            assert words in stage.text
        assert "┄ USB Headset was unplugged" in stage.text or size[0] < 100
        await stage.play(c.SourceTroubled("mic", 1, Trouble.NONE), c.SourceTroubled("speaker", 1, Trouble.NONE))
        assert "gone" not in stage.text.splitlines()[1]


async def test_more_streams_have_panes_keys_and_a_place_in_the_status(perform: Perform) -> None:
    async with perform(more_streams()) as stage:
        for words in (
            "╭─ guest ",
            "╭─ stage ",
            "● guest live",
            "✕ stalled",
            "hello from the studio",
            "guest: studio sends",
        ):
            assert words in stage.text
        await stage.press("6", "z")
        assert "test of the stage" in stage.text
        assert "hello from the studio" not in stage.text
        await stage.press("z", "9")
        await stage.until(lambda: "There is no pane 9" in stage.text)


async def test_more_streams_are_tabs_where_it_is_narrow_and_a_dot_tells_of_news(perform: Perform) -> None:
    async with perform(more_streams(), size=(80, 24)) as stage:
        assert "5 guest•" in stage.text
        await stage.press("5")
        assert "[5 guest ]" in stage.text
        assert "hello from the studio" in stage.text
        await stage.play(said("stage", 5, 104_000, "more"))
        assert "6 stage•" in stage.text


async def test_a_stream_that_comes_later_gets_its_pane_and_is_called_from_the_palette(perform: Perform) -> None:
    async with perform(live()) as stage:
        await stage.play(c.StreamAdded("guest"))
        assert "Press ctrl+p to connect the" in stage.text
        await stage.press("ctrl+p", *"connect or hang up guest", "down", "enter")
        await stage.until(lambda: stage.link.actions)
        assert stage.link.actions == [ConnectStream("guest")]


async def test_hostile_names_of_streams_and_troubles_stay_words(perform: Perform) -> None:
    everything = " ".join(hostile())
    changes = [*live(), c.StreamAdded(everything), c.SourceOpened(everything, everything)]
    changes += [c.SourceTroubled(name, 1, Trouble.BUSY, everything) for name in ("mic", everything)]
    changes += [c.RecordingChanged(False, 1, (everything,), everything), said(everything, 1, 1, everything, "gap")]
    async with perform(changes) as stage:
        await stage.press("5")
        assert "[31;7mB" in stage.text
        assert "\x1b" not in stage.text
