"""Coded sound: what is counted, through cuts, rates, codecs and losses."""

from __future__ import annotations

import itertools
import wave
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentra_tui.domain.audio import FRAME_BYTES, SAMPLE_RATE_HZ
from sentra_tui.media.coded_sound import NUMBERS, BlockReader, decode, encode, talk, words, write_talk
from sentra_tui.media.opus import OpusDecoder, OpusEncoder
from sentra_tui.media.resample import Resampler
from sentra_tui.provider.realtime.reception import Reception
from sentra_tui.provider.realtime.turn_detector import TurnDetector
from sentra_tui.services.audio.speech.webrtc import WebRtcSpeechDetector

RATES_HZ = (48_000, 24_000, 16_000)


def resampled(pcm: bytes, rate_hz: int) -> bytes:
    resampler = Resampler(SAMPLE_RATE_HZ, rate_hz)
    return resampler.feed(pcm) + resampler.flush()


def frames(pcm: bytes) -> list[bytes]:
    return [pcm[start : start + FRAME_BYTES] for start in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES)]


def over_opus(pcm: bytes, loss: float, seed: int) -> bytes:
    """Return what arrives of sound that is sent in packets, some of which are lost."""
    random, encoder, reception = Random(seed), OpusEncoder(), Reception()
    arrived = []
    for sequence, frame in enumerate(frames(pcm)):
        packet = encoder.encode(frame)
        if random.random() >= loss:
            reception.put(sequence & 0xFFFF, packet)
        arrived += reception.take()
    return b"".join(arrived)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_every_kind_of_number_is_read_at_every_rate(rate_hz: int) -> None:
    numbers = [*range(0, NUMBERS, 37), NUMBERS - 1]
    assert decode(resampled(encode(numbers), rate_hz), rate_hz) == numbers


def test_a_number_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="not 10000"):
        encode([NUMBERS])


def test_silence_and_noise_say_nothing() -> None:
    assert decode(bytes(SAMPLE_RATE_HZ * 2), SAMPLE_RATE_HZ) == []
    assert decode(Random(3).randbytes(SAMPLE_RATE_HZ * 10), SAMPLE_RATE_HZ) == []


@given(st.integers(0, NUMBERS - 3), st.integers(0, 4800), st.sampled_from(RATES_HZ))
def test_a_block_that_is_cut_is_read_by_the_side_with_most_of_it_and_never_by_both(
    first: int, cut: int, rate_hz: int
) -> None:
    sound, place = encode(range(first, first + 3)), (4800 + cut) * 2
    before = decode(resampled(sound[:place], rate_hz), rate_hz)
    after = decode(resampled(sound[place:], rate_hz), rate_hz)
    assert before[:1] == [first]
    assert after[-1:] == [first + 2]
    if cut >= 0.6 * 4800:
        assert before + after == [first, first + 1, first + 2]
    elif cut <= 0.4 * 4800:
        assert (before, after) == ([first], [first + 1, first + 2])
    else:
        assert before + after in ([first, first + 2], [first, first + 1, first + 2])


@given(st.lists(st.integers(1, 20_000), max_size=20), st.integers(0, 9_000))
@settings(max_examples=20)
def test_it_does_not_matter_in_which_pieces_sound_comes(lengths: list[int], first: int) -> None:
    sound, reader = encode(range(first, first + 8)), BlockReader(SAMPLE_RATE_HZ)
    read: list[int] = []
    for start, end in itertools.pairwise([*itertools.accumulate(lengths, initial=0), len(sound)]):
        reader.feed(sound[start:end] if start < end else b"")
        told = reader.numbers()
        assert told[: len(read)] == read
        read = told
    if sum(lengths) <= len(sound):
        assert reader.finish() == list(range(first, first + 8))


def test_numbers_that_come_again_or_out_of_order_are_told_as_they_came() -> None:
    numbers = [7, 8, 9, 7, 8, 9, 4, 5]
    assert decode(encode(numbers), SAMPLE_RATE_HZ) == numbers


@pytest.mark.parametrize(("loss", "recall"), [(0.0, 1.0), (0.05, 0.99), (0.1, 0.97)])
def test_opus_leaves_numbers_readable(loss: float, recall: float) -> None:
    numbers = list(range(2400, 2800))
    read = decode(resampled(over_opus(talk(2400, 16), loss, seed=5), 16_000), 16_000)
    assert read == sorted(set(read))
    assert set(read) <= set(numbers)
    assert len(read) >= recall * len(numbers)


def test_packets_decoded_at_once_say_the_same() -> None:
    encoder, decoder = OpusEncoder(), OpusDecoder()
    sound = b"".join(decoder.decode(encoder.encode(frame)) for frame in frames(encode(range(9000, 9040))))
    assert decode(sound, SAMPLE_RATE_HZ)[:39] == list(range(9000, 9039))


@pytest.mark.parametrize("first", [0, 5000, 7700])
def test_detectors_of_speech_take_it_for_speech_and_its_pauses_for_pauses(first: int) -> None:
    sound = talk(first, 3, blocks=20)
    detector = WebRtcSpeechDetector()
    marks: list[bool] = []
    for frame in frames(sound):
        marks += detector.hear(frame)
    assert sum(marks) >= 0.98 * 3 * 200
    pcm, turns = resampled(sound, 16_000), TurnDetector()
    told = [turns.feed(pcm[start : start + 640]) for start in range(0, len(pcm) - 639, 640)]
    assert list(filter(None, told)) == ["started", "stopped"] * 3


def test_a_talk_is_a_recording_of_its_numbers(tmp_path: Path) -> None:
    numbers = write_talk(tmp_path / "talk.wav", 120, 2, blocks=3)
    assert numbers == [120, 121, 122, 123, 124, 125]
    assert words(numbers[:2]) == "0120 0121"
    with wave.open(str(tmp_path / "talk.wav")) as recording:
        assert decode(recording.readframes(recording.getnframes()), recording.getframerate()) == numbers
