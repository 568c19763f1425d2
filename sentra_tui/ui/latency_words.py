"""How each call travels, how it was made and kept, and how long its turns took: the latency page of the log screen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from textual.content import Content

from sentra_tui.domain.metrics import WORDS, Metric, Series, figure
from sentra_tui.domain.state import AppState, Connection, Quality, Stream
from sentra_tui.domain.text import clean_line
from sentra_tui.ui.sparkline import sparkline
from sentra_tui.ui.words import duration

Part: TypeAlias = str | tuple[str, str]
NAME_CELLS = 16
FIGURE_CELLS = 8
COUNT_CELLS = 4
BARS_MAX = 24
BARS_MIN = 4
"""Where there is room for fewer bars, there are none."""
NOT_LISTED = frozenset({Metric.DISCONNECTS})
"""Said in words: a list of ones tells nothing."""
MS_AN_HOUR = 3_600_000
RATE_FROM_MS = 600_000
"""So long a stream must have been live before a rate says anything."""
_BETWEEN = " · "


def latency_listing(state: AppState, now_ms: int, width: int) -> Content:
    """Return what is known of every stream's calls, in rows of at most `width` cells where that is possible."""
    parts: list[Part] = []
    for stream in state.streams:
        series = tuple(each for each in state.metrics if each.stream == stream.name)
        transport = f" · {clean_line(stream.transport, 20)}" if stream.transport else ""
        parts.append((f"{stream.name} · {stream.connection.value}{transport}\n", "bold"))
        if stream.detour:
            parts.append((f"not {clean_line(stream.detour, 80)}\n", "$warning"))
        for facts in (_session(stream, now_ms), _kept(stream, series, now_ms), _quality(stream.quality)):
            parts += [f"{line}\n" for line in _lines(facts, width)]
        parts += [*_table(series, width), "\n"]
    parts += _table(tuple(each for each in state.metrics if not each.stream), width)
    return Content.assemble(*parts).rstrip()


def _lines(facts: Iterable[str], width: int) -> list[str]:
    """Return the facts, as many on a line as it has room for: a figure is never parted from its unit."""
    lines: list[str] = []
    for fact in facts:
        if lines and len(lines[-1]) + len(_BETWEEN) + len(fact) <= width:
            lines[-1] += _BETWEEN + fact
        else:
            lines.append(fact)
    return lines


def _session(stream: Stream, now_ms: int) -> Iterable[str]:
    if stream.connected_ms is None:
        return
    yield f"session {duration(now_ms - stream.connected_ms)} old"
    if stream.ends_ms is not None:
        yield f"ends in {duration(stream.ends_ms - now_ms)}"


def _kept(stream: Stream, series: Iterable[Series], now_ms: int) -> Iterable[str]:
    """Say how often the calls broke, and what of the words came back."""
    by_metric = {each.metric: each for each in series}
    live_ms = stream.live_ms + (0 if stream.connected_ms is None else max(0, now_ms - stream.connected_ms))
    breaks, words = by_metric.get(Metric.DISCONNECTS), by_metric.get(Metric.RECOVERED_WORDS)
    if breaks is not None and live_ms:
        count = round(breaks.total)
        rate = f", {breaks.total * MS_AN_HOUR / live_ms:.1f} an hour" if live_ms >= RATE_FROM_MS else ""
        yield f"{count} {'break' if count == 1 else 'breaks'}{rate}"
    elif stream.connection is Connection.LIVE:
        yield "no break"
    if words is not None:
        yield f"{words.total:.0f} words recovered"
    if stream.recovering_ms:
        yield f"{duration(stream.recovering_ms)} of sound to write down"


def _quality(quality: Quality) -> Iterable[str]:
    """Return the newest second, as far as it is known."""
    figures = (
        ("now: round trip", Metric.ROUND_TRIP_MS, quality.round_trip_ms),
        ("jitter", Metric.JITTER_MS, quality.jitter_ms),
        ("lost up", Metric.LOSS_UP_SHARE, quality.loss_up),
        ("lost down", Metric.LOSS_DOWN_SHARE, quality.loss_down),
        ("playout", Metric.PLAYOUT_MS, quality.playout_ms),
        ("repaired", Metric.REPAIRED_SHARE, quality.repaired),
        ("made up", Metric.CONCEALED_SHARE, quality.concealed),
    )
    return (f"{name} {figure(metric, value)}" for name, metric, value in figures if value is not None)


def _table(series: Iterable[Series], width: int) -> list[Part]:
    listed = {each.metric: each for each in series if each.values and each.metric not in NOT_LISTED}
    if not listed:
        return []
    bars = min(BARS_MAX, width - NAME_CELLS - 3 * FIGURE_CELLS - COUNT_CELLS - 1)
    heads = "".join(head.rjust(FIGURE_CELLS) for head in ("newest", "p50", "p95"))
    rows: list[Part] = [(f"{'':{NAME_CELLS}}{heads}{'n':>{COUNT_CELLS}}\n", "$muted")]
    for metric in Metric:
        if metric in listed:
            rows += _row(listed[metric], bars)
    return rows


def _row(series: Series, bars: int) -> Iterable[Part]:
    figures = (series.values[-1], series.percentile(0.5), series.percentile(0.95))
    written = "".join(figure(series.metric, value).rjust(FIGURE_CELLS) for value in figures)
    yield WORDS[series.metric].ljust(NAME_CELLS), "$muted"
    yield f"{written}{_count(series.count):>{COUNT_CELLS}}"
    if bars >= BARS_MIN:
        yield f" {sparkline(series.values, bars)}", "$accent"
    yield "\n"


def _count(count: int) -> str:
    return str(count) if count < 1_000 else f"{count // 1000}k"
