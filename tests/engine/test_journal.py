"""The journal's driver, with a real journal."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from sentra_tui.domain import changes as c
from sentra_tui.domain.main_run import RunRef
from sentra_tui.domain.ports import StoredRun, Talk
from sentra_tui.domain.state import AnswerStatus, Lane
from sentra_tui.domain.transcript import LineKey
from sentra_tui.domain.usage import Usage
from sentra_tui.engine.journal import JournalDriver, TalkWish
from sentra_tui.engine.store import Store
from sentra_tui.services.storage.journal import SqliteJournal

FIRST = TalkWish(provider="local", started_at=1_000.0, reopen_hours=12.0)
LATER = TalkWish(provider="local", started_at=2_000.0, reopen_hours=12.0)
RESUMED = TalkWish(provider="local", started_at=1_000.0, resumed=True, reopen_hours=12.0)
NEW = TalkWish(provider="local", started_at=2_000.0, new=True, reopen_hours=12.0)
LINE = c.TranscriptCommitted("mic", LineKey(1, "item"), "words", 10, 20)
RUN = StoredRun("main1", "q1", 30)
REF = RunRef("responses", "resp_1")


class Desk:
    """A store with a journal, and what its listeners were told."""

    def __init__(self, path: Path, wall_s: float) -> None:
        self.store = Store()
        self.journal = SqliteJournal(path, wall=lambda: wall_s)
        self.driver = JournalDriver(self.journal, self.store, wall=lambda: wall_s)
        self.told: list[c.Change] = []
        self.talk: Talk | None = None
        self.store.subscribe(self.told.append)

    @property
    def lines(self) -> list[str]:
        mic = self.store.state.stream("mic")
        return [] if mic is None else [line.text for line in mic.transcript]

    @property
    def notices(self) -> list[str]:
        return [notice.text for notice in self.store.state.notices]


@asynccontextmanager
async def desk(path: Path, wish: TalkWish, wall_s: float = 3_000.0) -> AsyncIterator[Desk]:
    """Have a desk at work on the journal at `path`."""
    made = Desk(path, wall_s)
    made.talk = await made.driver.open(wish)
    assert made.told == []
    made.driver.start(5)
    made.store.publish(c.StreamAdded("mic"))
    try:
        yield made
    finally:
        await made.driver.close()


async def write_first(path: Path, *changes: c.Change) -> None:
    async with desk(path, FIRST) as first:
        for change in (LINE, *changes):
            first.store.publish(change)


async def test_the_first_talk_is_a_new_one(tmp_path: Path) -> None:
    async with desk(tmp_path / "journal.db", FIRST) as first:
        assert first.talk is None
        assert first.told == [c.TalkOpened(5), c.StreamAdded("mic")]


async def test_the_last_talk_is_opened_again_and_shown(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    await write_first(path)
    async with desk(path, LATER) as later:
        assert later.talk is not None and later.talk.started_at == 1_000.0
        goes_on = [told for told in later.told if isinstance(told, c.Noticed)]
        others = [told for told in later.told if told not in goes_on]
        assert others == [c.StreamAdded("mic"), LINE, c.TalkOpened(5, True, 1), c.StreamAdded("mic")]
        assert ["goes on" in notice.text for notice in goes_on] == [True]
        assert later.lines == ["words"]


async def test_an_engine_that_takes_anothers_place_restores_without_telling(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    await write_first(path)
    async with desk(path, NEW) as other:
        other.store.publish(LINE)
    async with desk(path, RESUMED) as resumed:
        assert resumed.talk is not None and resumed.talk.started_at == 1_000.0
        assert resumed.told == [c.TalkOpened(5, True, 1), c.StreamAdded("mic")]
        assert resumed.lines == ["words"]


async def test_a_talk_that_is_too_old_is_not_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    await write_first(path)
    async with desk(path, LATER, wall_s=3_000.0 + 12 * 3600) as later:
        assert later.talk is None and later.lines == []


async def test_a_new_talk_is_begun_when_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    await write_first(path)
    async with desk(path, NEW) as later:
        assert later.talk is None and later.lines == []


async def test_what_was_restored_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    await write_first(path, c.Billed(30, "m1", Usage(text_in=4), usd=1.0))
    for wish in (LATER, RESUMED, LATER):
        async with desk(path, wish) as later:
            assert later.lines == ["words"]
            assert later.store.state.cost.usd == 1.0


async def test_an_answer_that_came_bit_by_bit_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    await write_first(
        path,
        c.AnswerStarted("a1", Lane.AUX, 10),
        c.AnswerExtended("a1", Lane.AUX, 11, "Yes"),
        c.AnswerExtended("a1", Lane.AUX, 12, ", at noon."),
        c.AnswerEnded("a1", Lane.AUX, 13, AnswerStatus.COMPLETED),
    )
    async with desk(path, LATER) as later:
        (answer,) = later.store.state.answers
        assert (answer.text, answer.status) == ("Yes, at noon.", AnswerStatus.COMPLETED)


async def test_runs_are_kept_until_the_answer_ends(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    async with desk(path, FIRST) as first:
        await first.driver.run_opened(RUN)
        await first.driver.run_named("main1", REF)
    async with desk(path, LATER) as later:
        assert later.talk is not None and later.talk.runs == (StoredRun("main1", "q1", 30, REF),)
        later.store.publish(c.AnswerEnded("main1", Lane.MAIN, 40, AnswerStatus.FAILED, ""))
    async with desk(path, LATER) as last:
        assert last.talk is not None and last.talk.runs == ()
        assert last.talk.conversation == REF


async def test_a_journal_that_cannot_be_opened_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    async with desk(tmp_path / "file" / "journal.db", FIRST) as first:
        assert first.talk is None
        assert len(first.notices) == 1 and "not written down" in first.notices[0]
        first.store.publish(LINE)
        await first.driver.run_opened(RUN)
        await first.driver.run_named("main1", REF)
        assert first.lines == ["words"] and len(first.notices) == 1


async def test_a_journal_that_fails_later_is_one_warning(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    async with desk(path, FIRST) as first:
        with closing(sqlite3.connect(path)) as database:
            database.execute("DROP TABLE lines")
        first.store.publish(LINE)
        first.store.publish(LINE)
        await first.driver.run_opened(RUN)
        await asyncio.sleep(0)
        assert len(first.notices) == 1 and "not written down" in first.notices[0]


async def test_a_damaged_journal_is_said(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"no database" * 500)
    async with desk(path, FIRST) as first:
        assert first.notices == ["The journal was damaged: it is kept as journal.db.damaged-1, and a new one is begun."]
