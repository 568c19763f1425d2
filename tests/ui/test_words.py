from __future__ import annotations

import pytest

from sentra_tui.domain.state import AppState, Connection, Quality, Stream
from sentra_tui.domain.usage import BillRow, Cost
from sentra_tui.ui import words


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (Stream("mic"), "○ off"),
        (Stream("mic", connection=Connection.CONNECTING), "◌ connecting"),
        (Stream("mic", connection=Connection.LIVE, contact_at_ms=9_300), "● live 0.5s"),
        (Stream("mic", connection=Connection.LIVE, contact_at_ms=4_000), "◐ weak 6.0s"),
        (Stream("mic", connection=Connection.LIVE, quality=Quality(loss_down=0.2)), "◐ weak 0.0s"),
        (Stream("mic", connection=Connection.LIVE, contact_at_ms=7_900, suspected="deaf"), "◐ weak 2.0s"),
        (Stream("mic", connection=Connection.LIVE, quality=Quality(round_trip_ms=800)), "◐ weak 0.0s"),
        (Stream("mic", connection=Connection.LIVE, transport="http", contact_at_ms=9_300), "● live (http)"),
        (
            Stream("mic", connection=Connection.LIVE, transport="http", quality=Quality(round_trip_ms=800)),
            "● live (http)",
        ),
        (Stream("mic", connection=Connection.RECONNECTING, attempt=3, retry_at_ms=11_200), "↻ reconnecting 3 · in 2 s"),
        (Stream("mic", connection=Connection.RECONNECTING, attempt=3, retry_at_ms=10_000), "↻ reconnecting 3"),
        (Stream("mic", connection=Connection.FAILED, cause="no\npermission"), "✕ failed: no permission"),
    ],
)
def test_each_connection_has_its_word_and_its_sign(stream: Stream, expected: str) -> None:
    word = words.connection_word(stream, 10_000)
    assert f"{word.sign} {word.text}" == expected


@pytest.mark.parametrize(
    ("quality", "expected"),
    [
        (Quality(round_trip_ms=20), "webrtc 20ms ▮▮▮▮"),
        (Quality(round_trip_ms=62), "webrtc 62ms ▮▮▮▯"),
        (Quality(round_trip_ms=62, loss_up=0.03), "webrtc 62ms ▮▮▯▯"),
        (Quality(round_trip_ms=900, loss_up=0.5), "webrtc 900ms ▮▯▯▯"),
        (Quality(round_trip_ms=1900, loss_up=0.5), "webrtc 1900ms"),
        (Quality(), "webrtc"),
    ],
)
def test_the_bars_tell_how_the_call_travels(quality: Quality, expected: str) -> None:
    stream = Stream("mic", connection=Connection.LIVE, transport="webrtc", quality=quality)
    assert words.call_words(AppState(streams=(stream,))) == expected


def test_a_call_that_seems_dead_shows_no_measure_of_the_path_that_it_had() -> None:
    quality = Quality(round_trip_ms=15)
    stream = Stream("mic", connection=Connection.LIVE, transport="webrtc", quality=quality, suspected="No answer.")
    assert words.call_words(AppState(streams=(stream,))) == "webrtc"


def test_streams_that_go_by_different_roads_name_them_all() -> None:
    roads = ("http", "websocket", "http")
    streams = tuple(Stream(f"s{n}", connection=Connection.LIVE, transport=road) for n, road in enumerate(roads))
    assert words.call_words(AppState(streams=streams)) == "http+websocket"


@pytest.mark.parametrize(
    ("bills", "expected"),
    [
        ((), ""),
        ((0.0,), "$0.00"),
        ((0.3, 0.012), "$0.31"),
        ((0.3, None), "$0.30+"),
        ((None,), "$ ?"),
        ((1234.5,), "$1,234"),
    ],
)
def test_what_has_no_price_is_never_shown_as_nothing(bills: tuple[float | None, ...], expected: str) -> None:
    rows = tuple(
        BillRow("mic", "aux", f"model {number}", usd=usd or 0.0, unpriced=usd is None)
        for number, usd in enumerate(bills)
    )
    assert words.cost_words(AppState(cost=Cost(rows))) == expected


@pytest.mark.parametrize(("total_ms", "expected"), [(0, "0:00"), (724_900, "12:04"), (4_324_000, "1:12:04")])
def test_durations_read_as_clocks_do(total_ms: int, expected: str) -> None:
    assert words.duration(total_ms) == expected
