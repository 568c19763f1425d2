"""What is remembered of roads that did not do."""

from __future__ import annotations

from sentra_tui.domain.roads import Reason, Road
from sentra_tui.protocol.road_book import LONGEST, RoadBook

ROADS = (Road.WEBRTC, Road.TURN, Road.WEBSOCKET, Road.HTTP)


def test_a_road_that_failed_is_passed_over_until_its_time_has_come() -> None:
    book = RoadBook(60_000)
    book.failed(Road.WEBRTC, Reason.UDP_BLOCKED, 0)
    assert book.open(ROADS, 59_999) == [Road.TURN, Road.WEBSOCKET, Road.HTTP]
    assert book.open(ROADS, 60_000) == list(ROADS)


def test_each_failure_makes_the_wait_longer_up_to_a_limit() -> None:
    book = RoadBook(60_000)
    now_ms = 0
    waits = []
    for _ in range(6):
        book.failed(Road.WEBRTC, Reason.UDP_BLOCKED, now_ms)
        better = book.better(ROADS[::3], Road.HTTP)
        assert better is not None
        waits.append((better[1] - now_ms) / 60_000)
        now_ms = better[1]
    assert waits == [1, 2, 4, 8, LONGEST, LONGEST]


def test_two_streams_that_see_the_same_failure_count_once() -> None:
    book = RoadBook(60_000)
    book.failed(Road.WEBRTC, Reason.UDP_BLOCKED, 0)
    book.failed(Road.WEBRTC, Reason.UDP_BLOCKED, 500)
    assert book.better((Road.WEBRTC, Road.HTTP), Road.HTTP) == (Road.WEBRTC, 60_000)


def test_a_road_that_the_server_does_not_offer_is_not_tried_again() -> None:
    book = RoadBook(60_000)
    book.failed(Road.WEBRTC, Reason.NOT_OFFERED, 0)
    assert book.better((Road.WEBRTC, Road.WEBSOCKET), Road.WEBSOCKET) is None
    assert book.open((Road.WEBRTC, Road.WEBSOCKET), 10**9) == [Road.WEBSOCKET]


def test_what_worked_is_forgiven_and_what_the_user_asks_for_again_is_too() -> None:
    book = RoadBook(60_000)
    book.failed(Road.WEBRTC, Reason.UDP_BLOCKED, 0)
    book.worked(Road.WEBRTC)
    assert book.open(ROADS, 1) == list(ROADS)
    book.failed(Road.TURN, Reason.NOT_OFFERED, 0)
    book.forget()
    assert book.open(ROADS, 1) == list(ROADS)


def test_where_every_road_failed_all_are_worth_a_dial() -> None:
    book = RoadBook(60_000)
    for road in ROADS:
        book.failed(road, Reason.SERVER_ERROR, 0)
    assert book.open(ROADS, 1) == list(ROADS)


def test_the_better_road_that_is_due_first_is_tried_first() -> None:
    book = RoadBook(60_000)
    book.failed(Road.WEBRTC, Reason.UDP_BLOCKED, 1_000)
    book.failed(Road.TURN, Reason.TURN_REFUSED, 0)
    assert book.better(ROADS, Road.WEBSOCKET) == (Road.TURN, 60_000)


def test_without_a_probe_a_call_stays_where_it_is() -> None:
    book = RoadBook(0)
    book.failed(Road.WEBRTC, Reason.UDP_BLOCKED, 0)
    assert book.better(ROADS, Road.WEBSOCKET) == (Road.TURN, 0)
    assert book.better((Road.WEBRTC, Road.WEBSOCKET), Road.WEBSOCKET) is None


def test_a_road_that_loses_packets_is_tried_less_often_each_time_although_dials_by_it_come_through() -> None:
    book = RoadBook(1_000)
    waits = []
    for now_ms in range(0, 500_000, 100_000):
        book.failed(Road.WEBRTC, Reason.LOSSY, now_ms)
        better = book.better((Road.WEBRTC, Road.WEBSOCKET), Road.WEBSOCKET)
        assert better is not None
        waits.append(better[1] - now_ms)
        book.worked(Road.WEBRTC)
    assert waits == [1_000, 2_000, 4_000, 8_000, 10_000]
