"""The log of an engine that is made to say all it can holds no words, no keys and nothing of the session."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from sentra_tui.domain import changes as c
from sentra_tui.domain.actions import SayText
from sentra_tui.domain.reduce import reduce
from sentra_tui.domain.state import AnswerStatus, AppState, Connection, Lane
from sentra_tui.link import EngineLink
from sentra_tui.provider.server import ProviderOptions, serving

SAYS_ALL = """
import logging, sys
from sentra_tui.engine import __main__ as engine, log_handler, options
log_to = log_handler.log_to
def say_all(path):
    log_to(path, logging.DEBUG)
    logging.getLogger("sentra_tui").debug("all is said")
engine.log_to = say_all
sys.exit(engine.main(options.parse(sys.argv[1:])))
"""
TYPED = "the verysecretzebra eats grass"


async def converse(link: EngineLink) -> AppState:
    """Type something once the microphone's call stands, and return the state when it is answered."""
    state, typed = AppState(), False
    async for change in link.changes():
        assert not isinstance(change, c.EngineLost)
        state = reduce(state, change)
        mic = state.stream("mic")
        if mic is not None and mic.connection is Connection.LIVE and not typed:
            typed = True
            link.send(SayText(TYPED))
        if any(answer.status is AnswerStatus.COMPLETED for answer in state.lane(Lane.AUX)):
            break
    return state


async def test_no_words_and_no_keys_are_in_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "logs" / "app.log"
    async with serving(ProviderOptions()) as provider:
        config = tmp_path / "config.toml"
        config.write_text(
            f'provider = "house"\n[providers.house]\nbase_url = "{provider.base_url}"\nkey_env = "HOUSE_KEY"\n'
        )
        monkeypatch.setenv("HOUSE_KEY", provider.api_key)
        arguments = (f"--config={config}", f"--log={log}", "--mic=none", "--speaker=none", "--transport=websocket")
        link = EngineLink(arguments, log, command=(sys.executable, "-c", SAYS_ALL))
        try:
            state = await asyncio.wait_for(converse(link), 40)
        finally:
            await link.close()
    written = "".join(each.read_text() for each in log.parent.iterdir())
    answer = state.lane(Lane.AUX)[0].text
    assert answer
    assert "all is said" in written
    for secret in ("verysecretzebra", provider.api_key, answer, "Bearer", "instructions"):
        assert secret not in written
    assert log.stat().st_mode & 0o777 == 0o600
