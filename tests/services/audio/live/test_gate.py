"""The gate between a capturing thread and the program."""

from __future__ import annotations

from sentra_tui.services.audio.live.gate import FRAME_BLOCKS, RING_BLOCKS, Gate
from sentra_tui.services.audio.live.snapshot import Snapshot, SourceOutput

BLOCK = b"ab"


def on(source: int, token: str = "ours") -> Snapshot:
    return Snapshot(source_outputs=(SourceOutput(5, source, token),))


def opened() -> Gate:
    gate = Gate(lambda: None)
    gate.judge(on(1))
    gate.open("ours", 1)
    return gate


def put(gate: Gate, blocks: int = FRAME_BLOCKS, token: str = "ours") -> None:
    for _ in range(blocks):
        gate.put(token, BLOCK)


def test_what_is_verified_passes_in_whole_frames() -> None:
    gate = opened()
    put(gate, 3)
    assert gate.take() == BLOCK * FRAME_BLOCKS
    assert gate.take() is None


def test_nothing_passes_before_the_server_has_confirmed_the_source() -> None:
    gate = Gate(lambda: None)
    gate.open("ours", 1)
    put(gate)
    assert gate.take() is None
    gate.judge(on(2))
    gate.open("ours", 1)
    put(gate)
    assert (gate.is_open, gate.take()) == (False, None)


def test_a_stream_that_is_moved_is_shut_out_with_what_waited() -> None:
    gate = opened()
    put(gate)
    gate.judge(on(2))
    put(gate)
    assert (gate.is_open, gate.take()) == (False, None)


def test_what_comes_after_an_event_is_held_until_it_is_known_what_changed() -> None:
    gate = opened()
    gate.doubt()
    put(gate)
    assert gate.take() is None
    gate.judge(on(1))
    assert gate.take() == BLOCK * FRAME_BLOCKS
    gate.doubt()
    put(gate)
    gate.judge(on(2))
    assert gate.take() is None


def test_the_end_of_the_server_shuts_the_gate() -> None:
    gate = opened()
    gate.judge(None)
    put(gate)
    assert gate.take() is None


def test_a_stream_that_was_replaced_is_not_heard_any_more() -> None:
    gate = opened()
    put(gate, token="an older one")
    assert gate.take() is None


def test_a_loop_that_does_not_come_loses_the_oldest_and_it_is_counted() -> None:
    gate = opened()
    put(gate, RING_BLOCKS + 3)
    assert gate.dropped_blocks == 3
    gate.trim(1)
    assert (gate.take(), gate.take()) == (BLOCK * FRAME_BLOCKS, None)
