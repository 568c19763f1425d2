"""Recorded sessions in which something is to be seen of sound: troubles, devices, echoes, more streams."""

from __future__ import annotations

from sentra_tui.domain import changes as c
from sentra_tui.domain.sound import DeviceFlag, DeviceKind, DeviceLevel, Echo, EchoMode, SoundDevice, Trouble
from tests.ui.scenes import NOTE, STARTED_AT, TALK_THEM, in_call, key, live, said


def flawed() -> list[c.Change]:
    """A microphone that clips, and a speaker stream whose device is gone."""
    return [
        *in_call(),
        c.SourceOpened("mic", "Yeti Stereo Microphone"),
        c.SourceOpened("speaker", "Monitor of USB Headset"),
        c.SourceTroubled("mic", 120_000, Trouble.CLIPPING, "It is too loud: turn the microphone down, or press d."),
        c.SourceTroubled("speaker", 120_000, Trouble.GONE, "USB Headset was unplugged. Press d to choose another."),
        c.LineOpened("speaker", key("gap"), 120_000),
        said("speaker", 90, 120_000, "USB Headset was unplugged: 12 s were not heard", "gap"),
        c.EchoChanged(121_000, Echo(EchoMode.GUARD, held=True, cause="the echo canceller is not installed")),
    ]


def well() -> list[c.Change]:
    """Everything that can be on is on, and the canceller works."""
    return [
        *in_call(),
        c.SourceOpened("mic", "Yeti Stereo Microphone"),
        c.SourceOpened("speaker", "Monitor of Built-in Audio"),
        c.LevelMeasured("mic", 118_000, -18.0, -9.0),
        c.LevelMeasured("speaker", 122_800, -31.0, -24.0),
        c.EchoChanged(100_000, Echo(EchoMode.CANCELLING, erle_db=38.2)),
        c.RecordingChanged(True, 81_000, ("mic.wav", "speaker.wav")),
        c.TalkingChanged(True),
    ]


def off_record() -> list[c.Change]:
    return [
        *well(),
        c.TalkingChanged(False),
        c.OffRecordChanged(True, 121_000),
        said("mic", 90, 121_000, "off the record", "gap"),
        said("speaker", 90, 121_000, "off the record", "gap"),
    ]


def echoes() -> list[c.Change]:
    """A microphone that heard the speaker: one echo alone, and two in a row."""
    texts = (
        (16_000, "good morning can you explain how the write through path", True),
        (24_000, "so the cache is invalidated when the store has acknowledged the write", False),
        (39_000, "and what happens when the cash node restarts", True),
        (41_000, "in the middle of a write", True),
        (47_000, "the entry is gone then and the next read goes to the store", False),
    )
    changes = [*live(), *(said("speaker", i, at, text) for i, (at, text) in enumerate(TALK_THEM))]
    for number, (at_ms, text, echo) in enumerate(texts):
        changes.append(said("mic", number, at_ms, text))
        if echo:
            changes.append(c.LineEchoed("mic", 1, f"mic{number}"))
    return [*changes, said("mic", 7, 60_000, "the microphone was unplugged: 4 s were not heard", "gap")]


def text_mode() -> list[c.Change]:
    cause = "There is no PortAudio and no sound server."
    return [
        c.EngineStarted("0.1.0", STARTED_AT, "local", NOTE),
        c.StreamAdded("mic"),
        c.StreamAdded("speaker"),
        c.SourceFailed("mic", cause, "apt install libportaudio2, then press r."),
        c.SourceFailed("speaker", cause),
    ]


def more_streams() -> list[c.Change]:
    """Two streams beyond the microphone and the speaker."""
    return [
        *in_call(),
        c.StreamAdded("guest"),
        c.StreamAdded("stage"),
        c.SourceOpened("guest", "ssh:studio"),
        c.SourceTroubled("guest", 120_000, Trouble.STALLED, "studio sends nothing. It is dialled again."),
        c.StreamConnected("guest", 100_000, "webrtc"),
        c.ContactHeard("guest", 122_600),
        said("guest", 0, 101_000, "hello from the studio can you hear me"),
        said("stage", 0, 103_000, "one two three this is a test of the stage"),
        c.LevelMeasured("guest", 118_000, -22.0, -14.0),
    ]


def device(kind: DeviceKind, name: str, *flags: DeviceFlag, note: str = "") -> SoundDevice:
    word = {DeviceKind.INPUT: "device:", DeviceKind.MONITOR: "loopback:", DeviceKind.OUTPUT: ""}[kind]
    return SoundDevice(word + name, name, kind, "PulseAudio", flags, note)


DEVICES = (
    device(DeviceKind.INPUT, "Yeti Stereo Microphone", DeviceFlag.DEFAULT),
    device(DeviceKind.INPUT, "Built-in Audio Analog Stereo"),
    device(DeviceKind.INPUT, "WH-1000XM4", DeviceFlag.BLUETOOTH, DeviceFlag.HEADSET, note="Narrow sound both ways."),
    device(DeviceKind.INPUT, "Noise-free Virtual Mic", DeviceFlag.VIRTUAL, note="Another program plays into it."),
    device(DeviceKind.MONITOR, "Monitor of Built-in Audio", DeviceFlag.DEFAULT),
    device(DeviceKind.MONITOR, "Monitor of USB Headset"),
    device(DeviceKind.OUTPUT, "Built-in Audio", DeviceFlag.DEFAULT),
    device(DeviceKind.OUTPUT, "USB Headset"),
)
LEVELS = (
    DeviceLevel("device:Yeti Stereo Microphone", -18.0, -9.0),
    DeviceLevel("device:Built-in Audio Analog Stereo", -41.0, -30.0),
    DeviceLevel("device:WH-1000XM4", cause="Another program holds it."),
    DeviceLevel("device:Noise-free Virtual Mic"),
    DeviceLevel("loopback:Monitor of Built-in Audio", -9.0, -1.0),
    DeviceLevel("loopback:Monitor of USB Headset", -60.0, -55.0),
)


def devices() -> list[c.Change]:
    return [
        *in_call(),
        c.SourceChosen("mic", "device:Yeti Stereo Microphone"),
        c.SourceOpened("mic", "Yeti Stereo Microphone"),
        c.SourceChosen("speaker", "loopback"),
        c.SourceOpened("speaker", "Monitor of Built-in Audio"),
        c.OutputOpened("Built-in Audio"),
        c.DevicesWatched(True),
        c.DevicesListed(DEVICES, "PulseAudio through PortAudio", ""),
        c.DevicesMeasured(LEVELS),
    ]


def no_devices() -> list[c.Change]:
    reason = "There is no PortAudio and no sound server: apt install libportaudio2 or pulseaudio-utils."
    return [*text_mode(), c.DevicesWatched(True), c.DevicesListed((), "none", reason)]


SOUND_SCENES = {
    "flawed": flawed,
    "well": well,
    "off-record": off_record,
    "echoes": echoes,
    "text-mode": text_mode,
    "more-streams": more_streams,
    "devices": devices,
    "no-devices": no_devices,
}
