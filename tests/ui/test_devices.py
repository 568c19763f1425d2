from __future__ import annotations

import pytest
from rich.cells import cell_len
from textual.geometry import Region

from sentra_tui.domain import changes as c
from sentra_tui.domain.actions import ChooseOutput, ChooseSource, SetHeadphones, WatchDevices
from sentra_tui.domain.sound import DeviceKind, DeviceLevel
from sentra_tui.ui.widgets.device_list import DeviceList
from tests.ui.conftest import Perform, Stage
from tests.ui.hostile import hostile
from tests.ui.scenes import STARTED_AT, live
from tests.ui.sound_scenes import LEVELS, device, devices, no_devices


def under_cursor(stage: Stage) -> str:
    return next(line for line in stage.text.splitlines() if "▸" in line and "│" in line)


async def test_devices_are_watched_while_they_are_shown(perform: Perform) -> None:
    async with perform(live()) as stage:
        await stage.press("d")
        assert "Looking for devices…" in stage.text
        assert stage.link.actions == [WatchDevices(True)]
        await stage.play(c.DevicesWatched(True), c.DevicesListed((), "none", "Install libportaudio2."))
        assert "No devices were found. Install libportaudio2." in stage.text
        await stage.press("escape")
        assert stage.link.actions == [WatchDevices(True), WatchDevices(False)]


async def test_an_engine_that_takes_anothers_place_is_asked_to_watch_again(perform: Perform) -> None:
    async with perform(devices()) as stage:
        await stage.press("d")
        assert stage.link.actions == []
        await stage.play(c.EngineLost("signal 11"))
        assert stage.link.actions == []
        await stage.play(c.EngineStarted("0.1.0", STARTED_AT, "local"))
        assert stage.link.actions == [WatchDevices(True)]


async def test_every_device_has_its_meter_before_it_is_chosen(perform: Perform) -> None:
    async with perform(devices()) as stage:
        await stage.press("d")
        for words in (
            "▸ ● Yeti Stereo Microphone default · PulseAudio ▕████████▍ ▏",
            "Built-in Audio Analog Stereo PulseAudio ▕███▊ ▏",
            "● what the default output plays followed ▕██████████▎ ▏",
            "not heard",
            "in use · default · PulseAudio",
            "PulseAudio through PortAudio",
        ):
            assert words in " ".join(stage.text.split())
        louder = [DeviceLevel("device:Built-in Audio Analog Stereo", -5.0, -4.0)]
        await stage.play(c.DevicesMeasured((*LEVELS[:1], *louder)))
        assert "Built-in Audio Analog Stereo PulseAudio ▕███████████ ▏" in " ".join(stage.text.split())


async def test_enter_chooses_for_the_heading_it_stands_under(perform: Perform) -> None:
    async with perform(devices()) as stage:
        await stage.press("d", "down", "enter", "tab", "down", "enter", "tab", "enter", "end", "enter")
        assert stage.link.actions == [
            ChooseSource("mic", "device:Built-in Audio Analog Stereo"),
            ChooseSource("speaker", "loopback:Monitor of Built-in Audio"),
            ChooseOutput(""),
            ChooseOutput("USB Headset"),
        ]
        assert "◌ Built-in Audio Analog Stereo" in stage.text
        await stage.play(c.SourceChosen("mic", "device:Built-in Audio Analog Stereo", by_user=True))
        assert "● Built-in Audio Analog Stereo" in stage.text


async def test_the_default_and_none_are_always_there(perform: Perform) -> None:
    async with perform(no_devices(), size=(80, 24)) as stage:
        await stage.press("d", "home", "enter", "down", "enter", "down", "enter", "down", "enter")
        assert stage.link.actions == [
            ChooseSource("mic", "device"),
            ChooseSource("mic", "none"),
            ChooseSource("speaker", "loopback"),
            ChooseSource("speaker", "none"),
        ]


async def test_a_click_chooses(perform: Perform) -> None:
    async with perform(devices()) as stage:
        await stage.press("d")
        await stage.pilot.click(DeviceList, offset=(8, 3))
        await stage.settle()
        assert stage.link.actions == [ChooseSource("mic", "device:Built-in Audio Analog Stereo")]


async def test_a_chosen_device_that_is_gone_is_said(perform: Perform) -> None:
    async with perform([*devices(), c.SourceChosen("mic", "device:Old Headset")]) as stage:
        await stage.press("d")
        assert "● Old Headset" in stage.text
        assert "not here now" in stage.text
        assert "choose another, or plug it in" in stage.text


@pytest.mark.parametrize("size", [(80, 24), (60, 20)])
async def test_thirty_devices_scroll_by_keyboard_and_the_cursor_stays_on_its_row(
    perform: Perform, size: tuple[int, int]
) -> None:
    many = tuple(device(DeviceKind.INPUT, f"Input {number:02}") for number in range(30))
    async with perform([*live(), c.DevicesListed(many, "x")], size=size) as stage:
        await stage.press("d", "home", *["down"] * 25)
        assert "Input 24" in under_cursor(stage)
        await stage.play(c.DevicesListed(many[10:], "x"))
        assert "Input 24" in under_cursor(stage)
        await stage.press("pagedown", "home")
        assert "default microphone" in under_cursor(stage)


async def test_meters_stand_in_a_column_beside_wide_names(perform: Perform) -> None:
    wide = tuple(device(DeviceKind.INPUT, "会議室マイクロフォン" * 5 + "x" * number) for number in range(3))
    odd = tuple(device(DeviceKind.INPUT, "x" + "会議室マイクロフォン" * number) for number in (5, 4))
    listed = (*wide, *odd)
    levels = tuple(DeviceLevel(each.source, -20.0, -10.0) for each in listed)
    changes = [*live(), c.DevicesListed(listed, "x"), c.DevicesMeasured(levels)]
    for size in ((80, 24), (81, 24)):
        async with perform(changes, size=size) as stage:
            await stage.press("d")
            names = [line for line in stage.text.splitlines() if "会議" in line]
            assert len(names) == len(listed)
            assert len({cell_len(line[: line.index("▕")]) for line in names}) == 1


async def test_meters_that_do_not_move_paint_nothing(perform: Perform) -> None:
    async with perform(devices()) as stage:
        await stage.press("d")
        view = stage.app.screen.query_one(DeviceList)
        painted: list[object] = []

        def paint(*regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> DeviceList:
            painted.append(regions)
            return view

        view.refresh = paint  # type: ignore[method-assign]
        view.measure(tuple(LEVELS))
        assert painted == []
        view.measure((DeviceLevel(LEVELS[0].source, -30.0, -30.0), *LEVELS[1:]))
        assert len(painted) == 2


async def test_hostile_names_of_devices_stay_words(perform: Perform) -> None:
    texts = hostile()
    listed = tuple(device(DeviceKind.INPUT, text, note=text) for text in texts)
    levels = tuple(DeviceLevel(each.source, cause=each.name) for each in listed)
    everything = " ".join(texts)
    changes = [*live(), c.DevicesListed(listed, everything, everything), c.DevicesMeasured(levels)]
    async with perform([*changes, c.OutputOpened(everything), c.OutputChosen(everything)]) as stage:
        await stage.press("d", *["down"] * 6)
        assert "[bold red]f[/]" in stage.text or "CSI=A" in stage.text
        assert not {character for character in stage.text if character < " " and character != "\n"}
        await stage.press("enter")
        chosen = stage.link.actions[-1]
        assert isinstance(chosen, ChooseSource)
        assert chosen.source in {each.source for each in listed}


async def test_headphones_are_a_setting_too(perform: Perform) -> None:
    async with perform(live()) as stage:
        await stage.press("s", "shift+tab", "left")
        assert stage.link.actions == [SetHeadphones(True)]
        await stage.play(c.HeadphonesChanged(True))
        assert "Headphones          [on]" in stage.text
