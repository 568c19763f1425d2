"""When the next session takes over: lengths, talk and luck in, moments out."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from sentra_tui.domain.config import ReconnectConfig
from sentra_tui.protocol.rollover import Rollover, RolloverBook, RolloverStep

HOUR_MS = 3_600_000
MINUTE_MS = 60_000


class Talk(Struct, frozen=True):
    """When there is a pause, and when a moment without sound."""

    quiet: Callable[[int], bool] = lambda now_ms: True
    speaking: Callable[[int], bool] = lambda now_ms: False


NEVER_STILL = Talk(lambda now_ms: False, lambda now_ms: True)
BREATHING = Talk(lambda now_ms: False)


class Line:
    """One stream in virtual time: its machine, and a peer whose dials take `dial_ms` and fail at first."""

    def __init__(
        self,
        name: str,
        book: RolloverBook,
        length_ms: int,
        *,
        dial_ms: int = 300,
        failures: int = 0,
        share: float = 0.8,
    ) -> None:
        self.machine = Rollover(name, ReconnectConfig(rollover=share), book, lambda: 0.5)
        self.length_ms = length_ms
        self.taken: list[int] = []
        self.given_up: list[int] = []
        self.dials: list[int] = []
        self._dial_ms = dial_ms
        self._failures = failures
        self._stands_ms: int | None = None
        self._fails = False
        self._dialled_ms = 0

    def begin(self, start_ms: int) -> None:
        self.start_ms = start_ms
        self.machine.limited(start_ms, start_ms + self.length_ms)

    def stand(self, since_ms: int) -> None:
        self._stands_ms = self._dialled_ms = since_ms

    def step(self, now_ms: int, talk: Talk) -> None:
        stands = self._stands_ms is not None and now_ms >= self._stands_ms and not self._fails
        dialling = self._stands_ms is not None and now_ms < self._stands_ms
        did = self.machine.tick(
            now_ms, dialling=dialling, stands=stands, quiet=talk.quiet(now_ms), speaking=talk.speaking(now_ms)
        )
        if did is RolloverStep.DIAL:
            self.dials.append(now_ms)
            self._fails = len(self.dials) <= self._failures
            self._dialled_ms, self._stands_ms = now_ms, now_ms + self._dial_ms
        elif did is RolloverStep.TAKE:
            assert now_ms < self.start_ms + self.length_ms
            self.taken.append(now_ms)
            self._stands_ms = None
            self.begin(self._dialled_ms)
        elif did is RolloverStep.GIVE_UP:
            self.given_up.append(now_ms)


def run(lines: list[Line], until_ms: int, step_ms: int, talk: Talk) -> None:
    for now_ms in range(0, until_ms, step_ms):
        for line in lines:
            line.step(now_ms, talk)


def hour(**more: float) -> Line:
    line = Line("mic", RolloverBook(), HOUR_MS, **more)  # type: ignore[arg-type]
    line.begin(0)
    return line


def test_the_next_session_takes_over_at_the_first_pause_from_four_fifths_on() -> None:
    line = hour()
    run([line], HOUR_MS, 1_000, Talk(lambda now_ms: now_ms % 600_000 >= 590_000))
    assert line.dials == [48 * MINUTE_MS]
    assert line.taken == [50 * MINUTE_MS - 10_000]


def test_who_just_began_to_speak_has_no_line_yet_and_is_let_end() -> None:
    line = hour()
    run([line], HOUR_MS, 1_000, Talk(speaking=lambda now_ms: now_ms % 600_000 < 590_000))
    assert line.taken == [50 * MINUTE_MS - 10_000]


def test_in_the_last_minute_a_moment_without_sound_is_pause_enough() -> None:
    line = hour()
    run([line], HOUR_MS, 1_000, BREATHING)
    assert line.taken == [HOUR_MS - 10_000 - MINUTE_MS]


def test_ten_seconds_before_the_end_it_takes_over_whatever_is_said() -> None:
    line = hour()
    run([line], HOUR_MS, 1_000, NEVER_STILL)
    assert line.taken == [HOUR_MS - 10_000]


def test_a_dial_that_fails_is_tried_again_until_one_stands() -> None:
    line = hour(failures=7)
    run([line], HOUR_MS, 100, Talk())
    waits = [later - earlier for earlier, later in pairwise(line.dials)]
    assert len(line.dials) == 8
    assert waits == sorted(waits)
    assert line.taken == [line.dials[-1] + 300]


def test_a_session_that_no_other_can_follow_is_given_up_at_its_end_once() -> None:
    line = hour(failures=10**6)
    run([line], HOUR_MS + MINUTE_MS, 1_000, Talk())
    assert line.given_up == [HOUR_MS]
    assert not line.taken


def test_a_share_of_the_whole_length_leaves_time_to_find_a_moment() -> None:
    line = hour(share=1.0)
    run([line], HOUR_MS, 1_000, Talk())
    assert line.taken and line.taken[0] <= HOUR_MS - MINUTE_MS


def test_a_session_whose_end_is_not_known_is_left_alone() -> None:
    line = hour()
    line.machine.ended()
    run([line], HOUR_MS, 1_000, Talk())
    assert not line.dials and not line.given_up


def test_a_call_that_is_kept_ready_waits_for_its_time_too() -> None:
    line = hour()
    line.stand(47 * MINUTE_MS)
    run([line], HOUR_MS, 1_000, Talk())
    assert line.taken == [48 * MINUTE_MS]


@pytest.mark.parametrize("talk", [Talk(), BREATHING, NEVER_STILL])
def test_of_two_hours_that_began_together_one_ends_a_minute_earlier(talk: Talk) -> None:
    book = RolloverBook()
    mic, speaker = Line("mic", book, HOUR_MS), Line("speaker", book, HOUR_MS)
    for line in (mic, speaker):
        line.begin(0)
    run([mic, speaker], HOUR_MS, 500, talk)
    assert len(mic.taken) == len(speaker.taken) == 1
    assert abs(mic.taken[0] - speaker.taken[0]) >= MINUTE_MS
    assert max(mic.taken + speaker.taken) <= HOUR_MS - 10_000


def test_thirty_sessions_of_two_streams_follow_one_another_without_a_moment_between() -> None:
    book = RolloverBook()
    lines = [Line("mic", book, HOUR_MS), Line("speaker", book, HOUR_MS)]
    for line in lines:
        line.begin(0)
    run(lines, 31 * HOUR_MS, 1_000, Talk(lambda now_ms: now_ms % 97_000 < 5_000, lambda now_ms: now_ms % 7_000 > 900))
    assert all(len(line.taken) >= 30 and not line.given_up for line in lines)


@given(
    lengths_s=st.lists(st.integers(10, 7_200), min_size=2, max_size=3),
    starts_s=st.lists(st.integers(0, 60), min_size=3, max_size=3),
    quiet=st.integers(0, 100),
    still=st.integers(0, 100),
    share=st.floats(0.5, 1.0),
    failures=st.integers(0, 3),
)
def test_every_session_is_followed_before_its_end_and_streams_keep_apart(
    lengths_s: list[int], starts_s: list[int], quiet: int, still: int, share: float, failures: int
) -> None:
    step_ms = min(min(lengths_s) * 5, 5_000)
    book = RolloverBook()
    lines = [
        Line(f"stream {number}", book, length_s * 1_000, dial_ms=step_ms, failures=failures, share=share)
        for number, length_s in enumerate(lengths_s)
    ]
    talk = Talk(lambda now_ms: now_ms * 31 % 101 < quiet, lambda now_ms: now_ms * 37 % 101 >= still)
    begun = []
    for line, start_s in zip(lines, starts_s, strict=False):
        line.begin(start_s * min(lengths_s))
        begun.append(line)
    run(begun, 3 * min(lengths_s) * 1_000, step_ms, talk)
    for line in begun:
        assert not line.given_up
    moments = sorted((moment, line.length_ms) for line in begun for moment in line.taken)
    for (earlier, one_ms), (later, other_ms) in pairwise(moments):
        apart_ms = min(MINUTE_MS, one_ms // 20, other_ms // 20)
        assert later - earlier >= apart_ms - step_ms
