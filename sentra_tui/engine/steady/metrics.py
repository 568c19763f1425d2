"""Measures the calls while they run: how they are made, break and come back, how turns go, how sound travels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import singledispatchmethod

from sentra_tui.domain import changes as c
from sentra_tui.domain.audio import FrameSpan
from sentra_tui.domain.metrics import LOGGED, Metric, worded
from sentra_tui.domain.roads import Road, Stage
from sentra_tui.domain.state import Quality
from sentra_tui.engine.call_observer import CallObserver
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.roads.ports import Dialled
from sentra_tui.engine.steady.observed import ObservedStream
from sentra_tui.engine.store import Store
from sentra_tui.protocol.client_events import ClientEvent, ResponseCreate
from sentra_tui.protocol.server_events import ServerEvent
from sentra_tui.protocol.turn_timing import SpokenTurns, TurnTiming

QUALITY_EVERY_MS = 5_000
PHASE_MAX_MS = 60_000
"""A call that stands longer than this after its dial was kept ready: that was no phase of the dial."""
HEARD_LATELY_S = 1.0
"""Where the peer was heard later than this before a suspicion, it was answers that failed to come."""
_PHASES = (
    (Metric.DIAL_ANSWER_MS, Stage.ASKED, Stage.ANSWERED),
    (Metric.DIAL_PATH_MS, Stage.ANSWERED, Stage.OPEN),
)

Tell = Callable[[Metric, float, int, str], None]
"""Takes a metric, its value, the moment and the stream."""


class MetricsDriver:
    """Publishes what it measures of each of `streams`."""

    def __init__(self, streams: Sequence[ObservedStream], store: Store, context: EngineContext) -> None:
        self._publish = context.publish
        turns = SpokenTurns()
        self._meters = {stream.name: _CallMeter(stream.name, turns, self._tell) for stream in streams}
        for stream in streams:
            stream.observers.append(self._meters[stream.name])
        store.subscribe(self._hear)

    def _hear(self, change: c.Change) -> None:
        meter = self._meters.get(getattr(change, "stream", ""))
        if meter is not None:
            meter.hear(change)

    def _tell(self, metric: Metric, value: float, at_ms: int, stream: str) -> None:
        self._publish(c.MetricMeasured(at_ms, metric, value, stream))
        if metric in LOGGED:
            self._publish(c.EventLogged(at_ms, stream, worded(metric, value)))


class _CallMeter(CallObserver):
    """Measures the calls of one stream."""

    def __init__(self, stream: str, turns: SpokenTurns, tell: Tell) -> None:
        self._stream = stream
        self._turns = turns
        self._tell_of = tell
        self._stages: dict[Road, dict[Stage, int]] = {}
        self._number = 0
        """The session that takes the stream's sound."""
        self._timing: TurnTiming | None = None
        self._live = False
        self._sign_ms: int | None = None
        """The last sign of life of the newest call, and that before the trouble once there is some."""
        self._broke_ms: int | None = None
        self._quality_ms: int | None = None

    def _tell(self, metric: Metric, value: float, at_ms: int) -> None:
        self._tell_of(metric, value, at_ms, self._stream)

    def dial_progressed(self, road: Road, stage: Stage, now_ms: int) -> None:
        """Remember the moment; an earlier stage than the last is another dial."""
        stages = self._stages.setdefault(road, {})
        if any(known >= stage for known in stages):
            stages.clear()
        stages[stage] = now_ms

    def session_began(self, number: int, dialled: Dialled, now_ms: int) -> None:
        """Time the turns of this call from now on."""
        self._number, transport = number, dialled.transport
        self._timing = TurnTiming(self._stream, number, now_ms, self._turns, words_sound=transport.server_truncates)
        self._tell_phases(self._stages.pop(dialled.road, {}), now_ms)
        self._recovered(now_ms)
        self._sign_ms = now_ms

    def session_ended(self, number: int, now_ms: int) -> None:
        """Nothing is said in it any more; the next one may have begun before."""
        if number == self._number:
            self._timing = None

    def event_came(self, event: ServerEvent, now_ms: int) -> None:
        """Tell what is known now of a turn."""
        if self._timing is None:
            return
        for timed in self._timing.receive(event, now_ms):
            self._tell_of(timed.metric, timed.value_ms, now_ms, timed.stream)

    def event_went(self, event: ClientEvent, now_ms: int) -> None:
        """Know which answers were asked for."""
        if self._timing is not None and isinstance(event, ResponseCreate):
            self._timing.asked(event)

    def looked_after(
        self, heard_age_s: float, answer_age_s: float | None, losses: Sequence[FrameSpan], now_ms: int
    ) -> None:
        """Know when the call gave its last sign of life."""
        if self._broke_ms is None:
            lately = heard_age_s < HEARD_LATELY_S and answer_age_s is not None
            age_s = answer_age_s if lately and answer_age_s is not None else heard_age_s
            self._sign_ms = now_ms - round(age_s * 1000)

    @singledispatchmethod
    def hear(self, change: c.Change) -> None:
        """Take what happened to the stream; most of it is nothing to measure."""

    @hear.register
    def _suspected(self, change: c.StreamSuspected) -> None:
        if not change.suspected:
            self._broke_ms = None
        elif self._broke_ms is None and self._sign_ms is not None:
            self._broke_ms = change.at_ms
            self._tell(Metric.DETECTION_MS, max(0, change.at_ms - self._sign_ms), change.at_ms)

    @hear.register
    def _reconnecting(self, change: c.StreamReconnecting) -> None:
        if self._live:
            self._live = False
            self._broke_ms = change.at_ms if self._broke_ms is None else self._broke_ms
            self._tell(Metric.DISCONNECTS, 1, change.at_ms)

    @hear.register
    def _connected(self, change: c.StreamConnected) -> None:
        self._live = True
        if change.dial_ms > 0:
            self._tell(Metric.DIAL_MS, change.dial_ms, change.at_ms)
        self._recovered(change.at_ms)

    @hear.register(c.StreamFailed)
    @hear.register(c.StreamClosed)
    def _over(self, change: c.StreamFailed | c.StreamClosed) -> None:
        self._live = False
        self._broke_ms = self._sign_ms = None

    @hear.register
    def _travels(self, change: c.QualityMeasured) -> None:
        if self._quality_ms is not None and 0 <= change.at_ms - self._quality_ms < QUALITY_EVERY_MS:
            return
        self._quality_ms = change.at_ms
        for metric, value in _figures(change.quality):
            if value is not None:
                self._tell(metric, value, change.at_ms)

    def _tell_phases(self, stages: dict[Stage, int], now_ms: int) -> None:
        ended_ms = stages.get(Stage.OPEN, stages.get(Stage.ANSWERED))
        if ended_ms is None or now_ms - ended_ms > PHASE_MAX_MS:
            return
        for metric, first, last in _PHASES:
            if first in stages and last in stages:
                self._tell(metric, max(0, stages[last] - stages[first]), now_ms)
        self._tell(Metric.DIAL_CHANNEL_MS, max(0, now_ms - ended_ms), now_ms)

    def _recovered(self, now_ms: int) -> None:
        broke_ms, self._broke_ms = self._broke_ms, None
        if broke_ms is None:
            return
        self._tell(Metric.RECOVERY_MS, max(0, now_ms - broke_ms), now_ms)
        if self._sign_ms is not None:
            self._tell(Metric.OUTAGE_MS, max(0, now_ms - self._sign_ms), now_ms)


def _figures(quality: Quality) -> tuple[tuple[Metric, float | None], ...]:
    return (
        (Metric.ROUND_TRIP_MS, quality.round_trip_ms),
        (Metric.JITTER_MS, quality.jitter_ms),
        (Metric.LOSS_UP_SHARE, quality.loss_up),
        (Metric.LOSS_DOWN_SHARE, quality.loss_down),
        (Metric.PLAYOUT_MS, quality.playout_ms),
        (Metric.REPAIRED_SHARE, quality.repaired),
        (Metric.CONCEALED_SHARE, quality.concealed),
    )
