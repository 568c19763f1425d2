"""Sound on standard input: the engine reads no actions then."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from sentra_tui.domain import changes as c
from sentra_tui.domain.actions import Quit
from sentra_tui.domain.changes import Change
from tests.engine.process import EngineProcess

pytestmark = pytest.mark.skipif(os.name != "posix", reason="standard input is no source on Windows")


async def headless(home: Path, sound: bytes, *arguments: str) -> tuple[int | None, list[c.Change]]:
    """Run it with this on its standard input; return its exit status and what it told."""
    environ = {**os.environ, "OPENAI_API_KEY": "", "HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sentra_tui", "headless", "--no-journal", "--provider=local", *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environ,
    )
    output, _ = await asyncio.wait_for(process.communicate(sound), 50)
    return process.returncode, [msgspec.json.decode(line, type=Change) for line in output.splitlines()]


async def test_speech_on_standard_input_is_transcribed_to_its_end(
    tmp_path: Path, sample: Callable[[str], Path]
) -> None:
    sound = sample("cards-005.wav").read_bytes()
    status, changes = await headless(tmp_path, sound, "--mic=-", "--speaker=none", "--exit-at-end")
    assert status == 0
    assert [change.label for change in changes if isinstance(change, c.SourceOpened) and change.stream == "mic"] == [
        "standard input"
    ]
    assert any(isinstance(change, c.SourceEnded) and change.stream == "mic" for change in changes)
    assert any(isinstance(change, c.TranscriptCommitted) for change in changes)


async def test_where_actions_come_from_standard_input_it_is_no_source(tmp_path: Path) -> None:
    engine = await EngineProcess.start(tmp_path, "--provider=local", "--mic=-", "--speaker=none")
    try:
        await engine.until(lambda _: engine.told(c.SourceFailed))
        assert engine.told(c.SourceFailed)[0].cause == "Standard input is in use: keys or actions come from there."
        engine.send(Quit())
        assert await asyncio.wait_for(engine.process.wait(), 20) == 0
    finally:
        await engine.stop()
