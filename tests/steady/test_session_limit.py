"""Sessions that end: an engine whose provider ends each after a few seconds, as others do after an hour."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from sentra_tui.domain import changes as c
from sentra_tui.domain.metrics import Metric
from tests.steady.tally import complete, tallies
from tests.steady.world import world

LASTS_S = 16
UTTERANCES = 9
APART_MS = 0.7 * LASTS_S * 1000 / 20
"""Two streams keep apart by a twentieth of a session; the engine looks ten times a second, a busy one less often."""


@pytest.mark.row(8)
@pytest.mark.timeout(120)
async def test_sessions_are_followed_before_they_end_and_no_word_is_lost_or_doubled(tmp_path: Path) -> None:
    async with world(tmp_path, {"sessions": [{"expire_after_s": LASTS_S}]}) as place:
        arguments, said = place.talk(UTTERANCES, blocks=4, pause_ms=3_400)
        engine = await place.engine(*arguments)
        state = await engine.until(lambda state: complete(state, said), 90)
        assert all(tally.flawless for tally in tallies(state, said).values())
        gaps = [each for each in engine.told(c.MetricMeasured) if each.metric is Metric.ROLLOVER_GAP_MS]
        assert await engine.stop() == 0
    for stream in said:
        assert len([each for each in gaps if each.stream == stream]) >= 2
    assert {each.value for each in gaps} == {0.0}
    moments = sorted((each.at_ms, each.stream) for each in gaps)
    for (earlier, one), (later, other) in pairwise(moments):
        assert one == other or later - earlier >= APART_MS
    assert not engine.told(c.StreamReconnecting)
    assert not any("longest duration" in notice.text for notice in state.notices)
    told = [each.text for each in engine.told(c.EventLogged) if each.source == "history"]
    assert any("a new session is told" in text for text in told)
