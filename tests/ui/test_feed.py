from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import pairwise

from sentra_tui.domain import changes as c
from sentra_tui.domain.actions import RetryNow
from sentra_tui.domain.state import AppState
from sentra_tui.ui.feed import CHANGES_IN_A_ROW, FRAME_S, Feed
from tests.ui.replay import ReplayLink
from tests.ui.scenes import in_call, key


async def run_until_idle(feed: Feed, link: ReplayLink) -> None:
    reader = asyncio.create_task(feed.read(link))
    while not link.is_played:
        await asyncio.sleep(0)
    await link.close()
    await reader


async def test_changes_are_reduced_in_order_and_many_leave_room_for_others() -> None:
    link = ReplayLink([c.StreamAdded("mic")])
    count = 4 * CHANGES_IN_A_ROW
    link.play(*(c.TranscriptExtended("mic", key("a"), n, "x") for n in range(count)))
    feed = Feed(lambda: 0.0)
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    await run_until_idle(feed, link)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    stream = feed.state.stream("mic")
    assert stream is not None
    assert [line.text for line in stream.transcript] == ["x" * count]
    assert turns >= 4


async def test_every_text_is_clean_before_it_is_kept() -> None:
    link = ReplayLink([c.StreamAdded("mic"), c.SourceOpened("mic", "a\x1b[31mb"), c.Noticed("error", "x\x9by", "\x07")])  # type: ignore[arg-type]
    feed = Feed(lambda: 0.0)
    await run_until_idle(feed, link)
    assert feed.state.streams[0].source.label == "a␛[31mb"
    assert (feed.state.notices[0].text, feed.state.notices[0].hint) == ("x\ufffdy", "␇")


async def test_a_burst_of_changes_is_drawn_once_and_the_newest_state_wins() -> None:
    link = ReplayLink(in_call())
    feed = Feed(lambda: 0.0)
    drawn: list[AppState] = []

    def show(state: AppState, now_ms: int) -> bool:
        drawn.append(state)
        return True

    painter = asyncio.create_task(feed.draw(show))
    await run_until_idle(feed, link)
    while drawn[-1:] != [feed.state]:
        await asyncio.sleep(0.01)
    painter.cancel()
    with suppress(asyncio.CancelledError):
        await painter
    assert len(drawn) <= 3


class Drawing:
    """Reads a link and draws its feed while the block runs, and keeps when it drew."""

    def __init__(self) -> None:
        self.link = ReplayLink([c.StreamAdded("mic")])
        self.at_s: list[float] = []
        self.drawn = asyncio.Event()
        self._feed = Feed(lambda: 0.0)

    def _show(self, state: AppState, now_ms: int) -> bool:
        self.at_s.append(asyncio.get_running_loop().time())
        self.drawn.set()
        return True

    async def __aenter__(self) -> Drawing:
        self._reader = asyncio.create_task(self._feed.read(self.link))
        self._painter = asyncio.create_task(self._feed.draw(self._show))
        await asyncio.sleep(3 * FRAME_S)
        self.at_s.clear()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._painter.cancel()
        with suppress(asyncio.CancelledError):
            await self._painter
        await self.link.close()
        await self._reader

    def gaps_s(self) -> list[float]:
        return [after - before for before, after in pairwise(self.at_s)]


async def test_levels_alone_wait_for_their_frame() -> None:
    async with Drawing() as drawing:
        for number in range(100):
            drawing.link.play(c.LevelMeasured("mic", number, -20, -10))
            await asyncio.sleep(0.003)
    assert min(drawing.gaps_s()) >= FRAME_S * 0.99


async def test_words_are_drawn_twenty_times_a_second_at_most() -> None:
    async with Drawing() as drawing:
        for number in range(100):
            drawing.link.play(c.TranscriptExtended("mic", key("a"), number, "x"))
            await asyncio.sleep(0.003)
    assert len(drawing.at_s) <= (drawing.at_s[-1] - drawing.at_s[0]) / FRAME_S + 2


async def test_a_word_may_have_its_frame_sooner_than_a_level() -> None:
    async with Drawing() as drawing:
        for number in range(20):
            drawing.link.play(c.LevelMeasured("mic", number, -20, -10))
            drawing.drawn.clear()
            await drawing.drawn.wait()
            drawing.link.play(c.LineOpened("mic", key(str(number)), number))
            drawing.drawn.clear()
            await drawing.drawn.wait()
            await asyncio.sleep(2 * FRAME_S)
    assert min(drawing.gaps_s()) < FRAME_S


async def test_what_was_not_all_shown_is_shown_again_in_the_next_frame() -> None:
    feed = Feed(lambda: 0.0)
    shown = asyncio.Event()
    calls: list[int] = []

    def show(state: AppState, now_ms: int) -> bool:
        calls.append(now_ms)
        if len(calls) == 3:
            shown.set()
        return shown.is_set()

    painter = asyncio.create_task(feed.draw(show))
    await asyncio.wait_for(shown.wait(), 10)
    painter.cancel()
    with suppress(asyncio.CancelledError):
        await painter


async def test_the_engines_clock_follows_the_change_that_was_the_least_late() -> None:
    now_s = 100.0
    feed = Feed(lambda: now_s)
    link = ReplayLink([c.EngineStarted("1", 0.0, "local"), c.ContactHeard("mic", 500), c.ContactHeard("mic", 200)])
    await run_until_idle(feed, link)
    assert feed.now_ms == 500
    now_s = 101.0
    assert feed.now_ms == 1_500


async def test_actions_go_to_the_link_and_nowhere_before_there_is_one() -> None:
    feed = Feed(lambda: 0.0)
    feed.send(RetryNow())
    link = ReplayLink()
    await run_until_idle(feed, link)
    feed.send(RetryNow())
    assert link.actions == [RetryNow()]
    await feed.close()
    assert link.closed == 2
