from __future__ import annotations

from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.audio import FrameSpan
from sentra_tui.services.transport.losses import Losses


class Line:
    """What is sent in order, and a receiver that counts as RFC 3550 has it; numbers wrap soon."""

    def __init__(self, first: int = 0xFFF0) -> None:
        self.losses = Losses()
        self.next = first
        self.highest = first - 1
        self.received = self.base = 0
        self.first = first

    def check(self, *, answered: bool) -> None:
        asked = self.losses.asked()
        if answered:
            self.losses.answered(asked)

    def send(self, count: int, *, arrive: bool = True, filler: bool = False) -> None:
        for _ in range(count):
            self.losses.sent(self.losses.give(filler=filler))
            if arrive:
                self.received += 1
                self.highest = self.next
            self.next += 1

    def drop(self, count: int) -> None:
        """Frames that were given and never left."""
        for _ in range(count):
            self.losses.give()

    def report(self) -> bool:
        lost = self.highest - self.first + 1 - self.received
        return self.losses.report(self.next - 1 & 0xFFFF, self.highest, lost)


def standing() -> Line:
    line = Line()
    line.losses.begin()
    return line


def test_what_arrives_is_not_lost() -> None:
    line = standing()
    for _ in range(10):
        line.send(50)
        assert line.report()
    assert line.losses.take() == []


def test_a_hole_between_two_reports_is_a_span_of_what_was_sent_between_them() -> None:
    line = standing()
    line.send(50)
    line.report()
    line.send(10)
    line.send(10, arrive=False)
    line.send(30)
    line.report()
    assert line.losses.take() == [FrameSpan(50, 100)]
    assert line.losses.take() == []


def test_a_blackout_is_one_span_though_reports_go_on() -> None:
    line = standing()
    line.send(50)
    line.report()
    for _ in range(3):
        line.send(50, arrive=False)
        assert not line.report()
    line.send(20)
    assert line.report()
    assert line.losses.take() == [FrameSpan(50, 220)]


def test_checks_that_were_answered_tell_where_the_blackout_was() -> None:
    line = standing()
    line.send(10)
    line.report()
    for _ in range(2):
        line.send(25)
        line.check(answered=True)
    for _ in range(6):
        line.send(25, arrive=False)
        line.check(answered=False)
    for _ in range(3):
        line.send(25)
        line.check(answered=True)
    line.report()
    assert line.losses.take() == [FrameSpan(50, 245)]


def test_losses_here_and_there_are_not_taken_for_a_blackout() -> None:
    line = standing()
    for number in range(12):
        line.send(2, arrive=False)
        line.send(6)
        line.check(answered=number in (2, 9))
    line.report()
    assert line.losses.take() == [FrameSpan(0, 96)]


def test_spans_that_touch_are_one() -> None:
    line = standing()
    for _ in range(3):
        line.send(40)
        line.send(10, arrive=False)
        line.send(1)
        line.report()
    assert line.losses.take() == [FrameSpan(0, 153)]


def test_few_losses_are_none() -> None:
    line = standing()
    line.send(10, arrive=False)
    line.send(490)
    line.report()
    line.send(2, arrive=False)
    line.send(10)
    line.report()
    assert line.losses.take() == []


def test_frames_from_before_the_call_and_ours_do_not_count() -> None:
    line = Line()
    line.send(5)
    line.losses.begin()
    line.send(20, filler=True)
    line.send(10, arrive=False)
    line.send(20)
    line.send(5, filler=True)
    line.report()
    line.send(10, arrive=False, filler=True)
    line.send(10, filler=True)
    line.report()
    assert line.losses.take() == [FrameSpan(0, 30)]


def test_frames_that_never_left_are_lost() -> None:
    line = standing()
    line.send(50)
    line.report()
    line.drop(30)
    line.send(20)
    line.report()
    assert line.losses.take() == [FrameSpan(50, 100)]


def test_reports_that_cannot_be_are_passed_over() -> None:
    line = standing()
    line.send(50)
    for highest in (line.next + 5, line.next + 30_000, line.first - 1, line.first - 20_000):
        assert not line.losses.report(line.next - 1, highest & 0xFFFFFFFF, 40)
    assert not Losses().report(7, 7, 7)
    assert line.losses.take() == []


def test_a_count_that_shrinks_is_no_loss() -> None:
    line = standing()
    line.send(50)
    assert line.losses.report(line.next - 1, line.highest, 10)
    line.send(50)
    assert line.losses.report(line.next - 1, line.highest, 3)
    assert line.losses.take() == [FrameSpan(0, 50)]


@given(
    seed=st.integers(0, 2**32),
    first=st.integers(0, 0xFFFF),
    spells=st.lists(st.tuples(st.integers(1, 120), st.sampled_from([0.0, 0.02, 0.2, 1.0])), min_size=1, max_size=30),
)
def test_every_hole_lies_in_a_span_and_spans_are_in_order(
    seed: int, first: int, spells: list[tuple[int, float]]
) -> None:
    random, line, missed, spans = Random(seed), Line(first), list[int](), list[FrameSpan]()
    line.losses.begin()
    frame = 0
    for count, loss in [*spells, (1, 0.0)]:
        for _ in range(count):
            arrives = random.random() >= loss
            line.send(1, arrive=arrives)
            if not arrives:
                missed.append(frame)
            frame += 1
        line.report()
        spans += line.losses.take()
    outside = [frame for frame in missed if not any(span.start <= frame < span.end for span in spans)]
    assert len(outside) <= sum(max(3, 0.08 * count) for count, _ in [*spells, (1, 0.0)])
    assert all(before.end <= after.start for before, after in pairwise(spans))
    assert all(0 <= span.start < span.end <= frame for span in spans)
