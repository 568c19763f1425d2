"""One session after the other, in a time that the test moves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import pairwise

import msgspec
import pytest

from sentra_tui.domain import changes as c
from sentra_tui.domain.audio import FRAME_BYTES
from sentra_tui.domain.metrics import Metric
from sentra_tui.domain.state import MIC, SPEAKER, AnswerStatus, Connection, Lane
from sentra_tui.domain.transcript import LineKey
from sentra_tui.engine.steady.rollover import RolloverDriver
from tests.engine.peers import until
from tests.engine.steady.streams import Streams

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
STEP_MS = 10_000


class Hours(Streams):
    """Sessions of an hour, as long as a provider says nothing else; a frame of sound every ten seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.driver = RolloverDriver(
            self.manager, self.beside, self.store, self.config.reconnect, HOUR_MS, self.context, lambda: 0.5
        )
        self.frames = 0

    async def run_until(self, until_ms: int) -> None:
        while self.now_ms < until_ms:
            self.now_ms += STEP_MS
            self.driver.look()
            await self.hear(self.frames.to_bytes(4, "little") * (FRAME_BYTES // 4))
            self.frames += 1

    def takeovers(self, name: str) -> list[int]:
        return [each.at_ms for each in self.told(c.MetricMeasured) if each.stream == name]

    def heard(self, name: str) -> list[int]:
        """Return the numbers of the frames that the calls of a stream got, call after call."""
        frames = [frame for call in self.calls[name].made for frame in call.heard]
        return [int.from_bytes(frame[:4], "little") for frame in frames]

    def told(self, kind: type[c.MetricMeasured] | type[c.StreamReconnecting]) -> list[c.MetricMeasured]:
        return [each for each in self.changes if isinstance(each, kind)]  # type: ignore[misc]

    def sent(self, name: str, call: int) -> list[str]:
        """Return the types of what a call was told."""
        return [msgspec.json.decode(message)["type"] for message in self.calls[name].made[call].sent]


@pytest.fixture
async def hours() -> AsyncIterator[Hours]:
    streams = Hours()
    await streams.start()
    yield streams
    await streams.close()


async def test_thirty_sessions_follow_one_another_and_no_frame_is_lost_doubled_or_moved(hours: Hours) -> None:
    await hours.run_until(30 * 48 * MINUTE_MS + 10 * MINUTE_MS)
    for name in (MIC, SPEAKER):
        assert len(hours.takeovers(name)) >= 29
        assert hours.heard(name) == list(range(hours.frames))
        calls = hours.calls[name].made
        assert [call.closed for call in calls] == [True] * (len(calls) - 1) + [False]
    measured = hours.told(c.MetricMeasured)
    assert {(each.metric, each.value) for each in measured} == {(Metric.ROLLOVER_GAP_MS, 0.0)}
    assert not hours.told(c.StreamReconnecting)
    moments = sorted(hours.takeovers(MIC) + hours.takeovers(SPEAKER))
    assert min(later - earlier for earlier, later in pairwise(moments)) >= MINUTE_MS - STEP_MS


async def test_a_sentence_and_an_answer_are_let_end_first(hours: Hours) -> None:
    key = LineKey(1, "said")
    hours.store.publish(c.LineOpened(MIC, key, 47 * MINUTE_MS))
    await hours.run_until(50 * MINUTE_MS)
    assert len(hours.calls[MIC].made) == 2
    assert not hours.takeovers(MIC)
    hours.store.publish(c.TranscriptCommitted(MIC, key, "So it is.", 47 * MINUTE_MS, 50 * MINUTE_MS))
    hours.store.publish(c.AnswerStarted("a", Lane.AUX, 50 * MINUTE_MS, "q"))
    await hours.run_until(52 * MINUTE_MS)
    assert not hours.takeovers(MIC)
    hours.store.publish(c.AnswerEnded("a", Lane.AUX, 52 * MINUTE_MS, AnswerStatus.COMPLETED))
    await hours.run_until(53 * MINUTE_MS)
    assert len(hours.takeovers(MIC)) == 1


async def test_what_was_chosen_and_muted_holds_in_the_next_session(hours: Hours) -> None:
    await hours.run_until(47 * MINUTE_MS)
    hours.manager.stream(MIC).set_mute(True)
    hours.manager.stream(MIC).choose(language="de")
    await hours.run_until(51 * MINUTE_MS)
    assert len(hours.takeovers(MIC)) == 1
    state = hours.store.state.stream(MIC)
    assert state is not None and state.muted
    assert hours.manager.stream(MIC).settings.language == "de"
    assert not any(map(any, hours.calls[MIC].made[1].heard))
    assert "session.update" not in hours.sent(MIC, 1), "it was dialled with what was chosen"


async def test_a_choice_that_is_made_while_the_next_session_waits_holds_there_too(hours: Hours) -> None:
    hours.store.publish(c.LineOpened(MIC, LineKey(1, "said"), 47 * MINUTE_MS))
    await hours.run_until(50 * MINUTE_MS)
    hours.manager.stream(MIC).choose(language="de")
    hours.store.publish(c.TranscriptCommitted(MIC, LineKey(1, "said"), "So it is.", 47 * MINUTE_MS, 50 * MINUTE_MS))
    await hours.run_until(52 * MINUTE_MS)
    calls = hours.calls[MIC].made
    assert [call.closed for call in calls] == [True, True, False]
    assert not hours.told(c.StreamReconnecting)


async def test_a_next_session_that_breaks_while_it_waits_is_dialled_anew(hours: Hours) -> None:
    hours.store.publish(c.LineOpened(MIC, LineKey(1, "said"), 47 * MINUTE_MS))
    await hours.run_until(50 * MINUTE_MS)
    hours.calls[MIC].made[1].unheard_s = 60.0
    await hours.run_until(51 * MINUTE_MS)
    assert hours.calls[MIC].made[1].closed
    assert len(hours.calls[MIC].made) == 3


async def test_a_dial_that_fails_is_tried_again(hours: Hours) -> None:
    hours.calls[MIC].failing = 5
    await hours.run_until(52 * MINUTE_MS)
    assert hours.calls[MIC].tried == 1 + 5 + 1
    assert len(hours.takeovers(MIC)) == 1


async def test_a_session_of_another_length_is_followed_by_its_own_clock(hours: Hours) -> None:
    hours.store.publish(c.SessionLimited(MIC, 0, 30 * MINUTE_MS))
    await hours.run_until(26 * MINUTE_MS)
    assert len(hours.takeovers(MIC)) == 1
    assert not hours.takeovers(SPEAKER)


async def test_an_end_that_a_wrong_clock_puts_too_late_is_not_waited_for(hours: Hours) -> None:
    hours.store.publish(c.SessionLimited(MIC, 0, 20 * HOUR_MS))
    await hours.run_until(50 * MINUTE_MS)
    assert len(hours.takeovers(MIC)) == 1


async def test_a_stream_that_is_hung_up_keeps_no_call_beside(hours: Hours) -> None:
    hours.store.publish(c.LineOpened(MIC, LineKey(1, "said"), 47 * MINUTE_MS))
    await hours.run_until(50 * MINUTE_MS)
    hours.manager.stream(MIC).hang_up()
    await hours.run_until(51 * MINUTE_MS)
    await until(lambda: all(call.closed for call in hours.calls[MIC].made))
    assert hours.manager.stream(MIC).call.state is Connection.OFF
