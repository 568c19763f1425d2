"""The main lane: one question after the other to the main assistant, each written down before it is asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from itertools import count

from sentra_tui.domain import changes as c
from sentra_tui.domain.briefing import Brief, BriefLine, compose
from sentra_tui.domain.config import MainConfig
from sentra_tui.domain.errors import OutcomeUnknown, SentraError, TransportLost
from sentra_tui.domain.main_run import MainRequest, RunEnded, RunEvent, RunExtended, RunNamed, RunRef, RunStatus
from sentra_tui.domain.ports import MainAssistant, StoredRun
from sentra_tui.domain.question import SCOPE_MS, Question
from sentra_tui.domain.state import Lane
from sentra_tui.engine.context import EngineContext
from sentra_tui.engine.lanes.main_answer import ASK_AGAIN, ASKED_WHEN_BACK, MainAnswer
from sentra_tui.engine.lanes.ports import Bill, RunBook
from sentra_tui.engine.store import Store
from sentra_tui.engine.talk import newest_lines

STOP_S = 5.0
"""How long to try to stop a run."""
RESUME_S = 5.0
"""How long a run that another engine left may take to tell how it ended, before the screen says that nobody knows."""


class MainLane:
    """Asks the main assistants, each of which answers one question at a time, and tells what they say."""

    def __init__(
        self,
        assistants: Sequence[MainAssistant],
        config: MainConfig,
        store: Store,
        context: EngineContext,
        runs: RunBook,
        bill: Bill,
    ) -> None:
        self._free = list(assistants)
        self._assistants = tuple(assistants)
        self._config = config
        self._store = store
        self._context = context
        self._tasks = context.tasks
        self._now_ms = context.now_ms
        self._publish = context.publish
        self._runs = runs
        self._bill = bill
        self._mark = context.mark
        self._numbers = count(1)
        self._told: dict[int, frozenset[BriefLine]] = {}
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._resumed: set[asyncio.Task[None]] = set()
        self._closing = False

    def ask(
        self,
        question: Question,
        draft: str,
        model: str,
        ended: Callable[[], None],
        lost: Callable[[], bool] = lambda: False,
    ) -> None:
        """Have this answered; `ended` is called when it is over, however that comes.

        `lost` is called before, where nobody could be asked, and returns whether the question is asked again by itself.
        """
        assistant = self._free.pop(0)
        answer = MainAnswer(
            f"main.{self._now_ms()}.{next(self._numbers)}", question.question_id, bool(draft), self._context
        )
        work = self._answer(assistant, question, draft, model, answer, lost)

        def over(_: object) -> None:
            if not answer.begun and not self._closing:
                # Stopped before anything was asked: the question must not go on waiting, nor its run stay open.
                answer.begin(self._now_ms(), model)
                answer.cancelled()
            self._under_way.pop(question.question_id, None)
            self._free.append(assistant)
            ended()

        task = self._tasks.start(work, lambda _: answer.fail("Internal error.", ASK_AGAIN), "main answer")
        self._under_way[question.question_id] = task
        task.add_done_callback(over)

    def cancel(self, question_id: str) -> None:
        """Stop the answer to this question, if it is under way."""
        task = self._under_way.get(question_id)
        if task is not None:
            task.cancel()

    def cancel_all(self) -> bool:
        """Stop every answer under way; return whether there was one."""
        tasks = self._tasks_under_way()
        for task in tasks:
            task.cancel()
        return bool(tasks)

    def resume(self, run: StoredRun) -> None:
        """Find out what became of a run that another engine left."""
        drafts = (each.text for each in self._store.state.lane(Lane.AUX) if each.question_id == run.question_id)
        answer = MainAnswer(run.answer_id, run.question_id, any(drafts), self._context)
        answer.begin(run.at_ms)
        task = self._tasks.start(self._resume(run, answer), lambda _: answer.unknown(), "main answer of before")
        self._resumed.add(task)
        task.add_done_callback(self._resumed.discard)

    def adopt(self, ref: RunRef) -> None:
        """Go on in the conversation of this run."""
        self._assistants[0].adopt(ref)

    async def close(self) -> None:
        """Leave what runs to the provider, where the next engine finds it, and let go."""
        self._closing = True
        tasks = self._tasks_under_way()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for assistant in self._assistants:
            await assistant.close()

    async def _answer(
        self,
        assistant: MainAssistant,
        question: Question,
        draft: str,
        model: str,
        answer: MainAnswer,
        lost: Callable[[], bool],
    ) -> None:
        at_ms = self._now_ms()
        await self._runs.run_opened(StoredRun(answer.answer_id, question.question_id, at_ms))
        answer.begin(at_ms, model)
        request, lines = self._request(question, draft, model, self._told.get(id(assistant), frozenset()))
        try:
            if await self._follow(assistant.ask(request), answer):
                self._told[id(assistant)] = lines
        except asyncio.CancelledError:
            await self._cancelled(assistant, answer)
            raise
        except OutcomeUnknown as error:
            answer.unknown(error.message)
        except TransportLost as error:
            answer.fail(error.message, ASKED_WHEN_BACK if lost() else error.hint or ASK_AGAIN)
        except SentraError as error:
            answer.fail(error.message, error.hint or ASK_AGAIN)

    async def _follow(self, events: AsyncIterator[RunEvent], answer: MainAnswer) -> bool:
        """Tell what a run tells; return whether it was answered. A run's name is on the disk before its words show."""
        async with aclosing(events) as stream:  # type: ignore[type-var]
            async for event in stream:
                if isinstance(event, RunNamed):
                    answer.ref = event.ref
                    await self._runs.run_named(answer.answer_id, event.ref)
                elif isinstance(event, RunExtended):
                    answer.extend(event.delta)
                elif isinstance(event, RunEnded):
                    if event.usage is not None:
                        self._bill("", Lane.MAIN.value, event.model or answer.model, event.usage)
                    answer.end(event)
                    return event.status is RunStatus.COMPLETED
        answer.unknown()
        return False

    async def _cancelled(self, assistant: MainAssistant, answer: MainAnswer) -> None:
        """The user stopped it, unless the engine ends: then it is left to the next one."""
        if not (self._closing or answer.over):
            answer.cancelled()
            await self._stop(assistant, answer)

    def _tasks_under_way(self) -> list[asyncio.Task[None]]:
        return [*self._under_way.values(), *self._resumed]

    async def _stop(self, assistant: MainAssistant, answer: MainAnswer) -> None:
        """Tell the provider, for a while: the next question waits for this."""
        if answer.ref is None:
            return
        try:
            async with asyncio.timeout(STOP_S):
                await assistant.cancel(answer.ref)
        except (SentraError, TimeoutError) as error:
            why = error.message if isinstance(error, SentraError) else f"no reply in {STOP_S:g} s"
            self._publish(c.EventLogged(self._now_ms(), "main", f"could not be stopped: {why}"))

    async def _resume(self, run: StoredRun, answer: MainAnswer) -> None:
        if run.ref is None:
            answer.unknown()
            return
        answer.ref = run.ref
        late = asyncio.get_running_loop().call_later(RESUME_S, answer.unknown)
        try:
            await self._follow(self._assistants[0].resume(run.ref), answer)
        except asyncio.CancelledError:
            await self._cancelled(self._assistants[0], answer)
            raise
        except SentraError as error:
            answer.unknown(error.message)
        finally:
            late.cancel()

    def _request(
        self, question: Question, draft: str, model: str, told: frozenset[BriefLine]
    ) -> tuple[MainRequest, frozenset[BriefLine]]:
        """Return what to ask, and the lines that the conversation knows once it is answered."""
        state = self._store.state
        span_ms = SCOPE_MS[question.scope]
        since_ms = 0 if span_ms is None else self._now_ms() - span_ms
        newest = newest_lines(state, self._config.context_tokens)
        lines = tuple(line for line in newest if line.at_ms >= since_ms)
        news = tuple(line for line in lines if line not in told) if question.scope == "recent" else lines

        def text(lines: tuple[BriefLine, ...]) -> str:
            brief = Brief(
                question=question.text, asked_by=question.stream, asked_at_ms=question.at_ms, draft=draft, lines=lines
            )
            return compose(brief, state.engine.started_at, self._mark())

        request = MainRequest(
            question_id=question.question_id,
            instructions=self._config.instructions,
            news=text(news),
            full=text(lines),
            model=model,
            max_output_tokens=self._config.max_output_tokens,
        )
        return request, frozenset(line for line in newest if line in told or line.at_ms >= since_ms)
