"""Answers in a loopback, subtracted."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from sentra_tui.domain.audio import FRAME_MS, SAMPLE_RATE_HZ, SILENCE
from sentra_tui.services.audio.echo.subtraction import HOLD_MS, REST_MS, AnswerSubtractor
from tests.services.audio.echo.room import OTHER_TEXT, TEXT, Sound, echo_of, frames, reduction_db, samples, speech

SAFE_DB = 12.0
KEPT_DB = 12.0
"""How much stronger the others surely are than what is wrong in them; as they come it is 0 dB or less."""
DURATION_S = 5.0


@pytest.fixture(autouse=True)
def voice() -> None:
    pytest.importorskip("espeakng_loader")


def late(played: Sound, by_samples: int, gain: float = 1.0) -> Sound:
    delayed = np.concatenate([np.zeros(by_samples, np.float32), played])[: len(played)]
    return np.rint(delayed * gain).astype(np.float32)


def resampled(sound: Sound) -> Sound:
    """Return it moved by a part of a sample, without its highest tones."""
    places = np.arange(-20, 21) - 0.37
    return np.convolve(sound, np.sinc(places * 0.9) * 0.9 * np.hanning(43)[1:-1], "same").astype(np.float32)


def cleaned(subtractor: AnswerSubtractor, played: Iterable[bytes], heard: Iterable[bytes]) -> Sound:
    out = []
    for sound, frame in zip(played, heard, strict=False):
        subtractor.hear(sound)
        out.append(subtractor.clean(frame))
    return samples(out)


def kept_db(near: Sound, out: Sound, start_s: float, end_s: float) -> float:
    """Return by how much what is kept is stronger than what is wrong in it."""
    part = slice(round(start_s * SAMPLE_RATE_HZ), round(end_s * SAMPLE_RATE_HZ))
    return reduction_db(near[part], out[part] - near[part], 0, end_s)


@pytest.mark.parametrize("delay_samples", [1, 700, 1234, 9600])
@pytest.mark.parametrize("gain", [1.0, 0.3])
def test_an_answer_is_gone_whatever_its_delay_and_loudness(delay_samples: int, gain: float) -> None:
    far = speech(TEXT, DURATION_S)
    heard = late(far, delay_samples, gain)
    out = cleaned(AnswerSubtractor(), frames(far), frames(heard))
    assert reduction_db(heard, out, 0, 1) > SAFE_DB
    assert reduction_db(heard, out, 1, DURATION_S) > SAFE_DB


def test_tones_that_were_never_heard_are_gone_too() -> None:
    random = np.random.default_rng(3)
    wide = random.normal(size=3 * SAMPLE_RATE_HZ).astype(np.float32) * 3_000
    low = np.convolve(wide, np.hanning(200) / 100, "same").astype(np.float32)
    far = np.concatenate([low[: 2 * SAMPLE_RATE_HZ], wide[2 * SAMPLE_RATE_HZ :]])
    heard = late(far, 1234, 0.5)
    out = cleaned(AnswerSubtractor(), frames(far), frames(heard))
    assert reduction_db(heard, out, 2.0, 2.1) > SAFE_DB


def test_an_answer_with_many_pauses_is_found_and_held_until_then() -> None:
    random = np.random.default_rng(4)
    syllable = np.concatenate([random.normal(size=SAMPLE_RATE_HZ // 5) * 3_000, np.zeros(SAMPLE_RATE_HZ // 5)])
    far = np.tile(syllable, 10).astype(np.float32)
    heard = late(far, 700)
    out = cleaned(AnswerSubtractor(), frames(far), frames(heard))
    assert reduction_db(heard, out, 0, 4) > SAFE_DB


@pytest.mark.parametrize("gain", [1.0, 0.5])
def test_the_others_are_kept_whole_while_an_answer_sounds(gain: float) -> None:
    far, near = speech(TEXT, DURATION_S), speech(OTHER_TEXT, DURATION_S, speaker="ash")
    out = cleaned(AnswerSubtractor(), frames(far), frames(late(far, 1234, gain) + near))
    assert kept_db(near, out, 2, DURATION_S) > KEPT_DB


def test_a_resampled_answer_is_found_too() -> None:
    far, near = speech(TEXT, DURATION_S), speech(OTHER_TEXT, DURATION_S, speaker="ash")
    out = cleaned(AnswerSubtractor(), frames(far), frames(resampled(late(far, 1234)) + near))
    assert kept_db(near, out, 2, DURATION_S) > KEPT_DB


def test_a_delay_or_a_loudness_that_changes_is_learned_within_two_seconds() -> None:
    far = speech(TEXT, 11.0)
    heard = late(far, 1234)
    heard[3 * SAMPLE_RATE_HZ :] = late(far, 2000)[3 * SAMPLE_RATE_HZ :]
    heard[7 * SAMPLE_RATE_HZ :] *= 0.5
    out = cleaned(AnswerSubtractor(), frames(far), frames(heard))
    assert reduction_db(heard, out, 5, 7) > SAFE_DB
    assert reduction_db(heard, out, 9, 11) > SAFE_DB


def test_no_bit_is_changed_while_no_answer_sounds() -> None:
    subtractor = AnswerSubtractor()
    others = frames(speech(OTHER_TEXT, 1.0, speaker="ash"))
    far = speech(TEXT, 2.0)
    for _ in range(2):
        for frame in others:
            subtractor.hear(SILENCE)
            assert subtractor.clean(frame) is frame
        cleaned(subtractor, frames(far), frames(late(far, 1234)))
        cleaned(subtractor, [SILENCE] * (REST_MS // FRAME_MS + 5), [SILENCE] * 100)


def test_the_way_of_an_answer_is_known_to_the_next() -> None:
    subtractor = AnswerSubtractor()
    far = speech(TEXT, 2.0)
    cleaned(subtractor, frames(far), frames(late(far, 1234)))
    cleaned(subtractor, [SILENCE] * 200, [SILENCE] * 200)
    subtractor.reset()
    near = speech(OTHER_TEXT, 2.0, speaker="ash")
    out = cleaned(subtractor, frames(far), frames(late(far, 1234) + near))
    assert kept_db(near, out, 0, 2) > KEPT_DB


def test_an_answer_that_cannot_be_found_yet_is_held_and_not_for_long() -> None:
    far, near = speech(TEXT, DURATION_S), speech(OTHER_TEXT, DURATION_S, speaker="ash")
    out = cleaned(AnswerSubtractor(), frames(far), frames(near))
    assert not out[: SAMPLE_RATE_HZ // 3].any()
    after = HOLD_MS // 1000 + 0.5
    assert kept_db(near, out, after, DURATION_S) > KEPT_DB


def test_what_was_played_and_never_told_is_taken_for_silence() -> None:
    subtractor = AnswerSubtractor()
    far = speech(TEXT, DURATION_S)
    heard = late(far, 1234)
    played = frames(far)
    for sound in played[:100]:
        subtractor.hear(sound)
    out = cleaned(subtractor, played[100:], frames(heard)[100:])
    assert reduction_db(heard[2 * SAMPLE_RATE_HZ :], out, 1, 3) > SAFE_DB


def test_sound_that_was_changed_on_its_way_is_measured_as_such() -> None:
    far = speech(TEXT, 8.0)
    subtractor = AnswerSubtractor()
    cleaned(subtractor, frames(far), frames(echo_of(far, 30)))
    measured_db = subtractor.erle_db()
    assert measured_db is not None
    assert measured_db < 12
    exact = AnswerSubtractor()
    cleaned(exact, frames(far), frames(late(far, 1234)))
    measured_db = exact.erle_db()
    assert measured_db is not None
    assert measured_db > SAFE_DB
