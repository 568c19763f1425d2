"""The gate on synthetic speech: syllables of noise, in a room with a delay, a loss and an echo's tail."""

import numpy as np
import pytest
from numpy.typing import NDArray

from sentra_tui.domain.audio import FRAME_SAMPLES, SAMPLE_RATE_HZ, SILENCE
from sentra_tui.services.audio.bleed_gate import EnvelopeBleedGate

Sound = NDArray[np.float64]
SECONDS = 8
OTHER_DBFS = -15.0


def speech(seed: int, level_dbfs: float, seconds: float = SECONDS) -> Sound:
    random = np.random.default_rng(seed)
    loudness = np.zeros(round(seconds * SAMPLE_RATE_HZ))
    at = 0
    while at < loudness.size:
        for _ in range(random.integers(4, 12)):
            syllable = np.hanning(round(SAMPLE_RATE_HZ * random.uniform(0.08, 0.28))) * random.uniform(0.25, 1)
            part = loudness[at : at + syllable.size]
            part += syllable[: part.size]
            at += syllable.size + round(SAMPLE_RATE_HZ * random.uniform(0, 0.05))
        at += round(SAMPLE_RATE_HZ * random.uniform(0.2, 0.9))
    return np.asarray(loudness * random.normal(0, 1, loudness.size) * 10 ** (level_dbfs / 20))


def in_a_room(sound: Sound, delay_ms: int, loss_db: float) -> Sound:
    tail = SAMPLE_RATE_HZ * 3 // 10
    response = np.random.default_rng(7).normal(0, 0.05, tail) * 10 ** (-3 * np.arange(tail) / tail)
    response[0] = 1
    response /= np.sqrt(response @ response)
    size = sound.size + tail
    heard = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(response, size), size)[: sound.size]
    delayed = np.concatenate([np.zeros(SAMPLE_RATE_HZ * delay_ms // 1000), heard])[: sound.size]
    return np.asarray(
        delayed * 10 ** (-loss_db / 20) + np.random.default_rng(9).normal(0, 10 ** (-65 / 20), sound.size)
    )


def frames(sound: Sound) -> list[bytes]:
    samples = np.clip(sound * 32_768, -32_768, 32_767).astype("<i2").reshape(-1, FRAME_SAMPLES)
    return [frame.tobytes() for frame in samples]


def passed(other: Sound, mic: Sound) -> NDArray[np.bool_]:
    gate = EnvelopeBleedGate()
    verdicts = []
    for theirs, mine in zip(frames(other), frames(mic), strict=True):
        gate.hear_other(theirs)
        verdicts.append(gate.passes(mine))
    return np.array(verdicts)


def share(sound: Sound, verdicts: NDArray[np.bool_], after_s: float = 0.0) -> float:
    """Return how much of a sound passes, of its energy."""
    energy = np.square(sound).reshape(-1, FRAME_SAMPLES).sum(axis=1)[round(after_s * 50) :]
    return float(energy @ verdicts[round(after_s * 50) :] / energy.sum())


@pytest.mark.parametrize("delay_ms", [0, 30, 150])
@pytest.mark.parametrize("loss_db", [3, 12, 20])
def test_an_echo_alone_is_held_once_the_room_is_known(delay_ms: int, loss_db: float) -> None:
    other = speech(1, OTHER_DBFS)
    echo = in_a_room(other, delay_ms, loss_db)
    assert share(echo, passed(other, echo), after_s=3) < 0.1


@pytest.mark.parametrize("delay_ms", [30, 150])
@pytest.mark.parametrize("over_echo_db", [0, 6, 15])
def test_the_user_is_heard_over_the_echo(delay_ms: int, over_echo_db: float) -> None:
    other = speech(1, OTHER_DBFS)
    mine = speech(2, OTHER_DBFS - 10 + over_echo_db)
    mine[: 4 * SAMPLE_RATE_HZ] = 0
    verdicts = passed(other, in_a_room(other, delay_ms, 10) + mine)
    assert share(mine, verdicts) > (0.85 if over_echo_db == 0 else 0.95)


def test_the_user_passes_at_once() -> None:
    other = speech(1, OTHER_DBFS)
    mine = np.zeros_like(other)
    begin = 5 * SAMPLE_RATE_HZ
    mine[begin:] = 10 ** (-12 / 20) * np.sin(2 * np.pi * 180 * np.arange(mine.size - begin) / SAMPLE_RATE_HZ)
    verdicts = passed(other, in_a_room(other, 50, 12) + mine)
    assert verdicts[5 * 50 : 5 * 50 + 5].all()


def test_who_speaks_while_the_other_is_silent_is_never_held() -> None:
    mine = speech(2, -30)
    assert passed(np.zeros_like(mine), mine).all()


def test_with_headphones_nobody_is_held() -> None:
    other, mine = speech(1, OTHER_DBFS), speech(2, -25)
    assert share(mine, passed(other, mine)) > 0.9


def test_a_stream_that_gives_no_frames_any_more_is_silent() -> None:
    other = speech(1, OTHER_DBFS, 4)
    gate = EnvelopeBleedGate()
    for theirs, mine in zip(frames(other), frames(in_a_room(other, 30, 6)), strict=True):
        gate.hear_other(theirs)
        gate.passes(mine)
    verdicts = [gate.passes(mine) for mine in frames(speech(3, -40, 4))]
    assert all(verdicts[90:])


def test_silence_passes_as_it_is() -> None:
    gate = EnvelopeBleedGate()
    gate.hear_other(SILENCE)
    assert gate.passes(SILENCE)
