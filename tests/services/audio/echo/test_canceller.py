"""The echo canceller, in a room made of arithmetic."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable

import numpy as np
import pytest

from sentra_tui.domain.audio import FRAME_BYTES, FRAME_MS, SAMPLE_RATE_HZ, SILENCE
from sentra_tui.domain.errors import SourceError
from sentra_tui.services.audio.echo.canceller import REST_MS, LiveKitEchoCanceller
from sentra_tui.services.audio.echo.processing import BLOCK_BYTES
from tests.services.audio.echo.room import (
    OTHER_TEXT,
    TEXT,
    Sound,
    echo_of,
    frames,
    likeness,
    noise,
    reduction_db,
    samples,
    speech,
)

SAFE_DB = 20.0
"""What cancelling surely reaches, far below what it does."""
DURATION_S = 6.0
LOUD = (np.random.default_rng(3).normal(size=FRAME_BYTES // 2) * 3000).astype("<i2").tobytes()


@pytest.fixture(autouse=True)
def libraries() -> None:
    pytest.importorskip("livekit.rtc")
    pytest.importorskip("espeakng_loader")


def cleaned(canceller: LiveKitEchoCanceller, played: Iterable[bytes], heard: Iterable[bytes]) -> Sound:
    out = []
    for sound, frame in zip(played, heard, strict=False):
        canceller.hear(sound)
        out.append(canceller.clean(frame))
    return samples(out)


@pytest.mark.parametrize("delay_ms", [10, 60, 200])
async def test_an_echo_is_taken_out_whatever_its_delay(delay_ms: int) -> None:
    far = speech(TEXT, DURATION_S)
    heard = echo_of(far, delay_ms) + noise(len(far))
    canceller = await LiveKitEchoCanceller.load()
    out = cleaned(canceller, frames(far), frames(heard))
    assert reduction_db(heard, out, 2, DURATION_S) > SAFE_DB
    measured_db = canceller.erle_db()
    assert measured_db is not None
    assert measured_db > SAFE_DB


async def test_the_voice_near_the_microphone_is_kept_while_both_speak() -> None:
    far = speech(TEXT, DURATION_S)
    near = speech(OTHER_TEXT, DURATION_S, -14.0, "ash")
    near[: 2 * SAMPLE_RATE_HZ] = 0
    heard = echo_of(far, 60, -12.0) + near + noise(len(far))
    out = cleaned(await LiveKitEchoCanceller.load(noise_suppression=False), frames(far), frames(heard))
    both = slice(2 * SAMPLE_RATE_HZ, None)
    assert abs(reduction_db(near, out, 2, DURATION_S)) < 6
    assert likeness(near[both], out[both]) > 0.7


async def test_the_voice_near_the_microphone_is_kept_while_nothing_is_played() -> None:
    near = speech(OTHER_TEXT, DURATION_S, -23.0, "ash")
    canceller = await LiveKitEchoCanceller.load()
    out = cleaned(canceller, [SILENCE] * 1000, frames(near + noise(len(near))))
    assert abs(reduction_db(near, out, 1, DURATION_S)) < 3
    assert canceller.erle_db() is None


async def test_loudness_is_left_alone_unless_gain_control_is_asked_for() -> None:
    near = speech(OTHER_TEXT, DURATION_S, -45.0, "ash")
    plain = cleaned(await LiveKitEchoCanceller.load(), [SILENCE] * 1000, frames(near))
    levelled = cleaned(await LiveKitEchoCanceller.load(gain_control=True), [SILENCE] * 1000, frames(near))
    assert reduction_db(near, plain, 2, DURATION_S) > -3
    assert reduction_db(near, levelled, 2, DURATION_S) < -6


async def test_a_delayed_microphone_makes_up_for_a_reference_that_comes_late() -> None:
    far = speech(TEXT, DURATION_S)
    heard = echo_of(far, 5) + noise(len(far))
    late = [SILENCE, *frames(far)]
    prompt = cleaned(await LiveKitEchoCanceller.load(), late, frames(heard))
    delayed = cleaned(await LiveKitEchoCanceller.load(delay_ms=40), late, frames(heard))
    assert reduction_db(heard, delayed, 2, DURATION_S) > SAFE_DB
    assert reduction_db(heard, delayed, 2, DURATION_S) > reduction_db(heard, prompt, 2, DURATION_S)


async def test_weak_cancelling_is_measured_as_weak() -> None:
    far = speech(TEXT, 8.0)
    heard = echo_of(far, 0) + noise(len(far))
    canceller = await LiveKitEchoCanceller.load()
    cleaned(canceller, [SILENCE] * 4 + frames(far), frames(heard))
    measured_db = canceller.erle_db()
    assert measured_db is not None
    assert measured_db < SAFE_DB


async def test_nothing_is_measured_where_the_microphone_hears_no_echo() -> None:
    far = speech(TEXT, 8.0)
    near = speech(OTHER_TEXT, 8.0, -23.0, "ash")
    canceller = await LiveKitEchoCanceller.load()
    cleaned(canceller, frames(far), frames(near + noise(len(far))))
    assert canceller.erle_db() is None


async def test_sound_that_is_played_in_bursts_is_cancelled_too() -> None:
    far = speech(TEXT, DURATION_S)
    heard = echo_of(far, 120) + noise(len(far))
    canceller = await LiveKitEchoCanceller.load()
    played, out = frames(far), []
    for index, frame in enumerate(frames(heard)):
        if index % 5 == 0:
            canceller.hear(b"".join(played[index : index + 5]))
        out.append(canceller.clean(frame))
    assert reduction_db(heard, samples(out), 2, DURATION_S) > SAFE_DB


async def test_a_loudspeaker_that_says_nothing_for_a_while_does_no_harm() -> None:
    far = speech(TEXT, DURATION_S)
    heard = echo_of(far, 60) + noise(len(far))
    canceller = await LiveKitEchoCanceller.load()
    for frame in frames(noise(SAMPLE_RATE_HZ)):
        assert len(canceller.clean(frame)) == FRAME_BYTES
    out = cleaned(canceller, frames(far), frames(heard))
    assert reduction_db(heard, out, 2, DURATION_S) > SAFE_DB


async def test_a_loudspeaker_that_is_heard_of_late_and_all_at_once_costs_little() -> None:
    far = speech(TEXT, DURATION_S)
    heard = echo_of(far, 80) + noise(len(far))
    canceller = await LiveKitEchoCanceller.load()
    for _ in range(12):
        canceller.clean(SILENCE)
    canceller.hear(SILENCE * 12)
    out = cleaned(canceller, frames(far), frames(heard))
    assert reduction_db(heard, out, 1, DURATION_S) > SAFE_DB


async def test_no_sound_of_before_comes_out_after_a_reset() -> None:
    canceller = await LiveKitEchoCanceller.load(noise_suppression=False, high_pass=False, delay_ms=40)
    said = frames(speech(OTHER_TEXT, 1.0, speaker="ash"))
    for frame in said:
        canceller.hear(frame)
        canceller.clean(frame)
    canceller.reset()
    after = samples([canceller.clean(SILENCE) for _ in range(10)])
    assert np.abs(after).max() < np.abs(samples(said)).max() / 20


async def test_a_canceller_at_rest_changes_no_bit_and_wakes_when_something_is_played() -> None:
    canceller = await LiveKitEchoCanceller.load(noise_suppression=False, high_pass=False, may_rest=True)
    others = frames(speech(OTHER_TEXT, 1.0, speaker="ash"))
    for frame in others:
        canceller.hear(SILENCE)
        assert canceller.clean(frame) == frame
    far = speech(TEXT, DURATION_S)
    heard = np.concatenate([np.zeros(SAMPLE_RATE_HZ // 50, np.float32), far])[: len(far)]
    out = cleaned(canceller, frames(far), frames(heard))
    assert reduction_db(heard, out, 0.5, DURATION_S) > SAFE_DB
    for _ in range(REST_MS // FRAME_MS + 10):
        canceller.hear(SILENCE)
        canceller.clean(SILENCE)
    for frame in others:
        canceller.hear(SILENCE)
        assert canceller.clean(frame) == frame


async def test_waking_and_resting_do_not_click() -> None:
    canceller = await LiveKitEchoCanceller.load(noise_suppression=False, high_pass=False, may_rest=True)
    tone = np.sin(np.arange(8 * SAMPLE_RATE_HZ) * 2 * np.pi * 440 / SAMPLE_RATE_HZ).astype(np.float32) * 8000
    played = [SILENCE] * 50 + frames(speech(TEXT, 1.0)) + [SILENCE] * 200
    out = cleaned(canceller, played, frames(tone))
    assert np.abs(np.diff(out)).max() < 3 * np.abs(np.diff(tone)).max()


async def test_the_loudspeaker_may_speak_from_a_thread_of_its_own() -> None:
    canceller = await LiveKitEchoCanceller.load()

    def play() -> None:
        for _ in range(500):
            canceller.hear(LOUD[:BLOCK_BYTES])

    thread = threading.Thread(target=play)
    thread.start()
    while thread.is_alive():
        assert len(canceller.clean(LOUD)) == FRAME_BYTES
    thread.join()


async def test_a_closed_canceller_leaves_frames_alone() -> None:
    canceller = await LiveKitEchoCanceller.load(delay_ms=40)
    canceller.close()
    canceller.close()
    canceller.hear(LOUD)
    assert canceller.clean(LOUD) == LOUD


async def test_a_missing_library_is_named_with_what_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "livekit", None)
    with pytest.raises(SourceError, match="livekit is not installed") as raised:
        await LiveKitEchoCanceller.load()
    assert "sentra-tui[echo]" in raised.value.hint
