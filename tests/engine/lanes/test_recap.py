from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from sentra_tui.domain import changes as c
from sentra_tui.domain.errors import TransportRefused
from sentra_tui.domain.transcript import LineKey
from sentra_tui.domain.usage import Usage
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.lanes.recap import RecapKeeper
from sentra_tui.engine.store import Store
from sentra_tui.engine.tasks import TaskOwner
from tests.engine.lanes.assistants import ScriptedAssistant
from tests.engine.peers import until


class Desk:
    """A keeper of minutes, and what it is told and tells."""

    def __init__(self, assistant: ScriptedAssistant) -> None:
        self.assistant = assistant
        self.store = Store()
        self.tasks = TaskOwner()
        self.bills: list[tuple[str, str, str, Usage]] = []
        self.may_ask = True
        for name in ("mic", "speaker"):
            self.store.publish(c.StreamAdded(name))
        self.keeper = RecapKeeper(
            assistant,
            "small",
            100,
            self.store,
            EngineContext(self.tasks, lambda: 9, self.store.publish),
            lambda *bill: self.bills.append(bill),
            lambda: self.may_ask,
        )

    def say(self, count: int) -> None:
        for number in range(count):
            key = LineKey(1, f"item_{number}")
            self.store.publish(c.TranscriptCommitted("speaker", key, f"{number} {'word ' * 8}", number * 1_000, 0))

    @property
    def log(self) -> list[str]:
        return [row.text for row in self.store.state.log]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk(ScriptedAssistant(lambda request: "the cache is cold"))
    yield made
    await made.keeper.close()
    await made.tasks.close()


async def test_a_short_talk_needs_no_minutes(desk: Desk) -> None:
    desk.say(3)
    assert desk.assistant.requests == []
    assert desk.keeper.summary == ""


async def test_older_lines_of_a_long_talk_are_summarised_by_the_smaller_model_and_billed(desk: Desk) -> None:
    desk.say(12)
    await until(lambda: desk.keeper.summary == "the cache is cold")
    request = desk.assistant.requests[0]
    assert request.model == "small"
    assert "Them: 0 word" in request.full
    assert "Them: 11 word" not in request.full
    assert [bill[1] for bill in desk.bills] == ["minutes"]
    assert "summarised" in desk.log[-1]


async def test_a_failure_leaves_the_minutes_as_they_were_and_is_logged() -> None:
    desk = Desk(ScriptedAssistant(lambda request: TransportRefused("No credit left.")))
    desk.say(12)
    await until(lambda: bool(desk.log))
    assert "No credit left." in desk.log[-1]
    assert desk.keeper.summary == ""
    await desk.tasks.close()


async def test_a_spent_budget_asks_nothing(desk: Desk) -> None:
    desk.may_ask = False
    desk.say(30)
    assert desk.assistant.requests == []
