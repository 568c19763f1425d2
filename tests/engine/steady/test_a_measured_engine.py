"""An engine as it is put together measures its calls, and tells of its wire without a word of the talk."""

from __future__ import annotations

from pathlib import Path

from sentra_tui.domain import changes as c
from sentra_tui.domain.actions import SayText, WatchWire
from sentra_tui.domain.metrics import Metric
from sentra_tui.domain.state import AnswerStatus, AppState, Lane
from tests.engine.process import EngineProcess

TYPED = "the verysecretzebra eats grass"


def answered(state: AppState) -> bool:
    return any(answer.status is AnswerStatus.COMPLETED for answer in state.lane(Lane.AUX))


async def test_dials_are_measured_and_the_wire_is_told_without_words(tmp_path: Path) -> None:
    engine = await EngineProcess.start(tmp_path, "--mic=none", "--speaker=none")
    await engine.until_live("mic")
    engine.send(SayText(TYPED))
    state = await engine.until(answered)
    assert not state.wire
    engine.send(WatchWire(True))
    state = await engine.until(lambda state: any(row.event == "response.done" for row in state.wire))
    await engine.stop()
    assert {row.event for row in state.wire} >= {"session.created", "conversation.item.create", "response.create"}
    assert {row.outgoing for row in state.wire if row.event == "response.create"} == {True}
    told = repr(engine.told(c.WireLogged))
    assert "verysecretzebra" not in told
    assert state.lane(Lane.AUX)[0].text not in told
    measured = {each.metric: each.values[0] for each in state.metrics if each.stream == "mic"}
    phases = (Metric.DIAL_ANSWER_MS, Metric.DIAL_PATH_MS, Metric.DIAL_CHANNEL_MS)
    assert 0 < sum(measured[phase] for phase in phases) <= measured[Metric.DIAL_MS] + 5
