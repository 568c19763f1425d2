from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import catalogue
from bench.catalogue import Figure, UnknownFigure
from bench.family import BenchBroke, measure_apart
from bench.measurement import Measurement, Request, percentile, result

CEILING = Figure(name="lag_ms", group="call", unit="ms", measures="lag", module="none", max=10)
FLOOR = Figure(name="right", group="call", unit="", measures="words", module="none", min=0.6)


def test_each_figure_has_one_goal_and_a_module() -> None:
    for figure in catalogue.figures():
        assert (figure.max is None) != (figure.min is None)
        assert figure.unit
        assert figure.measures


def test_a_group_stands_for_all_its_figures() -> None:
    assert catalogue.select(["call"]) == [figure for figure in catalogue.figures() if figure.group == "call"]
    assert catalogue.select(["all"]) == list(catalogue.figures())


def test_a_figure_named_twice_is_measured_once() -> None:
    assert [figure.name for figure in catalogue.select(["dial_ratio", "call", "dial_ratio"])].count("dial_ratio") == 1


def test_an_unknown_figure_is_an_error() -> None:
    with pytest.raises(UnknownFigure, match="Did you mean call"):
        catalogue.select(["cal"])


@pytest.mark.parametrize(("figure", "value", "met"), [(CEILING, 10, True), (CEILING, 10.1, False), (FLOOR, 0.6, True)])
def test_a_goal_is_met_up_to_its_bound(figure: Figure, value: float, met: bool) -> None:
    assert result(figure, Measurement(value=value)).met is met


def test_no_value_meets_no_goal() -> None:
    told = result(FLOOR, Measurement(value=None, note="there is no sound here"))
    assert (told.met, told.n, told.p50, told.note) == (False, 0, None, "there is no sound here")


def test_a_value_without_trials_is_its_own_only_trial() -> None:
    told = result(CEILING, Measurement(value=0.0, n=50))
    assert (told.n, told.p50, told.p95) == (50, 0.0, 0.0)


def test_a_percentile_lies_between_its_neighbours() -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], 50) == 2.5
    assert percentile([7.0], 95) == 7.0
    assert percentile([], 50) is None


@given(st.lists(st.floats(0, 1e6), min_size=1))
def test_percentiles_do_not_fall_and_stay_within_the_trials(trials: list[float]) -> None:
    told = [percentile(trials, percent) or 0.0 for percent in (0, 50, 95, 100)]
    assert told == sorted(told)
    assert (told[0], told[-1]) == (min(trials), max(trials))


def test_a_measurement_that_breaks_says_so() -> None:
    with pytest.raises(BenchBroke, match="exit status 1"):
        measure_apart("no_such_module", Request(figures=frozenset()))
