"""What comes through a pipe is recognised wherever its bytes are cut."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.errors import SourceError
from sentra_tui.media.wav_stream import HEADER_BYTES_MAX
from sentra_tui.services.audio.pipes.pcm_stream import PcmStream
from tests.services.audio.wav_files import PCM, chunk, encode, fmt, riff, tone

SAMPLES = np.arange(1, 400, dtype="<i2")
RAW = SAMPLES.tobytes()
FORM = fmt(rate_hz=48_000)
WAV = riff(FORM, chunk(b"LIST", b"INFOodd"), chunk(b"data", RAW), chunk(b"LIST", b"INFOtitle."))
STEREO = riff(fmt(rate_hz=48_000, channels=2), chunk(b"data", np.repeat(SAMPLES, 2).tobytes()))
OPEN = riff(FORM, chunk(b"data", RAW, size=0xFFFFFFFF), size=0xFFFFFFFF)
UNSET = riff(FORM, chunk(b"data", RAW, size=0), size=0)


def heard(stream: bytes, cuts: list[int]) -> bytes:
    pcm = PcmStream("talk")
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    return b"".join(pcm.feed(stream[start:end]) for start, end in pairwise(edges))


@pytest.mark.parametrize(
    ("stream", "sound"),
    [
        (RAW, RAW),
        (WAV, RAW),
        (STEREO, RAW),
        (OPEN, RAW),
        (UNSET, RAW),
        (WAV + STEREO + WAV, 3 * RAW),
        (WAV + OPEN, 2 * RAW),
    ],
    ids=["raw", "wav", "stereo", "open size", "unset size", "three in a row", "a known and an open size"],
)
@given(cuts=st.lists(st.integers(0, 10_000), max_size=12))
def test_sound_is_the_same_wherever_it_is_cut(stream: bytes, sound: bytes, cuts: list[int]) -> None:
    assert heard(stream, cuts) == sound


def test_other_rates_are_resampled() -> None:
    wav = riff(fmt(rate_hz=16_000), chunk(b"data", encode(tone(0.5, 16_000), PCM, 16)))
    sound = heard(wav, [100, 1_000, 3_001])
    assert abs(len(sound) // 2 - 24_000) < 100


def test_nothing_is_decided_before_four_bytes() -> None:
    pcm = PcmStream("talk")
    assert pcm.feed(b"RI") == b""
    assert pcm.feed(b"Fx") == b"RIFx"


@pytest.mark.parametrize(
    ("stream", "words"),
    [
        (b"OggS" + bytes(20), "talk is an Ogg file, not a WAV file."),
        (b"fLaC" + bytes(20), "talk is a FLAC file, not a WAV file."),
        (b"ID3\x04" + bytes(20), "talk is an MP3 file, not a WAV file."),
        (bytes(4) + b"ftypisom" + bytes(20), "talk is an MP4 file, not a WAV file."),
        (b"RIFF" + bytes(4) + b"AVI " + bytes(20), "talk is not a WAV file."),
        (riff(chunk(b"data", RAW)), "talk has sound but no format: its header is broken."),
        (riff(chunk(b"JUNK", b"", size=HEADER_BYTES_MAX)), "talk has no sound at its beginning."),
        (riff(*[chunk(b"JUNK", b"")] * 1_000), "talk has no sound at its beginning."),
    ],
)
def test_what_is_no_sound_is_said(stream: bytes, words: str) -> None:
    with pytest.raises(SourceError) as refused:
        PcmStream("talk").feed(stream)
    assert refused.value.message == words
    assert refused.value.hint


@given(st.binary(max_size=200))
def test_any_bytes_are_sound_or_an_error_with_words(data: bytes) -> None:
    for stream in (data, b"RIFF" + bytes(4) + b"WAVE" + data):
        try:
            heard(stream, [3, 20, 50])
        except SourceError as error:
            assert error.message
