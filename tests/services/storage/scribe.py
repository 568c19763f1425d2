"""A process that writes a journal: `python -m tests.services.storage.scribe PATH WHAT`. It tells how far it came."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from sentra_tui.domain.errors import JournalError
from sentra_tui.services.storage.journal import SqliteJournal
from tests.services.storage.talking import said


def tell(word: object) -> None:
    print(word, flush=True)  # noqa: T201


async def write_until_killed(journal: SqliteJournal) -> None:
    """Write lines for ever; tell the number of each once it is on the disk."""
    await journal.begin_talk(1_000.0, "local")
    for number in range(1_000_000):
        journal.record(said(number))
        if number % 3 == 0:
            await journal.flush()
            tell(number)


async def hold(journal: SqliteJournal) -> None:
    """Take the last talk, or begin one, and tell when it began; write on in it until the input ends."""
    talk = await journal.last_talk(0.0)
    started_at = talk.started_at if talk else float(os.getpid())
    if talk is None:
        await journal.begin_talk(started_at, "local")
    journal.record(said(len(talk.changes) if talk else 0))
    await journal.flush()
    tell(started_at)
    await asyncio.to_thread(sys.stdin.read)


async def write_many(journal: SqliteJournal) -> None:
    """Write a talk of a hundred lines, one by one."""
    await journal.begin_talk(float(os.getpid()), "local")
    for number in range(100):
        journal.record(said(number))
        await journal.flush()


async def write_until_full(journal: SqliteJournal) -> None:
    """Let files grow to 600 KB and no more; tell what the journal says then, and whether it goes on saying it."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))
    await journal.begin_talk(1_000.0, "local")
    number = 0
    try:
        while True:
            journal.record(said(number, "word " * 200))
            await journal.flush()
            number += 1
    except JournalError as error:
        tell(number)
        tell(error)
    journal.record(said(number))


async def main(path: Path, what: str) -> None:
    journal = SqliteJournal(path)
    await journal.open(lambda error: tell(f"failed: {error}"))
    tell("open")
    works = (write_until_killed, hold, write_many, write_until_full)
    await next(work for work in works if work.__name__ == what)(journal)
    await journal.close()
    tell("closed")


if __name__ == "__main__":
    os.umask(0)
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
