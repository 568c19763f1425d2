"""Metrics in words and figures, and what the state keeps of them."""

from __future__ import annotations

import pytest

from sentra_tui.domain import changes as c
from sentra_tui.domain.metrics import LOGGED, VALUES_KEPT, WORDS, Metric, Series, figure, unit, worded
from sentra_tui.domain.reduce import reduce
from sentra_tui.domain.reduce.metrics import WIRE_ROWS_KEPT
from sentra_tui.domain.state import AppState, Stream


def after(*changes: c.Change) -> AppState:
    state = AppState()
    for change in (c.StreamAdded("mic"), *changes):
        state = reduce(state, change)
    return state


def mic(*changes: c.Change) -> Stream:
    return after(*changes).streams[0]


def test_names_fit_their_column_and_units_follow_from_names() -> None:
    assert all(len(words) <= 16 for words in WORDS.values())
    assert {unit(metric) for metric in Metric if metric.endswith("_ms")} == {" ms"}
    assert {unit(metric) for metric in Metric if metric.endswith("_share")} == {" %"}
    assert unit(Metric.DISCONNECTS) == ""
    assert set(Metric) > LOGGED


@pytest.mark.parametrize(
    ("metric", "value", "written"),
    [
        (Metric.DIAL_MS, 0.0, "0 ms"),
        (Metric.DIAL_MS, 999.4, "999 ms"),
        (Metric.DIAL_MS, 999.6, "1.00 s"),
        (Metric.DIAL_MS, 9_994.0, "9.99 s"),
        (Metric.DIAL_MS, 62_300.0, "62.3 s"),
        (Metric.DIAL_MS, 99_960.0, "100 s"),
        (Metric.DIAL_MS, 3_600_000.0, "3600 s"),
        (Metric.LOSS_UP_SHARE, 0.0014, "0.1 %"),
        (Metric.LOSS_UP_SHARE, 1.0, "100.0 %"),
        (Metric.RECOVERED_WORDS, 34.0, "34"),
    ],
)
def test_figures_are_short(metric: Metric, value: float, written: str) -> None:
    assert figure(metric, value) == written
    assert len(written) <= 7


def test_an_event_of_the_log_has_words_and_a_figure() -> None:
    assert worded(Metric.DIAL_ANSWER_MS, 120.0) == "offer answered: 120 ms"


def test_a_series_keeps_the_newest_and_counts_all() -> None:
    series = Series(Metric.DIAL_MS)
    assert series.percentile(0.5) == 0
    for number in range(1, 301):
        series = series.with_value(number)
    assert (series.count, series.total, len(series.values)) == (300, 45_150, VALUES_KEPT)
    assert (series.percentile(0.0), series.percentile(0.5), series.percentile(0.95)) == (61, 180, 288)


def test_each_stream_has_a_series_of_its_own() -> None:
    state = after(
        c.MetricMeasured(1, Metric.DIAL_MS, 300.0, "mic"),
        c.MetricMeasured(2, Metric.DIAL_MS, 200.0, "speaker"),
        c.MetricMeasured(3, Metric.DIAL_MS, 100.0, "mic"),
    )
    assert {each.stream: each.values for each in state.metrics} == {"mic": (300.0, 100.0), "speaker": (200.0,)}


def test_the_newest_events_on_the_wire_are_kept() -> None:
    state = after(*(c.WireLogged(number, "mic", False, "event") for number in range(WIRE_ROWS_KEPT + 3)))
    assert len(state.wire) == WIRE_ROWS_KEPT
    assert state.wire[0].at_ms == 3


@pytest.mark.parametrize(
    "over",
    [
        c.StreamReconnecting("mic", 4_000, 1, 5_000, "gone"),
        c.StreamFailed("mic", 4_000, "refused"),
        c.StreamClosed("mic", 4_000),
    ],
)
def test_the_time_that_calls_stood_is_counted_until_each_is_over(over: c.Change) -> None:
    stream = mic(c.StreamConnected("mic", 1_000, "webrtc"), over)
    assert (stream.live_ms, stream.connected_ms) == (3_000, None)
    again = mic(c.StreamConnected("mic", 1_000, "webrtc"), over, over, c.StreamConnected("mic", 9_000, "webrtc"))
    assert (again.live_ms, again.connected_ms) == (3_000, 9_000)


def test_a_session_that_takes_the_place_of_another_goes_on_counting() -> None:
    stream = mic(c.StreamConnected("mic", 1_000, "webrtc"), c.StreamConnected("mic", 61_000, "webrtc"))
    assert (stream.live_ms, stream.connected_ms) == (60_000, 61_000)


def test_an_engine_that_is_lost_ends_the_count() -> None:
    stream = mic(c.StreamConnected("mic", 1_000, "webrtc"), c.ContactHeard("mic", 6_000), c.EngineLost("gone"))
    assert (stream.live_ms, stream.connected_ms) == (5_000, None)
