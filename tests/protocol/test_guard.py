"""The half-duplex guard."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.protocol.guard import HalfDuplexGuard

TAIL_MS = 800


def test_the_microphone_is_held_while_an_answer_sounds_and_a_tail_after_it() -> None:
    guard = HalfDuplexGuard(TAIL_MS)
    assert not guard.holds(0, sounding=False)
    assert guard.holds(20, sounding=True)
    assert guard.holds(20 + TAIL_MS - 1, sounding=False)
    assert not guard.holds(20 + TAIL_MS, sounding=False)


def test_the_users_key_is_stronger_than_the_guard() -> None:
    guard = HalfDuplexGuard(TAIL_MS)
    guard.talking = True
    assert not guard.holds(0, sounding=True)
    guard.talking = False
    assert guard.holds(20, sounding=False)


@given(
    st.integers(0, 5000),
    st.lists(st.tuples(st.integers(1, 400), st.booleans())),
)
def test_it_is_held_exactly_where_it_sounded_within_the_tail(tail_ms: int, steps: list[tuple[int, bool]]) -> None:
    guard = HalfDuplexGuard(tail_ms)
    now_ms, sounded_ms = 0, None
    for step_ms, sounding in steps:
        now_ms += step_ms
        sounded_ms = now_ms if sounding else sounded_ms
        expected = sounding or (sounded_ms is not None and now_ms - sounded_ms < tail_ms)
        assert guard.holds(now_ms, sounding=sounding) is expected
