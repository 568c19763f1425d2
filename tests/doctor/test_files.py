"""The journal, the directories and the configuration."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from sentra_tui.doctor.check import State
from sentra_tui.doctor.configuration import configuration
from sentra_tui.doctor.files import directory, journal, room
from sentra_tui.domain.errors import JournalError
from sentra_tui.services.storage.journal_file import JournalFile

posix = pytest.mark.skipif(os.name == "nt", reason="modes are a matter of POSIX")


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "journal.db"
    file = JournalFile(path, lambda: 1000.0)
    file.begin_talk(1000.0, "local")
    file.close()
    return path


def test_a_journal_that_is_whole_is_told_with_its_version(written: Path) -> None:
    found = journal(written, enabled=True)
    assert found.state is State.OK
    assert "whole" in found.found


def test_a_journal_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    assert journal(path, enabled=True).state is State.OK
    assert not path.exists()


def test_a_damaged_journal_is_told_and_left_alone(written: Path) -> None:
    content = b"no database at all" * 1000
    written.write_bytes(content)
    found = journal(written, enabled=True)
    assert found.state is State.FAILED
    assert "cp " in found.fix
    assert written.read_bytes() == content


def test_another_programs_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE other (x)")
    connection.close()
    with pytest.raises(JournalError, match="another program"):
        journal(path, enabled=True)


@posix
def test_what_others_may_read_is_told_with_the_command(written: Path) -> None:
    written.chmod(0o644)
    written.parent.chmod(0o755)
    assert f"chmod 600 {written}" in journal(written, enabled=True).fix
    assert f"chmod 700 {written.parent}" in directory(written.parent).fix


def test_a_directory_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    assert directory(tmp_path / "a" / "b").state is State.OK
    assert not (tmp_path / "a").exists()


def test_a_file_where_a_directory_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("")
    assert directory(tmp_path / "log").state is State.FAILED
    assert room(tmp_path / "log" / "x").found


def test_a_configuration_with_a_wrong_key_fails_with_the_nearest_one(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('theem = "x"')
    found, config = configuration(path)
    assert (found.state, config) == (State.FAILED, None)
    assert "Did you mean theme?" in found.fix


@posix
def test_a_configuration_that_everybody_may_change_fails_with_the_command(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("")
    path.chmod(0o666)
    found, config = configuration(path)
    assert found.state is State.FAILED
    assert found.fix == f"Run: chmod 600 {path}"
    assert config is not None
