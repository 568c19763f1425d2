"""Mute, push-to-talk and off the record, in a real engine."""

from __future__ import annotations

from pathlib import Path

from sentra_tui.domain import actions as a
from sentra_tui.domain import changes as c
from tests.engine.process import EngineProcess

IDLE = ("--provider=local", "--mic=none", "--speaker=none", "--idle")


async def test_the_switches_move_the_state_of_an_engine(tmp_path: Path) -> None:
    engine = await EngineProcess.start(tmp_path, *IDLE, "--stream=room=none")
    try:
        await engine.until(lambda state: len(state.streams) == 3)
        engine.send(a.PushToTalk(True))
        await engine.until(lambda state: state.talking)
        assert engine.state.stream("mic").muted is False  # type: ignore[union-attr]
        engine.send(a.PushToTalk(False))
        await engine.until(lambda state: not state.talking and state.streams[0].muted)
        engine.send(a.SetOffRecord(True))
        engine.send(a.SetOffRecord(True))
        await engine.until(lambda state: state.off_record)
        engine.send(a.SetOffRecord(False))
        await engine.until(lambda state: not state.off_record)
        assert len([change for change in engine.changes if isinstance(change, c.OffRecordChanged)]) == 2
    finally:
        assert await engine.stop() == 0


async def test_a_speech_detector_that_is_not_installed_is_named_once_and_another_does_its_work(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[sound]\nspeech_detector = "silero"\n')
    engine = await EngineProcess.start(tmp_path, *IDLE, f"--config={config}")
    try:
        await engine.until(lambda state: len(state.streams) == 2)
        (notice,) = engine.told(c.Noticed)
        assert "silero" in notice.text
        assert "webrtc is used instead" in notice.text
    finally:
        assert await engine.stop() == 0
