"""Keeps the minutes of a long talk, so that a new session of the quick assistant knows what was said long ago."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing
from itertools import count

from sentra_tui.domain import changes as c
from sentra_tui.domain.briefing import BriefLine, line_text
from sentra_tui.domain.errors import SentraError
from sentra_tui.domain.main_run import MainRequest, RunEnded, RunStatus
from sentra_tui.domain.ports import MainAssistant
from sentra_tui.domain.recap import INSTRUCTIONS, Recap
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.lanes.ports import Bill
from sentra_tui.engine.store import Store
from sentra_tui.engine.talk import is_own, newest_lines

MAX_OUTPUT_TOKENS = 1_000
LANE = "minutes"
RESTORED_SHARE = 4
"""How much of a talk that was opened again is taken up, in budgets."""


class RecapKeeper:
    """Has older lines summarised by the smaller main model, a batch at a time, while the talk goes on.

    `may_ask` says whether there is money left.
    """

    def __init__(
        self,
        assistant: MainAssistant,
        model: str,
        budget_tokens: int,
        store: Store,
        context: EngineContext,
        bill: Bill,
        may_ask: Callable[[], bool],
    ) -> None:
        self._assistant = assistant
        self._model = model
        self._recap = Recap(budget_tokens)
        self._store = store
        self._context = context
        self._bill = bill
        self._may_ask = may_ask
        self._numbers = count(1)
        for line in newest_lines(store.state, RESTORED_SHARE * budget_tokens):
            self._recap.add(line_text(line, store.state.engine.started_at))
        store.subscribe(self._hear)

    @property
    def summary(self) -> str:
        """The minutes so far; empty while everything fits without."""
        return self._recap.summary

    async def close(self) -> None:
        """Let go of the assistant."""
        await self._assistant.close()

    def _hear(self, change: c.Change) -> None:
        if not isinstance(change, c.TranscriptCommitted) or not change.text or not is_own(self._store.state, change):
            return
        for key in change.replaces:
            self._recap.remove(key)
        line = BriefLine(change.stream, change.start_ms, change.text)
        self._recap.add(line_text(line, self._store.state.engine.started_at), change.key)
        text = self._recap.to_summarise() if self._may_ask() else ""
        if text:
            self._context.tasks.start(self._summarise(text), lambda _: self._take(""), "recap")

    async def _summarise(self, text: str) -> None:
        request = MainRequest(
            question_id=f"recap.{next(self._numbers)}",
            instructions=INSTRUCTIONS,
            news=text,
            full=text,
            model=self._model,
            max_output_tokens=MAX_OUTPUT_TOKENS,
        )
        try:
            self._take(await self._answer(request))
        except SentraError as error:
            self._take("", error.message)

    async def _answer(self, request: MainRequest) -> str:
        async with aclosing(self._assistant.ask(request)) as events:  # type: ignore[type-var]
            async for event in events:
                if isinstance(event, RunEnded):
                    if event.usage is not None:
                        self._bill("", LANE, event.model, event.usage)
                    return event.text if event.status is RunStatus.COMPLETED else ""
        return ""

    def _take(self, summary: str, cause: str = "") -> None:
        told = self._recap.summarised(summary)
        text = f"{told}: {cause}" if cause else told
        self._store.publish(c.EventLogged(self._context.now_ms(), "history", text))
