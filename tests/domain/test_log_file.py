"""The log file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from sentra_tui.domain.log_file import open_log


def test_a_log_that_cannot_be_opened_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    fd = open_log(tmp_path / "file" / "log")
    assert os.write(fd, b"x") == 1
    os.close(fd)


def test_a_log_is_appended_to_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "log"
    for text in (b"one ", b"two"):
        fd = open_log(path)
        os.write(fd, text)
        os.close(fd)
    assert path.read_bytes() == b"one two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
