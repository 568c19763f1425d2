"""The engine on a sound card: a private sound server's microphone and loudspeaker."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sentra_tui.domain import actions as a
from sentra_tui.domain import changes as c
from sentra_tui.domain.sound import EchoMode, Trouble
from sentra_tui.domain.state import SourceStatus
from tests.engine.process import EngineProcess
from tests.pulse import PulseServer

HEARD_RMS = 300


def tone(seconds: float) -> bytes:
    """Return a 440 Hz tone at -12 dBFS, 48 kHz mono s16le."""
    time_s = np.arange(int(48_000 * seconds)) / 48_000
    return (8192 * np.sin(2 * np.pi * 440 * time_s)).astype("<i2").tobytes()


async def poll(condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.1)


async def test_the_microphones_level_is_told(pulse: PulseServer, tmp_path: Path) -> None:
    engine = await EngineProcess.start(tmp_path, "--mic=device", "--speaker=none", env=pulse.environ)
    await engine.until(lambda state: (mic := state.stream("mic")) and mic.source.status == SourceStatus.OPEN)
    with pulse.play(tone(8)):
        await engine.until(lambda state: (mic := state.stream("mic")) and mic.rms_dbfs > -30)
    await engine.stop()


async def test_a_spoken_answer_is_heard_and_a_key_silences_it(pulse: PulseServer, tmp_path: Path) -> None:
    engine = await EngineProcess.start(tmp_path, "--mic=none", "--speaker=none", env=pulse.environ)
    await engine.until_live("mic")
    engine.send(a.SetVoice(True))
    await engine.until(lambda state: state.voice)

    with pulse.record() as recording:

        def loudness(seconds: float) -> float:
            samples = recording.samples()[-int(48_000 * seconds) :].astype(float)
            return float(np.sqrt((samples**2).mean())) if len(samples) else 0.0

        engine.send(a.SayText("What is a write-through cache?"))
        await poll(lambda: loudness(0.3) > HEARD_RMS)
        engine.send(a.CancelAnswer())
        await poll(lambda: loudness(1.0) == 0)
        assert len(recording.samples()) < 48_000 * 20
    await engine.stop()


async def test_without_a_microphone_the_local_provider_plays_its_demo_talk_and_says_so(tmp_path: Path) -> None:
    nothing = {"PULSE_SERVER": f"unix:{tmp_path}/absent", "ALSA_CONFIG_PATH": "/usr/share/alsa/alsa.conf"}
    engine = await EngineProcess.start(tmp_path, "--mic=device", "--speaker=none", env=nothing)
    state = await engine.until(lambda state: (mic := state.stream("mic")) and mic.source.status == SourceStatus.OPEN)
    mic = state.stream("mic")
    assert mic is not None
    assert "demo talk" in mic.source.label
    assert "demo talk instead" in state.notices[0].text
    await engine.stop()


def without_portaudio(folder: Path) -> dict[str, str]:
    """Return an environment in which Python finds no PortAudio."""
    (folder / "sitecustomize.py").write_text(
        "import ctypes.util\nreal = ctypes.util.find_library\n"
        "ctypes.util.find_library = lambda name: None if 'portaudio' in name.lower() else real(name)\n"
    )
    return {"PYTHONPATH": f"{folder}:{':'.join(sys.path[:1])}"}


async def test_without_portaudio_the_microphone_is_heard_through_a_pipe(pulse: PulseServer, tmp_path: Path) -> None:
    engine = await EngineProcess.start(
        tmp_path, "--mic=device", "--speaker=none", "--idle", env=without_portaudio(tmp_path)
    )
    with pulse.play(tone(20)):
        await engine.until(lambda state: state.streams and state.streams[0].rms_dbfs > -30)
    assert "demo" not in engine.state.streams[0].source.label
    await engine.stop()


async def test_without_portaudio_and_without_a_pipe_the_exact_command_is_named(tmp_path: Path) -> None:
    env = {**without_portaudio(tmp_path), "PATH": str(tmp_path)}
    engine = await EngineProcess.start(tmp_path, "--mic=device", "--speaker=none", env=env)
    await engine.until(lambda state: state.notices)
    notice = engine.told(c.Noticed)[0]
    assert "PortAudio" in notice.text
    assert "libportaudio2" in notice.hint or "portaudio" in notice.hint
    await engine.until(lambda state: (mic := state.stream("mic")) and "demo talk" in mic.source.label)
    await engine.stop()


async def test_a_mute_ends_push_to_talk_and_the_guard_holds_the_microphone_again(
    pulse: PulseServer, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[sound]\necho = "guard"\nbarge_in = "key"\n')
    arguments = ("--mic=device", "--speaker=none", f"--config={config}")
    engine = await EngineProcess.start(tmp_path, *arguments, env=pulse.environ)
    await engine.until_live("mic")
    engine.send(a.SetVoice(True))
    await engine.until(lambda state: state.voice)
    engine.send(a.PushToTalk(True))
    await engine.until(lambda state: state.talking)
    for muted in (True, False):
        engine.send(a.SetMute("mic", muted))
    engine.send(a.SayText("What is a write-through cache?"))
    await engine.until(lambda state: state.echo.held)
    assert await engine.stop() == 0


async def test_an_engine_ends_though_the_sound_server_hangs(pulse: PulseServer, tmp_path: Path) -> None:
    arguments = ("--mic=device", "--speaker=loopback", "--idle")
    engine = await EngineProcess.start(tmp_path, *arguments, env=pulse.environ)
    await engine.until(lambda state: state.streams and state.streams[0].source.trouble is Trouble.SILENT)
    with pulse.frozen():
        lost = (Trouble.STALLED, Trouble.GONE)
        await engine.until(lambda state: any(each.source.trouble in lost for each in state.streams))
        assert await engine.stop() == 0


@pytest.mark.timeout(90)
async def test_answers_on_another_loudspeaker_than_the_loopbacks_are_taken_out_of_the_microphone(
    pulse: PulseServer, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[sound]\nbarge_in = "key"\n')
    arguments = ("--mic=device", "--speaker=loopback", f"--config={config}")
    with pulse.added("usb"):
        room = ("module-loopback", "source=usb.monitor", "sink=mic_feed", "latency_msec=60", "source_dont_move=true")
        pulse.control("load-module", *room)
        engine = await EngineProcess.start(tmp_path, *arguments, env=pulse.environ)
        await engine.until_live("mic", "speaker")
        engine.send(a.ChooseOutput("usb"))
        engine.send(a.SetVoice(True))
        await engine.until(lambda state: state.voice and state.output == "usb")
        await engine.until(lambda state: state.echo.mode is EchoMode.CANCELLING)
        engine.send(a.SayText("What is a write-through cache?"))
        await engine.until(lambda state: (state.echo.erle_db or 0) >= 10)
        assert await engine.stop() == 0
