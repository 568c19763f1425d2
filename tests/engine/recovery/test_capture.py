"""Frames have positions on the engine's clock."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.audio import FRAME_MS
from sentra_tui.engine.recovery.capture import STALL_MS, CaptureClock, SentSound
from sentra_tui.protocol.server_events import InputAudioBufferSpeechStarted, InputAudioBufferSpeechStopped


@given(st.lists(st.integers(0, 3_000)))
def test_positions_grow_by_frames_and_follow_a_source_that_stalls(delays: list[int]) -> None:
    now_ms = 12_345
    clock = CaptureClock(lambda: now_ms)
    positions = []
    for delay_ms in delays:
        now_ms += delay_ms
        assert clock.next_ms == clock.next_ms
        positions.append(clock.take())
        assert positions[-1] % FRAME_MS == 0
        assert now_ms - positions[-1] <= STALL_MS
    assert all(after - before >= FRAME_MS for before, after in pairwise(positions))


def test_a_frame_of_a_session_and_a_moment_of_its_lines_are_found_behind_a_stall() -> None:
    sent = SentSound(1_010, 1_000)
    for at_ms in [*range(1_000, 2_000, 20), *range(5_000, 6_000, 20)]:
        sent.sent(at_ms)
    assert [sent.position_of_frame(index) for index in (0, 49, 50, 99)] == [1_000, 1_980, 5_000, 5_980]
    assert [sent.position_of(at_ms) for at_ms in (500, 1_010, 1_515, 2_020, 9_999)] == [
        1_000,
        1_000,
        1_505,
        5_010,
        6_000,
    ]


def test_the_first_frame_of_a_session_may_come_late() -> None:
    sent = SentSound(1_000, 1_000)
    sent.sent(4_000)
    assert sent.position_of_frame(0) == 4_000


def test_a_server_whose_clock_began_before_the_call_stood_is_found_out_by_what_it_tells() -> None:
    sent = SentSound(1_000, 1_000)
    for at_ms in range(1_000, 6_000, 20):
        sent.sent(at_ms)
        if at_ms == 3_000:
            sent.told(InputAudioBufferSpeechStarted(item_id="a", audio_start_ms=4_400))
    sent.told(InputAudioBufferSpeechStopped(item_id="a", audio_end_ms=8_000))
    assert (sent.start_of("a", 3_020), sent.end_of("a", 6_000)) == (2_400, 6_000)
    assert sent.start_of("nobody told", 2_000) == 2_000
