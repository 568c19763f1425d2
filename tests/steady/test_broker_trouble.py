"""A team's broker that goes away, fails, and comes back, while calls stand."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from sentra_tui.broker.members import MembersFile
from sentra_tui.broker.server import BrokerOptions, serving
from sentra_tui.domain import actions as a
from sentra_tui.domain import changes as c
from sentra_tui.domain.state import AppState, Connection
from sentra_tui.provider.faults import Faults, Plan
from sentra_tui.provider.server import ProviderOptions
from sentra_tui.provider.server import serving as provider_serving
from sentra_tui.provider.session_faults import RequestFault, SessionFault
from tests.broker.team import KEY_ENV, SESSION, config
from tests.engine.process import EngineProcess

BREAKS = SessionFault(session="realtime", numbers=[1], close_call_after_s=2.0)
PROFILE = f"""
[reconnect]
base_s = 0.05
cap_s = 0.3
[providers.house]
like = "local"
base_url = "{{base_url}}"
broker_url = "{{broker_url}}{SESSION}"
broker_key_env = "MEMBER_TOKEN"
"""


def at(state: AppState, stream: str) -> Connection | None:
    view = state.stream(stream)
    return None if view is None else view.connection


def why(state: AppState, stream: str) -> str:
    view = state.stream(stream)
    return "" if view is None else view.cause


@pytest.mark.row(19)
async def test_a_broker_in_trouble_is_named_and_costs_no_call_that_stands(tmp_path: Path) -> None:
    faults = Faults(Plan(sessions=[BREAKS]))
    members = MembersFile(tmp_path / "team" / "members.json")
    token = members.add("ada", 1, time.time()).reveal()
    async with provider_serving(ProviderOptions(), faults=faults) as provider:
        rules, environ = config(provider.base_url), {KEY_ENV: provider.api_key}

        def broker(port: int = 0) -> Any:
            return serving(BrokerOptions(members=members.path, audit=None, port=port), rules, environ)

        async with broker() as started:
            path = tmp_path / "config.toml"
            path.write_text(PROFILE.format(base_url=provider.base_url, broker_url=started.url))
            engine = await EngineProcess.start(
                tmp_path, f"--config={path}", "--provider=house", "--mic=none", "--speaker=none", "--idle",
                env={"MEMBER_TOKEN": token},
            )  # fmt: skip
            engine.send(a.ConnectStream("mic"))
            await engine.until_live("mic")
        # The broker is gone. The call breaks, and comes back by the secret at hand.
        await engine.until(lambda _: len(engine.told(c.StreamConnected)) == 2)
        assert at(engine.state, "mic") is Connection.LIVE
        engine.send(a.ConnectStream("speaker"))
        await engine.until(lambda state: "The token broker cannot be asked" in why(state, "speaker"))
        port = int(started.url.rpartition(":")[2])
        faults.change(Plan(client_secrets=[RequestFault(status=500)]))
        async with broker(port):
            await engine.until(lambda state: "The token broker cannot answer now" in why(state, "speaker"))
            faults.change(Plan())
            await engine.until_live("mic", "speaker")
        assert [told.stream for told in engine.told(c.StreamConnected)] == ["mic", "mic", "speaker"]
        assert len([told for told in engine.told(c.StreamReconnecting) if told.stream == "mic"]) == 1
        assert await engine.stop() == 0
