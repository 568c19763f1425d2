"""How much echo is taken out, found out without being told who speaks."""

from __future__ import annotations

import pytest

from sentra_tui.domain.audio import SAMPLE_RATE_HZ
from sentra_tui.services.audio.echo.erle import MAX_DB, MEMORY_MS, ErleMeter
from tests.services.audio.echo.room import OTHER_TEXT, TEXT, Sound, echo_of, frames, noise, speech

DURATION_S = 8.0


@pytest.fixture(autouse=True)
def voice() -> None:
    pytest.importorskip("espeakng_loader")


def fed(meter: ErleMeter, far: Sound, near: Sound, left: Sound) -> ErleMeter:
    for played, heard, cleaned in zip(frames(far), frames(near), frames(left), strict=True):
        meter.feed([played[:960], played[960:]], heard, cleaned)
    return meter


@pytest.mark.parametrize("reduced_db", [0.0, 6.0, 20.0, 35.0])
def test_what_is_taken_out_of_an_echo_is_measured(reduced_db: float) -> None:
    far = speech(TEXT, DURATION_S)
    heard = echo_of(far, 80)
    measured_db = fed(ErleMeter(), far, heard, heard * 10 ** (-reduced_db / 20)).read()
    assert measured_db == pytest.approx(reduced_db, abs=2)


def test_an_echo_that_is_gone_without_trace_has_a_number_too() -> None:
    far = speech(TEXT, DURATION_S)
    assert fed(ErleMeter(), far, echo_of(far, 80), 0 * far).read() == MAX_DB


def test_nothing_is_measured_before_there_was_enough_to_learn_from() -> None:
    far = speech(TEXT, 2.0)
    meter = fed(ErleMeter(), far, echo_of(far, 80), 0 * far)
    assert meter.read() is None


@pytest.mark.parametrize("speaker", ["ash", "coral", "verse"])
def test_a_voice_that_is_no_echo_is_not_measured(speaker: str) -> None:
    far, near = speech(TEXT, DURATION_S), speech(OTHER_TEXT, DURATION_S, speaker=speaker)
    assert fed(ErleMeter(), far, near, near).read() is None


def test_a_quiet_room_is_not_measured() -> None:
    far = speech(TEXT, DURATION_S)
    hiss = noise(len(far))
    assert fed(ErleMeter(), far, hiss, hiss).read() is None


def test_what_was_measured_long_ago_is_forgotten() -> None:
    far = speech(TEXT, DURATION_S)
    heard = echo_of(far, 80)
    meter = fed(ErleMeter(), far, heard, heard)
    assert meter.read() is not None
    silence = 0 * far[: MEMORY_MS * 2 * SAMPLE_RATE_HZ // 1000]
    assert fed(meter, silence, silence, silence).read() is None
