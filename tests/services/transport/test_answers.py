from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.audio import FRAME_BYTES, FRAME_MS, SAMPLE_RATE_HZ
from sentra_tui.services.transport.socket.answers import MAX_PREBUFFER_MS, PREBUFFER_MS, AnswerBuffer
from tests.services.transport.lab_peer import loudest_hz

RATE_HZ = 24_000
FRAMES_PER_S = 1000 // FRAME_MS


class Played:
    """A buffer, and what became of it in order: turns of events, and "frame" for each frame that was given."""

    def __init__(self, rate_hz: int = RATE_HZ) -> None:
        self.turns: list[tuple[str, str]] = []
        self.sound = b""
        self.buffer = AnswerBuffer(rate_hz, lambda turn, response_id: self.turns.append((turn, response_id)))

    def pull(self, frames: int = 1) -> int:
        """Pull so often; return how many frames came."""
        came = [frame for _ in range(frames) if (frame := self.buffer.pull()) is not None]
        assert all(len(frame) == FRAME_BYTES for frame in came)
        self.sound += b"".join(came)
        return len(came)


def sound(ms: int, frequency_hz: float = 500, rate_hz: int = RATE_HZ) -> bytes:
    time_s = np.arange(rate_hz * ms // 1000) / rate_hz
    return (np.sin(2 * np.pi * frequency_hz * time_s) * 8_000).astype("<i2").tobytes()


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 24_000, 48_000])
def test_an_answer_is_given_whole_at_48_khz(rate_hz: int) -> None:
    played = Played(rate_hz)
    pcm = sound(1_000, rate_hz=rate_hz)
    for at in range(0, len(pcm), 4_097):
        played.buffer.put("a", pcm[at : at + 4_097])
    played.buffer.end_part("a")
    assert FRAMES_PER_S <= played.pull(100) <= FRAMES_PER_S + 1
    assert loudest_hz(played.sound[:96_000]) == pytest.approx(500, abs=5)
    samples = np.frombuffer(played.sound, "<i2").astype(int)
    assert np.abs(np.diff(samples)).max() < 1_500, "a click"
    assert played.turns == [("started", "a"), ("stopped", "a")]


def test_nothing_is_given_before_there_is_enough_to_begin_with() -> None:
    played = Played()
    played.buffer.put("a", sound(PREBUFFER_MS - 10))
    assert (played.buffer.ready, played.pull(5)) == (False, 0)
    played.buffer.put("a", sound(10))
    assert (played.buffer.ready, played.pull()) == (True, 1)


def test_a_short_answer_is_given_when_it_is_known_to_be_all() -> None:
    played = Played()
    played.buffer.put("a", sound(30))
    assert played.pull() == 0
    played.buffer.end_part("a")
    assert played.pull(5) == 2
    assert played.turns == [("started", "a"), ("stopped", "a")]


def test_sound_that_comes_at_once_is_begun_with_the_first_piece_of_it() -> None:
    played = Played()
    played.buffer.put("a", sound(100))
    assert (played.buffer.ready, played.pull()) == (True, 1)


def test_of_sound_that_trickles_more_is_collected_each_time_it_goes_on() -> None:
    played = Played()
    waits_ms = []
    for _ in range(4):
        waits_ms.append(0)
        while not played.buffer.ready:
            played.buffer.put("a", sound(10))
            waits_ms[-1] += 10
        played.pull(waits_ms[-1] // FRAME_MS)
        assert played.pull() == 0
    # Of the first of them a part of a frame, which the resampler holds, is left over for the others.
    assert waits_ms == [pytest.approx(ms, abs=FRAME_MS) for ms in (PREBUFFER_MS, 160, 320, MAX_PREBUFFER_MS)]
    assert played.turns == [("started", "a")]


def test_an_answer_that_is_played_without_running_dry_ends_the_collecting() -> None:
    played = Played()
    for response_id in ("a", "b"):
        for _ in range(2):
            played.buffer.put(response_id, sound(400))
            played.pull(30 if response_id == "a" else 15)
        played.buffer.end(response_id)
        played.pull(40)
    played.buffer.put("c", sound(PREBUFFER_MS))
    assert played.buffer.ready


def test_an_answer_whose_end_is_said_after_it_was_played_did_not_run_dry() -> None:
    played = Played()
    played.buffer.put("a", sound(100))
    played.pull(10)
    played.buffer.end("a")
    played.buffer.put("b", sound(PREBUFFER_MS))
    assert played.buffer.ready


def test_an_answer_that_was_played_before_its_end_was_known_stops_then() -> None:
    played = Played(SAMPLE_RATE_HZ)
    played.buffer.put("a", sound(100, rate_hz=SAMPLE_RATE_HZ))
    assert played.pull(10) == 5
    assert played.turns == [("started", "a")]
    played.buffer.end("a")
    assert played.turns == [("started", "a"), ("stopped", "a")]


def test_the_next_answer_waits_for_the_end_of_this_one() -> None:
    played = Played()
    for response_id in ("a", "b"):
        played.buffer.begin(response_id)
        played.buffer.put(response_id, sound(200))
        played.buffer.end(response_id)
    assert played.pull(8) == 8
    assert played.turns == [("started", "a")]
    played.pull(20)
    assert played.turns == [("started", "a"), ("stopped", "a"), ("started", "b"), ("stopped", "b")]


def test_an_answer_of_which_no_end_is_said_gives_way_to_the_next() -> None:
    played = Played()
    played.buffer.put("a", sound(110))
    played.pull(20)
    played.buffer.put("b", sound(110))
    played.pull(20)
    assert played.turns[:3] == [("started", "a"), ("stopped", "a"), ("started", "b")]


def test_more_sound_of_an_answer_that_stopped_begins_again() -> None:
    played = Played()
    played.buffer.begin("a")
    for _ in range(2):
        played.buffer.put("a", sound(200))
        played.buffer.end_part("a")
        played.pull(20)
    assert played.turns == [("started", "a"), ("stopped", "a")] * 2


def test_a_late_delta_of_a_flushed_answer_is_dropped_and_the_next_answer_is_heard() -> None:
    played = Played()
    played.buffer.begin("a")
    played.buffer.put("a", sound(400))
    played.pull(3)
    played.buffer.flush()
    assert played.turns == [("started", "a"), ("cleared", "a")]
    played.buffer.put("a", sound(400))
    played.buffer.end("a")
    assert played.pull(5) == 0
    played.buffer.begin("b")
    played.buffer.put("b", sound(400))
    assert played.pull(5) == 5
    assert played.turns[2:] == [("started", "b")]


def test_an_answer_that_was_begun_and_gave_no_sound_yet_is_flushed_too() -> None:
    played = Played()
    played.buffer.begin("a")
    played.buffer.flush()
    played.buffer.put("a", sound(400))
    assert played.pull(5) == 0
    assert not played.turns


def test_sound_without_a_name_belongs_to_the_answer_that_was_begun_last() -> None:
    played = Played()
    for response_id in ("a", "b"):
        played.buffer.begin(response_id)
        played.buffer.put("", sound(200))
        played.buffer.end_part("")
        played.pull(20)
        played.buffer.end("")
    assert [response_id for _, response_id in played.turns] == ["a", "a", "b", "b"]


def test_the_depth_is_what_waits() -> None:
    played = Played()
    played.buffer.put("a", sound(1_000))
    assert played.buffer.depth_ms == pytest.approx(1_000)
    played.pull(10)
    assert played.buffer.depth_ms == pytest.approx(800, abs=5)
    played.buffer.flush()
    assert played.buffer.depth_ms == 0


steps = st.one_of(
    st.tuples(st.just("begin"), st.integers(0, 3)),
    st.tuples(st.just("put"), st.integers(0, 3), st.integers(0, 9_000)),
    st.tuples(st.just("end_part"), st.integers(0, 3)),
    st.tuples(st.just("end"), st.integers(0, 3)),
    st.tuples(st.just("pull"), st.integers(1, 12)),
    st.tuples(st.just("flush")),
)


@given(st.lists(steps, max_size=40), st.sampled_from([16_000, 24_000, 48_000]))
def test_whatever_the_order_answers_start_before_they_end_and_sound_in_turn(
    script: list[tuple[str | int, ...]], rate_hz: int
) -> None:
    played = Played(rate_hz)
    under_way: set[str] = set()
    flushed: set[str] = set()
    for what, *rest in script:
        numbers = [int(each) for each in rest]
        response_id = f"r{numbers[0]}" if numbers else ""
        match what:
            case "begin":
                played.buffer.begin(response_id)
                under_way.add(response_id)
                flushed.discard(response_id)
            case "put":
                before = played.buffer.depth_ms
                under_way.add(response_id)
                played.buffer.put(response_id, bytes(numbers[1]))
                assert response_id not in flushed or played.buffer.depth_ms == before
            case "end_part":
                played.buffer.end_part(response_id)
            case "end":
                played.buffer.end(response_id)
                under_way.discard(response_id)
                flushed.discard(response_id)
            case "pull":
                count = len(played.turns)
                came = played.pull(numbers[0])
                assert came or all(turn == "stopped" for turn, _ in played.turns[count:])
            case "flush":
                played.buffer.flush()
                flushed |= under_way
                assert played.buffer.depth_ms == 0
                assert played.buffer.pull() is None
    sounding = ""
    for turn, response_id in played.turns:
        if turn == "started":
            assert not sounding
            sounding = response_id
        else:
            assert sounding == response_id
            sounding = ""


@given(st.lists(st.integers(1, 3_000), min_size=1, max_size=30), st.data())
def test_however_an_answer_is_cut_and_pulled_nothing_of_it_is_lost(cuts: list[int], data: st.DataObject) -> None:
    played = Played(SAMPLE_RATE_HZ)
    pcm = np.arange(1, sum(cuts) // 2 + 2, dtype="<i2").tobytes()[: sum(cuts) // 2 * 2]
    at = 0
    for cut in cuts:
        played.buffer.put("a", pcm[at : at + cut])
        at += cut
        played.pull(data.draw(st.integers(1, 3)))
    played.buffer.end("a")
    played.pull(len(pcm) // FRAME_BYTES + 2)
    assert played.sound.rstrip(b"\0") == pcm.rstrip(b"\0")
    assert played.buffer.pull() is None
