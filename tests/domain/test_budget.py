from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.budget import Budget, Limit, per_hour
from sentra_tui.domain.changes import Billed
from sentra_tui.domain.reduce import reduce
from sentra_tui.domain.state import AppState
from sentra_tui.domain.usage import RECENT_MINUTES, Cost, Usage

MINUTE_MS = 60_000


def bills(*at: tuple[int, float | None]) -> Cost:
    state = AppState()
    for at_ms, usd in at:
        state = reduce(state, Billed(at_ms, "m", Usage(text_in=1), "mic", "aux", usd))
    return state.cost


def test_each_limit_is_said_once_as_it_is_reached() -> None:
    budget = Budget(1.0, 5.0)
    sums = [0.5, 1.0, 2.0, 4.0, 4.5, 5.0, 9.0]
    assert [budget.spent(usd) for usd in sums] == [[], [Limit.SOFT], [], [Limit.NEAR_HARD], [], [Limit.HARD], []]


def test_a_sum_that_passes_the_hard_limit_at_once_is_not_near_it() -> None:
    assert Budget(1.0, 5.0).spent(6.0) == [Limit.SOFT, Limit.HARD]


def test_zero_is_no_limit() -> None:
    budget = Budget(0.0, 0.0)
    assert budget.spent(1e6) == []
    assert not budget.exhausted


@given(st.floats(0, 10), st.floats(0, 10), st.lists(st.floats(0, 20), max_size=20))
def test_a_budget_is_exhausted_from_the_hard_limit_on(soft: float, hard: float, sums: list[float]) -> None:
    budget, said = Budget(soft, hard), list[Limit]()
    for usd in sorted(sums):
        said += budget.spent(usd)
        assert budget.exhausted == (hard > 0 and usd >= hard)
    assert len(said) == len(set(said))


def test_there_is_no_rate_before_the_first_minute_is_over() -> None:
    assert per_hour(Cost(), 10 * MINUTE_MS) is None
    assert per_hour(bills((5_000, 0.02)), 5_000) is None
    assert per_hour(bills((5_000, 0.02)), 64_999) is None


def test_at_first_the_rate_is_that_since_the_first_bill() -> None:
    cost = bills((0, 0.01), (MINUTE_MS, 0.01), (2 * MINUTE_MS, 0.01))
    assert per_hour(cost, 3 * MINUTE_MS) == pytest.approx(0.60)


def test_later_the_rate_is_that_of_the_last_minutes() -> None:
    early = [(minute * MINUTE_MS, 1.0) for minute in range(20)]
    late = [(minute * MINUTE_MS, 0.01) for minute in range(20, 40)]
    assert per_hour(bills(*early, *late), 40 * MINUTE_MS - 1) == pytest.approx(0.60, rel=0.01)


def test_after_long_silence_an_hour_costs_nothing() -> None:
    assert per_hour(bills((0, 1.0)), 60 * MINUTE_MS) == 0.0


def test_bills_without_a_price_add_nothing() -> None:
    assert per_hour(bills((0, None), (MINUTE_MS, 0.01)), 2 * MINUTE_MS) == pytest.approx(0.30)


@given(st.lists(st.tuples(st.integers(0, 10**8), st.floats(0, 1)), min_size=1, max_size=60), st.integers(0, 10**8))
def test_the_rate_is_never_negative_and_the_minutes_are_bounded(
    entries: list[tuple[int, float]], later_ms: int
) -> None:
    cost = bills(*sorted(entries))
    rate = per_hour(cost, max(at_ms for at_ms, _ in entries) + later_ms)
    assert rate is None or rate >= 0
    assert len(cost.recent) <= RECENT_MINUTES
