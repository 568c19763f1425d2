"""Keeps the talk in the journal: which talk it is, what of it is read back, and every change from then on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from sentra_tui.domain import changes as c
from sentra_tui.domain.errors import JournalError
from sentra_tui.domain.main_run import RunRef
from sentra_tui.domain.ports import Journal, StoredRun, Talk
from sentra_tui.domain.state import Severity
from sentra_tui.engine.store import Store

DISK_S = 5.0
"""How long the disk may take: a question must not wait for one that hangs."""
NOT_WRITTEN = "From here on the talk is not written down."


class TalkWish(Struct, frozen=True, kw_only=True):
    """Which talk the engine would like to write."""

    provider: str
    started_at: float
    """The zero of the engine's clock, seconds since 1970: the beginning of a new talk."""
    resumed: bool = False
    """This engine takes another's place: its talk began at `started_at`, and the front end has seen it."""
    new: bool = False
    """Begin a new talk whatever there is."""
    reopen_hours: float = 0.0
    """The last talk is opened again when it changed in the last so many hours."""


class JournalDriver:
    """Opens the journal, then writes what the store is told. Trouble with it is said once, and ends nothing else.

    `wall` tells the time of day, in seconds since 1970.
    """

    def __init__(self, journal: Journal, store: Store, *, wall: Callable[[], float] = time.time) -> None:
        self._journal = journal
        self._store = store
        self._wall = wall
        self._recording = False
        self._started = False
        self._failed = False
        self._resumed = False
        self._talk: Talk | None = None
        self._notices: list[c.Noticed] = []

    async def open(self, wish: TalkWish) -> Talk | None:
        """Open the journal and choose the talk; return the one that goes on, None where a new one begins.

        Nothing is published yet: the engine's clock may have to be set to `Talk.started_at` first.
        """
        self._resumed = wish.resumed
        try:
            await self._journal.open(self._fail)
            self._recording = True
            self._notices += [c.Noticed(Severity.WARNING, remark) for remark in self._journal.remarks]
            self._talk = await self._last_talk(wish)
            if self._talk is None:
                await self._journal.begin_talk(wish.started_at, wish.provider)
        except JournalError as error:
            self._fail(error)
        return self._talk

    def start(self, now_ms: int) -> None:
        """Bring the state to where the talk stood, and record from here on."""
        self._started = True
        for notice in self._notices:
            self._store.publish(notice)
        talk = self._talk or Talk(0, 0.0)
        tell = self._store.restore if self._resumed else self._store.publish
        for change in talk.changes:
            tell(change)
        if not self._recording:
            return
        for stream in self._store.state.streams:
            self._journal.record(c.StreamAdded(stream.name))
        self._store.subscribe(self._record)
        lines = sum(isinstance(change, c.TranscriptCommitted) for change in talk.changes)
        self._store.publish(c.TalkOpened(now_ms, self._talk is not None, lines))
        if self._talk is not None and not self._resumed:
            text = f"Your last talk goes on, with {lines} lines from before."
            self._store.publish(c.Noticed(Severity.INFORMATION, text, "--new-talk begins another."))

    async def run_opened(self, run: StoredRun) -> None:
        """Return once it is on the disk, where there is one, that this run is about to begin."""
        if self._recording:
            await self._written(self._journal.run_opened(run))

    async def run_named(self, answer_id: str, ref: RunRef) -> None:
        """Return once it is on the disk, where there is one, what the provider calls the run."""
        if self._recording:
            await self._written(self._journal.run_named(answer_id, ref))

    async def close(self) -> None:
        """Write what waits, and let go."""
        self._recording = False
        await self._journal.close()

    async def _last_talk(self, wish: TalkWish) -> Talk | None:
        if wish.resumed:
            return await self._journal.last_talk(0.0, wish.started_at)
        if wish.new or not wish.reopen_hours:
            return None
        return await self._journal.last_talk(self._wall() - 3600 * wish.reopen_hours)

    def _record(self, change: c.Change) -> None:
        if not self._recording:
            return
        if isinstance(change, c.AnswerEnded) and change.text is None:
            change = replace(change, text=self._words_of(change.answer_id))
        self._journal.record(change)

    def _words_of(self, answer_id: str) -> str | None:
        """Return the words of an answer that came bit by bit."""
        answers = reversed(self._store.state.answers)
        return next((answer.text for answer in answers if answer.answer_id == answer_id), None)

    async def _written(self, writing: Coroutine[Any, Any, None]) -> None:
        try:
            await asyncio.wait_for(writing, DISK_S)
        except JournalError as error:
            self._fail(error)
        except TimeoutError:
            self._fail(JournalError(f"The disk did not take a line in {DISK_S:g} s."))

    def _fail(self, error: JournalError) -> None:
        """Stop recording, and say so once; before the start it is kept, because the engine speaks first."""
        if self._failed:
            return
        self._failed, self._recording = True, False
        notice = c.Noticed(Severity.WARNING, f"{error.message} {NOT_WRITTEN}", error.hint)
        if self._started:
            self._store.publish(notice)
        else:
            self._notices.append(notice)
