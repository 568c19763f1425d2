"""What the loudspeaker plays, in step with the microphone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.services.audio.echo.processing import BLOCK_BYTES
from sentra_tui.services.audio.echo.reference import (
    MAX_AHEAD_BLOCKS,
    RESERVE_BLOCKS,
    SILENT_BLOCK,
    SPARE_BLOCKS,
    WATCHED_BLOCKS,
    Reference,
)

SETTLED = 100


def block(number: int) -> bytes:
    return (number + 1).to_bytes(2, "little") * (BLOCK_BYTES // 2)


def number(played: bytes) -> int:
    return int.from_bytes(played[:2], "little") - 1


def test_blocks_come_out_in_their_order_behind_a_reserve_and_silence_where_there_is_none() -> None:
    reference = Reference()
    reference.hear(b"".join(map(block, range(RESERVE_BLOCKS))))
    assert reference.take() == SILENT_BLOCK
    reference.hear(block(RESERVE_BLOCKS))
    assert [number(reference.take()) for _ in range(RESERVE_BLOCKS + 1)] == list(range(RESERVE_BLOCKS + 1))
    assert reference.take() == SILENT_BLOCK


def test_bursts_of_100_ms_are_spread() -> None:
    reference = Reference()
    taken = []
    for burst in range(50):
        reference.hear(b"".join(block(burst * 10 + index) for index in range(10)))
        taken += [number(reference.take()) for _ in range(10)]
    settled = taken[SETTLED:]
    assert settled == list(range(settled[0], settled[0] + len(settled)))


def test_what_piled_up_before_the_beginning_goes() -> None:
    reference = Reference()
    for index in range(10 * MAX_AHEAD_BLOCKS):
        reference.hear(block(index))
    assert number(reference.take()) == 10 * MAX_AHEAD_BLOCKS - RESERVE_BLOCKS - 1


def test_blocks_that_come_late_are_dropped_so_that_the_others_are_in_step() -> None:
    reference = Reference()
    for index in range(SETTLED):
        reference.hear(block(index))
        reference.take()
    for _ in range(12):
        reference.take()
    reference.hear(b"".join(block(SETTLED + index) for index in range(12)))
    for index in range(SETTLED + 12, 2 * SETTLED):
        reference.hear(block(index))
        taken = number(reference.take())
        assert index - RESERVE_BLOCKS - SPARE_BLOCKS <= taken <= index


def test_a_loudspeaker_that_was_silent_for_long_begins_anew() -> None:
    reference = Reference()
    reference.hear(b"".join(map(block, range(5))))
    for _ in range(10 * MAX_AHEAD_BLOCKS):
        reference.take()
    reference.hear(b"".join(map(block, range(5, 5 + RESERVE_BLOCKS + 1))))
    assert number(reference.take()) == 5


def test_what_waits_for_long_goes() -> None:
    reference = Reference()
    for index in range(SETTLED):
        reference.hear(block(index))
        reference.take()
    reference.hear(SILENT_BLOCK * 10)
    for index in range(SETTLED, SETTLED + 3 * WATCHED_BLOCKS):
        reference.hear(block(index))
        reference.take()
    assert len(reference) <= RESERVE_BLOCKS + SPARE_BLOCKS


def test_blocks_that_come_together_for_a_moment_move_nothing() -> None:
    reference = Reference()
    for index in range(SETTLED):
        reference.hear(block(index))
        reference.take()
    early = 6
    reference.hear(b"".join(block(SETTLED + index) for index in range(early)))
    taken = [number(reference.take()) for _ in range(early)]
    assert taken == [SETTLED - RESERVE_BLOCKS + index for index in range(early)]


@given(st.lists(st.integers(0, 6), min_size=1, max_size=400))
def test_however_blocks_come_they_keep_their_order_and_do_not_pile_up(arrivals: list[int]) -> None:
    reference = Reference()
    taken, told = [], 0
    for count in arrivals:
        for _ in range(count):
            reference.hear(block(told))
            told += 1
        played = reference.take()
        if played != SILENT_BLOCK:
            taken.append(number(played))
        assert len(reference) <= MAX_AHEAD_BLOCKS
    assert taken == sorted(set(taken))
