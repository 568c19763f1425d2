"""What waits to be played, and what became of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sentra_tui.domain.audio import FRAME_BYTES, SAMPLE_RATE_HZ, SILENCE
from sentra_tui.services.audio.output.gain import RAMP_SAMPLES
from sentra_tui.services.audio.output.ring import BLOCK_BYTES, LATE_BLOCKS, PREBUFFER_BLOCKS, RESUMED_BYTES, Ring

TONE = (np.sin(np.arange(FRAME_BYTES // 2) * 2 * np.pi * 500 / SAMPLE_RATE_HZ) * 10_000).astype("<i2").tobytes()
LEVEL = 10_000
STEADY = LEVEL.to_bytes(2, "little", signed=True) * (FRAME_BYTES // 2)
BLOCK_S = BLOCK_BYTES / 2 / SAMPLE_RATE_HZ


def sounding_ring(frame: bytes = STEADY, frames: int = 10) -> Ring:
    """Return a ring whose next block is sound."""
    ring = Ring()
    for _ in range(frames):
        ring.write(frame)
    return ring


def taken(ring: Ring, blocks: int) -> NDArray[np.int16]:
    return np.frombuffer(b"".join(ring.take() for _ in range(blocks)), "<i2")


def test_sound_that_comes_late_waits_longer_the_next_time_and_other_sound_does_not() -> None:
    ring = Ring()

    def blocks_until_sound() -> int:
        return next(count for count in range(100) if any(ring.take()))

    ring.write(TONE)
    assert blocks_until_sound() == PREBUFFER_BLOCKS
    assert [any(ring.take()) for _ in range(4)] == [True, False, False, False]
    ring.write(TONE)
    assert blocks_until_sound() == PREBUFFER_BLOCKS + 1
    assert ring.underruns == 1
    assert [any(ring.take()) for _ in range(LATE_BLOCKS + 2)][1:] == [False] * (LATE_BLOCKS + 1)
    ring.write(TONE)
    assert blocks_until_sound() == PREBUFFER_BLOCKS + 1
    assert ring.underruns == 1


def test_sound_that_comes_at_once_begins_at_once_and_more_of_it_is_needed_after_it_came_late() -> None:
    ring = Ring()
    paced_frames = 1 + PREBUFFER_BLOCKS * BLOCK_BYTES // FRAME_BYTES
    for _ in range(paced_frames):
        ring.write(TONE)
    assert any(ring.take())
    taken(ring, 2 * paced_frames)
    for _ in range(paced_frames):
        ring.write(TONE)
    assert not any(ring.take())
    ring.write(TONE)
    assert any(ring.take())
    assert ring.underruns == 1


def test_without_a_gain_sound_passes_as_it_is() -> None:
    ring = sounding_ring(TONE, 3)
    assert ring.take() + ring.take() == TONE


@given(gains=st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_gain_never_steps(gains: list[float]) -> None:
    ring = sounding_ring()
    heard = [taken(ring, 1)]
    for gain in gains:
        ring.set_gain(gain)
        heard.append(taken(ring, 1))
    steps = np.abs(np.diff(np.concatenate(heard).astype(int)))
    assert steps.max() <= LEVEL / RAMP_SAMPLES + 1
    assert heard[-1][-1] == pytest.approx(LEVEL * gains[-1], abs=1)


def test_gain_is_of_what_waits_and_of_what_comes_until_it_is_changed() -> None:
    ring = sounding_ring(frames=2)
    ring.set_gain(0.25)
    ring.write(STEADY)
    assert list(taken(ring, 6)[RAMP_SAMPLES:]) == [LEVEL // 4] * (6 * RAMP_SAMPLES - RAMP_SAMPLES)


def test_a_gain_set_while_nothing_sounds_is_there_from_the_first_sample() -> None:
    ring = Ring()
    ring.set_gain(0.5)
    ring.take()
    ring.write(STEADY)
    taken(ring, PREBUFFER_BLOCKS)
    assert set(taken(ring, 1)) == {LEVEL // 2}


def test_a_flush_fades_what_sounds_and_forgets_the_rest() -> None:
    ring = sounding_ring()
    ring.take()
    ring.flush()
    tail = taken(ring, 2)
    assert np.abs(np.diff(tail.astype(int))).max() <= LEVEL / 200
    assert not tail[240:].any()


def test_sound_that_waits_or_is_on_its_way_sounds() -> None:
    ring = Ring()
    assert not ring.sounding(0.02)
    ring.write(TONE)
    assert ring.sounding(0.02)
    taken(ring, PREBUFFER_BLOCKS + 2)
    seen = []
    for _ in range(6):
        seen.append(ring.sounding(2 * BLOCK_S))
        ring.take()
    assert seen[:2] == [True, True]
    assert seen[-1] is False
    assert seen == sorted(seen, reverse=True)


def test_silence_and_hiss_do_not_sound_however_long_they_are_played() -> None:
    ring = Ring()
    hiss = b"\x05\x00\xfb\xff" * (FRAME_BYTES // 4)
    for frame in (SILENCE, hiss):
        for _ in range(5):
            ring.write(frame)
            ring.take()
            assert not ring.sounding(0.02)


def test_on_another_loudspeaker_the_newest_sound_goes_on() -> None:
    ring = Ring()
    for number in range(1, 13):
        ring.write(number.to_bytes(2, "little") * (FRAME_BYTES // 2))
    ring.resume()
    kept = taken(ring, 20)
    kept = kept[kept > 0]
    assert list(kept[::480]) == [10, 10, 11, 11, 12, 12]
    assert kept.size * 2 == RESUMED_BYTES
    assert ring.underruns == 0


def test_what_is_not_played_yet_is_not_heard() -> None:
    ring = sounding_ring(TONE, 5)
    taken(ring, 4)
    assert ring.heard_ms(0.0) == 40
    assert ring.heard_ms(0.02) == 20
    taken(ring, 20)
    assert ring.heard_ms(0.02) == 100
