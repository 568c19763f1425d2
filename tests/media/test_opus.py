from __future__ import annotations

import sys
import types

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentra_tui.domain.audio import FRAME_BYTES, FRAME_SAMPLES, SAMPLE_RATE_HZ, SILENCE
from sentra_tui.media import libopus, opus
from sentra_tui.media.opus import OpusDecoder, OpusEncoder


def voice(frames: int) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """Return something like a sung vowel: a pitch that moves, with its harmonics."""
    time_s = np.arange(frames * FRAME_SAMPLES) / SAMPLE_RATE_HZ
    phase = 2 * np.pi * (140 * time_s + 4 * np.sin(2 * np.pi * 1.5 * time_s))
    sound = sum(np.sin(k * phase) / k for k in range(1, 20))
    return (np.asarray(sound) * 4_000).astype(np.int16)


def frames_of(samples: np.ndarray[tuple[int], np.dtype[np.int16]]) -> list[bytes]:
    pcm = samples.astype("<i2").tobytes()
    return [pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm), FRAME_BYTES)]


def energy(pcm: bytes) -> float:
    return float(np.mean(np.frombuffer(pcm, "<i2").astype(float) ** 2))


def test_libopus_comes_with_pyav() -> None:
    assert opus.FORWARD_ERROR_CORRECTION


@pytest.fixture(params=["libopus", "pyav"])
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "pyav":
        monkeypatch.setattr(opus, "_LIBRARY", None)
    return str(request.param)


def test_a_voice_comes_out_as_long_and_as_loud_as_it_went_in(backend: str) -> None:
    encoder, decoder = OpusEncoder(), OpusDecoder()
    packets = [encoder.encode(frame) for frame in frames_of(voice(50))]
    decoded = [decoder.decode(packet) for packet in packets]
    assert {len(frame) for frame in decoded} == {FRAME_BYTES}
    assert all(0 < len(packet) < 400 for packet in packets)
    assert energy(b"".join(decoded)) == pytest.approx(energy(voice(50).tobytes()), rel=0.25)


def test_the_bit_rate_is_the_one_asked_for(backend: str) -> None:
    sizes = {}
    for bitrate_bps in (16_000, 64_000):
        encoder = OpusEncoder(bitrate_bps)
        sizes[bitrate_bps] = sum(len(encoder.encode(frame)) for frame in frames_of(voice(50)))
    assert sizes[16_000] * 8 == pytest.approx(16_000, rel=0.5)
    assert sizes[64_000] > 2 * sizes[16_000]


def test_a_lost_frame_is_recovered_better_than_it_is_concealed() -> None:
    frames = frames_of(voice(60))
    packets = [(encoder := OpusEncoder(32_000, 20)).encode(frames[0]), *map(encoder.encode, frames[1:])]
    errors = {}
    for way in ("recover", "conceal"):
        decoder, whole = OpusDecoder(), OpusDecoder()
        errors[way] = 0.0
        for number, packet in enumerate(packets):
            expected = whole.decode(packet)
            if number % 6 != 5 or number + 1 == len(packets):
                decoder.decode(packet)
                continue
            filled = decoder.recover(packets[number + 1]) if way == "recover" else decoder.conceal()
            difference = np.frombuffer(filled, "<i2").astype(float) - np.frombuffer(expected, "<i2")
            errors[way] += float(np.mean(difference**2))
    assert errors["recover"] < 0.75 * errors["conceal"]


def test_concealment_fades_to_silence(backend: str) -> None:
    encoder, decoder = OpusEncoder(), OpusDecoder()
    for frame in frames_of(voice(20)):
        decoder.decode(encoder.encode(frame))
    concealed = [energy(decoder.conceal()) for _ in range(40)]
    assert concealed[0] > 0
    assert concealed[-1] < concealed[0] / 100


def test_a_new_decoder_conceals_with_silence(backend: str) -> None:
    assert OpusDecoder().conceal() == SILENCE
    assert OpusDecoder().decode(b"") == SILENCE
    assert OpusDecoder().recover(b"") == SILENCE


@settings(deadline=None)
@given(st.lists(st.binary(max_size=300), max_size=20))
def test_any_bytes_decode_to_at_most_120_ms_of_sound(packets: list[bytes]) -> None:
    decoder = OpusDecoder()
    for packet in packets:
        assert 0 < len(decoder.decode(packet)) <= 6 * FRAME_BYTES
        assert len(decoder.recover(packet)) <= 6 * FRAME_BYTES


def test_pyav_too_survives_bytes_that_are_no_opus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opus, "_LIBRARY", None)
    decoder = OpusDecoder()
    for packet in (b"\xff\xff\xff\xff", b"\x03", bytes(1500)):
        assert decoder.decode(packet)


def test_a_frame_of_another_length_is_refused(backend: str) -> None:
    with pytest.raises(ValueError, match="1920 bytes"):
        OpusEncoder().encode(bytes(100))


def test_without_any_libopus_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libopus, "_candidates", lambda: iter(["libsentra-absent.so", sys.executable]))
    assert libopus.load() is None


@pytest.mark.parametrize(
    "path", ["av.libs/libopus-114e2b1a.so.0.11.1", "av/.dylibs/libopus.0.dylib", "av.libs/libopus-0-abc.dll"]
)
def test_it_is_found_in_the_layout_of_each_platform(
    path: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path_factory.mktemp("site")
    library = root / path
    library.parent.mkdir(parents=True)
    library.touch()
    (library.parent / "opus.txt").touch()
    monkeypatch.setattr(libopus, "av", types.SimpleNamespace(__file__=str(root / "av" / "__init__.py")))
    assert next(libopus._candidates()) == str(library)
