"""The parts of measurements that could be wrong without anybody noticing."""

from __future__ import annotations

import os
import sys

import pytest

from bench.demo_words import edit_distance, words
from bench.one_way import CLICK, onset
from bench.terminal import Terminal, visible
from sentra_tui.domain.audio import FRAME_BYTES, SILENCE
from sentra_tui.media.opus import OpusDecoder, OpusEncoder


@pytest.mark.parametrize(
    ("heard", "distance"),
    [("eight of spades", 0), ("eight spades", 1), ("eight of of spades", 1), ("ate off spades", 2), ("", 3)],
)
def test_wrong_words_are_counted_as_the_fewest_edits(heard: str, distance: int) -> None:
    assert edit_distance(["eight", "of", "spades"], heard.split()) == distance


def test_words_are_compared_without_case_and_punctuation() -> None:
    assert words("Eight, of SPADES. Don't!") == ["eight", "of", "spades", "don't"]


def test_a_click_is_found_where_it_begins() -> None:
    assert onset(CLICK) == 0
    assert onset(SILENCE) is None
    assert onset(bytes(200) + CLICK[: FRAME_BYTES - 200]) == 100


def test_a_click_is_found_after_the_codec_by_its_look_ahead_later() -> None:
    encoder, decoder = OpusEncoder(), OpusDecoder()
    sound = b"".join(decoder.decode(encoder.encode(frame)) for frame in (SILENCE, SILENCE, CLICK, SILENCE, SILENCE))
    found = onset(sound)
    assert found is not None
    assert 5.0 < (found - 2 * 960) / 48 < 9.0


def test_escape_sequences_are_not_visible() -> None:
    assert visible(b"\x1b[?2026h\x1b[1;31mred\x1b[0m\x1b]0;title\x07 \x1b[2Jend").split() == ["red", "end"]


@pytest.mark.skipif(os.name != "posix", reason="needs a pty")
def test_a_program_in_the_terminal_is_timed_and_ended() -> None:
    program = r"import time; print('\x1b[?1049ha painted frame of some words', flush=True); time.sleep(60)"
    with Terminal((sys.executable, "-c", program), os.environ) as terminal:
        assert 0 < terminal.first_paint_ms(20) < 20_000
        assert not terminal.over
    assert terminal.over


@pytest.mark.skipif(os.name != "posix", reason="needs a pty")
@pytest.mark.parametrize("program", ["pass", "print('an error, before the screen was taken')"])
def test_a_program_that_paints_nothing_is_an_error(program: str) -> None:
    with (
        Terminal((sys.executable, "-c", program), os.environ) as terminal,
        pytest.raises(TimeoutError, match="nothing"),
    ):
        terminal.first_paint_ms(20)
