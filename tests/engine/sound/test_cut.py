"""What of a call's sound is not heard after an answer was cut short."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.audio import FRAME_BYTES, FRAME_MS, SILENCE
from sentra_tui.engine.sound.cut import PAUSE_MS, Cut

TONE = b"\x00\x40" * (FRAME_BYTES // 2)
LOW = b"\x00\xc0" * (FRAME_BYTES // 2)
HISS = b"\x90\x00" * (FRAME_BYTES // 2)
PAUSE_FRAMES = PAUSE_MS // FRAME_MS


def begun() -> Cut:
    cut = Cut()
    cut.begin()
    return cut


def test_without_a_cut_everything_is_heard() -> None:
    assert not any(Cut().swallows(frame) for frame in (TONE, SILENCE, None))


def test_the_rest_of_a_cut_answer_is_swallowed_however_long_it_goes_on() -> None:
    cut = begun()
    assert all(cut.swallows(frame) for frame in [TONE, LOW] * 500)


def test_the_next_answer_is_heard_from_its_first_frame() -> None:
    cut = begun()
    assert cut.swallows(TONE)
    cut.end()
    assert not cut.swallows(TONE)


def test_a_pause_inside_the_cut_answer_ends_nothing() -> None:
    cut = begun()
    assert all(cut.swallows(frame) for frame in [*[SILENCE] * (PAUSE_FRAMES - 1), TONE] * 3)


@given(st.lists(st.sampled_from([None, SILENCE, HISS]), min_size=PAUSE_FRAMES, max_size=PAUSE_FRAMES))
def test_once_the_sound_has_ceased_what_comes_is_heard(pause: list[bytes | None]) -> None:
    cut = begun()
    assert all(cut.swallows(frame) for frame in [TONE, *pause])
    assert not cut.swallows(TONE)


@given(st.lists(st.sampled_from([None, SILENCE, TONE])))
def test_a_second_cut_begins_anew(frames: list[bytes | None]) -> None:
    cut = begun()
    for frame in frames:
        cut.swallows(frame)
    cut.begin()
    assert all(cut.swallows(frame) for frame in [*[SILENCE] * (PAUSE_FRAMES - 1), TONE])
