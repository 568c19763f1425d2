"""The journal's file: what is made, refused, and set aside."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from sentra_tui.domain import changes as c
from sentra_tui.domain.errors import JournalError
from sentra_tui.domain.state import AnswerStatus, Lane
from sentra_tui.services.storage import migrations, search_index
from sentra_tui.services.storage.database import journal_error, open_database
from sentra_tui.services.storage.journal import SqliteJournal
from tests.services.storage.talking import opened, said, unexpected


async def write_a_talk(path: Path, lines: int = 3) -> None:
    async with opened(path) as journal:
        await journal.begin_talk(1_000.0, "local")
        for number in range(lines):
            journal.record(said(number))
        journal.record(c.AnswerEnded("a1", Lane.AUX, 90, AnswerStatus.COMPLETED, "Às vezes, sim."))


async def refusal(path: Path) -> str:
    journal = SqliteJournal(path)
    with pytest.raises(JournalError) as caught:
        await journal.open(unexpected)
    await journal.close()
    return str(caught.value)


async def test_the_file_says_what_it_is_and_which_migrations_made_it(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    await write_a_talk(path)
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA application_id").fetchone() == (migrations.APPLICATION_ID,)
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        recorded = database.execute("SELECT number, name FROM migrations").fetchall()
        assert recorded == [(step.number, step.name) for step in migrations.shipped()]
        assert database.execute("PRAGMA user_version").fetchone() == (recorded[-1][0],)
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []


async def test_sidecars_of_an_earlier_time_become_private(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    await write_a_talk(path)
    with closing(sqlite3.connect(path)) as database:
        database.execute("DELETE FROM notes")
        database.commit()
        for each in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
            each.chmod(0o666)
        async with opened(path):
            modes = {each.stat().st_mode & 0o777 for each in tmp_path.iterdir()}
    assert modes == {0o600}


async def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    await write_a_talk(path)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 99")
    before = path.read_bytes()
    ours = migrations.shipped()[-1].number
    assert (
        await refusal(path)
        == f"The journal is of version 99; this sentra-tui reads up to version {ours}. Update sentra-tui."
    )
    assert path.read_bytes() == before


async def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE recipes (name)")
    before = path.read_bytes()
    assert "belongs to another program" in await refusal(path)
    assert path.read_bytes() == before


async def test_a_migration_that_fails_leaves_no_trace(tmp_path: Path) -> None:
    steps = [
        migrations.Migration(1, "one", "CREATE TABLE one (a);"),
        migrations.Migration(2, "two", "CREATE TABLE two (a);\nCREATE TABLE one (a);"),
    ]
    with closing(sqlite3.connect(tmp_path / "journal.db", isolation_level=None)) as database:
        with pytest.raises(sqlite3.OperationalError, match="already exists"):
            migrations.apply(database, steps)
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        assert tables == [("migrations",), ("one",)]
        assert database.execute("PRAGMA user_version").fetchone() == (1,)
        assert database.execute("SELECT name FROM migrations").fetchall() == [("one",)]


@pytest.mark.parametrize("damage", ["other content", "cut short", "scribbled"])
async def test_a_damaged_file_is_set_aside_and_a_new_one_begun(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "journal.db"
    await write_a_talk(path, lines=400)
    content = bytearray(path.read_bytes())
    if damage == "other content":
        content = bytearray(random.Random(1).randbytes(5_000))
    elif damage == "cut short":
        del content[len(content) // 2 :]
    else:
        content[4096:] = random.Random(1).randbytes(len(content) - 4096)
    path.write_bytes(content)
    Path(f"{path}-wal").write_bytes(b"left over")
    async with opened(path) as journal:
        assert journal.remarks == (
            "The journal was damaged: it is kept as journal.db.damaged-1, and a new one is begun.",
        )
        assert await journal.last_talk(0.0) is None
    await write_a_talk(path)
    assert (tmp_path / "journal.db.damaged-1").stat().st_size == len(content)
    path.write_bytes(b"again" * 1_000)
    async with opened(path) as journal:
        assert "journal.db.damaged-2," in journal.remarks[0]


async def test_a_folder_that_cannot_be_made_is_an_error_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "The journal cannot be written" in await refusal(tmp_path / "file" / "deeper" / "journal.db")
    assert "The journal cannot be written" in await refusal(tmp_path / "file" / "journal.db")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
async def test_a_folder_that_cannot_be_written_is_an_error_at_the_start(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert "Permission denied" in await refusal(tmp_path / "journal.db")
    tmp_path.chmod(0o700)


def test_a_full_disk_is_said_in_plain_words(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "small.db")) as database:
        database.execute("PRAGMA max_page_count = 2")
        database.execute("CREATE TABLE one (a)")
        with pytest.raises(sqlite3.OperationalError) as caught:
            database.execute("INSERT INTO one VALUES (?)", ("word" * 10_000,))
    said = str(journal_error(caught.value, tmp_path / "small.db"))
    assert said == "The journal cannot be written: the disk is full. Make room, and start again."


async def test_a_program_that_holds_the_file_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    async with opened(path) as journal:
        await journal.begin_talk(1_000.0, "local")
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            journal.record(said(1))
            written = asyncio.ensure_future(journal.flush())
            await asyncio.sleep(0.1)
            assert not written.done()
            other.execute("ROLLBACK")
        await written


async def test_words_are_found_without_their_accents(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    async with opened(path) as journal:
        await journal.begin_talk(1_000.0, "local")
        journal.record(said(1, "nothing of interest"))
        journal.record(said(1, "São as réplicas"))
        journal.record(c.AnswerEnded("a1", Lane.AUX, 90, AnswerStatus.COMPLETED, "Às vezes, sim."))
    with closing(sqlite3.connect(path)) as database:
        assert found(database, "lines_index", "replicas") == ["São as réplicas"]
        assert found(database, "lines_index", "interest") == []
        assert found(database, "answers_index", "as vezes") == ["Às vezes, sim."]


async def test_without_fts5_lines_are_written_and_the_index_is_built_later(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    await write_a_talk(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        assert search_index.ensure(database, fts5=False) == search_index.NO_FTS5
        database.execute("UPDATE lines SET text = 'another word' WHERE line_id = 1")
    database, remarks = open_database(path)
    with closing(database):
        assert remarks == []
        assert found(database, "lines_index", "another") == ["another word"]


def found(database: sqlite3.Connection, index: str, words: str) -> list[str]:
    rows = database.execute(f"SELECT text FROM {index} WHERE {index} MATCH ?", (words,))
    return [text for (text,) in rows]


def test_the_command_line_does_not_wait_for_sqlite() -> None:
    check = "import sys, sentra_tui.cli; sys.exit('sqlite3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


@pytest.mark.parametrize("version", [1, 2])
async def test_a_journal_of_an_earlier_schema_is_brought_up_to_date(tmp_path: Path, version: int) -> None:
    path = tmp_path / "journal.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        migrations.apply(database, migrations.shipped()[:version])
        database.execute("INSERT INTO talks VALUES (7, 1000.0, 2000.0, 'local')")
        database.execute("INSERT INTO lines VALUES (1, 7, 'mic', 1, 'item0', 1.0, 'speech', 0, 90, 'of old')")
    async with opened(path) as journal:
        talk = await journal.last_talk(0.0)
    assert talk is not None and talk.changes == (said(0, "of old"),)
    await write_a_talk(path)
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*) FROM lines").fetchone() == (4,)
        assert database.execute("SELECT count(*) FROM echoes").fetchone() == (0,)
