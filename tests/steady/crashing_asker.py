"""Asks the main assistant a question as an engine does, and dies as by `kill -9` where it is told to.

python -m tests.steady.crashing_asker BASE_URL JOURNAL POINT, with the key in ASKER_KEY
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from sentra_tui.domain import changes as c
from sentra_tui.domain.config import MainConfig
from sentra_tui.domain.main_run import RunEnded, RunEvent, RunExtended, RunRef
from sentra_tui.domain.ports import MainAssistant, StoredRun
from sentra_tui.domain.provider_config import ProviderProfile
from sentra_tui.domain.question import Question
from sentra_tui.domain.secret import Secret
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.journal import JournalDriver, TalkWish
from sentra_tui.engine.lanes.main_lane import MainLane
from sentra_tui.engine.store import Store
from sentra_tui.engine.tasks import TaskOwner
from sentra_tui.services.openai.client import ApiClient
from sentra_tui.services.openai.endpoint import Endpoint
from sentra_tui.services.openai.main.main_assistant import main_assistant
from sentra_tui.services.storage.journal import SqliteJournal

BEFORE_THE_POST, NAMED, WORDS, ENDED = "before the post", "named", "words", "ended"
STARTED_AT = 1_000.0


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class MortalRunBook:
    """Writes runs down, and dies after the step that it is told."""

    def __init__(self, journal: JournalDriver, point: str) -> None:
        self._journal = journal
        self._point = point

    async def run_opened(self, run: StoredRun) -> None:
        await self._journal.run_opened(run)
        if self._point == BEFORE_THE_POST:
            die()

    async def run_named(self, answer_id: str, ref: RunRef) -> None:
        await self._journal.run_named(answer_id, ref)
        if self._point == NAMED:
            die()


class MortalAssistant:
    """Passes on what another assistant tells, and dies in place of the event that it is told."""

    def __init__(self, assistant: MainAssistant, point: str) -> None:
        self._assistant = assistant
        self._point = point
        self.name = assistant.name
        self.adopt = assistant.adopt
        self.cancel = assistant.cancel
        self.resume = assistant.resume
        self.close = assistant.close
        self._deadly: dict[str, type[RunEvent]] = {WORDS: RunExtended, ENDED: RunEnded}

    async def ask(self, request):  # type: ignore[no-untyped-def]
        async for event in self._assistant.ask(request):
            if isinstance(event, self._deadly.get(self._point, type(None))):
                die()
            yield event


class Asker:
    """The part of an engine that asks main questions, with a journal, and the talk that it found there."""

    def __init__(self, lane: MainLane, store: Store, journal: JournalDriver) -> None:
        self.lane = lane
        self.store = store
        self.journal = journal
        self.runs: tuple[StoredRun, ...] = ()


@asynccontextmanager
async def asker(base_url: str, key: str, journal_path: Path, point: str = "") -> AsyncIterator[Asker]:
    """Open the journal, and go on with what another process left there."""
    store, tasks = Store(), TaskOwner()
    client = ApiClient(Endpoint(base_url, label="The server"))
    journal = JournalDriver(SqliteJournal(journal_path), store, wall=lambda: STARTED_AT)
    profile = ProviderProfile(main="responses_background")
    log: Callable[[str], None] = lambda text: store.publish(c.EventLogged(0, "main", text))  # noqa: E731
    assistant = main_assistant(profile, client, lambda: Secret(key), MainConfig(poll_s=0.1), log)
    context = EngineContext(tasks, lambda: 0, store.publish)
    mortal, book = MortalAssistant(assistant, point), MortalRunBook(journal, point)
    lane = MainLane([mortal], MainConfig(), store, context, book, lambda *of: None)
    made = Asker(lane, store, journal)
    talk = await journal.open(TalkWish(provider="house", started_at=STARTED_AT, resumed=True))
    journal.start(0)
    if talk is not None:
        made.runs = tuple(talk.runs)
        for run in talk.runs:
            lane.resume(run)
    try:
        yield made
    finally:
        await lane.close()
        await journal.close()
        await tasks.close()
        await client.close()


async def ask_and_die(base_url: str, key: str, journal_path: Path, point: str) -> None:
    async with asker(base_url, key, journal_path, point) as made:
        made.store.publish(c.QuestionRaised("q1", 0, "What is a cache?"))
        over = asyncio.Event()
        made.lane.ask(Question("q1", 0, "What is a cache?", ""), "", "sentra-local-text", over.set)
        await over.wait()


if __name__ == "__main__":
    asyncio.run(ask_and_die(sys.argv[1], os.environ["ASKER_KEY"], Path(sys.argv[2]), sys.argv[3]))
