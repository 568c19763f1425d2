"""Which road a dial takes: orders of what happens in, steps out."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentra_tui.domain.errors import CredentialRefused, TransportError, TransportLost, TransportRefused
from sentra_tui.domain.roads import ANOTHER_ROAD_MAY_DO, Reason, Road, Stage
from sentra_tui.protocol.roads import GiveUp, Patience, RoadRace, Take, Try

ALL = (Road.WEBRTC, Road.WEBSOCKET, Road.HTTP)
PATIENCE = Patience(head_start_ms=1_200, unanswered_ms=3_000)


def lost(reason: Reason) -> TransportLost:
    return TransportLost("lost", reason=reason)


def begun(roads: Sequence[Road] = ALL) -> RoadRace:
    """Return a race whose best road asks the provider at 0."""
    race = RoadRace(roads, PATIENCE)
    race.begin(0)
    race.progressed(roads[0], Stage.ASKED, 0)
    return race


def test_the_best_road_alone_is_tried_while_it_is_quick() -> None:
    race = RoadRace(ALL, PATIENCE)
    assert race.begin(0) == [Try(Road.WEBRTC)]
    race.progressed(Road.WEBRTC, Stage.ASKED, 0)
    race.progressed(Road.WEBRTC, Stage.ANSWERED, 300)
    assert race.tick(1499) == []
    assert race.connected(Road.WEBRTC, 1_499) == [Take(Road.WEBRTC, "")]


def test_a_stuck_road_gets_another_one_beside_it_and_the_first_to_stand_is_taken() -> None:
    race = begun()
    race.progressed(Road.WEBRTC, Stage.ANSWERED, 300)
    assert race.due_ms == 1500
    assert race.tick(1500) == [Try(Road.WEBSOCKET)]
    race.progressed(Road.WEBSOCKET, Stage.ASKED, 1500)
    assert race.connected(Road.WEBSOCKET, 1_700) == [Take(Road.WEBSOCKET, "webrtc: UDP is blocked")]
    assert race.reasons == {Road.WEBRTC: Reason.UDP_BLOCKED}
    assert race.connected(Road.WEBRTC, 1_800) == []


def test_the_head_start_counts_from_the_answer_however_late_that_comes() -> None:
    race = begun()
    race.progressed(Road.WEBRTC, Stage.ANSWERED, 2_900)
    assert race.tick(4_099) == []
    assert race.tick(4_100) == [Try(Road.WEBSOCKET)]


def test_an_offer_that_is_not_answered_gets_another_road_beside_it_and_udp_is_not_blamed() -> None:
    race = begun()
    assert race.tick(2_999) == []
    assert race.tick(3_000) == [Try(Road.WEBSOCKET)]
    assert race.connected(Road.WEBSOCKET, 3_200) == [Take(Road.WEBSOCKET, "webrtc: the server did not answer in time")]
    assert race.reasons == {Road.WEBRTC: Reason.SILENT}


def test_a_way_for_sound_that_opened_is_not_called_blocked_and_gets_time_to_come_through() -> None:
    race = begun()
    race.progressed(Road.WEBRTC, Stage.ANSWERED, 300)
    race.progressed(Road.WEBRTC, Stage.OPEN, 1_400)
    assert race.tick(2_599) == []
    assert race.tick(2_600) == [Try(Road.WEBSOCKET)]
    assert race.connected(Road.WEBSOCKET, 2_800) == [Take(Road.WEBSOCKET, "webrtc: another road was faster")]
    assert race.reasons == {Road.WEBRTC: Reason.OVERTAKEN}


def test_udp_is_not_blamed_where_the_offer_was_answered_only_after_the_next_road_had_begun() -> None:
    race = begun()
    race.tick(3_000)
    race.progressed(Road.WEBSOCKET, Stage.ASKED, 3_000)
    race.progressed(Road.WEBRTC, Stage.ANSWERED, 3_100)
    assert race.connected(Road.WEBSOCKET, 3_150) == [Take(Road.WEBSOCKET, "webrtc: another road was faster")]
    assert race.reasons == {Road.WEBRTC: Reason.OVERTAKEN}


def test_a_server_that_was_asked_a_moment_ago_is_not_called_silent() -> None:
    race = begun((Road.WEBRTC, Road.TURN, Road.WEBSOCKET))
    race.progressed(Road.WEBRTC, Stage.ANSWERED, 300)
    race.tick(1_500)
    race.progressed(Road.TURN, Stage.ASKED, 1_500)
    assert race.failed(Road.WEBRTC, lost(Reason.UDP_BLOCKED), 1_600) == [Try(Road.WEBSOCKET)]
    race.progressed(Road.WEBSOCKET, Stage.ASKED, 1_600)
    race.connected(Road.WEBSOCKET, 1_700)
    assert race.reasons == {Road.WEBRTC: Reason.UDP_BLOCKED, Road.TURN: Reason.OVERTAKEN}


def test_a_stage_that_is_told_again_or_late_gives_no_more_time() -> None:
    race = begun()
    race.progressed(Road.WEBRTC, Stage.OPEN, 400)
    for stage in Stage:
        race.progressed(Road.WEBRTC, stage, 1_000)
    assert race.due_ms == 1_600


def test_nothing_begins_beside_a_road_that_waits_for_the_provider_to_start() -> None:
    race = RoadRace(ALL, PATIENCE)
    race.begin(0)
    assert race.due_ms is None
    assert race.tick(60_000) == []
    race.progressed(Road.WEBRTC, Stage.ASKED, 60_000)
    assert race.tick(63_000) == [Try(Road.WEBSOCKET)]


def test_through_turn_the_next_road_waits_no_longer_for_an_answer_than_from_the_beginning() -> None:
    race = begun((Road.WEBRTC, Road.TURN, Road.WEBSOCKET))
    race.progressed(Road.WEBRTC, Stage.ANSWERED, 300)
    assert race.tick(1_500) == [Try(Road.TURN)]
    assert race.due_ms is None
    race.progressed(Road.TURN, Stage.ASKED, 1_500)
    assert race.tick(2_999) == []
    assert race.tick(3_000) == [Try(Road.WEBSOCKET)]


def test_the_next_road_begins_when_all_that_are_under_way_are_stuck() -> None:
    race = begun((Road.WEBRTC, Road.TURN, Road.WEBSOCKET))
    race.progressed(Road.WEBRTC, Stage.ANSWERED, 300)
    race.tick(1_500)
    race.progressed(Road.TURN, Stage.ASKED, 1_500)
    race.progressed(Road.WEBRTC, Stage.OPEN, 2_500)
    assert race.due_ms == 3_700


def test_which_road_is_better_is_the_profiles_to_say() -> None:
    race = begun((Road.WEBSOCKET, Road.WEBRTC))
    assert race.tick(1_200) == [Try(Road.WEBRTC)]
    assert race.connected(Road.WEBRTC, 1_300) == [Take(Road.WEBRTC, "websocket: the server did not answer in time")]
    assert race.reasons == {Road.WEBSOCKET: Reason.SILENT}


def test_a_better_road_that_stands_after_all_is_no_detour() -> None:
    race = begun()
    race.tick(3_000)
    assert race.connected(Road.WEBRTC, 3_100) == [Take(Road.WEBRTC, "")]
    assert race.reasons == {}


def test_a_road_that_fails_is_followed_by_the_next_at_once() -> None:
    race = begun()
    assert race.failed(Road.WEBRTC, lost(Reason.NOT_OFFERED), 10) == [Try(Road.WEBSOCKET)]
    assert race.connected(Road.WEBSOCKET, 20) == [Take(Road.WEBSOCKET, "webrtc: the server does not offer it")]


def test_http_begins_only_when_nothing_else_is_left() -> None:
    race = begun()
    race.tick(3_000)
    race.progressed(Road.WEBSOCKET, Stage.ASKED, 3_000)
    assert race.due_ms is None
    assert race.tick(99_000) == []
    assert race.failed(Road.WEBSOCKET, lost(Reason.SERVER_ERROR), 99_001) == []
    assert race.failed(Road.WEBRTC, lost(Reason.UDP_BLOCKED), 99_002) == [Try(Road.HTTP)]
    assert race.connected(Road.HTTP, 99_003) == [Take(Road.HTTP, "webrtc: UDP is blocked")]


def test_a_model_that_is_refused_sends_the_call_to_http_past_the_other_realtime_roads() -> None:
    race = begun((Road.WEBRTC, Road.TURN, Road.WEBSOCKET, Road.HTTP))
    error = TransportRefused("no such model", reason=Reason.MODEL_REFUSED)
    assert race.failed(Road.WEBRTC, error, 5) == [Try(Road.HTTP)]


@pytest.mark.parametrize("reason", sorted(set(Reason) - ANOTHER_ROAD_MAY_DO))
def test_what_stands_in_the_way_of_every_road_ends_the_dial_with_its_own_words(reason: Reason) -> None:
    race = begun()
    error = lost(reason)
    assert race.failed(Road.WEBRTC, error, 5) == [GiveUp(error)]
    assert race.tick(9_000) == []


def test_a_refused_key_is_not_tried_at_other_doors() -> None:
    race = begun()
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
    race = begun()
    assert race.failed(Road.WEBRTC, error, 5) == [GiveUp(error)]


def test_when_no_road_does_each_is_named_with_its_cause_and_the_longest_wait_counts() -> None:
    race = begun()
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
    race = begun((Road.WEBSOCKET,))
    error = lost(Reason.SILENT)
    assert race.failed(Road.WEBSOCKET, error, 5) == [GiveUp(error)]


def test_why_a_better_road_is_not_tried_at_all_is_told_too() -> None:
    race = RoadRace(ALL, PATIENCE, {Road.WEBRTC: Reason.UDP_BLOCKED})
    race.begin(0)
    assert race.connected(Road.WEBSOCKET, 50) == [Take(Road.WEBSOCKET, "webrtc: UDP is blocked")]


ORDER = list(Road).index
ROADS = st.sets(st.sampled_from(list(Road)), min_size=1).map(lambda roads: sorted(roads, key=ORDER))
KINDS = st.sampled_from(["tick", "comes on", "stands", "fails"])
EVENT = st.tuples(KINDS, st.integers(0, 3), st.sampled_from(list(Reason)))
EVENTS = st.lists(EVENT)


@given(ROADS, EVENTS)
def test_every_road_is_tried_once_at_most_and_the_dial_ends_once(
    roads: list[Road], events: list[tuple[str, int, Reason]]
) -> None:
    race = RoadRace(roads, Patience(1_000, 2_500))
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
        elif kind == "comes on":
            race.progressed(under_way[which % len(under_way)], list(Stage)[which], now_ms)
            steps = []
        elif kind == "stands":
            steps = race.connected(under_way.pop(which % len(under_way)), now_ms)
        else:
            steps = race.failed(under_way.pop(which % len(under_way)), lost(reason), now_ms)
    assert ends <= 1
    assert tried == [road for road in roads if road in tried]
    assert len(tried) == len(set(tried))


MOMENTS = st.lists(st.tuples(st.integers(0, 2_000), st.integers(0, 3), st.sampled_from(list(Stage))))


@given(ROADS, MOMENTS)
def test_no_road_begins_beside_one_that_just_came_on_and_udp_is_blamed_only_where_ice_is_stuck(
    roads: list[Road], moments: list[tuple[int, int, Stage]]
) -> None:
    race = RoadRace(roads, PATIENCE)
    now_ms = 0
    race.begin(now_ms)
    stages = {roads[0]: (Stage.BEGUN, 0)}
    for later_ms, which, stage in moments:
        now_ms += later_ms
        road = list(stages)[which % len(stages)]
        race.progressed(road, stage, now_ms)
        if stage > stages[road][0]:
            stages[road] = (stage, now_ms)
        for step in race.tick(now_ms):
            assert isinstance(step, Try)
            assert all(at > Stage.BEGUN and now_ms - since_ms >= 1_200 for at, since_ms in stages.values())
            stages[step.road] = (Stage.BEGUN, now_ms)
    *others, last = stages
    race.connected(last, now_ms)
    blamed = {road for road, reason in race.reasons.items() if reason is Reason.UDP_BLOCKED}
    looking = {road for road in others if stages[road][0] is Stage.ANSWERED and now_ms - stages[road][1] >= 1_200}
    assert set(race.reasons) == set(others)
    assert blamed == looking
