"""Where answers are heard, and which loopbacks hear them."""

from __future__ import annotations

import pytest

from sentra_tui.domain import changes as c
from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound_ports import AudioSink
from sentra_tui.domain.source_spec import parse_source
from sentra_tui.engine.sound import output as output_module
from sentra_tui.engine.sound.output import Output
from sentra_tui.engine.sound.ports import OnOutput, OnPlayed
from tests.engine.peers import ListSink


class Desk:
    """Opens every loudspeaker but one that is gone, and keeps who is to be told of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.reports: list[OnOutput] = []

    async def open(self, name: str, on_played: OnPlayed, on_report: OnOutput) -> AudioSink:
        self.asked.append(name)
        if name == "gone":
            raise SourceError("There is no loudspeaker called gone.")
        self.reports.append(on_report)
        return ListSink()


async def opened(choice: str, label: str) -> Output:
    """Return an output that is heard at `label`."""
    desk = Desk()
    output = Output(choice, desk.open, lambda change: None)
    await output.open()
    desk.reports[0](label, "")
    return output


async def test_an_output_that_was_kept_and_is_gone_gives_way_to_the_default_and_that_is_said() -> None:
    desk, told = Desk(), list[c.Change]()
    output = Output("gone", desk.open, told.append)
    await output.open()
    assert desk.asked == ["gone", ""]
    assert [type(change) for change in told] == [c.Noticed, c.OutputOpened]
    output.choose("gone")
    with pytest.raises(SourceError):
        await output.open()


@pytest.mark.parametrize(
    ("choice", "heard_at", "loopback", "listens_to", "hears"),
    [
        ("", "Speakers", "loopback", "Speakers", True),
        ("", "Speakers", "loopback", "Headset", True),  # the one follows the default a moment later
        ("usb", "Headset", "loopback", "Speakers", False),
        ("pci", "Speakers", "loopback", "Speakers", True),
        ("Speakers", "Speakers", "loopback:pci", "Speakers", True),
        ("", "Headset", "loopback:pci", "Speakers", False),
    ],
)
async def test_a_loopback_hears_answers_where_both_are_on_one_loudspeaker(
    monkeypatch: pytest.MonkeyPatch, choice: str, heard_at: str, loopback: str, listens_to: str, hears: bool
) -> None:
    monkeypatch.setattr(output_module, "ONE_NAME", True)
    output = await opened(choice, heard_at)
    assert output.is_heard_by(parse_source(loopback), listens_to, before=not hears) is hears
    assert output.is_heard_by(parse_source(loopback), "", before=not hears) is not hears


async def test_where_names_do_not_match_what_was_chosen_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output_module, "ONE_NAME", False)
    output = await opened("usb", "usb")
    assert output.is_heard_by(parse_source("loopback"), "what plays", before=False)
    assert not output.is_heard_by(parse_source("loopback:pci"), "pci [Loopback]", before=True)
    assert output.is_heard_by(parse_source("loopback:usb"), "usb [Loopback]", before=False)
