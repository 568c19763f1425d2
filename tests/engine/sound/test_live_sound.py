"""Both streams live on a sound server, in an engine as it is started: a room between them, devices that go and come."""

from __future__ import annotations

import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sentra_tui.domain import actions as a
from sentra_tui.domain.sound import EchoMode, Trouble
from sentra_tui.domain.state import MIC, SPEAKER, AppState, Source, SourceStatus
from sentra_tui.media.resample import Resampler
from sentra_tui.provider.realtime.input_audio import InputAudio
from sentra_tui.provider.server import ProviderOptions, serving
from tests.engine.process import EngineProcess
from tests.engine.test_engine import WORDS, heard, words_right
from tests.pulse import PulseServer
from tests.services.audio.live.room import given_three_chances

LIVE = ("--mic=device", "--speaker=loopback")


def speech(path: Path) -> bytes:
    """Return a recording as 48 kHz mono s16le."""
    with wave.open(str(path)) as file:
        resampler = Resampler(file.getframerate(), 48_000)
        return resampler.feed(file.readframes(file.getnframes())) + resampler.flush()


def noise(seconds: float) -> bytes:
    samples = np.random.default_rng(4).normal(0, 3_000, int(48_000 * seconds))
    return bytes(samples.astype("<i2").tobytes())


def source(state: AppState, name: str) -> Source:
    stream = state.stream(name)
    return Source() if stream is None else stream.source


def opened(state: AppState) -> bool:
    return all(source(state, name).status is SourceStatus.OPEN for name in (MIC, SPEAKER))


@pytest.mark.timeout(240)
@given_three_chances
async def test_what_is_played_is_theirs_and_what_is_said_is_ours_with_a_room_between_them(
    pulse: PulseServer, tmp_path: Path, sample: Callable[[str], Path]
) -> None:
    """A machine that stalls loses the canceller's alignment for a second or two, and then the room is heard."""
    theirs, ours = speech(sample("austen-0890.wav")), speech(sample("austen-0870.wav"))
    engine = await EngineProcess.start(tmp_path, *LIVE, env=pulse.environ)
    try:
        with pulse.room(volume=0.3):
            await hears_both_sides(pulse, engine, theirs, ours)
    finally:
        assert await engine.stop() == 0


async def hears_both_sides(pulse: PulseServer, engine: EngineProcess, theirs: bytes, ours: bytes) -> None:
    await engine.until_live(MIC, SPEAKER)
    await engine.until(lambda state: state.echo.mode is EchoMode.CANCELLING)
    # The canceller learns the room from what the others say first.
    with pulse.play(theirs, "spk"):
        await engine.until(lambda state: words_right(WORDS["austen-0890.wav"], heard(state, SPEAKER)) >= 0.5)
        await engine.until(lambda state: state.streams[1].rms_dbfs < -90)
    lines = len(engine.state.streams[0].transcript)
    assert lines <= 1, "the room was not learnt"
    with pulse.play(theirs, "spk"):
        await engine.until(lambda state: state.streams[1].rms_dbfs > -40)
        await engine.until(lambda state: (state.echo.erle_db or 0.0) >= 15)
        await engine.until(lambda state: state.streams[1].rms_dbfs < -90)
    assert len(engine.state.streams[0].transcript) == lines, "the microphone was taken to say what the others said"
    with pulse.play(ours):
        await engine.until(lambda state: words_right(WORDS["austen-0870.wav"], heard(state, MIC)) >= 0.5)


@pytest.mark.timeout(120)
async def test_devices_that_go_are_named_leave_a_gap_and_are_taken_again(pulse: PulseServer, tmp_path: Path) -> None:
    engine = await EngineProcess.start(tmp_path, *LIVE, "--idle", env=pulse.environ)
    await engine.until(opened)
    with pulse.play(noise(60)), pulse.play(noise(60), "spk"):
        await engine.until(lambda state: all(stream.rms_dbfs > -40 for stream in state.streams))
        with pulse.unplugged("mic"):
            state = await engine.until(lambda state: source(state, MIC).trouble is Trouble.GONE)
            assert "press d" in source(state, MIC).advice.lower() or "plug" in source(state, MIC).advice.lower()
            assert not source(state, SPEAKER).trouble
            gone_ms = state.now_ms
            await engine.until(lambda state: state.streams[0].rms_dbfs < -90 and state.now_ms > gone_ms + 1_000)
        await engine.until(lambda state: not source(state, MIC).trouble and state.streams[0].rms_dbfs > -40)
    gaps = [line for line in engine.state.streams[0].transcript if line.kind == "gap"]
    assert len(gaps) == 1
    assert "missing" in gaps[0].text
    assert not any(line.kind == "gap" for line in engine.state.streams[1].transcript)
    pulse.kill()
    await engine.until(lambda state: all(source(state, name).trouble is Trouble.GONE for name in (MIC, SPEAKER)))
    pulse.start()
    await engine.until(lambda state: all(source(state, name).trouble is not Trouble.GONE for name in (MIC, SPEAKER)))
    assert await engine.stop() == 0


@pytest.mark.timeout(120)
async def test_off_the_record_nothing_of_either_stream_reaches_the_provider(
    pulse: PulseServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loudest = [0]
    hear = InputAudio.hear

    def listen(self: InputAudio, frame: bytes | None) -> None:
        if frame is not None:
            loudest[0] = max(loudest[0], int(np.abs(np.frombuffer(frame, "<i2").astype(np.int32)).max()))
        hear(self, frame)

    monkeypatch.setattr(InputAudio, "hear", listen)
    async with serving(ProviderOptions()) as provider:
        config = tmp_path / "config.toml"
        config.write_text(
            f'[providers.remote]\nbase_url = "{provider.base_url}"\nkey_env = "REMOTE_KEY"\nmodel = "sentra-local"\n'
            '[sound]\necho = "off"\n'
        )
        env = {**pulse.environ, "REMOTE_KEY": provider.api_key}
        arguments = (*LIVE, f"--config={config}", "--provider=remote", f"--recordings={tmp_path / 'kept'}")
        engine = await EngineProcess.start(tmp_path, *arguments, env=env)
        await engine.until_live(MIC, SPEAKER)
        with pulse.play(noise(100)), pulse.play(noise(100), "spk"):
            await engine.until(lambda state: all(stream.rms_dbfs > -40 for stream in state.streams))
            await engine.until(lambda _: loudest[0] > 2_000)
            engine.send(a.SetOffRecord(True))
            state = await engine.until(lambda state: state.off_record)
            began_ms = state.now_ms
            await engine.until(lambda state: state.now_ms > began_ms + 1_000)  # what was on the way has arrived
            loudest[0] = 0
            engine.send(a.SetRecording(True))
            await engine.until(lambda state: len(state.recording.files) == 2 and state.now_ms > began_ms + 4_000)
            assert loudest[0] < 10
            engine.send(a.SetRecording(False))
            await engine.until(lambda state: not state.recording.on)
            engine.send(a.SetOffRecord(False))
            await engine.until(lambda _: loudest[0] > 2_000)
        assert await engine.stop() == 0
    for file in state.recording.files or engine.state.recording.files:
        assert not np.frombuffer(Path(file).read_bytes()[44:], "<i2").any()


async def test_a_source_is_chosen_while_it_runs_and_the_next_engine_remembers(
    pulse: PulseServer, tmp_path: Path
) -> None:
    choices = tmp_path / "choices.json"
    arguments = ("--speaker=none", "--idle", f"--choices={choices}")
    with pulse.added("desk", microphone=True):
        engine = await EngineProcess.start(tmp_path, *arguments, env=pulse.environ)
        await engine.until(lambda state: state.streams)
        engine.send(a.WatchDevices(True))
        await engine.until(lambda state: any(each.source == "device:desk" for each in state.devices.devices))
        engine.send(a.WatchDevices(False))
        engine.send(a.ChooseSource(MIC, "device:desk"))
        await engine.until(lambda state: source(state, MIC).label == "desk")
        assert await engine.stop() == 0
        again = await EngineProcess.start(tmp_path, *arguments, env=pulse.environ)
        await again.until(lambda state: source(state, MIC).label == "desk")
        assert await again.stop() == 0
    gone = await EngineProcess.start(tmp_path, *arguments, env=pulse.environ)
    await gone.until(lambda state: state.notices and source(state, MIC).status is SourceStatus.OPEN)
    assert "desk" in gone.state.notices[0].text
    assert "default" in gone.state.notices[0].text
    assert source(gone.state, MIC).choice == "device"
    assert await gone.stop() == 0
