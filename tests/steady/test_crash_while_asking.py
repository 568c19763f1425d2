"""A question to the main assistant is answered once, whenever the engine that asked it dies."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sentra_tui.domain.state import UNFINISHED, Answer, AnswerStatus, Lane
from sentra_tui.engine.lanes import main_lane
from sentra_tui.provider.faults import parse_plan
from sentra_tui.provider.server import ProviderOptions, serving
from tests.engine.peers import until
from tests.services.openai.recorder import Recorder
from tests.steady.crashing_asker import BEFORE_THE_POST, ENDED, NAMED, WORDS, asker

POST_SENT = "post sent"
POST: dict[str, Any] = {"api": "responses", "method": "POST", "path": "/v1/responses"}
RUNS = "/responses"


async def ask_and_die(server: Recorder, key: str, journal: Path, point: str) -> None:
    """Have another process ask, and die at this point."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.steady.crashing_asker", server.base_url, journal, point,
        env={**os.environ, "ASKER_KEY": key}, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    if point == POST_SENT:
        await until(lambda: bool(server.bodies(RUNS)), 30)
        process.kill()
    assert await asyncio.wait_for(process.wait(), 30) == -9


@pytest.mark.row(5)
@pytest.mark.parametrize(
    ("point", "plan", "posts", "status"),
    [
        (BEFORE_THE_POST, {}, 0, AnswerStatus.UNKNOWN),
        (POST_SENT, {"delay_s": 1.0}, 1, AnswerStatus.UNKNOWN),
        (NAMED, {"stuck": "queued"}, 1, AnswerStatus.UNKNOWN),
        (WORDS, {"word_interval_s": 0.01}, 1, AnswerStatus.COMPLETED),
        (ENDED, {}, 1, AnswerStatus.COMPLETED),
    ],
)
async def test_a_run_that_a_dead_engine_left_comes_to_one_end_and_is_not_asked_again(
    point: str, plan: dict[str, Any], posts: int, status: AnswerStatus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if plan.get("stuck"):
        monkeypatch.setattr(main_lane, "RESUME_S", 0.5)
    journal = tmp_path / "journal.db"
    rules = [{**POST, **plan}] if plan else []
    async with serving(ProviderOptions(plan=parse_plan(json.dumps({"text": rules})))) as provider:
        server = Recorder(provider.base_url)
        async with server.running():
            await ask_and_die(server, provider.api_key, journal, point)
            async with asker(server.base_url, provider.api_key, journal) as next_engine:
                assert len(next_engine.runs) == 1

                def answers() -> Sequence[Answer]:
                    return next_engine.store.state.lane(Lane.MAIN)

                await until(lambda: answers()[-1].status not in UNFINISHED)
                assert [each.status for each in answers()] == [status]
                assert bool(answers()[0].text) is (status is AnswerStatus.COMPLETED)
                assert ("ask again" in answers()[0].hint) is (status is AnswerStatus.UNKNOWN)
            async with asker(server.base_url, provider.api_key, journal) as third_engine:
                assert not third_engine.runs
            assert len(server.bodies(RUNS)) == posts
