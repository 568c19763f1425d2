"""What crosses the wire is told while somebody watches, and not faster than anybody reads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest_asyncio

from sentra_tui.domain import changes as c
from sentra_tui.domain.actions import WatchWire
from sentra_tui.engine.call_observer import CallObserver
from sentra_tui.engine.steady.wire_log import PASSED_OVER, ROWS_A_SECOND, ROWS_AT_ONCE, ROWS_KEPT, WireLogDriver
from sentra_tui.protocol import server_events as s
from sentra_tui.protocol.client_events import ResponseCancel
from tests.engine.peers import until
from tests.engine.steady.watched import Watching


class Tapped(Watching):
    """Two streams whose wires are tapped."""

    def __init__(self) -> None:
        super().__init__("mic", "speaker")
        self.mic, self.speaker = self.streams
        self.driver = WireLogDriver(self.streams, self.store, self.context)

    def commit(self, number: int, now_ms: int) -> None:
        self.mic.tell(CallObserver.event_came, s.InputAudioBufferCommitted(f"item_{number}"), now_ms)

    async def watch(self) -> None:
        """Watch, and wait until all that was kept is told."""
        self.store.dispatch(WatchWire(True))
        await until(lambda: not self.driver._untold)

    @property
    def rows(self) -> list[c.WireLogged]:
        return list(self.told(c.WireLogged))


@pytest_asyncio.fixture
async def tapped() -> AsyncIterator[Tapped]:
    tapped = Tapped()
    yield tapped
    await tapped.context.tasks.close()


async def test_nothing_is_told_before_somebody_watches_and_then_all_that_is_kept(tapped: Tapped) -> None:
    tapped.mic.tell(CallObserver.event_went, ResponseCancel(response_id="resp_1"), 10)
    tapped.speaker.tell(CallObserver.event_came, s.Unknown("rate_limits.updated", "secret words"), 20)
    assert tapped.rows == []
    await tapped.watch()
    assert tapped.rows == [
        c.WireLogged(10, "mic", True, "response.cancel", "response_id resp_1"),
        c.WireLogged(20, "speaker", False, "rate_limits.updated", "type rate_limits.updated, raw 12 chars"),
    ]
    tapped.commit(1, 30)
    assert tapped.rows[-1] == c.WireLogged(30, "mic", False, "input_audio_buffer.committed", "item_id item_1")


async def test_only_the_newest_events_are_kept(tapped: Tapped) -> None:
    for number in range(ROWS_KEPT + 5):
        tapped.commit(number, number)
    await tapped.watch()
    assert [row.detail for row in (tapped.rows[0], tapped.rows[-1])] == [
        "item_id item_5",
        f"item_id item_{ROWS_KEPT + 4}",
    ]


async def test_whoever_watches_again_is_told_what_came_since(tapped: Tapped) -> None:
    await tapped.watch()
    tapped.commit(1, 10)
    tapped.store.dispatch(WatchWire(False))
    tapped.commit(2, 20)
    assert len(tapped.rows) == 1
    await tapped.watch()
    await tapped.watch()
    assert [row.detail for row in tapped.rows] == ["item_id item_1", "item_id item_2"]


async def test_what_comes_while_the_kept_ones_are_told_waits_for_its_turn(tapped: Tapped) -> None:
    for number in range(2 * ROWS_AT_ONCE):
        tapped.commit(number, number)
    tapped.store.dispatch(WatchWire(True))
    await asyncio.sleep(0)
    tapped.commit(ROWS_KEPT, ROWS_KEPT)
    await until(lambda: len(tapped.rows) == 2 * ROWS_AT_ONCE + 1)
    assert [row.at_ms for row in tapped.rows] == [*range(2 * ROWS_AT_ONCE), ROWS_KEPT]


async def test_of_a_burst_the_rest_is_counted_in_one_row(tapped: Tapped) -> None:
    await tapped.watch()
    for number in range(ROWS_A_SECOND + 300):
        tapped.commit(number, 5_000 + number % 900)
    assert len(tapped.rows) == ROWS_A_SECOND
    tapped.mic.tell(CallObserver.looked_after, 0.0, None, (), 6_100)
    assert tapped.rows[-1] == c.WireLogged(6_100, "", False, PASSED_OVER, "300 events in a burst")
    tapped.commit(1, 6_200)
    assert len(tapped.rows) == ROWS_A_SECOND + 2


async def test_the_next_event_says_what_was_passed_over_where_no_call_is_looked_after(tapped: Tapped) -> None:
    await tapped.watch()
    for number in range(ROWS_A_SECOND + 1):
        tapped.commit(number, 5_000)
    tapped.commit(1, 7_000)
    assert [row.event for row in tapped.rows[-2:]] == [PASSED_OVER, "input_audio_buffer.committed"]


async def test_rows_fit_the_pipe(tapped: Tapped) -> None:
    await tapped.watch()
    tapped.mic.tell(CallObserver.event_came, s.ConversationItemAdded(previous_item_id="x" * 100_000), 1)
    assert len(msgspec.json.encode(tapped.rows[0])) < 300
