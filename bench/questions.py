"""Two hundred questions in a row: whether each gets its draft and its answer, and each only once.

The engine is real, in a process of its own, with a journal; the local provider serves it from this process, and answers
at once, so that what can collide does. Three kinds of questions take turns: typed to the assistant, asked of the main
assistant, and asked by the speaker, whose final lines are a plan of the provider's. They come at irregular times, while
earlier ones are still drafted, wait or are answered.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import psutil

from bench.measurement import Measurement, Measurements, Request, progress
from bench.processes import pss_mb
from sentra_tui.domain import actions as a
from sentra_tui.domain import changes as c
from sentra_tui.domain.state import MIC, SPEAKER, AnswerStatus, Lane
from sentra_tui.provider.faults import Plan, ScriptedMessage, SessionFault
from sentra_tui.provider.models.text_model import TextMessage
from sentra_tui.provider.server import ProviderOptions, serving
from tests.engine.process import EngineProcess

QUESTIONS = 200
KINDS = ("typed", "asked", "speaker")
LANES = {"typed": (Lane.AUX, Lane.MAIN), "asked": (Lane.MAIN,), "speaker": (Lane.AUX, Lane.MAIN)}
"""Which lanes have to answer a question of a kind."""
GAP_S = 0.45
"""Between two questions, on average."""
MEMORY_AT = 20
"""The question at which memory is first looked at."""
SEED = 19

_FIRST_S = 6.0
_DEADLINE_S = 120.0
_NUMBER = re.compile(r"number (\d+)")
_CONFIG = "[main]\ndebounce_s = 0.2\npatience_s = 2.0\n"
_PROFILE = """key_env = "BENCH_KEY"
model = "sentra-local"
mic_transcription_model = "pocketsphinx"
speaker_transcription_model = "pocketsphinx"
main_model = "sentra-local-text"
small_main_model = "sentra-local-text"
"""


class Echo:
    """A model that answers in a few words, at once."""

    async def answer(self, messages: Sequence[TextMessage], model: str = "") -> AsyncGenerator[str, None]:
        """Yield the number that was asked for last."""
        asked = _NUMBER.findall(" ".join(message.text for message in messages))
        for word in ("CONFIRMED\n", "It ", "is ", asked[-1] if asked else "unknown"):
            yield word
            await asyncio.sleep(0.002)

    async def close(self) -> None:
        """Nothing is held."""


def measure(request: Request) -> Measurements:
    """Return how many answers were lost or given twice."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        return {"questions_lost_or_doubled": asyncio.run(_measure(Path(home)))}


async def _measure(home: Path) -> Measurement:
    random = Random(SEED)
    times_s = [_FIRST_S + GAP_S * (number + random.uniform(-0.5, 0.5)) for number in range(QUESTIONS)]
    plan = Plan(sessions=[SessionFault(session="transcription", messages=_spoken(times_s))])
    async with serving(ProviderOptions(plan=plan), Echo()) as provider:
        (home / "config.toml").write_text(
            f'{_CONFIG}[providers.bench]\nbase_url = "{provider.base_url}"\n{_PROFILE}', encoding="utf-8"
        )
        options = (f"--config={home / 'config.toml'}", f"--journal={home / 'journal.db'}", "--provider=bench")
        engine = await EngineProcess.start(
            home, *options, "--mic=none", "--speaker=none", env={"BENCH_KEY": provider.api_key}
        )
        try:
            await engine.until_live(MIC)
            engine.send(a.ConnectStream(SPEAKER))
            await engine.until_live(MIC, SPEAKER)
            memory_mb = await _ask(engine, times_s)
        finally:
            await engine.stop()
    return _told(engine.changes, memory_mb)


def _question(number: int) -> str:
    return f"What is the cost of cache number {number}?"


def _kind(number: int) -> str:
    return KINDS[number % len(KINDS)]


def _spoken(times_s: Sequence[float]) -> list[ScriptedMessage]:
    """Return the final lines of the speaker's call, as the provider says them."""
    messages = []
    for number, at_s in enumerate(times_s):
        if _kind(number) == "speaker":
            item = {"item_id": f"item_{number}", "content_index": 0}
            committed: dict[str, Any] = {"type": "input_audio_buffer.committed", "previous_item_id": None, **item}
            completed = {
                "type": "conversation.item.input_audio_transcription.completed",
                "transcript": _question(number),
                **item,
            }
            messages += [ScriptedMessage(at_s=at_s, event=committed), ScriptedMessage(at_s=at_s, event=completed)]
    return messages


async def _ask(engine: EngineProcess, times_s: Sequence[float]) -> list[float]:
    """Ask what is typed and what is asked; return the memory of the engine early on and at the end, in MB."""
    loop = asyncio.get_running_loop()
    process = psutil.Process(engine.process.pid)
    memory_mb = []
    began_s = loop.time()
    for number, at_s in enumerate(times_s):
        await asyncio.sleep(max(0.0, began_s + at_s - loop.time()))
        if _kind(number) == "typed":
            engine.send(a.SayText(_question(number)))
        elif _kind(number) == "asked":
            engine.send(a.Ask(_question(number)))
        if number == MEMORY_AT:
            memory_mb.append(pss_mb([process]))
    await _until_quiet(engine)
    return [*memory_mb, pss_mb([process])]


async def _until_quiet(engine: EngineProcess, quiet_s: float = 8.0) -> None:
    """Wait until no answer moves any more."""
    async with asyncio.timeout(_DEADLINE_S):
        while True:
            before = _answer_changes(engine.changes)
            await asyncio.sleep(quiet_s)
            if _answer_changes(engine.changes) == before:
                return


def _answer_changes(changes: Sequence[c.Change]) -> int:
    return sum(isinstance(change, c.AnswerStarted | c.AnswerExtended | c.AnswerEnded) for change in changes)


def _told(changes: Sequence[c.Change], memory_mb: list[float]) -> Measurement:
    raised = {each.question_id: each.text for each in changes if isinstance(each, c.QuestionRaised)}
    started = {each.answer_id: each for each in changes if isinstance(each, c.AnswerStarted)}
    given: Counter[tuple[int, Lane]] = Counter()
    stray = 0
    for ended in changes:
        if isinstance(ended, c.AnswerEnded) and ended.status is AnswerStatus.COMPLETED:
            asked = _NUMBER.search(raised.get(started[ended.answer_id].question_id, ""))
            if asked is None:
                stray += 1
            else:
                given[int(asked[1]), ended.lane] += 1
    due = {(number, lane) for number in range(QUESTIONS) for lane in LANES[_kind(number)]}
    lost = sorted(due - given.keys())
    doubled = stray + sum(times - (place in due) for place, times in given.items())
    progress(f"questions: lost {lost}; doubled {doubled}, of these stray {stray}")
    kinds = Counter(_kind(number) for number in range(QUESTIONS))
    note = (
        f"{len(lost)} lost and {doubled} doubled of {len(due)} answers in both lanes; "
        f"{', '.join(f'{count} {kind}' for kind, count in kinds.items())}; one each {GAP_S} s; memory of the engine "
        f"{memory_mb[0]:.1f} MB at question {MEMORY_AT}, {memory_mb[1]:.1f} MB at the end"
    )
    return Measurement(value=len(lost) + doubled, n=QUESTIONS, note=note)
