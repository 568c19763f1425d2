import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sentra_tui.domain.errors import SourceError
from sentra_tui.services.audio.wav import Recording, read_wav
from tests.services.audio.wav_files import EXTENSIBLE, FLOAT, PCM, chunk, encode, fmt, riff, simple, tone

KINDS = [(PCM, 8), (PCM, 16), (PCM, 24), (PCM, 32), (FLOAT, 32), (FLOAT, 64)]


def samples(recording: Recording) -> NDArray[np.float64]:
    return recording.read(0, recording.frames) / 32_768


@given(
    kind=st.sampled_from(KINDS),
    channels=st.integers(1, 6),
    rate_hz=st.integers(8_000, 192_000),
    extensible=st.booleans(),
    extra=st.binary(max_size=9),
    padded=st.booleans(),
    data_size=st.sampled_from([None, 0, 0xFFFFFFFF, 0x7FFFFFFF]),
)
def test_every_common_kind_of_wav_gives_the_same_sound(
    kind: tuple[int, int],
    channels: int,
    rate_hz: int,
    extensible: bool,
    extra: bytes,
    padded: bool,
    data_size: int | None,
) -> None:
    encoding, bits = kind
    expected = tone(0.01, rate_hz)
    data = encode(np.repeat(expected, channels), encoding, bits)
    unset = data_size in (0, 0xFFFFFFFF)
    wav = riff(
        chunk(b"LIST", extra, pad=padded),
        fmt(encoding=encoding, channels=channels, rate_hz=rate_hz, bits=bits, extensible=extensible),
        chunk(b"data", data, size=data_size, pad=False),
        size=data_size if unset else None,
    )
    recording = read_wav(wav)
    assert recording.sample_rate_hz == rate_hz
    assert recording.duration_s == pytest.approx(expected.size / rate_hz)
    assert samples(recording) == pytest.approx(expected, abs=1 / 100 if bits == 8 else 1 / 10_000)


@given(st.one_of(st.binary(max_size=200), st.tuples(st.integers(0, 120), st.binary(min_size=1, max_size=40))))
def test_broken_files_raise_one_clear_error_or_play(noise: bytes | tuple[int, bytes]) -> None:
    if isinstance(noise, tuple):
        wav = bytearray(simple(0.01))
        wav[noise[0] : noise[0] + len(noise[1])] = noise[1]
        noise = bytes(wav)
    try:
        recording = read_wav(noise, "take 1.wav")
        assert recording.read(0, recording.frames).size <= recording.frames
    except SourceError as error:
        assert error.message.startswith("take 1.wav")
        assert error.hint


def test_stereo_is_averaged() -> None:
    both = np.column_stack([np.full(100, 0.5), np.full(100, -0.25)]).ravel()
    recording = read_wav(riff(fmt(channels=2), chunk(b"data", encode(both, PCM, 16))))
    assert samples(recording) == pytest.approx(np.full(100, 0.125), abs=1 / 10_000)


def test_floats_beyond_full_scale_are_clipped_and_what_is_no_number_is_silence() -> None:
    data = np.array([2.0, -2.0, np.nan, np.inf, -np.inf], "<f4").tobytes()
    recording = read_wav(riff(fmt(encoding=FLOAT, bits=32), chunk(b"data", data)))
    assert recording.read(0, 9).tolist() == [32_767, -32_768, 0, 32_767, -32_768]


def test_a_truncated_file_plays_as_far_as_it_goes() -> None:
    whole = read_wav(simple(0.5))
    cut = read_wav(simple(0.5)[:-1_001])
    assert cut.frames == whole.frames - 501


def test_a_recording_is_read_in_pieces() -> None:
    recording = read_wav(simple(0.5))
    pieces = [recording.read(first, 700) for first in range(0, recording.frames, 700)]
    assert np.concatenate(pieces).tolist() == recording.read(0, recording.frames).tolist()
    assert recording.read(recording.frames, 10).size == 0


REFUSED = {
    "empty": (b"", "is empty"),
    "mp3": (b"ID3\x04" + bytes(50), "is an MP3 file"),
    "bare mp3": (b"\xff\xfb\x90\x64" + bytes(50), "is an MP3 file"),
    "ogg": (b"OggS" + bytes(50), "is an Ogg file"),
    "mp4": (b"\0\0\0\x20ftypM4A " + bytes(50), "is an MP4 file"),
    "rf64": (b"RF64\xff\xff\xff\xffWAVE" + bytes(50), "more than 4 GB"),
    "text": (b"hello, world" * 5, "is not a WAV file"),
    "avi": (b"RIFF\0\0\0\0AVI " + bytes(50), "is not a WAV file"),
    "adpcm": (riff(fmt(encoding=2, bits=4), chunk(b"data", bytes(99))), "compressed .ADPCM"),
    "unknown codec": (riff(fmt(encoding=0x1234), chunk(b"data", bytes(99))), "compressed .codec 0x1234"),
    "unknown subformat": (riff(fmt(encoding=EXTENSIBLE), chunk(b"data", bytes(99))), "compressed .codec 0xfffe"),
    "no samples": (riff(fmt(), chunk(b"data", b"")), "has no sound in it"),
    "no samples but a list": (riff(fmt(), chunk(b"data", b""), chunk(b"LIST", b"abcd")), "has no sound in it"),
    "no data chunk": (riff(fmt(), chunk(b"LIST", b"abcd")), "has no sound in it"),
    "only empty chunks": (riff(*[chunk(b"JUNK", b"")] * 5_000), "has no sound in it"),
    "no format": (riff(chunk(b"data", bytes(99))), "no format"),
    "short format": (riff(chunk(b"fmt ", bytes(8)), chunk(b"data", bytes(99))), "too short"),
    "no channels": (riff(fmt(channels=0), chunk(b"data", bytes(99))), "0 channels"),
    "slow": (riff(fmt(rate_hz=4_000), chunk(b"data", bytes(99))), "4000 Hz"),
    "fast": (riff(fmt(rate_hz=384_000), chunk(b"data", bytes(99))), "384000 Hz"),
    "half floats": (riff(fmt(encoding=FLOAT, bits=16), chunk(b"data", bytes(99))), "16-bit samples"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_played_is_named(name: str, tmp_path: Path) -> None:
    wav, words = REFUSED[name]
    path = tmp_path / "talk.wav"
    path.write_bytes(wav)
    with pytest.raises(SourceError, match=words) as caught:
        read_wav(path)
    assert caught.value.message.startswith("talk.wav")
    assert caught.value.hint
    assert "\n" not in str(caught.value)


def test_a_missing_file_a_directory_and_a_pipe_are_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, words in (
        (tmp_path / "no.wav", "no.wav does not exist"),
        (tmp_path, "is a directory"),
        (tmp_path / "pipe", "pipe is not a regular file"),
        (Path("nul\0.wav"), "cannot be opened"),
        (tmp_path / ("x" * 500), "cannot be opened: file name too long"),
    ):
        with pytest.raises(SourceError, match=words):
            read_wav(path)


def test_a_hostile_file_name_is_cleaned(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b]0;title\x07b.wav"
    path.write_bytes(b"")
    with pytest.raises(SourceError) as caught:
        read_wav(path)
    assert "\x1b" not in str(caught.value)
