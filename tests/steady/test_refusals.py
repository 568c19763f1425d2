"""Who is told no, and how often it is asked again."""

from __future__ import annotations

from pathlib import Path

import pytest

from sentra_tui.domain import changes as c
from sentra_tui.domain.state import AppState, Connection
from tests.engine.process import EngineProcess
from tests.engine.test_bad_luck import engine_on


def mic(state: AppState) -> Connection:
    return state.streams[0].connection if state.streams else Connection.OFF


def minted(engine: EngineProcess) -> int:
    """Return how many client secrets were asked for."""
    told = [change.text for change in engine.told(c.EventLogged) if change.source == "tokens"]
    return max((int(text.split(" of ")[1].split()[0]) for text in told), default=0)


@pytest.mark.row(17)
@pytest.mark.row(18)
async def test_a_secret_that_is_refused_is_minted_once_more_and_the_user_sees_nothing_of_it(tmp_path: Path) -> None:
    async with engine_on(tmp_path, {"calls": [{"numbers": [1], "status": 401}]}) as engine:
        await engine.until(lambda state: mic(state) is Connection.LIVE)
        assert minted(engine) == 2
        assert not engine.told(c.StreamReconnecting)


@pytest.mark.row(17)
@pytest.mark.parametrize("status", [401, 403])
async def test_secrets_that_are_refused_again_end_the_dial_with_the_cause(tmp_path: Path, status: int) -> None:
    async with engine_on(tmp_path, {"calls": [{"status": status}]}) as engine:
        state = await engine.until(lambda state: mic(state) is Connection.FAILED)
        assert minted(engine) == 2
        assert str(status) in state.streams[0].cause
        assert len(engine.told(c.StreamConnecting)) == 1


@pytest.mark.row(17)
async def test_calls_that_the_server_takes_and_ends_at_once_stop_after_three_with_a_cause_of_their_own(
    tmp_path: Path,
) -> None:
    async with engine_on(tmp_path, {"sessions": [{"close_call_after_s": 0.2}]}) as engine:
        state = await engine.until(lambda state: mic(state) is Connection.FAILED)
        assert "3 times in a row" in state.streams[0].cause
        assert len(engine.told(c.StreamConnected)) == 3


@pytest.mark.row(10)
async def test_a_wait_of_minutes_that_a_server_asks_for_is_shown_and_not_slept(tmp_path: Path) -> None:
    plan = {"client_secrets": [{"status": 429, "retry_after_s": 600}]}
    async with engine_on(tmp_path, plan) as engine:
        state = await engine.until(lambda state: mic(state) is Connection.FAILED)
        assert "10 min" in state.streams[0].cause
        assert "r" in state.streams[0].hint


@pytest.mark.row(10)
async def test_an_account_without_credit_is_asked_once(tmp_path: Path) -> None:
    plan = {"client_secrets": [{"status": 429, "code": "insufficient_quota"}]}
    async with engine_on(tmp_path, plan) as engine:
        await engine.until(lambda state: mic(state) is Connection.FAILED)
        assert minted(engine) == 1
