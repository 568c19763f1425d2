"""The engine's log, in a process of its own: it turns the standard streams round."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sentra_tui.domain.log_file import BYTES_MAX

PROGRAM = """
import logging, os, sys
from pathlib import Path
from sentra_tui.domain.log_file import open_log
from sentra_tui.engine.log_handler import log_to

path = Path(sys.argv[1])
os.dup2(open_log(path), 2)
log_to(path, logging.DEBUG)
ours, theirs = logging.getLogger("sentra_tui.engine.call"), logging.getLogger("websockets.client")
ours.debug("told %s", "by us")
theirs.info("> GET with a key")
theirs.warning("their warning")
for number in range(300):
    ours.info("%05d %s", number, "x" * 9_990)
os.write(2, b"native words\\n")
logging.getLogger("sentra_tui").info("last \\ud800 line")
"""


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=True
    )


def test_it_gives_place_while_it_runs_and_native_output_follows(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    assert run(path).stderr == ""
    assert sorted(each.name for each in tmp_path.iterdir()) == ["app.log", "app.log.1", "app.log.2"]
    assert all(each.stat().st_size < BYTES_MAX + 20_000 for each in tmp_path.iterdir())
    newest = path.read_text()
    assert newest.splitlines()[-2] == "native words"
    assert newest.endswith("last \\ud800 line\n")
    numbers = [
        line.split()[4]
        for each in ("app.log.2", "app.log.1", "app.log")
        for line in (tmp_path / each).read_text().splitlines()
        if "xxx" in line
    ]
    assert numbers == [f"{number:05}" for number in range(300)]


def test_of_libraries_only_warnings_are_written(tmp_path: Path) -> None:
    run(tmp_path / "app.log")
    words = (tmp_path / "app.log.2").read_text()
    assert "told by us" in words
    assert "their warning" in words
    assert "GET with a key" not in "".join(each.read_text() for each in tmp_path.iterdir())


def test_a_log_that_cannot_be_opened_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert run(tmp_path / "file" / "log").returncode == 0
