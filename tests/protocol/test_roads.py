"""Which road a dial takes: orders of what happens in, steps out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.errors import CredentialRefused, TransportError, TransportLost, TransportRefused
from sentra_tui.domain.roads import ANOTHER_ROAD_MAY_DO, Reason, Road
from sentra_tui.protocol.roads import GiveUp, RoadRace, Take, Try

ALL = (Road.WEBRTC, Road.WEBSOCKET, Road.HTTP)


def lost(reason: Reason) -> TransportLost:
    return TransportLost("lost", reason=reason)


def test_the_best_road_alone_is_tried_while_it_is_quick() -> None:
    race = RoadRace(ALL, 1500)
    assert race.begin(0) == [Try(Road.WEBRTC)]
    assert race.tick(1499) == []
    assert race.connected(Road.WEBRTC) == [Take(Road.WEBRTC, "")]


def test_a_stuck_road_gets_another_one_beside_it_and_the_first_to_stand_is_taken() -> None:
    race = RoadRace(ALL, 1500)
    race.begin(0)
    assert race.tick(1500) == [Try(Road.WEBSOCKET)]
    assert race.connected(Road.WEBSOCKET) == [Take(Road.WEBSOCKET, "webrtc: UDP is blocked")]
    assert race.reasons == {Road.WEBRTC: Reason.UDP_BLOCKED}
    assert race.connected(Road.WEBRTC) == []


def test_which_road_is_better_is_the_profiles_to_say() -> None:
    race = RoadRace((Road.WEBSOCKET, Road.WEBRTC), 1500)
    race.begin(0)
    race.tick(1500)
    assert race.connected(Road.WEBRTC) == [Take(Road.WEBRTC, "websocket: the server did not speak")]
    assert race.reasons == {Road.WEBSOCKET: Reason.SILENT}


def test_a_better_road_that_stands_after_all_is_no_detour() -> None:
    race = RoadRace(ALL, 1500)
    race.begin(0)
    race.tick(1500)
    assert race.connected(Road.WEBRTC) == [Take(Road.WEBRTC, "")]
    assert race.reasons == {}


def test_a_road_that_fails_is_followed_by_the_next_at_once() -> None:
    race = RoadRace(ALL, 1500)
    race.begin(0)
    assert race.failed(Road.WEBRTC, lost(Reason.NOT_OFFERED), 10) == [Try(Road.WEBSOCKET)]
    assert race.connected(Road.WEBSOCKET) == [Take(Road.WEBSOCKET, "webrtc: the server does not offer it")]


def test_http_begins_only_when_nothing_else_is_left() -> None:
    race = RoadRace(ALL, 1500)
    race.begin(0)
    race.tick(1500)
    assert race.due_ms is None
    assert race.tick(99_000) == []
    assert race.failed(Road.WEBSOCKET, lost(Reason.SERVER_ERROR), 99_001) == []
    assert race.failed(Road.WEBRTC, lost(Reason.UDP_BLOCKED), 99_002) == [Try(Road.HTTP)]
    assert race.connected(Road.HTTP) == [Take(Road.HTTP, "webrtc: UDP is blocked")]


def test_a_model_that_is_refused_sends_the_call_to_http_past_the_other_realtime_roads() -> None:
    race = RoadRace((Road.WEBRTC, Road.TURN, Road.WEBSOCKET, Road.HTTP), 1500)
    race.begin(0)
    error = TransportRefused("no such model", reason=Reason.MODEL_REFUSED)
    assert race.failed(Road.WEBRTC, error, 5) == [Try(Road.HTTP)]


@pytest.mark.parametrize("reason", sorted(set(Reason) - ANOTHER_ROAD_MAY_DO))
def test_what_stands_in_the_way_of_every_road_ends_the_dial_with_its_own_words(reason: Reason) -> None:
    race = RoadRace(ALL, 1500)
    race.begin(0)
    error = lost(reason)
    assert race.failed(Road.WEBRTC, error, 5) == [GiveUp(error)]
    assert race.tick(9_000) == []


def test_a_refused_key_is_not_tried_at_other_doors() -> None:
    race = RoadRace(ALL, 1500)
    race.begin(0)
    error = CredentialRefused("no")
    assert race.failed(Road.WEBRTC, error, 5) == [GiveUp(error)]


@pytest.mark.parametrize(
    "error",
    [
        TransportRefused("no such voice", param="session.audio.output.voice", reason=Reason.NOT_OFFERED),
        TransportRefused("too long", param="session.instructions"),
    ],
)
def test_a_session_that_does_not_fit_is_not_taken_to_other_doors(error: TransportRefused) -> None:
    race = RoadRace(ALL, 1500)
    race.begin(0)
    assert race.failed(Road.WEBRTC, error, 5) == [GiveUp(error)]


def test_when_no_road_does_each_is_named_with_its_cause_and_the_longest_wait_counts() -> None:
    race = RoadRace(ALL, 1500)
    race.begin(0)
    race.failed(Road.WEBRTC, lost(Reason.UDP_BLOCKED), 1)
    race.failed(Road.WEBSOCKET, TransportLost("later", retry_after_s=7, reason=Reason.SERVER_ERROR), 2)
    (step,) = race.failed(Road.HTTP, TransportRefused("no", reason=Reason.NOT_OFFERED), 3)
    assert isinstance(step, GiveUp)
    assert isinstance(step.error, TransportLost)
    assert step.error.retry_after_s == 7
    assert step.error.message == (
        "No road leads there (webrtc: UDP is blocked; websocket: server error; http: the server does not offer it)."
    )


def test_a_dial_by_one_road_fails_with_that_roads_own_error() -> None:
    race = RoadRace((Road.WEBSOCKET,), 1500)
    race.begin(0)
    error = lost(Reason.SILENT)
    assert race.failed(Road.WEBSOCKET, error, 5) == [GiveUp(error)]


def test_why_a_better_road_is_not_tried_at_all_is_told_too() -> None:
    race = RoadRace(ALL, 1500, {Road.WEBRTC: Reason.UDP_BLOCKED})
    race.begin(0)
    assert race.connected(Road.WEBSOCKET) == [Take(Road.WEBSOCKET, "webrtc: UDP is blocked")]


ORDER = list(Road).index
ROADS = st.sets(st.sampled_from(list(Road)), min_size=1).map(lambda roads: sorted(roads, key=ORDER))
EVENT = st.tuples(st.sampled_from(["tick", "stands", "fails"]), st.integers(0, 3), st.sampled_from(list(Reason)))
EVENTS = st.lists(EVENT)


@given(ROADS, EVENTS)
def test_every_road_is_tried_once_at_most_and_the_dial_ends_once(
    roads: list[Road], events: list[tuple[str, int, Reason]]
) -> None:
    race = RoadRace(roads, 1000)
    now_ms = 0
    tried: list[Road] = []
    under_way: list[Road] = []
    ends = 0
    steps = race.begin(now_ms)
    for kind, which, reason in [("tick", 0, Reason.OTHER), *events]:
        for step in steps:
            match step:
                case Try(road):
                    assert not ends
                    assert road is not Road.HTTP or not under_way
                    tried.append(road)
                    under_way.append(road)
                case Take(road, _):
                    assert road in tried
                    ends += 1
                case GiveUp(error):
                    assert isinstance(error, TransportError)
                    ends += 1
        now_ms += 600
        if kind == "tick" or not under_way or ends:
            steps = race.tick(now_ms)
        elif kind == "stands":
            steps = race.connected(under_way.pop(which % len(under_way)))
        else:
            steps = race.failed(under_way.pop(which % len(under_way)), lost(reason), now_ms)
    assert ends <= 1
    assert tried == [road for road in roads if road in tried]
    assert len(tried) == len(set(tried))
