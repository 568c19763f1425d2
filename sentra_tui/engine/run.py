"""One engine from start to end, on any pair of standard streams."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import sys
from collections.abc import Mapping

import msgspec

from sentra_tui import __version__
from sentra_tui.domain import actions as a
from sentra_tui.domain import changes as c
from sentra_tui.domain.config import Config
from sentra_tui.domain.ports import Talk
from sentra_tui.domain.state import Severity
from sentra_tui.domain.text import clean_line
from sentra_tui.engine.clock import EngineClock
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.crew import Crew
from sentra_tui.engine.ending import is_over
from sentra_tui.engine.journal import JournalDriver, TalkWish
from sentra_tui.engine.lanes.vocabulary import Vocabulary
from sentra_tui.engine.lines import LineReader, LineWriter
from sentra_tui.engine.options import EngineOptions
from sentra_tui.engine.publisher import Publisher
from sentra_tui.engine.store import Store
from sentra_tui.engine.tasks import TaskOwner
from sentra_tui.engine.wiring import Wiring

HANG_UP_S = 0.8
"""How long calls may take to end; the process is gone within a second."""
LET_GO_S = 1.0
"""How long devices may take to close; what hangs then goes with the process."""
JOURNAL_CLOSE_S = 0.5

_LOG = logging.getLogger(__name__)
_WORDS = c.LineOpened | c.TranscriptExtended | c.TranscriptCommitted | c.AnswerStarted | c.AnswerExtended


class Engine:
    """The store, the manager and the lines between them and whoever started us."""

    def __init__(self, options: EngineOptions, config: Config, environ: Mapping[str, str]) -> None:
        self._options = options
        self._config = config
        self._store = Store()
        self._clock = EngineClock(options.started_at)
        self._wiring = Wiring(options, config, environ, self._store.publish, lambda: self._clock.now_ms())
        journal = self._wiring.journal()
        self._journal = None if journal is None else JournalDriver(journal, self._store)
        self._decoder = msgspec.json.Decoder(a.Action)
        self._quit = asyncio.Event()
        self._status = 0
        self._word_at_ms = 0

    async def run(self, lines_out: int) -> int:
        """Serve until told to quit; return the exit status. Changes go to the descriptor `lines_out`."""
        writer = LineWriter(lines_out, self._quit.set)
        publisher = Publisher(writer.write, lambda: writer.backlog)
        self._store.subscribe(publisher)
        self._store.subscribe(self._note_words)
        self._store.handle(a.Quit, lambda _: self._quit.set())
        writer.start()
        self._catch_signals()
        talk = await self._open_talk()
        self._store.publish(
            c.EngineStarted(__version__, self._clock.started_at, self._wiring.provider, self._wiring.note)
        )
        tasks = TaskOwner()
        context = EngineContext(tasks, self._clock.now_ms, self._store.publish)
        vocabulary = Vocabulary(self._store, tasks)
        crew = Crew(
            self._config,
            self._store,
            self._wiring,
            self._journal,
            context,
            started_at=self._clock.started_at,
            spent_usd=self._options.spent_usd,
        )
        try:
            crew.start(talk)
            for language in {self._config.mic.language, self._config.speaker.language}:
                vocabulary.learn(language)
            if not self._wiring.takes_standard_input:
                LineReader(sys.stdin.buffer, self._take_line).start()
            if self._options.exit_at_end:
                self._store.subscribe(self._quit_at_end)
            _calm_collector()
            await self._quit.wait()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(crew.close(), HANG_UP_S)
        finally:
            with contextlib.suppress(TimeoutError):  # a sound server that hangs keeps its devices open
                await asyncio.wait_for(tasks.close(), LET_GO_S)
            await self._wiring.close()
            await self._close_journal()
            publisher.flush()
            writer.close(HANG_UP_S)
        return self._status

    async def _open_talk(self) -> Talk | None:
        """Open the journal; where a talk goes on, the engine's time does."""
        if self._journal is None:
            return None
        wish = TalkWish(
            provider=self._wiring.provider,
            started_at=self._clock.started_at,
            resumed=self._options.started_at is not None,
            new=self._options.new_talk,
            reopen_hours=self._config.journal.reopen_hours,
        )
        talk = await self._journal.open(wish)
        if talk is not None:
            self._clock = EngineClock(talk.started_at)
        return talk

    async def _close_journal(self) -> None:
        if self._journal is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._journal.close(), JOURNAL_CLOSE_S)

    def _take_line(self, line: bytes | None) -> None:
        if line is None:
            if not self._options.exit_at_end:
                self._quit.set()
            return
        if not line.strip():
            return
        try:
            action = self._decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            text = f"Not an action: {clean_line(str(error))}."
            self._store.publish(c.Noticed(Severity.WARNING, text, "docs/engine-protocol.md lists them."))
            return
        self._store.dispatch(action)

    def _note_words(self, change: c.Change) -> None:
        if isinstance(change, _WORDS):
            self._word_at_ms = self._clock.now_ms()

    def _quit_at_end(self, _: c.Change) -> None:
        if is_over(self._store.state, self._clock.now_ms() - self._word_at_ms):
            self._quit.set()

    def _catch_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", None)):
            if number is not None and os.name == "posix":
                loop.add_signal_handler(number, self._quit_after, number)

    def _quit_after(self, number: signal.Signals) -> None:
        self._status = 128 + number
        self._quit.set()


def _calm_collector() -> None:
    """Keep what start-up made out of every later collection: a pause is heard."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
