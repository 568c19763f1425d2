"""Sound, looked at by a process that may hang or crash."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sentra_tui.doctor.board import Board
from sentra_tui.doctor.check import Check, State
from sentra_tui.doctor.sound import NAMES, Sources, examine_sound
from tests.pulse import PulseServer, running_pulse, used_by_this_process

FIRST = 'print(\'{"outcome":{"state":"ok","found":"PulseAudio 16"},"took_ms":3}\', flush=True)\n'


@pytest.fixture(scope="module")
def pulse() -> Iterator[PulseServer]:
    """A private PulseAudio, whose microphone gives zeros."""
    for server in running_pulse():
        with used_by_this_process(server):
            yield server


async def told_by(script: str, tmp_path: Path, *, deadline_s: float = 20.0, needed: bool = True) -> list[Check]:
    path = tmp_path / "worker.py"
    path.write_text(f"import os, time\n{script}")
    board = Board()
    command = (sys.executable, str(path))
    await examine_sound(board, Sources(needed=needed), command=command, deadline_s=deadline_s)
    assert [check.name for check in board.checks] == list(NAMES)
    return board.checks


async def test_a_library_that_crashes_fails_the_check_that_it_was_at(tmp_path: Path) -> None:
    checks = await told_by(FIRST + "os.abort()", tmp_path)
    assert [check.state for check in checks] == [State.OK, State.FAILED, *[State.SKIPPED] * 4]
    assert "signal 6" in checks[1].found


async def test_a_library_that_hangs_is_ended_and_said(tmp_path: Path) -> None:
    checks = await told_by(FIRST + "time.sleep(600)", tmp_path, deadline_s=1.0)
    assert checks[1].state is State.FAILED
    assert "hangs" in checks[1].found


async def test_what_nobody_needs_only_warns(tmp_path: Path) -> None:
    checks = await told_by("os.abort()", tmp_path, needed=False)
    assert checks[0].state is State.WARNING


async def test_a_real_sound_server_is_described_and_a_microphone_of_zeros_is_heard(pulse: PulseServer) -> None:
    board = Board()
    await examine_sound(board, Sources(listen=True))
    checks = {check.name: check for check in board.checks}
    assert list(checks) == list(NAMES)
    assert "PulseAudio" in checks["sound server"].found
    assert "PortAudio" in checks["PortAudio"].found
    assert "no real microphone" in checks["microphone"].found
    assert checks["permission"].state is State.OK
    assert checks["listening"].state is State.FAILED
    assert "silent" in checks["listening"].found


async def test_chosen_devices_are_looked_for_and_nothing_is_recorded_unless_that_is_asked_for(
    pulse: PulseServer,
) -> None:
    board = Board()
    await examine_sound(board, Sources("device:mic", "loopback:absent"))
    told = {check.name: check for check in board.checks}
    assert told["microphone"].state is State.OK
    assert "There is no loopback:absent." in told["speaker"].found
    assert board.checks[-1].state is State.SKIPPED
    assert "--listen" in board.checks[-1].fix
