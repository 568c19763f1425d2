"""What is told of a live source, and when."""

from __future__ import annotations

import numpy as np
import pytest

from sentra_tui.domain.audio import FRAME_MS, FRAME_SAMPLES, SILENCE
from sentra_tui.domain.sound import DeviceKind, Trouble
from sentra_tui.domain.sound_ports import SourceReport
from sentra_tui.services.audio.live.mono import to_mono
from sentra_tui.services.audio.live.snapshot import PulseSink, PulseSource, SinkInput, Snapshot, _is_headset
from sentra_tui.services.audio.live.target import Found, Target
from sentra_tui.services.audio.live.verdict import SILENT_MS, Verdict

SOUND = np.random.default_rng(1).integers(-9_000, 9_000, FRAME_SAMPLES).astype("<i2").tobytes()
PLAYS_ON_TV = Snapshot(
    default_sink="spk",
    sinks=(PulseSink(1, "spk", "Speakers"), PulseSink(2, "tv", "Television")),
    sink_inputs=(SinkInput(9, 2), SinkInput(10, 1, corked=True)),
)


HEADSET = Found(PulseSource(3, "bluez_source", "Headset", headset=True), "Headset")


class Told:
    def __init__(self, kind: DeviceKind = DeviceKind.MONITOR, reason: str = "") -> None:
        self.reports: list[SourceReport] = []
        self.verdict = Verdict(Target(kind), self.reports.append, reason)

    def judge(self, trouble: Trouble = Trouble.NONE, advice: str = "", device: Found | None = None) -> None:
        self.verdict.judge(trouble, advice, "Speakers", PLAYS_ON_TV, device)

    def hear(self, frame: bytes, duration_ms: int) -> None:
        for _ in range(duration_ms // FRAME_MS):
            self.verdict.hear(frame)


def test_each_state_is_told_once_and_the_label_when_it_is_new() -> None:
    told = Told(reason="through parec")
    told.judge()
    told.judge()
    told.judge(Trouble.GONE, "unplugged")
    told.judge(Trouble.GONE, "unplugged")
    told.judge()
    assert told.reports == [
        SourceReport(advice="through parec", label="Speakers"),
        SourceReport(Trouble.GONE, "unplugged"),
        SourceReport(advice="through parec"),
    ]


def test_a_silent_output_is_told_where_the_sound_plays() -> None:
    told = Told()
    told.judge()
    told.hear(SILENCE, SILENT_MS)
    told.judge()
    assert told.reports[-1] == SourceReport(
        Trouble.SILENT, "The sound plays on Television: press d to follow it there."
    )
    told.hear(SOUND, 1000)
    told.judge()
    assert told.reports[-1].trouble is Trouble.NONE


def test_a_device_that_is_gone_comes_before_what_it_sounded_like() -> None:
    told = Told(DeviceKind.INPUT)
    told.judge(device=HEADSET)
    told.hear(SILENCE, 1000)
    told.judge(device=HEADSET)
    told.judge(Trouble.GONE, "unplugged", device=HEADSET)
    assert [report.trouble for report in told.reports] == [Trouble.HEADSET, Trouble.SILENT, Trouble.GONE]


@pytest.mark.parametrize(
    ("name", "properties", "headset"),
    [
        ("bluez_input.00_11.0", {"api.bluez5.profile": "headset-head-unit"}, True),
        ("bluez_source.00_11.handsfree_head_unit", {}, True),
        ("bluez_sink.00_11.a2dp_sink.monitor", {"bluetooth.protocol": "a2dp_sink"}, False),
        ("alsa_input.usb-Headset_Maker", {"device.bus": "usb"}, False),
    ],
)
def test_the_call_profile_of_a_bluetooth_headset_is_known(name: str, properties: dict[str, str], headset: bool) -> None:
    assert _is_headset(name, properties) is headset


def test_two_full_channels_do_not_clip_as_one() -> None:
    full = np.array([32_767, 32_767, -32_768, -32_768, 100, -100], "<i2").tobytes()
    assert np.frombuffer(to_mono(full, 2), "<i2").tolist() == [32_767, -32_768, 0]


def test_what_is_to_know_of_the_choice_is_told_while_there_is_no_trouble() -> None:
    told = Told(reason="Captured through parec.")
    told.judge(device=Found(PulseSource(3, "mic", "Mic"), "Mic", "Mic is a virtual device."))
    assert told.reports[-1].advice == "Captured through parec. Mic is a virtual device."
