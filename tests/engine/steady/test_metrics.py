"""What is measured of calls while they run."""

from __future__ import annotations

import pytest

from sentra_tui.domain import changes as c
from sentra_tui.domain.metrics import Metric
from sentra_tui.domain.roads import Road, Stage
from sentra_tui.domain.state import Quality
from sentra_tui.engine.call_observer import CallObserver
from sentra_tui.engine.roads.ports import Dialled
from sentra_tui.engine.steady.metrics import QUALITY_EVERY_MS, MetricsDriver
from sentra_tui.protocol import server_events as s
from sentra_tui.protocol.client_events import ResponseCreate, ResponseParams
from sentra_tui.protocol.objects import Response
from tests.engine.peers import LoopTransport
from tests.engine.steady.watched import Watching

DIALLED = Dialled(LoopTransport(), {})


class Measured(Watching):
    """Two streams that are measured."""

    def __init__(self) -> None:
        super().__init__("mic", "speaker")
        self.mic, self.speaker = self.streams
        self.driver = MetricsDriver(self.streams, self.store, self.context)

    def connect(self, at_ms: int, dial_ms: float = 0.0) -> None:
        self.store.publish(c.StreamConnected("mic", at_ms, "webrtc", dial_ms))
        self.mic.tell(CallObserver.session_began, at_ms, DIALLED, at_ms)

    def look(self, heard_age_s: float, answer_age_s: float | None, now_ms: int) -> None:
        self.mic.tell(CallObserver.looked_after, heard_age_s, answer_age_s, (), now_ms)

    @property
    def values(self) -> dict[Metric, list[float]]:
        values: dict[Metric, list[float]] = {}
        for change in self.told(c.MetricMeasured):
            assert change.stream in ("mic", "speaker")
            values.setdefault(change.metric, []).append(change.value)
        return values


@pytest.fixture
def measured() -> Measured:
    return Measured()


def test_a_dial_is_measured_with_its_phases_of_the_road_that_was_taken(measured: Measured) -> None:
    for road, stage, now_ms in (
        (Road.WEBRTC, Stage.ASKED, 100),
        (Road.WEBSOCKET, Stage.ASKED, 150),
        (Road.WEBRTC, Stage.ANSWERED, 220),
        (Road.WEBSOCKET, Stage.OPEN, 230),
        (Road.WEBRTC, Stage.OPEN, 250),
    ):
        measured.mic.tell(CallObserver.dial_progressed, road, stage, now_ms)
    measured.connect(300, 210.0)
    assert measured.values == {
        Metric.DIAL_MS: [210.0],
        Metric.DIAL_ANSWER_MS: [120],
        Metric.DIAL_PATH_MS: [30],
        Metric.DIAL_CHANNEL_MS: [50],
    }
    assert [(row.source, row.text) for row in measured.store.state.log] == [("mic", "dial: 210 ms")]


def test_a_dial_that_began_anew_is_not_measured_from_the_first(measured: Measured) -> None:
    for stage, now_ms in ((Stage.ASKED, 100), (Stage.ANSWERED, 200), (Stage.ASKED, 5_000), (Stage.ANSWERED, 5_100)):
        measured.mic.tell(CallObserver.dial_progressed, Road.WEBRTC, stage, now_ms)
    measured.connect(5_200)
    assert measured.values == {Metric.DIAL_ANSWER_MS: [100], Metric.DIAL_CHANNEL_MS: [100]}


def test_a_call_that_was_kept_ready_has_no_phases(measured: Measured) -> None:
    measured.mic.tell(CallObserver.dial_progressed, Road.WEBRTC, Stage.OPEN, 100)
    measured.connect(600_000)
    assert measured.values == {}


def test_a_break_is_measured_from_the_last_sign_of_life_to_a_call_that_stands(measured: Measured) -> None:
    measured.connect(1_000)
    measured.look(2.0, None, 12_000)
    measured.store.publish(c.StreamSuspected("mic", 12_500, True, "not heard for 2.5 s"))
    measured.look(6.0, None, 16_000)
    measured.store.publish(c.StreamReconnecting("mic", 16_000, 1, 16_000, "dead"))
    measured.store.publish(c.StreamReconnecting("mic", 17_000, 2, 18_000, "no route"))
    measured.connect(19_000)
    assert measured.values == {
        Metric.DETECTION_MS: [2_500],
        Metric.DISCONNECTS: [1],
        Metric.RECOVERY_MS: [6_500],
        Metric.OUTAGE_MS: [9_000],
    }


def test_answers_that_fail_to_come_are_the_last_sign_where_the_peer_is_still_heard(measured: Measured) -> None:
    measured.connect(1_000)
    measured.look(0.1, 4.0, 12_000)
    measured.store.publish(c.StreamSuspected("mic", 12_000, True))
    assert measured.values == {Metric.DETECTION_MS: [4_000]}


def test_a_suspicion_that_passes_is_no_break(measured: Measured) -> None:
    measured.connect(1_000)
    measured.look(2.5, None, 12_000)
    measured.store.publish(c.StreamSuspected("mic", 12_000, True))
    measured.store.publish(c.StreamSuspected("mic", 12_600, False))
    measured.connect(60_000)
    assert measured.values == {Metric.DETECTION_MS: [2_500]}


def test_a_break_that_the_transport_tells_of_itself_needs_no_suspicion(measured: Measured) -> None:
    measured.connect(1_000)
    measured.look(0.2, None, 5_000)
    measured.store.publish(c.StreamReconnecting("mic", 5_100, 1, 5_200, "closed by the server"))
    measured.connect(5_900)
    assert measured.values == {Metric.DISCONNECTS: [1], Metric.RECOVERY_MS: [800], Metric.OUTAGE_MS: [1_100]}


def test_a_call_that_was_hung_up_has_not_recovered_when_it_is_made_again(measured: Measured) -> None:
    measured.connect(1_000)
    measured.store.publish(c.StreamReconnecting("mic", 5_000, 1, 5_200, "closed"))
    measured.store.publish(c.StreamClosed("mic", 6_000))
    measured.connect(90_000)
    assert measured.values == {Metric.DISCONNECTS: [1]}


def test_quality_is_passed_on_every_few_seconds_without_what_is_not_known(measured: Measured) -> None:
    for at_ms in range(1_000, 1_000 + 2 * QUALITY_EVERY_MS, 1_000):
        measured.store.publish(c.QualityMeasured("mic", at_ms, Quality(round_trip_ms=float(at_ms), loss_up=0.0)))
    assert measured.values == {Metric.ROUND_TRIP_MS: [1_000, 6_000], Metric.LOSS_UP_SHARE: [0, 0]}


def test_a_turn_is_measured_for_the_stream_in_which_it_was_spoken(measured: Measured) -> None:
    for stream in measured.streams:
        stream.tell(CallObserver.session_began, 1, DIALLED, 1_000)
    measured.speaker.tell(CallObserver.event_came, s.InputAudioBufferSpeechStopped("a", 500.0), 1_600)
    measured.speaker.tell(CallObserver.event_came, s.InputAudioBufferCommitted("a"), 1_700)
    asked = ResponseCreate(response=ResponseParams(metadata={"question_id": "speaker.1.a"}))
    measured.mic.tell(CallObserver.event_went, asked, 1_710)
    measured.mic.tell(CallObserver.event_came, s.ResponseCreated(Response("r")), 1_800)
    measured.mic.tell(CallObserver.session_ended, 1, 1_900)
    measured.mic.tell(CallObserver.event_came, s.OutputAudioBufferStarted("r"), 2_000)
    assert measured.told(c.MetricMeasured) == [
        c.MetricMeasured(1_700, Metric.TURN_COMMIT_MS, 200, "speaker"),
        c.MetricMeasured(1_800, Metric.TURN_EVENT_MS, 300, "speaker"),
    ]
