"""A WAV file is read while it comes, whatever its sizes say."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.errors import SourceError
from sentra_tui.media.wav_stream import WavStream
from tests.services.audio.wav_files import FLOAT, PCM, chunk, encode, fmt, riff, tone

RAW = np.arange(1, 400, dtype="<i2").tobytes()
FORM = fmt(rate_hz=48_000)
KNOWN = riff(FORM, chunk(b"LIST", b"INFOodd"), chunk(b"data", RAW), chunk(b"LIST", b"INFOtitle."))
OPEN = riff(FORM, chunk(b"data", RAW, size=0xFFFFFFFF), size=0xFFFFFFFF)
NEARLY_OPEN = riff(FORM, chunk(b"data", RAW, size=0x7FFFF000), size=0x7FFFF024)
UNSET = riff(FORM, chunk(b"data", RAW, size=0), size=0)


@pytest.mark.parametrize("wav", [KNOWN, OPEN, NEARLY_OPEN, UNSET], ids=["known", "open", "nearly open", "unset"])
@given(cuts=st.lists(st.integers(0, 10_000), max_size=12))
def test_the_sound_is_the_same_wherever_it_is_cut(wav: bytes, cuts: list[int]) -> None:
    stream = WavStream("The reply")
    edges = [0, *sorted(cut % (len(wav) + 1) for cut in cuts), len(wav)]
    assert b"".join(stream.feed(wav[start:end]) for start, end in pairwise(edges)) + stream.flush() == RAW


@pytest.mark.parametrize(("encoding", "bits"), [(PCM, 8), (PCM, 16), (PCM, 24), (PCM, 32), (FLOAT, 32)])
@pytest.mark.parametrize("rate_hz", [16_000, 22_050, 24_000, 44_100, 48_000])
def test_every_kind_of_sample_becomes_sixteen_bits_at_48_khz(encoding: int, bits: int, rate_hz: int) -> None:
    wav = riff(
        fmt(encoding=encoding, rate_hz=rate_hz, bits=bits), chunk(b"data", encode(tone(0.5, rate_hz), encoding, bits))
    )
    stream = WavStream("The reply")
    sound = np.frombuffer(stream.feed(wav) + stream.flush(), "<i2").astype(float)
    assert abs(len(sound) - 24_000) < 100
    assert np.sqrt(np.mean(sound[5_000:-5_000] ** 2)) == pytest.approx(0.5 * 32_768 / np.sqrt(2), rel=0.02)


@pytest.mark.parametrize("wav", [b"ID3\x04 and so on, and so on", riff(chunk(b"data", b"1234"))])
def test_what_is_no_wav_is_refused(wav: bytes) -> None:
    with pytest.raises(SourceError):
        WavStream("The reply").feed(wav)


def test_a_header_alone_is_no_sound() -> None:
    stream = WavStream("The reply")
    stream.feed(OPEN[:30])
    with pytest.raises(SourceError, match="ended before its sound began"):
        stream.flush()
