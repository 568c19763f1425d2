"""Several processes at one journal, and processes that end badly."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from sentra_tui.domain import changes as c
from tests.services.storage.talking import opened, said

ROOT = Path(__file__).parents[3]


@contextmanager
def scribe(path: Path, work: Callable[..., object] | str) -> Iterator[subprocess.Popen[str]]:
    """Run a scribe; it is killed at the end, if it has not ended."""
    command = [sys.executable, "-m", "tests.services.storage.scribe", str(path), str(work)]
    with subprocess.Popen(command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert heard(process) == "open"
            yield process
        finally:
            process.kill()


def heard(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.parametrize("seed", range(4))
async def test_no_line_that_was_on_the_disk_is_lost_by_a_kill(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "journal.db"
    with scribe(path, "write_until_killed") as process:
        for _ in range(random.Random(seed).randint(1, 60)):
            last = heard(process)
        process.kill()
        assert process.stdout is not None
        confirmed = int((process.stdout.read().split() or [last])[-1])
    async with opened(path) as journal:
        assert journal.remarks == ()
        talk = await journal.last_talk(0.0)
    assert talk is not None
    assert len(talk.changes) > confirmed
    assert talk.changes == tuple(map(said, range(len(talk.changes))))


async def test_a_talk_that_another_process_writes_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with scribe(path, "hold") as one:
        first = heard(one)
        with scribe(path, "hold") as other:
            assert heard(other) != first
            async with opened(path) as journal:
                assert await journal.last_talk(0.0) is None
                assert await journal.last_talk(0.0, float(first)) is None
        one.kill()
        one.wait()
        async with opened(path) as journal:
            talk = await journal.last_talk(0.0, float(first))
    assert talk is not None and talk.changes == (said(0),)


async def test_while_another_process_writes_the_newest_talk_no_older_one_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    async with opened(path, wall_s=1.0) as journal:
        await journal.begin_talk(1.0, "local")
        journal.record(said(0))
    with scribe(path, "hold") as one:
        heard(one)
        async with opened(path) as journal:
            assert await journal.last_talk(0.0) is None


async def test_two_processes_write_each_its_own_talk(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with scribe(path, "write_many") as one, scribe(path, "write_many") as other:
        assert (heard(one), heard(other)) == ("closed", "closed")
    with closing(sqlite3.connect(path)) as database:
        counts = database.execute("SELECT count(*) FROM lines GROUP BY talk_id").fetchall()
        assert counts == [(100,), (100,)]
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_processes_that_start_together_make_one_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"not a database" * 400)
    command = [sys.executable, "-m", "tests.services.storage.scribe", str(path), "write_many"]
    processes = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate()[0].split() for process in processes] == [["open", "closed"]] * 3
    assert sorted(each.name for each in tmp_path.glob("*.damaged-*")) == ["journal.db.damaged-1"]
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*) FROM lines").fetchone() == (300,)


@pytest.mark.skipif(sys.platform == "win32", reason="limits of files are POSIX")
async def test_when_the_file_can_grow_no_more_that_is_said_once_and_what_was_written_stays(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with scribe(path, "write_until_full") as process:
        assert process.stdout is not None
        told = process.stdout.read().splitlines()
    failures = [line for line in told if line.startswith("failed: The journal cannot be written")]
    assert len(failures) == 1 and told[-1] == "closed"
    confirmed = next(int(line) for line in told if line.isdecimal())
    async with opened(path) as journal:
        talk = await journal.last_talk(0.0)
    assert talk is not None and len(talk.changes) == confirmed > 10
    assert all(isinstance(change, c.TranscriptCommitted) for change in talk.changes)


async def test_a_scribe_leaves_files_for_its_owner_only_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "data" / "sentra" / "journal.db"
    with scribe(path, "hold") as process:
        heard(process)
        modes = {each.name: each.stat().st_mode & 0o777 for each in path.parent.iterdir()}
    assert path.parent.stat().st_mode & 0o777 == 0o700
    names = ("journal.db", "journal.db-wal", "journal.db-shm", "journal.db.lock")
    assert modes == dict.fromkeys(names, 0o600)
