from __future__ import annotations

import struct
from collections import Counter
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sentra_tui.domain.audio import FRAME_BYTES, FRAME_SAMPLES
from sentra_tui.media.playout import REVIEW_PULLS, STALL_FRAMES, STRAIN_PULLS, PlayoutBuffer
from sentra_tui.media.splice import cross_fade, is_quiet

LOUD = 5_000


class Recorder:
    """A decoder whose frames say which packet they are; it remembers what it was asked."""

    def __init__(self, frame_ms: int = 20, amplitude: int = LOUD) -> None:
        self.decoded: list[int] = []
        self.recovered: list[int] = []
        self.concealed = 0
        self.samples = FRAME_SAMPLES * frame_ms // 20
        self.amplitude = amplitude

    def decode(self, packet: bytes) -> bytes:
        self.decoded.append(number(packet))
        return self.frame(number(packet))

    def recover(self, next_packet: bytes) -> bytes:
        self.recovered.append(number(next_packet) - 1)
        return self.frame(number(next_packet) - 1)

    def conceal(self) -> bytes:
        self.concealed += 1
        return bytes(FRAME_BYTES)

    def frame(self, index: int) -> bytes:
        return struct.pack("<hh", self.amplitude, index % 1_000) * (self.samples // 2)


def packet(index: int) -> bytes:
    return struct.pack("<i", index)


def number(payload: bytes) -> int:
    return int(struct.unpack("<i", payload)[0])


def played(frame: bytes | None) -> int | None:
    """Return which packet a frame was, modulo 1,000; None for concealment and for nothing."""
    return None if frame is None or not any(frame) else int(struct.unpack_from("<h", frame, 2)[0])


def put(buffer: PlayoutBuffer, index: int, arrival_ms: float | None = None) -> None:
    buffer.put(index & 0xFFFF, packet(index), index * 20.0 if arrival_ms is None else arrival_ms)


def play(buffer: PlayoutBuffer, indices: range, lost: frozenset[int] = frozenset()) -> list[int | None]:
    """Bring one packet and pull one frame each 20 ms."""
    out = []
    for index in indices:
        if index not in lost:
            put(buffer, index)
        out.append(played(buffer.pull()))
    return out


def test_there_is_nothing_before_the_first_packet() -> None:
    buffer = PlayoutBuffer(Recorder())
    assert [buffer.pull() for _ in range(10)] == [None] * 10
    assert buffer.depth_ms == 0


def test_on_a_perfect_network_each_packet_is_played_at_once() -> None:
    buffer = PlayoutBuffer(Recorder())
    assert play(buffer, range(300)) == list(range(300))
    assert buffer.target_ms == 20
    assert buffer.depth_ms == 0


def test_the_sequence_number_wraps() -> None:
    decoder = Recorder()
    buffer = PlayoutBuffer(decoder)
    play(buffer, range(65_500, 65_600))
    assert decoder.decoded == list(range(65_500, 65_600))


def test_a_deeper_start_is_filled_before_it_plays() -> None:
    buffer = PlayoutBuffer(Recorder(), start_ms=60)
    assert play(buffer, range(6)) == [None, None, 0, 1, 2, 3]
    assert buffer.depth_ms == 40


def test_a_lone_packet_is_played_all_the_same() -> None:
    buffer = PlayoutBuffer(Recorder(), start_ms=60)
    put(buffer, 7)
    assert 7 in [played(buffer.pull()) for _ in range(5)]


def test_packets_out_of_order_are_played_in_order() -> None:
    decoder = Recorder()
    buffer = PlayoutBuffer(decoder, start_ms=60)
    for index in (2, 0, 1, 4, 3):
        put(buffer, index)
    for _ in range(5):
        buffer.pull()
    assert decoder.decoded == [0, 1, 2, 3, 4]


def test_a_duplicate_is_played_once() -> None:
    decoder = Recorder()
    buffer = PlayoutBuffer(decoder)
    for index in (0, 0, 1, 1):
        put(buffer, index)
        put(buffer, index)
        buffer.pull()
    assert decoder.decoded == [0, 1]
    assert buffer.counters.discarded + buffer.counters.late == 6


def test_the_first_loss_deepens_the_buffer_and_the_next_packet_makes_it_good() -> None:
    decoder = Recorder()
    buffer = PlayoutBuffer(decoder)
    out = play(buffer, range(20), lost=frozenset({5}))
    assert out == [0, 1, 2, 3, 4, None, 5, 6, *range(7, 19)]
    assert decoder.recovered == [5]
    assert buffer.depth_ms == 20
    assert buffer.counters.lost == 1
    assert buffer.counters.recovered == 1


def test_later_losses_are_recovered_without_a_break() -> None:
    decoder = Recorder()
    buffer = PlayoutBuffer(decoder)
    lost = frozenset({5, 30, 55, 80})
    out = play(buffer, range(100), lost)
    assert out[6:] == list(range(5, 99))
    assert decoder.recovered == [5, 30, 55, 80]


def test_two_losses_in_a_row_are_concealed_and_recovered() -> None:
    decoder = Recorder()
    buffer = PlayoutBuffer(decoder, start_ms=60)
    out = play(buffer, range(20), lost=frozenset({8, 9}))
    assert out == [None, None, *range(8), None, *range(9, 18)]
    assert decoder.recovered == [9]
    assert (buffer.counters.lost, buffer.counters.concealed) == (2, 1)


def test_a_late_packet_is_not_played() -> None:
    decoder = Recorder()
    buffer = PlayoutBuffer(decoder, start_ms=40)
    play(buffer, range(10), lost=frozenset({4}))
    put(buffer, 4)
    buffer.pull()
    assert 4 not in decoder.decoded
    assert buffer.counters.late == 1


def test_depth_that_is_no_longer_needed_is_drained() -> None:
    buffer = PlayoutBuffer(Recorder())
    play(buffer, range(20), lost=frozenset({5}))
    assert buffer.depth_ms == 20
    play(buffer, range(20, 20 + STRAIN_PULLS + 3 * REVIEW_PULLS))
    assert buffer.depth_ms == 0


def test_a_backlog_drains_a_frame_at_a_time_in_loud_sound() -> None:
    buffer = PlayoutBuffer(Recorder())
    play(buffer, range(20))
    for index in range(20, 26):
        put(buffer, index)
    depths = []
    for index in range(26, 26 + 10 * REVIEW_PULLS):
        put(buffer, index)
        buffer.pull()
        depths.append(buffer.depth_ms)
    assert depths[0] == 120
    assert depths[-1] == 0
    assert max(abs(a - b) for a, b in pairwise(depths)) <= 20


def test_a_backlog_drains_at_once_in_quiet_sound() -> None:
    buffer = PlayoutBuffer(Recorder(amplitude=10))
    play(buffer, range(20))
    for index in range(20, 26):
        put(buffer, index)
    play(buffer, range(26, 26 + 2 * REVIEW_PULLS))
    assert buffer.depth_ms == 0


def test_what_nobody_pulls_is_bounded() -> None:
    buffer = PlayoutBuffer(Recorder(), max_ms=200)
    for index in range(10_000):
        put(buffer, index)
        assert buffer.depth_ms <= 200
    assert played(buffer.pull()) in range(990, 1_000)


def test_a_stream_that_stops_fades_and_pauses() -> None:
    buffer = PlayoutBuffer(Recorder())
    play(buffer, range(10))
    after = [buffer.pull() for _ in range(STALL_FRAMES + 10)]
    assert [frame is None for frame in after] == [False] * STALL_FRAMES + [True] * 10


def test_a_stream_goes_on_at_once_after_its_own_pause() -> None:
    buffer = PlayoutBuffer(Recorder())
    play(buffer, range(10))
    for _ in range(100):
        buffer.pull()
    out = []
    for index in range(10, 30):
        put(buffer, index, arrival_ms=index * 20.0 + 2_000)
        out.append(played(buffer.pull()))
    assert out == list(range(10, 30))
    assert buffer.counters.lost == 0
    assert buffer.target_ms == 20


def test_after_a_blackout_playing_goes_on_with_what_comes() -> None:
    buffer = PlayoutBuffer(Recorder())
    play(buffer, range(10))
    for _ in range(150):
        buffer.pull()
    out = play(buffer, range(160, 180))
    assert out == list(range(160, 180))
    assert buffer.counters.lost == 150


def test_a_long_gap_inside_the_stream_is_stepped_over() -> None:
    buffer = PlayoutBuffer(Recorder(), start_ms=100)
    play(buffer, range(10))
    out = play(buffer, range(40, 60))
    assert None in out
    assert out[-1] is not None
    assert out[-1] >= 50


def test_another_stream_is_played_from_its_own_beginning() -> None:
    decoder = Recorder()
    buffer = PlayoutBuffer(decoder)
    play(buffer, range(10))
    buffer.reset()
    assert play(buffer, range(40_000, 40_020))[-1] == 19
    assert decoder.decoded[-20:] == list(range(40_000, 40_020))


def test_a_jump_of_the_sequence_number_counts_once_a_second_packet_agrees() -> None:
    decoder = Recorder()
    buffer = PlayoutBuffer(decoder)
    play(buffer, range(10))
    put(buffer, 30_000)
    assert played(buffer.pull()) is None
    play(buffer, range(30_001, 30_010))
    assert decoder.decoded[-1] == 30_009
    assert 30_000 not in decoder.decoded


def test_jitter_deepens_the_buffer_until_nothing_is_late_and_calm_brings_it_back() -> None:
    random = Random(7)
    decoder = Recorder(amplitude=10)
    buffer = PlayoutBuffer(decoder)
    arrivals = sorted((index * 20 + random.uniform(0, 60), index) for index in range(1_000))
    brought = iter([*arrivals, (float("inf"), -1)])
    due, index = next(brought)
    concealed_late = 0
    for pull in range(1_000):
        while due <= pull * 20:
            put(buffer, index, due)
            due, index = next(brought)
        before = decoder.concealed
        buffer.pull()
        concealed_late += decoder.concealed - before if pull > 200 else 0
    assert 40 <= buffer.target_ms <= 120
    assert concealed_late <= 8
    play(buffer, range(1_001, 1_001 + STRAIN_PULLS + 4 * REVIEW_PULLS))
    assert buffer.target_ms == 20
    assert buffer.depth_ms <= 20


@pytest.mark.parametrize("frame_ms", [10, 40, 60])
def test_packets_of_other_lengths_come_out_as_frames(frame_ms: int) -> None:
    decoder = Recorder(frame_ms)
    buffer = PlayoutBuffer(decoder)
    frames = []
    for pull in range(240):
        for index in range(pull * 20 // frame_ms, (pull + 1) * 20 // frame_ms):
            put(buffer, index, pull * 20.0)
        frames.append(buffer.pull())
    assert {len(frame) for frame in frames if frame is not None} == {FRAME_BYTES}
    assert buffer.counters.lost == 0
    assert buffer.counters.concealed <= 4
    assert buffer.depth_ms <= 120


def test_a_flush_forgets_what_is_held_and_plays_on_with_what_is_sent_next() -> None:
    decoder = Recorder()
    buffer = PlayoutBuffer(decoder, start_ms=60)
    play(buffer, range(10))
    assert buffer.depth_ms == 40
    buffer.flush()
    assert buffer.depth_ms == 0
    assert buffer.pull() is None
    out = play(buffer, range(10, 20))
    assert out == [None, None, *range(10, 18)]
    assert (buffer.counters.discarded, buffer.counters.lost, buffer.counters.late) == (2, 0, 0)


def test_a_packet_overtaken_by_a_flush_is_not_played_after_it() -> None:
    decoder = Recorder()
    buffer = PlayoutBuffer(decoder, start_ms=60)
    play(buffer, range(10), lost=frozenset({8}))
    buffer.flush()
    put(buffer, 8)
    assert [buffer.pull() for _ in range(5)] == [None] * 5
    play(buffer, range(10, 15))
    assert not {8, 9} & set(decoder.decoded)
    assert (buffer.counters.late, buffer.counters.lost) == (1, 1)


def test_a_flush_forgets_half_a_packet_too() -> None:
    buffer = PlayoutBuffer(Recorder(frame_ms=60))
    put(buffer, 0)
    assert buffer.pull() is not None
    buffer.flush()
    assert buffer.pull() is None


def test_a_pause_after_a_flush_is_not_taken_for_jitter() -> None:
    buffer = PlayoutBuffer(Recorder())
    play(buffer, range(50))
    buffer.flush()
    out = []
    for index in range(50, 150):
        put(buffer, index, arrival_ms=index * 20.0 + 5_000)
        out.append(played(buffer.pull()))
    assert out == list(range(50, 150))
    assert buffer.target_ms == 20


@settings(deadline=None)
@given(
    st.permutations(range(30)),
    st.integers(0, 30),
    st.lists(st.booleans(), min_size=30, max_size=30),
    st.integers(0, 65_535),
    st.sampled_from([20, 60]),
)
def test_in_any_order_nothing_sent_before_a_flush_and_known_by_then_is_played_after_it(
    order: list[int], flushed_after: int, pulled: list[bool], first: int, start_ms: int
) -> None:
    decoder = Recorder()
    buffer = PlayoutBuffer(decoder, start_ms)
    newest = -1
    for brought, (index, pull) in enumerate(zip(order, pulled, strict=True)):
        if brought == flushed_after:
            buffer.flush()
            decoder.decoded.clear()
            newest = max(order[:brought], default=-1)
        put(buffer, first + index)
        if pull:
            buffer.pull()
    if flushed_after == len(order):
        buffer.flush()
        decoder.decoded.clear()
        newest = max(order)
    for index in range(30, 60):
        put(buffer, first + index)
        buffer.pull()
    while buffer.pull() is not None:
        pass
    assert all(number > first + newest for number in decoder.decoded)
    assert decoder.decoded == sorted(decoder.decoded)
    assert decoder.decoded[-1] == first + 59
    counters = buffer.counters
    assert counters.received == 60
    assert min(counters.lost, counters.late, counters.discarded) >= 0


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(-8, 30), st.integers(0, 3), st.booleans()), max_size=300),
    st.integers(0, 65_535),
    st.sampled_from([20, 40, 60]),
)
def test_in_any_order_each_packet_is_decoded_at_most_once_in_order_and_the_depth_is_bounded(
    steps: list[tuple[int, int, bool]], first: int, start_ms: int
) -> None:
    decoder = Recorder()
    buffer = PlayoutBuffer(decoder, start_ms, max_ms=200)
    head = first
    brought = 0
    for offset, advance, pulled in steps:
        if head + offset >= 0:
            put(buffer, head + offset)
            brought += 1
        head += advance
        if pulled:
            frame = buffer.pull()
            assert frame is None or len(frame) == FRAME_BYTES
        assert buffer.depth_ms <= 200
    assert not [index for index, times in Counter(decoder.decoded).items() if times > 1]
    assert decoder.decoded == sorted(decoder.decoded)
    counters = buffer.counters
    assert counters.received == brought
    assert counters.lost >= counters.recovered >= 0
    assert counters.concealed == decoder.concealed


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 65_535), st.integers(0, 2)), max_size=200))
def test_hostile_sequence_numbers_do_no_harm(packets: list[tuple[int, int]]) -> None:
    decoder = Recorder()
    buffer = PlayoutBuffer(decoder)
    for sequence, pulls in packets:
        buffer.put(sequence, packet(sequence), 0.0)
        for _ in range(pulls):
            buffer.pull()
        assert 0 <= buffer.depth_ms <= 400


def test_quiet_is_below_the_threshold_at_any_sample() -> None:
    assert is_quiet(b"")
    assert is_quiet(struct.pack("<3h", 0, 399, -399))
    assert not is_quiet(struct.pack("<3h", 0, 0, -32_768))


def test_a_cross_fade_begins_as_the_first_and_ends_as_the_second() -> None:
    faded = struct.unpack(
        "<100h", cross_fade(struct.pack("<100h", *[1_000] * 100), struct.pack("<100h", *[-1_000] * 100))
    )
    assert (faded[0], faded[-1]) == (1_000, -1_000)
    assert list(faded) == sorted(faded, reverse=True)
