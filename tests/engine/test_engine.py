"""The engine end to end: real WebRTC calls to the real local provider, in processes of their own."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sentra_tui.domain import actions as a
from sentra_tui.domain import changes as c
from sentra_tui.domain.state import AnswerStatus, AppState, Connection, Lane, SourceStatus
from tests.engine.process import EngineProcess

WORDS = {
    "austen-0870.wav": (
        "and mister john dashwood had then leisure to consider how much there might be prudently in his power to do "
        "for them"
    ),
    "austen-0890.wav": "unless to be rather cold hearted and rather selfish is to be ill disposed",
}


def words_right(spoken: str, heard: str) -> float:
    """Return the share of the words spoken that were heard, by edit distance."""
    want, got = _words(spoken), _words(heard)
    row = list(range(len(got) + 1))
    for number, word in enumerate(want, 1):
        previous, row[0] = row[0], number
        for index, other in enumerate(got, 1):
            cost = min(row[index] + 1, row[index - 1] + 1, previous + (word != other))
            previous, row[index] = row[index], cost
    return 1 - row[-1] / len(want)


def _words(text: str) -> list[str]:
    return re.sub(r"\bmr\b", "mister", text.lower().replace(".", "")).split()


def heard(state: AppState, stream: str) -> str:
    found = state.stream(stream)
    assert found is not None
    return " ".join(line.text for line in found.transcript if line.final and line.kind == "speech")


@pytest.mark.timeout(120)
async def test_recorded_speech_comes_out_as_two_transcripts(tmp_path: Path, sample: Callable[[str], Path]) -> None:
    engine = await EngineProcess.start(
        tmp_path, f"--mic={sample('austen-0870.wav')}", f"--speaker={sample('austen-0890.wav')}", "--exit-at-end"
    )
    await engine.until(lambda state: state.engine.running)
    status = await asyncio_wait(engine)
    assert status == 0
    assert words_right(WORDS["austen-0870.wav"], heard(engine.state, "mic")) >= 0.6
    assert words_right(WORDS["austen-0890.wav"], heard(engine.state, "speaker")) >= 0.6
    lines = engine.told(c.TranscriptCommitted)
    assert all(0 < line.start_ms < line.end_ms and line.key.item_id for line in lines)
    assert engine.state.lane(Lane.AUX)
    assert any(change.delta for change in engine.told(c.TranscriptExtended))


async def asyncio_wait(engine: EngineProcess) -> int:
    """Wait for the engine's own end."""
    status = await engine.process.wait()
    await engine.stop()
    return status


async def test_typed_words_are_answered_and_the_log_has_neither_them_nor_a_key(tmp_path: Path) -> None:
    engine = await EngineProcess.start(tmp_path, "--mic=none", "--speaker=none")
    await engine.until_live("mic")
    engine.send(a.SayText("What is a write-through cache?"))
    state = await engine.until(lambda state: [x for x in state.answers if x.status == AnswerStatus.COMPLETED])
    mic = state.stream("mic")
    assert mic is not None
    assert [(line.kind, line.text) for line in mic.transcript] == [("typed", "What is a write-through cache?")]
    assert "cache" in state.answers[0].text
    await engine.stop()
    log = engine.log.read_text()
    assert not [word for word in ("write-through", "ek_", "Bearer") if word in log]


async def test_words_typed_without_a_call_are_answered_by_the_main_assistant(tmp_path: Path) -> None:
    engine = await EngineProcess.start(tmp_path, "--idle", "--mic=none", "--speaker=none")
    engine.send(a.SayText("What is a cache?"))
    state = await engine.until(lambda state: [x for x in state.answers if x.status == AnswerStatus.COMPLETED])
    assert state.answers[0].lane is Lane.MAIN
    assert "cache" in state.answers[0].text
    mic = state.stream("mic")
    assert mic is not None
    assert [(line.kind, line.text) for line in mic.transcript] == [("typed", "What is a cache?")]
    await engine.stop()


async def test_a_mute_before_the_call_holds_in_the_call_and_in_the_next(tmp_path: Path) -> None:
    engine = await EngineProcess.start(tmp_path, "--idle")
    engine.send(a.SetMute("mic", True))
    engine.send(a.ConnectStream("mic"))
    await engine.until_live("mic")
    engine.send(a.HangUp("mic"))
    await engine.until(lambda state: state.stream("mic").connection == Connection.OFF)  # type: ignore[union-attr]
    engine.send(a.ConnectStream("mic"))
    await engine.until_live("mic")
    await engine.until(lambda _: max((x.peak_dbfs for x in engine.told(c.LevelMeasured)), default=-96) > -40)
    mic = engine.state.stream("mic")
    assert mic is not None
    assert mic.muted
    assert len(mic.transcript) == 0
    await engine.stop()


async def test_a_missing_recording_is_one_clear_line_and_the_other_stream_goes_on(tmp_path: Path) -> None:
    engine = await EngineProcess.start(tmp_path, f"--mic={tmp_path / 'absent.wav'}")
    await engine.until_live("mic", "speaker")
    await engine.until(lambda state: state.streams[1].rms_dbfs > -40)
    mic, speaker = engine.state.streams
    assert mic.source.status == SourceStatus.FAILED
    assert "absent.wav" in mic.source.cause
    assert "\n" not in mic.source.cause
    assert speaker.source.status == SourceStatus.OPEN
    await engine.stop()


async def test_a_provider_that_dies_is_started_again_and_no_line_is_lost(tmp_path: Path) -> None:
    engine = await EngineProcess.start(tmp_path)
    await engine.until_live("mic", "speaker")
    state = await engine.until(lambda state: heard(state, "speaker"))
    before = heard(state, "speaker")
    providers = [child for child in engine.children() if child.ppid() == engine.process.pid]
    assert len(providers) == 1
    providers[0].send_signal(signal.SIGKILL)
    await engine.until(lambda _: len(engine.told(c.StreamConnected)) == 4)
    await engine.until_live("mic", "speaker")
    assert heard(engine.state, "speaker").startswith(before)
    doubted = {change.stream for change in engine.told(c.StreamSuspected)}
    assert doubted | {change.stream for change in engine.told(c.StreamReconnecting)} == {"mic", "speaker"}
    await engine.stop()


@pytest.mark.row(25)
async def test_a_signal_hangs_up_and_leaves_nothing_behind(tmp_path: Path) -> None:
    engine = await EngineProcess.start(tmp_path)
    await engine.until_live("mic", "speaker")
    assert await engine.stop(signal.SIGTERM) == 128 + signal.SIGTERM
    assert [change.stream for change in engine.told(c.StreamClosed)] == ["mic", "speaker"]


async def test_the_end_of_input_ends_the_engine_within_a_second_or_so(tmp_path: Path) -> None:
    engine = await EngineProcess.start(tmp_path)
    await engine.until_live("mic", "speaker")
    began_s = time.monotonic()
    assert await engine.stop() == 0
    assert time.monotonic() - began_s < 10


@pytest.mark.row(25)
async def test_an_engine_that_is_killed_leaves_no_process_behind(tmp_path: Path) -> None:
    engine = await EngineProcess.start(tmp_path)
    await engine.until_live("mic", "speaker")
    assert engine.children()
    assert await engine.stop(signal.SIGKILL) == -signal.SIGKILL


async def test_a_line_that_is_no_action_is_answered_with_a_notice(tmp_path: Path) -> None:
    engine = await EngineProcess.start(tmp_path, "--idle")
    for line in (b"hello\n", b'{"type":"set_mute","stream":"mic","muted":"\x1b[31myes"}\n', b"\n", b"\xff\xfe\n"):
        engine.send_raw(line)
    engine.send(a.HangUp("nobody"))
    state = await engine.until(lambda state: len(state.notices) == 4)
    assert all("\x1b" not in notice.text for notice in state.notices)
    assert "nobody" in state.notices[-1].text
    await engine.stop()


async def test_a_stream_that_was_hung_up_while_it_had_no_source_is_not_called_when_it_has_one(tmp_path: Path) -> None:
    engine = await EngineProcess.start(tmp_path, "--mic=none", f"--speaker={tmp_path}/absent.wav")
    await engine.until(lambda state: (speaker := state.stream("speaker")) and speaker.source.status == "failed")
    engine.send(a.HangUp("speaker"))
    engine.send(a.ChooseSource("speaker", "none"))
    calls = len([change for change in engine.told(c.StreamConnecting) if change.stream == "speaker"])
    await engine.until(lambda state: (speaker := state.stream("speaker")) and speaker.source.status == "open")
    assert len([change for change in engine.told(c.StreamConnecting) if change.stream == "speaker"]) == calls
    assert await engine.stop() == 0


async def test_a_stream_without_a_source_is_called_when_it_has_one(tmp_path: Path) -> None:
    engine = await EngineProcess.start(tmp_path, "--mic=none", f"--speaker={tmp_path}/absent.wav")
    await engine.until(lambda state: (speaker := state.stream("speaker")) and speaker.source.status == "failed")
    engine.send(a.ChooseSource("speaker", "none"))
    await engine.until_live("speaker")
    assert await engine.stop() == 0
