"""Calls over a sleep of the machine, as the clocks of a Linux machine show it."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from sentra_tui.domain import changes as c
from sentra_tui.domain.spans import span
from sentra_tui.domain.state import AppState
from tests.steady.tally import complete, numbers_in, tallies
from tests.steady.world import World

STREAMS = ("mic", "speaker")
SECRETS_LAST_S = 600
CLOCKS = """
import os, time

_clock_gettime = time.clock_gettime


def clock_gettime(number):
    asleep_s = 0.0
    if number == time.CLOCK_BOOTTIME:
        with open(os.environ["ASLEEP_FILE"]) as file:
            asleep_s = float(file.read() or 0)
    return _clock_gettime(number) + asleep_s


time.clock_gettime = clock_gettime
"""
"""What Python runs first: the machine's clock that counts sleep stands under the test's command."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the clocks are Linux's")


class Bed:
    """Where an engine sleeps: as long as it is told."""

    def __init__(self, folder: Path) -> None:
        (folder / "sitecustomize.py").write_text(CLOCKS)
        self._file = folder / "asleep"
        self._file.write_text("0")
        paths = [str(folder), str(Path(__file__).parents[2])]
        self.env = {"PYTHONPATH": os.pathsep.join(paths), "ASLEEP_FILE": str(self._file)}

    def sleep(self, pid: int, asleep_s: float) -> None:
        """Freeze the engine, let the time pass that only one clock counts, and wake it."""
        os.kill(pid, signal.SIGSTOP)
        self._file.with_suffix(".new").write_text(str(asleep_s))
        self._file.with_suffix(".new").replace(self._file)
        os.kill(pid, signal.SIGCONT)


def by_session(state: AppState, name: str) -> list[list[int]]:
    """Return which numbers the lines of each session have, one session after the other."""
    stream = state.stream(name)
    lines = [] if stream is None else [*stream.transcript]
    sessions = dict.fromkeys(line.key.session for line in lines)
    read = [numbers_in(line for line in lines if line.key.session == session) for session in sessions]
    return [numbers for numbers in read if numbers]


@pytest.mark.row(9)
@pytest.mark.timeout(120)
@pytest.mark.parametrize("asleep_s", [10, 8 * 3600])
async def test_after_a_sleep_calls_are_dialled_anew_and_send_nothing_of_before(
    world: World, tmp_path: Path, asleep_s: int
) -> None:
    bed = Bed(tmp_path)
    sources, said = world.talk(utterances=3, blocks=12)
    engine = await world.engine(*sources, env=bed.env)
    try:
        await engine.until_live(*STREAMS)
        await engine.until(lambda state: all(by_session(state, name) for name in STREAMS))
        bed.sleep(engine.process.pid, asleep_s)
        await engine.until(lambda _: engine.told(c.NetworkChanged))
        state = await engine.until(lambda state: complete(state, said))
    finally:
        assert await engine.stop() == 0
    (woke,) = engine.told(c.NetworkChanged)
    assert (woke.step, woke.slept_ms) == ("slept", asleep_s * 1000)
    after = engine.changes[engine.changes.index(woke) :]
    cause = f"The machine slept for {span(asleep_s * 1000)}."
    broken = [change for change in after if isinstance(change, c.StreamReconnecting)]
    assert {(change.stream, change.cause) for change in broken} == {(name, cause) for name in STREAMS}
    assert {change.stream for change in after if isinstance(change, c.StreamConnected)} == {*STREAMS}
    minted = [change for change in after if isinstance(change, c.EventLogged) and change.source == "tokens"]
    assert bool(minted) == (asleep_s > SECRETS_LAST_S)
    assert {name: tally for name, tally in tallies(state, said).items() if not tally.flawless} == {}
    for name in STREAMS:
        before, live = by_session(state, name)
        assert max(before) < min(live)
