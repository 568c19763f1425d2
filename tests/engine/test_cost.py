"""The bill, its limits, and calls that nobody speaks in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from sentra_tui.domain import actions as a
from sentra_tui.domain import changes as c
from sentra_tui.domain.config import CostConfig
from sentra_tui.domain.prices import ModelPrice, Prices, Rates
from sentra_tui.domain.state import Connection
from sentra_tui.domain.transcript import LineKey
from sentra_tui.domain.usage import Usage
from sentra_tui.engine.clock import EngineClock
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.cost import CostMeter
from sentra_tui.engine.store import Store
from sentra_tui.engine.tasks import TaskOwner

PRICES = Prices(
    models={
        "dollar": ModelPrice(text=Rates(input=1_000_000.0)),
        "hourglass": ModelPrice(per_minute=1.0, per_second=True),
    }
)
ONE_DOLLAR = Usage(text_in=1)
IDLE_MINUTES = 0.001


class Talk:
    """A store whose streams hang up when they are told to, and all that happened."""

    def __init__(self) -> None:
        self.store = Store()
        self.tasks = TaskOwner()
        self.clock = EngineClock()
        self.changes: list[c.Change] = []
        self.spoken: list[bool] = []
        self.store.subscribe(self.changes.append)
        self.store.handle(a.HangUp, lambda action: self.publish(c.StreamClosed(action.stream, self.clock.now_ms())))
        self.store.handle(a.SetVoice, lambda action: self.spoken.append(action.on))
        for name in ("mic", "speaker"):
            self.publish(c.StreamAdded(name))
            self.connect(name)

    def publish(self, change: c.Change) -> None:
        self.store.publish(change)

    def connect(self, name: str) -> None:
        self.publish(c.StreamConnected(name, self.clock.now_ms(), "webrtc"))

    def meter(self, config: CostConfig, spent_usd: float = 0.0) -> CostMeter:
        context = EngineContext(self.tasks, self.clock.now_ms, self.store.publish)
        return CostMeter(self.store, PRICES, config, context, spent_usd=spent_usd)

    @property
    def notices(self) -> list[str]:
        return [change.text for change in self.changes if isinstance(change, c.Noticed)]

    @property
    def live(self) -> list[str]:
        return [stream.name for stream in self.store.state.streams if stream.connection is Connection.LIVE]


@pytest_asyncio.fixture
async def talk() -> AsyncIterator[Talk]:
    talk = Talk()
    yield talk
    await talk.tasks.close()


async def settled() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_what_is_counted_is_priced_and_told(talk: Talk) -> None:
    meter = talk.meter(CostConfig())
    meter.meter("mic", "aux", "dollar", ONE_DOLLAR)
    meter.meter("", "main", "dollar", ONE_DOLLAR)
    assert talk.store.state.cost.usd == 2.0
    assert [(row.stream, row.lane) for row in talk.store.state.cost.rows] == [("mic", "aux"), ("", "main")]
    assert talk.notices == []


async def test_a_model_without_a_price_is_told_once_and_never_free(talk: Talk) -> None:
    meter = talk.meter(CostConfig())
    for _ in range(3):
        meter.meter("mic", "aux", "novelty", ONE_DOLLAR)
    assert [change.usd for change in talk.changes if isinstance(change, c.Billed)] == [None, None, None]
    assert talk.store.state.cost.unpriced == ("novelty",)
    assert [text for text in talk.notices if "novelty" in text] == talk.notices
    assert len(talk.notices) == 1


async def test_the_soft_budget_saves_money_and_hangs_nothing_up(talk: Talk) -> None:
    meter = talk.meter(CostConfig(soft_usd=2.0))
    meter.start({})
    meter.meter("mic", "aux", "dollar", ONE_DOLLAR)
    await settled()
    assert talk.spoken == []
    for _ in range(3):
        meter.meter("mic", "aux", "dollar", ONE_DOLLAR)
        await settled()
    assert talk.store.state.economy
    assert talk.spoken == [False]
    assert len(talk.notices) == 1
    assert talk.live == ["mic", "speaker"]
    assert meter.connects_allowed()


async def test_the_hard_budget_is_said_and_then_every_call_ends(talk: Talk) -> None:
    meter = talk.meter(CostConfig(hard_usd=5.0))
    meter.start({})
    for _ in range(4):
        meter.meter("mic", "aux", "dollar", ONE_DOLLAR)
        await settled()
    assert len(talk.notices) == 1
    assert "near" in talk.notices[0]
    assert talk.live == ["mic", "speaker"]
    meter.meter("mic", "aux", "dollar", ONE_DOLLAR)
    assert not meter.connects_allowed()
    await settled()
    assert talk.live == []
    ends = [type(change) for change in talk.changes[-3:]]
    assert ends == [c.Noticed, c.StreamClosed, c.StreamClosed]


async def test_the_money_of_a_reopened_talk_is_spent(talk: Talk) -> None:
    talk.publish(c.Billed(0, "dollar", ONE_DOLLAR, "mic", "aux", 7.0))
    meter = talk.meter(CostConfig(soft_usd=2.0, hard_usd=5.0))
    meter.start({})
    assert not meter.connects_allowed()
    await settled()
    assert talk.live == []
    assert talk.store.state.economy


@pytest.mark.parametrize("known_usd", [0.0, 4.0])
async def test_what_an_engine_spent_whose_place_this_one_takes_counts_once(talk: Talk, known_usd: float) -> None:
    talk.publish(c.Billed(0, "dollar", ONE_DOLLAR, "mic", "aux", known_usd))
    meter = talk.meter(CostConfig(hard_usd=5.0), spent_usd=4.0)
    meter.start({})
    assert meter.connects_allowed()
    meter.meter("mic", "aux", "dollar", ONE_DOLLAR)
    assert not meter.connects_allowed()


async def test_a_call_that_is_billed_by_time_ends_when_nobody_speaks(talk: Talk) -> None:
    talk.meter(CostConfig(idle_minutes=IDLE_MINUTES)).start({"speaker": ["hourglass"], "mic": ["dollar"]})
    talk.connect("mic")
    talk.connect("speaker")
    async with asyncio.timeout(10):
        while talk.live != ["mic"]:
            await asyncio.sleep(0.005)
    assert "speaker" in talk.notices[0]
    assert len(talk.notices) == 1


async def test_a_call_that_was_hung_up_for_silence_is_watched_again(talk: Talk) -> None:
    talk.meter(CostConfig(idle_minutes=IDLE_MINUTES)).start({"speaker": ["hourglass"]})
    for count in (1, 2):
        talk.connect("speaker")
        async with asyncio.timeout(10):
            while len(talk.notices) < count:
                await asyncio.sleep(0.005)
    assert talk.live == ["mic"]


async def test_words_keep_a_call_that_is_billed_by_time() -> None:
    talk = Talk()
    now = 0
    config = CostConfig(idle_minutes=IDLE_MINUTES)
    meter = CostMeter(talk.store, PRICES, config, EngineContext(talk.tasks, lambda: now, talk.store.publish))
    meter.start({"speaker": ["hourglass"]})
    talk.connect("speaker")
    await settled()
    for now in range(0, 1000, 50):
        talk.publish(c.TranscriptExtended("speaker", LineKey(1, "i"), now, "word "))
        await settled()
    assert talk.live == ["mic", "speaker"]
    now += 60
    async with asyncio.timeout(10):
        while talk.live != ["mic"]:
            await asyncio.sleep(0.005)
    await talk.tasks.close()


async def test_zero_minutes_hang_nothing_up(talk: Talk) -> None:
    talk.meter(CostConfig(idle_minutes=0)).start({"speaker": ["hourglass"]})
    talk.connect("speaker")
    await settled()
    assert talk.live == ["mic", "speaker"]
