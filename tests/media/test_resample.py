from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentra_tui.media.resample import Resampler


def sine(hz: float, rate_hz: int, seconds: float = 1.0, channels: int = 1) -> bytes:
    samples = np.sin(2 * np.pi * hz * np.arange(int(rate_hz * seconds)) / rate_hz) * 10_000
    return np.repeat(np.rint(samples).astype("<i2"), channels).tobytes()


def in_pieces(resampler: Resampler, pcm: bytes, size: int) -> bytes:
    return b"".join(resampler.feed(pcm[at : at + size]) for at in range(0, len(pcm), size)) + resampler.flush()


@pytest.mark.parametrize("source_hz", [8_000, 16_000, 22_050, 24_000, 44_100, 48_000])
@pytest.mark.parametrize("target_hz", [16_000, 24_000, 48_000])
def test_a_tone_keeps_its_pitch_its_length_and_its_loudness(source_hz: int, target_hz: int) -> None:
    out = np.frombuffer(in_pieces(Resampler(source_hz, target_hz), sine(1_000, source_hz), 640), "<i2").astype(float)
    assert out.size == pytest.approx(target_hz, abs=target_hz // 100)
    middle = out[target_hz // 10 : -target_hz // 10]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(middle.size)))
    assert np.argmax(spectrum) * target_hz / middle.size == pytest.approx(1_000, abs=5)
    assert np.abs(middle).max() == pytest.approx(10_000, rel=0.02)


def test_what_the_target_cannot_hold_is_filtered_out() -> None:
    out = np.frombuffer(in_pieces(Resampler(48_000, 16_000), sine(12_000, 48_000), 1920), "<i2").astype(float)
    assert np.abs(out[1_000:-1_000]).max() < 100


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 3_000), max_size=30))
def test_how_the_sound_is_cut_makes_no_difference(sizes: list[int]) -> None:
    pcm = sine(700, 44_100, 0.3, channels=2)
    whole = Resampler(44_100, 48_000, 2)
    expected = whole.feed(pcm) + whole.flush()
    cut, at, out = Resampler(44_100, 48_000, 2), 0, b""
    for size in sizes:
        out += cut.feed(pcm[at : at + size])
        at += size
    out += cut.feed(pcm[at:]) + cut.flush()
    length = min(len(out), len(expected))
    assert abs(len(out) - len(expected)) <= 4
    difference = np.frombuffer(out[:length], "<i2").astype(int) - np.frombuffer(expected[:length], "<i2")
    assert not difference.size or np.abs(difference).max() <= 2


def test_stereo_is_mixed_down() -> None:
    left = np.frombuffer(sine(500, 48_000), "<i2")
    stereo = np.stack([left, np.zeros_like(left)], axis=1).tobytes()
    out = np.frombuffer(in_pieces(Resampler(48_000, 48_000, 2), stereo, 3_840), "<i2")
    assert np.abs(out).max() == pytest.approx(5_000, rel=0.02)


def test_mono_of_the_same_rate_passes_untouched() -> None:
    pcm = sine(300, 48_000, 0.1)
    assert in_pieces(Resampler(48_000, 48_000), pcm, 777) == pcm


def test_full_scale_does_not_wrap_around() -> None:
    square = np.where(np.arange(24_000) // 50 % 2, 32_767, -32_768).astype("<i2").tobytes()
    out = np.frombuffer(in_pieces(Resampler(24_000, 48_000), square, 960), "<i2").astype(int)
    assert np.abs(np.diff(out)).max() < 60_000


@pytest.mark.parametrize(("source_hz", "target_hz", "channels"), [(0, 48_000, 1), (48_000, -1, 1), (48_000, 16_000, 0)])
def test_what_cannot_be_is_refused(source_hz: int, target_hz: int, channels: int) -> None:
    with pytest.raises(ValueError, match="cannot resample"):
        Resampler(source_hz, target_hz, channels)
