import numpy as np
import pytest

from sentra_tui.domain.audio import SILENCE, SILENCE_DBFS
from sentra_tui.services.audio.levels import LevelMeter


def test_nothing_fed_is_silence() -> None:
    assert LevelMeter().read() == (SILENCE_DBFS, SILENCE_DBFS)


def test_a_full_scale_square_wave_stands_at_zero() -> None:
    meter = LevelMeter()
    meter.feed(np.full(960, -32_768, "<i2").tobytes())
    assert meter.read() == pytest.approx((0.0, 0.0))


def test_a_sine_has_an_rms_three_decibels_below_its_peak() -> None:
    meter = LevelMeter()
    meter.feed((np.sin(np.arange(4_800) * 2 * np.pi / 48) * 16_384).astype("<i2").tobytes())
    rms, peak = meter.read()
    assert peak == pytest.approx(-6.02, abs=0.05)
    assert rms == pytest.approx(-9.03, abs=0.05)


def test_a_reading_covers_all_frames_since_the_last_one() -> None:
    meter = LevelMeter()
    meter.feed(np.full(960, 16_384, "<i2").tobytes())
    meter.feed(SILENCE)
    rms, peak = meter.read()
    assert [rms, peak] == pytest.approx([-9.03, -6.02], abs=0.05)
    meter.feed(b"")
    assert meter.read() == (SILENCE_DBFS, SILENCE_DBFS)
