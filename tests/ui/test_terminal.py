"""In a real pseudo-terminal: nothing leaks into it, and it is given back however the program ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.ui.hostile import LEAKS, PAYLOADS
from tests.ui.pty_session import ROOT, PtySession

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are POSIX")

RESTORED = (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1003l", b"\x1b[?2004l", b"\x1b[<u")
Stage = Callable[..., PtySession]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    sessions: list[PtySession] = []

    def start(scene: str, mode: str = "", **more: str) -> PtySession:
        command = [sys.executable, "-m", "tests.ui.stage", scene, str(tmp_path / "sentra.log"), mode]
        sessions.append(PtySession(command, **more))  # type: ignore[arg-type]
        return sessions[-1]

    yield start
    for session in sessions:
        session.close()


@pytest.mark.row(25)
@pytest.mark.parametrize(
    ("scene", "shown", "number"),
    [
        ("in-call", b"what about two writers", signal.SIGINT),
        ("outage", b"reconnecting", signal.SIGTERM),
        ("failing", b"refused the key", signal.SIGHUP),
    ],
)
def test_a_signal_gives_the_terminal_back_and_closes_the_link(
    stage: Stage, tmp_path: Path, scene: str, shown: bytes, number: signal.Signals
) -> None:
    session = stage(scene)
    session.read_until(shown)
    session.signal(number)
    assert session.wait() == 128 + number
    assert all(mark in session.output for mark in RESTORED)
    assert session.modes() == session.modes_before
    assert (tmp_path / "sentra.trace").read_text() == "closed"


@pytest.mark.row(25)
def test_ctrl_c_asks_while_a_call_is_live_and_quits_when_pressed_again(stage: Stage, tmp_path: Path) -> None:
    session = stage("in-call")
    session.read_until(b"what about two writers")
    session.press(b"\x03")
    session.read_until(b"Quitting hangs up")
    session.press(b"\x03")
    assert session.wait() == 0
    assert all(mark in session.output for mark in RESTORED)
    assert session.modes() == session.modes_before
    assert (tmp_path / "sentra.trace").read_text() == "closed"


@pytest.mark.row(25)
def test_a_crash_gives_the_terminal_back_and_tells_no_secret(stage: Stage, tmp_path: Path) -> None:
    session = stage("idle", "crash")
    assert session.wait() == 1
    assert all(mark in session.output for mark in RESTORED)
    assert session.modes() == session.modes_before
    after = session.output.split(b"\x1b[?1049l")[-1]
    assert b"ended on an error of its own" in after
    assert b"Traceback" not in session.output
    assert b"verysecret" not in session.output
    log = (tmp_path / "sentra.log").read_text()
    assert "ValueError: a mistake beside the key [redacted]" in log
    assert "verysecret" not in log
    assert (tmp_path / "sentra.log").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "sentra.trace").read_text() == "closed"


@pytest.mark.row(25)
def test_a_terminal_that_goes_away_ends_the_process(stage: Stage, tmp_path: Path) -> None:
    session = stage("in-call")
    session.read_until(b"what about two writers")
    session.hang_up()
    assert session.wait() != 0
    assert (tmp_path / "sentra.trace").read_text() == "closed"


def test_noise_of_native_libraries_goes_to_the_log(stage: Stage, tmp_path: Path) -> None:
    session = stage("in-call", "noise")
    session.read_until(b"what about two writers")
    log = tmp_path / "sentra.log"
    while "NOISE on 1" not in log.read_text():
        session.read_for(0.1)
    session.press(b"q\r")
    assert session.wait() == 0
    assert "NOISE on 2" in log.read_text()
    assert b"NOISE" not in session.output


@pytest.mark.parametrize("mode", ["", "choices"])
def test_no_hostile_text_reaches_the_terminal(stage: Stage, mode: str) -> None:
    assert len(PAYLOADS) == 23
    session = stage("hostile", mode, columns=200, rows=50)
    if mode:
        session.read_until(b"runs here")
        session.press(b"\r")
    session.read_until(b"BEL=p")
    for keys in (b"z", b"1", b"2", b"3", b"4", b"?", b"\x1b", b"\x1b[H", b"z"):
        session.press(keys)
        session.read_for(0.15)
    session.press(b"d")
    session.read_until(b"Loudspeaker: where")
    for keys in (b"\x1b[H", b"\x1b[6~", b"\x1b[6~", b"\x1b[F", b"q"):
        session.press(keys)
        session.read_for(0.15)
    for keys in (b"l", b"2", b"3", b"\x1b", b"s", b"\x1b", b"4", b"\x1b[F", b"c", b"\x1b", b"a", b"\x1b"):
        session.press(keys)
        session.read_for(0.3)
    output = session.output
    for screen in (b"so far", b"Settings of this session", b"Ask about what was said"):
        assert screen in output
    session.signal(signal.SIGTERM)
    assert session.wait() == 143
    assert "␛".encode() in output
    assert b"[@click=app.quit]e[/]" in output
    assert [leak for leak in LEAKS if leak in output] == []


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_dumb_terminal_is_refused_in_one_line(stage: Stage, term: str) -> None:
    session = stage("idle", TERM=term)
    assert session.wait() == 2
    assert session.output.count(b"\n") == 1
    assert b"headless" in session.output
    assert b"\x1b" not in session.output


def test_no_terminal_at_all_is_refused_in_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.ui.stage", "idle", str(tmp_path / "log")]
    environ = {**os.environ, "TERM": "xterm-256color"}
    done = subprocess.run(command, cwd=ROOT, env=environ, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert b"\x1b" not in done.stderr + done.stdout
