from __future__ import annotations

import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.audio import FRAME_SAMPLES, SAMPLE_RATE_HZ
from sentra_tui.media.opus import OpusDecoder, OpusEncoder
from sentra_tui.provider.realtime.reception import WAIT_PACKETS, Reception

COUNT = 30


def packets() -> list[bytes]:
    encoder = OpusEncoder()
    times = np.arange(COUNT * FRAME_SAMPLES) / SAMPLE_RATE_HZ
    sound = (8000 * np.sin(2 * np.pi * 300 * times)).astype("<i2").tobytes()
    return [
        encoder.encode(sound[2 * start : 2 * (start + FRAME_SAMPLES)]) for start in range(0, times.size, FRAME_SAMPLES)
    ]


PACKETS = packets()


def decoded() -> list[bytes]:
    decoder = OpusDecoder()
    return [decoder.decode(packet) for packet in PACKETS]


@given(st.integers(0, 0xFFFF), st.integers(0, 1000))
def test_shuffled_and_doubled_packets_give_each_frame_once_and_in_order(first: int, seed: int) -> None:
    chance = random.Random(seed)
    order = sorted(range(COUNT), key=lambda place: place + (chance.random() * 3 if place else 0))
    reception, frames = Reception(), []
    for place in order:
        for _ in range(chance.choice((1, 1, 2))):
            reception.put(first + place & 0xFFFF, PACKETS[place])
        frames += reception.take()
    assert frames == decoded()


def test_late_packets_are_waited_for() -> None:
    reception = Reception()
    reception.put(0, PACKETS[0])
    assert len(reception.take()) == 1
    reception.put(2, PACKETS[2])
    assert reception.take() == []
    reception.put(1, PACKETS[1])
    assert len(reception.take()) == 2


def test_lost_packets_are_replaced() -> None:
    reception, frames = Reception(), []
    for place in range(COUNT):
        if place not in (7, 15, 16):
            reception.put(place, PACKETS[place])
            frames += reception.take()
    assert len(frames) == COUNT
    assert frames[:7] == decoded()[:7]


def test_after_a_long_gap_it_goes_on_with_what_comes() -> None:
    reception = Reception()
    reception.put(0, PACKETS[0])
    reception.take()
    for place in range(WAIT_PACKETS):
        reception.put(5000 + place, PACKETS[place])
    assert len(reception.take()) == WAIT_PACKETS
