"""What can be opened by which name, how it is captured, and what is said where nothing can be."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import pytest

from sentra_tui.domain.errors import SourceError
from sentra_tui.domain.sound import DeviceKind, Trouble
from sentra_tui.services.audio.live.opening import device_exists, open_live, pin
from sentra_tui.services.audio.live.snapshot import PulseSink, PulseSource, Snapshot
from sentra_tui.services.audio.live.target import Target
from sentra_tui.services.audio.sources import open_source
from tests.pulse import PulseServer
from tests.services.audio.live.room import Listener, loudspeaker, microphone, noise, playing, until, watcher_is_gone

SNAPSHOT = Snapshot(
    sources=(
        PulseSource(1, "alsa_input.usb", "Desk Microphone"),
        PulseSource(2, "alsa_output.usb.monitor", "Monitor of Desk Speaker", monitor_of="alsa_output.usb"),
        PulseSource(3, "mic", "Line"),
    ),
    sinks=(PulseSink(7, "alsa_output.usb", "Desk Speaker", "alsa_output.usb.monitor"),),
)


@pytest.mark.parametrize(
    ("kind", "written", "name"),
    [
        (DeviceKind.INPUT, "", ""),
        (DeviceKind.INPUT, "mic", "mic"),
        (DeviceKind.INPUT, "desk", "alsa_input.usb"),
        (DeviceKind.INPUT, "desk speaker", None),
        (DeviceKind.INPUT, "alsa_output.usb.monitor", "alsa_output.usb.monitor"),
        (DeviceKind.MONITOR, "", ""),
        (DeviceKind.MONITOR, "Desk Speaker", "alsa_output.usb"),
        (DeviceKind.MONITOR, "alsa_output.usb.monitor", "alsa_output.usb"),
        (DeviceKind.MONITOR, "mic", None),
    ],
)
def test_a_name_means_one_device_of_its_kind(kind: DeviceKind, written: str, name: str | None) -> None:
    assert pin(Target(kind, written), SNAPSHOT) == (None if name is None else Target(kind, name))


@pytest.mark.parametrize(
    ("spec", "sink"), [("device:mic", "mic_feed"), ("device", "mic_feed"), ("loopback:spk", "spk")]
)
async def test_what_the_user_wrote_is_heard(pulse: PulseServer, spec: str, sink: str) -> None:
    listener = Listener()
    source = await open_source(spec, report=listener.report)
    task = asyncio.create_task(listener.listen(source))
    try:
        with playing(pulse, noise(20, 1), sink):
            await listener.hears_something()
    finally:
        await source.close()
        await source.close()
        await task
    assert watcher_is_gone()


@pytest.mark.parametrize("target", [microphone("Nonesuch"), loudspeaker("Nonesuch")])
async def test_an_unknown_name_is_an_error_with_those_that_exist(pulse: PulseServer, target: Target) -> None:
    with pytest.raises(SourceError, match=r"There is no (microphone|output) called Nonesuch\. There is: .+"):
        await open_live(target, Listener().report)
    assert watcher_is_gone()


async def test_without_a_sound_server_no_output_can_be_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSE_SERVER", "unix:/nowhere")
    with pytest.raises(SourceError, match="no sound server"):
        await open_live(loudspeaker(), Listener().report)


def test_without_portaudio_sound_comes_through_parec_and_the_reason_is_told(pulse: PulseServer) -> None:
    said = run(
        pulse,
        "ctypes.util.find_library = lambda name: None if name == 'portaudio' else found(name)",
    )
    assert "1920 bytes\n" in said
    assert "Captured through parec: PortAudio is not installed." in said


def test_without_portaudio_and_parec_it_is_said_what_to_install(pulse: PulseServer) -> None:
    said = run(
        pulse,
        "ctypes.util.find_library = lambda name: None if name == 'portaudio' else found(name)",
        "shutil.which = lambda name: None",
    )
    assert said.startswith("PortAudio is not installed. Neither is parec installed. Install ")


def run(pulse: PulseServer, *patches: str) -> str:
    """Take the first frame of the loudspeakers in a process of its own; return what is told."""
    program = "\n".join(
        (
            "import asyncio, ctypes.util, shutil",
            "found = ctypes.util.find_library",
            *patches,
            "from sentra_tui.domain.errors import SourceError",
            "from sentra_tui.services.audio.sources import open_source",
            "async def main():",
            "    source = await open_source('loopback', report=print)",
            "    print(len(await anext(source.frames())), 'bytes')",
            "    await asyncio.sleep(1)",
            "    await source.close()",
            "try:",
            "    asyncio.run(main())",
            "except SourceError as error:",
            "    print(error)",
        )
    )
    environ = {**os.environ, **pulse.environ}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environ, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_a_source_that_is_closed_at_once_leaves_nothing(pulse: PulseServer) -> None:
    source = await open_live(microphone(), Listener().report)
    await source.close()
    await until(watcher_is_gone, "the watcher to stop")
    assert not [line for line in pulse.control("list", "short", "source-outputs").splitlines() if "protocol" in line]


@pytest.mark.parametrize(
    ("target", "there"),
    [
        (microphone(), True),
        (microphone("mic"), True),
        (microphone("sentra_mic"), True),
        (microphone("Nonesuch"), False),
        (loudspeaker("spk"), True),
        (loudspeaker("Nonesuch"), False),
    ],
)
async def test_whether_a_device_is_there_is_known_without_opening_it(
    pulse: PulseServer, target: Target, there: bool
) -> None:
    assert await device_exists(target) is there


async def test_a_device_that_only_portaudio_knows_is_opened_again_when_it_is_back(pulse: PulseServer) -> None:
    listener = Listener()
    source = await open_live(microphone("sentra_mic"), listener.report)
    task = asyncio.create_task(listener.listen(source))
    try:
        with playing(pulse, noise(20, 1), "mic_feed"):
            await listener.hears_something()
        pulse.kill()
        await listener.told(Trouble.GONE)
        frames = listener.frames
        await until(lambda: listener.frames > frames + 10, "silence while it is gone")
        await asyncio.to_thread(pulse.start)
        with playing(pulse, said := noise(30, 2), "mic_feed"):
            await listener.hears_something()
        assert bytes(listener.pcm[-96:]) in said
        assert listener.troubles[-1] is not Trouble.GONE
    finally:
        await source.close()
        await task
