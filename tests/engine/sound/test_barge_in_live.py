"""Barge-in by voice on a sound server whose microphone hears the loudspeaker."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from sentra_tui.domain import actions as a
from sentra_tui.domain import changes as c
from sentra_tui.domain.audio import FULL_SCALE, SAMPLE_RATE_HZ, ms_to_samples
from sentra_tui.domain.sound import EchoMode
from sentra_tui.domain.state import UNFINISHED, Answer, AppState, Lane
from sentra_tui.engine.sound.barge_in import LOG_SOURCE
from sentra_tui.media.resample import Resampler
from sentra_tui.provider.voice import synthesize
from tests.engine.peers import until
from tests.engine.process import EngineProcess
from tests.engine.sound.barge_in_room import BargeInRoom, open_room
from tests.pulse import PulseServer
from tests.services.audio.echo.room import TEXT, frames, speech

ROOM_MS = 60
ROOM_VOLUME = 0.25
QUIET_S = 0.5
QUESTION = "What is a write-through cache?"
WARMING_S = 8.0
"""As long as the first answer sounds, about."""


@pytest.fixture(autouse=True)
def libraries() -> None:
    pytest.importorskip("livekit.rtc")
    pytest.importorskip("espeakng_loader")


def spoken(text: str, voice: str = "ash") -> bytes:
    pcm, rate_hz = synthesize(text, voice)
    return Resampler(rate_hz, SAMPLE_RATE_HZ).feed(pcm)


def cough(duration_ms: int) -> bytes:
    random = np.random.default_rng(3)
    sound = random.normal(size=ms_to_samples(duration_ms)) * FULL_SCALE * 0.1
    return np.rint(sound).astype("<i2").tobytes()


async def warmed_up(room: BargeInRoom) -> None:
    room.answer(frames(speech(TEXT, 30.0)))
    await asyncio.sleep(4.5)


async def test_a_cough_does_not_stop_an_answer_and_a_voice_does(pulse: PulseServer) -> None:
    with pulse.room(ROOM_MS, ROOM_VOLUME), pulse.record() as recording:
        async with open_room() as room:
            await warmed_up(room)
            with pulse.play(cough(80)):
                await until(lambda: bool(room.ducks_s))
                await until(lambda: room.gain == 1.0)
            assert room.stops_s == []
            assert room.playback.sounding()

            with pulse.play(spoken("Stop, that is not what I meant.")):
                await until(lambda: bool(room.stops_s))
            await until(lambda: not room.playback.sounding())
            await asyncio.sleep(QUIET_S + 0.3)
            assert not recording.samples()[-ms_to_samples(QUIET_S * 1000) :].any()
            assert len(room.stops_s) == 1


async def test_who_interrupts_the_engine_is_answered_and_the_old_answer_is_cut_once(
    pulse: PulseServer, tmp_path: Path
) -> None:
    with pulse.room(ROOM_MS, ROOM_VOLUME):
        engine = await EngineProcess.start(
            tmp_path, "--provider=local", "--mic=device", "--speaker=none", env=pulse.environ
        )
        try:
            await engine.until_live("mic")
            engine.send(a.SetVoice(True))
            await engine.until(lambda state: state.voice and state.echo.mode is EchoMode.CANCELLING)
            for count in (1, 2):
                engine.send(a.SayText(QUESTION))
                await engine.until(lambda state, count=count: len(ended(state)) == count)  # type: ignore[misc]
                await asyncio.sleep(WARMING_S if count == 1 else 1.0)
            with pulse.play(spoken("What is a write-back cache?")):
                await engine.until(lambda state: any(answer.heard_chars is not None for answer in state.answers))
                await engine.until(lambda state: len(ended(state)) == 3)
            _, interrupted, last = engine.state.lane(Lane.AUX)
            assert [cut.answer_id for cut in engine.told(c.AnswerCut)] == [interrupted.answer_id]
            assert last.question_id.startswith("mic.")
            rows = [row.text for row in engine.state.log if row.source == LOG_SOURCE]
            assert rows[-1].startswith("interrupted by ")
        finally:
            await engine.stop()


def ended(state: AppState) -> list[Answer]:
    return [answer for answer in state.lane(Lane.AUX) if answer.status not in UNFINISHED]
