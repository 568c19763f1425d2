"""The log file."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sentra_tui.domain.log_file import BYTES_MAX, is_long, open_log


def write(path: Path, text: bytes) -> None:
    fd = open_log(path)
    os.write(fd, text)
    os.close(fd)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def test_a_log_that_cannot_be_opened_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    write(tmp_path / "file" / "log", b"x")


def test_a_log_is_appended_to_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "log"
    write(path, b"one ")
    path.chmod(0o644)
    write(path, b"two")
    assert path.read_bytes() == b"one two"
    assert mode(path) == 0o600


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o277])
def test_no_umask_opens_or_closes_a_log(tmp_path: Path, mask: int) -> None:
    with umask(mask):
        write(tmp_path / "log", b"x")
    assert mode(tmp_path / "log") == 0o600


def test_a_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    (tmp_path / "log").symlink_to(tmp_path / "precious")
    write(tmp_path / "log", b"x" * (BYTES_MAX + 1))
    write(tmp_path / "log", b"x")
    assert (tmp_path / "precious").read_text() == "mine"
    assert (tmp_path / "log").is_symlink()


def test_a_long_log_gives_its_place_and_two_older_ones_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "app.log"
    for letter in b"abcd":
        write(path, bytes([letter]) * BYTES_MAX)
    write(path, b"new")
    kept = {each.name: each.read_bytes()[:3] for each in tmp_path.iterdir()}
    assert kept == {"app.log": b"new", "app.log.1": b"ddd", "app.log.2": b"ccc"}
    assert {mode(each) for each in tmp_path.iterdir()} == {0o600}


def test_where_a_log_gives_its_place_a_link_in_the_way_is_replaced_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    (tmp_path / "log.1").symlink_to(tmp_path / "precious")
    write(tmp_path / "log", b"x" * BYTES_MAX)
    write(tmp_path / "log", b"new")
    assert (tmp_path / "precious").read_text() == "mine"
    assert (tmp_path / "log.1").read_bytes()[:1] == b"x"


def test_what_is_no_file_never_gives_its_place() -> None:
    fd = open_log(Path(os.devnull))
    assert not is_long(fd)
    os.close(fd)


def test_the_folders_of_a_log_are_for_their_owner_only_whatever_the_umask_is(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        os.close(open_log(tmp_path / "sentra-tui" / "log" / "sentra-tui.log"))
    finally:
        os.umask(before)
    folders = (tmp_path / "sentra-tui", tmp_path / "sentra-tui" / "log")
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}
