"""Frames are found whatever stands between them and wherever the bytes are cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.media.framing import (
    MARK,
    NAME_BYTES_MAX,
    PAYLOAD_BYTES_MAX,
    VERSION,
    Frame,
    FrameKind,
    FrameReader,
    pack,
)

FRAMES = st.builds(
    Frame,
    st.sampled_from(FrameKind),
    st.text("abcdefghijklmnopqrstuvwxyz_-0123456789", min_size=1, max_size=NAME_BYTES_MAX),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**32 - 1),
    st.binary(max_size=300),
)
TEXT = st.text(max_size=80).map(lambda text: text.encode("utf-8", "replace"))
CUTS = st.lists(st.integers(0, 5_000), max_size=20)
FRAME = Frame(FrameKind.SOUND, "mic", 7, 9, b"packet")


def read(data: bytes, cuts: list[int]) -> list[Frame]:
    reader = FrameReader()
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [frame for start, end in pairwise(edges) for frame in reader.feed(data[start:end])]


@given(st.lists(st.tuples(TEXT, FRAMES), max_size=6), CUTS)
def test_every_frame_is_found_between_any_words_wherever_the_bytes_are_cut(
    parts: list[tuple[bytes, Frame]], cuts: list[int]
) -> None:
    data = b"".join(words + pack(frame) for words, frame in parts)
    assert read(data, cuts) == [frame for _, frame in parts]


@given(st.binary(max_size=400), CUTS)
def test_any_bytes_are_survived(data: bytes, cuts: list[int]) -> None:
    read(MARK + data, cuts)


def test_after_half_a_frame_the_next_one_but_one_is_found() -> None:
    half = pack(FRAME)[:12]
    found = read(half + pack(FRAME) * 30, [])
    assert found[-1] == FRAME
    assert len(found) >= 28


def test_what_is_no_frame_is_not_kept() -> None:
    reader = FrameReader()
    for _ in range(100):
        reader.feed(b"welcome to this machine\n" * 100)
    assert len(reader._pending) < len(MARK)


def test_frames_of_another_version_are_told() -> None:
    data = bytearray(pack(FRAME))
    data[len(MARK)] = VERSION + 1
    reader = FrameReader()
    assert reader.feed(bytes(data)) == []
    assert reader.foreign_version == VERSION + 1
    assert reader.feed(pack(FRAME)) == [FRAME]


def test_an_unknown_kind_is_passed_over() -> None:
    data = bytearray(pack(FRAME))
    data[len(MARK) + 1] = 99
    assert read(bytes(data) + pack(FRAME), []) == [FRAME]


def test_numbers_wrap() -> None:
    (frame,) = read(pack(Frame(FrameKind.SOUND, "mic", 2**32 + 5, 2**32 + 6)), [])
    assert (frame.sequence, frame.timestamp_ms) == (5, 6)


@pytest.mark.parametrize(
    "frame",
    [
        Frame(FrameKind.SOUND, "", 0, 0, b""),
        Frame(FrameKind.SOUND, "m" * (NAME_BYTES_MAX + 1), 0, 0, b""),
        Frame(FrameKind.SOUND, "mïc", 0, 0, b""),
        Frame(FrameKind.SOUND, "mic", 0, 0, bytes(PAYLOAD_BYTES_MAX + 1)),
    ],
)
def test_what_fits_in_no_frame_is_refused(frame: Frame) -> None:
    with pytest.raises(ValueError, match=r"too long|ascii"):
        pack(frame)
